"""Who carried a camera, told from its holdings alone. Pure, so that every answer can be checked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.duty.values import Holding
from storage.evidence import Subject


class Why(StrEnum):
    """On what an answer rests, or why there is none."""

    RECORDED = "recorded"
    """The ledger recorded it at the time."""
    CLAIMED = "claimed"
    """A person said afterwards that it had begun before it was recorded."""
    NOBODY = "nobody"
    """Nobody had it, as far as was recorded."""
    IN_PART = "in-part"
    """One officer had it for a part of that time and nobody for the rest."""
    CHANGED_HANDS = "changed-hands"
    """One officer after the other had it in that time."""
    CONTRADICTORY = "contradictory"
    """Two officers are said to have had it at once."""
    NO_TIME = "no-time"
    """Nobody knows when it was."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Who carried a camera, and how that is known; *officer* is None where it is not."""

    officer: Subject | None
    why: Why


def carrier(holdings: Sequence[Holding], start: datetime, end: datetime) -> Carried:
    """Say who carried the camera all the time from *start* to *end*, both included; they may be the same moment."""
    if end < start:
        message = f"time: expected an end after {start.isoformat()}, found {end.isoformat()}"
        raise ValueError(message)
    touching = sorted(
        (holding for holding in holdings if holding.stands and holding.touches(start, end)), key=lambda one: one.begin
    )
    if not touching:
        return Carried(None, Why.NOBODY)
    if any(one.officer != touching[0].officer for one in touching):
        return Carried(None, Why.CONTRADICTORY if _overlap(touching) else Why.CHANGED_HANDS)
    if not _cover(touching, start, end):
        return Carried(None, Why.IN_PART)
    return Carried(touching[0].officer, Why.CLAIMED if _rests_on_claims(touching, start) else Why.RECORDED)


def _overlap(ordered: Sequence[Holding]) -> bool:
    """Say whether two different officers are said to have had it at once."""
    return any(
        one.officer != other.officer and other.begin < one.finish
        for place, one in enumerate(ordered)
        for other in ordered[place + 1 :]
    )


def _cover(ordered: Sequence[Holding], start: datetime, end: datetime) -> bool:
    reached = start
    for holding in ordered:
        if holding.begin > reached:
            return False
        reached = max(reached, holding.finish)
    return reached > end


def _rests_on_claims(ordered: Sequence[Holding], start: datetime) -> bool:
    """Say whether some moment from *start* on lies between what was claimed and what was recorded."""
    return any(holding.since_claimed is not None and max(start, holding.begin) < holding.since for holding in ordered)
