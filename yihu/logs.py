"""Where the program writes what happened while it ran: to standard error. What a command answers goes to standard output."""

from __future__ import annotations

import sys

import structlog


def log_to_stderr() -> None:
    """Have everything that is logged from now on go to standard error, whatever that is at the moment."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
