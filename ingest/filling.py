"""
Whether a camera that may not be cleared will soon record over its oldest footage: a rule of figures, asked at each docking.

What a camera records in a day is taken from what it brought at its last dockings. Where that is not known a card that is nearly
full is an alarm all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["Filling", "Level", "daily_bytes", "filling"]

_SOON, _URGENT = 3.0, 1.0
"""Days left at which a person should know, and should come."""
_NEARLY_FULL = 0.1
"""The share of a card that must be free where nobody knows what a day brings."""
_DAY = timedelta(days=1)


class Level(StrEnum):
    """How much it hurries."""

    SOON = "soon"
    URGENT = "urgent"
    """Within a day it is full: it stops recording, or begins to record over its oldest footage."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A camera that fills up."""

    level: Level
    days_left: float | None
    """At the usual rate; None where that is not known."""
    overwrites: bool
    """Whether it then records over its oldest footage instead of stopping."""


def daily_bytes(dockings: Sequence[tuple[datetime, int]]) -> int | None:
    """
    Return how many bytes a day brings, by *dockings*: when, and how many new bytes came; the first only says since when.

    None where there are fewer than two, or no time lies between them.
    """
    told = sorted(dockings)
    passed = told[-1][0] - told[0][0] if told else timedelta(0)
    if passed <= timedelta(0):
        return None
    # two dockings of one hour say nothing of a whole day
    days = max(passed, _DAY) / _DAY
    return round(sum(size for _, size in told[1:]) / days)


def filling(*, free: int, total: int, bytes_per_day: int | None, overwrites: bool) -> Filling | None:
    """Say whether a card with so much *free* of *total* fills up, and how soon; None where there is time."""
    if total <= 0:
        return None
    free = min(max(free, 0), total)
    if bytes_per_day:
        days = free / bytes_per_day
        if days > _SOON:
            return None
        return Filling(Level.URGENT if days <= _URGENT else Level.SOON, days, overwrites)
    if free > total * _NEARLY_FULL:
        return None
    return Filling(Level.SOON if free else Level.URGENT, None, overwrites)
