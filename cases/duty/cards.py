"""Staff cards: a reader types their number like a keyboard, and the same number is found again without being kept in clear."""

from __future__ import annotations

import re

from storage.identity import blind_index

_LEFT_OUT = re.compile(r"[\s:.-]")
_NUMBER = re.compile(r"[0-9A-Z]{4,64}")


def card_number(typed: str) -> str:
    """Return the number as every reader would type it; raises `ValueError`, which does not repeat it."""
    number = _LEFT_OUT.sub("", typed).upper()
    if not _NUMBER.fullmatch(number):
        message = "number of a card: expected 4 to 64 letters and digits"
        raise ValueError(message)
    return number


def card_index(key: bytes, number: str) -> str:
    """Return the blind index of a card."""
    return blind_index(key, domain="card", value=number)
