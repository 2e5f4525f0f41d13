"""Where the program writes what happened while it ran: to standard error. What a command answers goes to standard output."""

from __future__ import annotations

import sys

import structlog


def log_to_stderr() -> None:
    """Have everything that is logged from now on go to standard error, whatever that is at the moment, a line of JSON each."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
