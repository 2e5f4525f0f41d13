"""PINs: a few digits that are easily guessed, kept as `storage.argon` keeps what people remember."""

from __future__ import annotations

import re
from itertools import pairwise

from storage.argon import hashed, is_right, key_for

_PIN = re.compile(r"[0-9]{4,12}")


def check_pin(pin: str) -> None:
    """Refuse what is no PIN, or the first that everybody tries; the `ValueError` does not repeat it."""
    if not _PIN.fullmatch(pin):
        message = "PIN: expected 4 to 12 digits"
        raise ValueError(message)
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        message = "PIN: expected no row of digits like 1111 or 1234"
        raise ValueError(message)


def hashed_pin(pin: str, *, key: bytes) -> str:
    """Return what is kept of *pin*."""
    return hashed(pin, key=key_for(b"pin", key))


def is_right_pin(pin: str, kept: str, *, key: bytes) -> bool:
    """Say whether *pin* is the one of which *kept* was made."""
    return is_right(pin, kept, key=key_for(b"pin", key))
