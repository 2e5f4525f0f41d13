"""Clocks: a log may have one that steps, and must say so. Whoever signs with the real key is still held to that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from storage import rebuild
from storage.database import writing
from storage.ledger.leaf import Leaf
from storage.ledger.publish import DirectoryShelf, publish
from storage.schema import entries
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome

from .forging import taken_back
from .insiders import history_of
from .tally import Tally
from .world import World, findings_of, opened

CLASS = "F"
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)
HOUR_MS = 3_600_000


def _moved(by: timedelta, back: int) -> Callable[[Leaf, Leaf], Leaf]:
    """An entry so long after the one before it, saying that the clock went back by so much."""
    return lambda before, leaf: replace(leaf, at=before.at + by, stepped_back_ms=back)


LIES: dict[str, Callable[[Leaf, Leaf], Leaf]] = {
    "an hour back, silently": _moved(-HOUR, 0),
    "a millisecond back, silently": _moved(-MILLISECOND, 0),
    "years back, silently": _moved(-timedelta(days=4000), 0),
    "an hour back, saying less": _moved(-HOUR, HOUR_MS - 1),
    "an hour back, saying more": _moved(-HOUR, HOUR_MS + 1),
    "an hour back, saying a millisecond": _moved(-HOUR, 1),
    "saying it went back, and it did not": _moved(HOUR, 5),
    "saying it went back, and it stood still": _moved(timedelta(0), 1),
}

TRUTHS: dict[str, Callable[[Leaf, Leaf], Leaf]] = {
    "an hour back, saying so": _moved(-HOUR, HOUR_MS),
    "a millisecond back, saying so": _moved(-MILLISECOND, 1),
    "standing still": _moved(timedelta(0), 0),
    "a year ahead": _moved(timedelta(days=365), 0),
}
"""No alarm: a clock that is put right is a fact, never a fault. Whether it was right is for authorities outside to say."""


def _retimed(honest: World, place: Path, change: Callable[[Leaf, Leaf], Leaf]) -> tuple[World, Path]:
    """Make the last entry another one, with the real key, and everything that follows from it."""
    world = honest.copy(place / "office")
    with opened(world) as office:
        last = len(history_of(office)) - 1
        before, leaf = (Leaf.decode(office.log.leaf(seq)) for seq in (last - 1, last))
        raw = change(before, leaf).encode()
        assert raw != leaf.encode()
        taken_back(office, last)
        with writing(office.engine) as connection:
            connection.execute(insert(entries).values(seq=last, leaf=raw, hash=Leaf.decode(raw).hash))
        rebuild.rebuild(office.engine, office.projector, office.vault)
        office.log.checkpoint()
        publish(office.log, DirectoryShelf(place / "published"))
    return world, place / "published"


@pytest.mark.parametrize("name", LIES)
def test_a_clock_that_lies_is_found_by_office_and_stranger(small: World, tally: Tally, tmp_path: Path, name: str) -> None:
    world, published = _retimed(small, tmp_path, LIES[name])

    report = verify_directory(published, small.keys())
    found = findings_of(world)
    tally.note(f"{name}, for the audit", "detected" if any("went back" in finding for finding in found) else None)
    wrong = {step.name for step in report.steps if not step.ok}
    tally.note(f"{name}, for a stranger", "detected" if "order" in wrong and report.outcome is Outcome.FAILED else None)
    tally.settle()


@pytest.mark.parametrize("name", TRUTHS)
def test_a_clock_that_is_put_right_is_no_fault(bare: World, tmp_path: Path, name: str) -> None:
    world, published = _retimed(bare, tmp_path, TRUTHS[name])

    assert findings_of(world) == []
    assert verify_directory(published, bare.keys()).outcome is Outcome.CONSISTENT


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T08:00:00Z",
        "2026-11-22T08:00:00.1Z",
        "2026-11-22T08:00:00.000000Z",
        "2026-11-22T16:00:00.000+08:00",
        "2026-11-22t08:00:00.000z",
        "2026-11-22 08:00:00.000Z",
        "2026-11-22T23:59:60.000Z",
        "2026-11-22T24:00:00.000Z",
        "2026-13-22T08:00:00.000Z",
        "2026-02-30T08:00:00.000Z",
        "12026-11-22T08:00:00.000Z",
        "",
    ],
)
def test_a_time_in_another_form_is_no_time(small: World, tally: Tally, tmp_path: Path, text: str) -> None:
    """The same moment in another spelling would be another leaf, and a moment that never was sorts nowhere."""
    world = small.copy(tmp_path / "office")
    with opened(world) as office:
        last = len(history_of(office)) - 1
        raw = office.log.leaf(last)
        honest = raw.partition(b'"t":"')[2].partition(b'"')[0]
        wrong = raw.replace(b'"t":"' + honest, b'"t":"' + text.encode())
        assert wrong != raw
        taken_back(office, last)
        with writing(office.engine) as connection:
            connection.execute(insert(entries).values(seq=last, leaf=wrong, hash=bytes(32)))
    tally.note(f"time {text!r}", "detected" if any("cannot be" in finding for finding in findings_of(world)) else None)
    tally.settle()
