"""How long things last when people sign in, and how often somebody may be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of signing in."""

    longest: timedelta = timedelta(hours=12)
    """How long a session lasts at most: a working day."""
    idle: timedelta = timedelta(hours=1)
    """How long nobody may use it before it ends."""
    attempts: int = 5
    """Wrong passwords or codes of one account before nobody is asked."""
    locked: timedelta = timedelta(minutes=15)
    """For how long, from the first of them on."""
    per_address: int = 50
    """Wrong ones from one address within the same time, whatever the account."""
    link_lasts: timedelta = timedelta(hours=24)
    """How long a one-time link counts."""
