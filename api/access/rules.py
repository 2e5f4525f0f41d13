"""What an office decides about access; `yihu.access_section` reads it from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class AccessRules:
    """How much access is too much, and how long things last."""

    bulk_clips: int = 50
    """More distinct clips than these, opened by one account within the time below, raise an alarm."""
    bulk_within: timedelta = timedelta(hours=1)
    bulk_blocks: bool = False
    """Whether that account is refused further clips until the time has passed."""
    a_minute: int = 60
    """New viewings, copies, requests and sign-ins by token of one account in a minute, and refusals that are an entry each."""
    open_requests: int = 50
    """Requests of one account that nobody has decided."""
    longest_approval: timedelta = timedelta(days=30)
    open_copies: int = 10
    """Copies of one account that are not gone."""
    copies_last: timedelta = timedelta(hours=24)
    """For how long a copy can be fetched; then it is removed."""
