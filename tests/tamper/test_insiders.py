"""
Insiders with the real key: whatever they do before the newest head that somebody outside holds is detected.

What they do after it is the documented tail: no verdict calls it vouched for, and clearing a camera does not rest on it.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.errors import EvidenceError
from storage.ledger.feeding import request_of
from storage.ledger.witnessing import Witness
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome

from .forging import Forged, forge
from .insiders import ATTACKS, BREAKING_A_RULE, history_of
from .offices import make_days
from .tally import Fate, Tally
from .world import ORIGIN, Clock, World, findings_of, life_cycle, opened

CLASS = "C"
PLACES = ("before", "at", "after")
"""The anchor: in the first day, at the end of the second (the last entries that anybody outside has seen), and after it."""


@dataclass(frozen=True, slots=True)
class Days:
    """An office with three days, and where each ends."""

    world: World
    ends: tuple[int, int, int]

    @property
    def anchored(self) -> int:
        """How many entries somebody outside has seen."""
        return self.ends[1]

    def part(self, place: str) -> range:
        """Where he strikes."""
        day = PLACES.index(place)
        return range(self.ends[day - 1] if day else 4, self.ends[day])


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    world = make_days(tmp_path_factory.mktemp("days"))
    first, second = (int(note.split("\n", 2)[1]) for note in world.held())
    with opened(world) as office:
        return Days(world, (first, second, len(history_of(office))))


def test_the_honest_office_has_nothing_to_hide(days: Days) -> None:
    assert findings_of(days.world) == []
    with opened(days.world) as office:
        assert list(office.log.anchors.forgotten(days.world.held())) == []
        assert office.log.anchored_size() == days.anchored < days.ends[2]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_insider(days: Days, tally: Tally, tmp_path: Path, name: str, place: str) -> None:
    forged = forge(days.world, tmp_path, ATTACKS[name], days.part(place))
    assert (forged.first < days.anchored) == (place != "after"), "he struck where he was told to"

    inside = findings_of(forged.world)
    assert bool(inside) == (name in BREAKING_A_RULE), "without anybody outside it is a flawless office"
    fate: Fate | None = None
    if inside or (place != "after" and _is_found_outside(days, forged, tmp_path)):
        fate = "detected"
    elif place == "after" and _is_vouched_for_by_nobody(days, forged):
        fate = "in the tail"
    tally.note(f"{name} {place}", fate)
    tally.settle()


def _is_found_outside(days: Days, forged: Forged, place: Path) -> bool:
    """By each of those who hold something: a head, or the memory of a witness."""
    report = verify_directory(forged.published, days.world.keys(), held=days.world.held())
    assert {step.name for step in report.steps if not step.ok} == {"held"}
    for witness in days.world.witnesses():
        assert _answer(forged, _copied(days.world, witness, place)) in {409, 422}
    return report.outcome is Outcome.FAILED


def _is_vouched_for_by_nobody(days: Days, forged: Forged) -> bool:
    report = verify_directory(forged.published, days.world.keys(), held=days.world.held())
    with opened(forged.world) as office:
        proved = [seq for seq in range(forged.first, forged.size) if office.log.is_anchored(seq)]
    return report.outcome is Outcome.CONSISTENT and report.tail == forged.size - days.anchored and proved == []


def _answer(forged: Forged, witness: Witness) -> int:
    """What a witness that cosigned the honest log says to the forged one: it is told the size it last saw."""
    with opened(forged.world) as office:
        size = int((office.log.latest() or "").split("\n")[1])
        known = int((witness.head(hashlib.sha256(ORIGIN.encode()).hexdigest()) or "").split("\n")[1])
        try:
            body = request_of(office.log, old=known).body
        except EvidenceError:
            assert size < known, "too short to even ask"
            body = request_of(office.log, old=size).body
    return witness.add_checkpoint(body.encode()).status


def _copied(world: World, witness: Witness, place: Path) -> Witness:
    """A witness may not learn from one test what another did."""
    to = place / witness._directory.name
    shutil.copytree(witness._directory, to)
    assert world.outside == witness._directory.parent
    return Witness.open(to, clock=Clock())


def test_the_life_cycle_that_a_stranger_is_given_finds_what_breaks_it(days: Days, tmp_path: Path) -> None:
    """Without any head from outside, by the published files alone."""
    forged = forge(days.world, tmp_path, ATTACKS["deposit_before_securing"], days.part("after"))
    with opened(days.world) as office:
        table = life_cycle(office)

    report = verify_directory(forged.published, days.world.keys(), life_cycle=table)

    assert {step.name for step in report.steps if not step.ok} == {"life cycle"}


@pytest.mark.parametrize("name", ["truncate", "change_the_program", "backdate_a_block"])
def test_an_insider_who_makes_full_tiles_anew(large: World, tally: Tally, tmp_path: Path, name: str) -> None:
    """A log with a tile on two levels: all of it is made to fit, and the head outside tells."""
    forged = forge(large, tmp_path, ATTACKS[name], range(200, 260))

    # the office's own copy holds together, but for times that an authority has bounded
    assert bool(findings_of(forged.world)) == (name == "backdate_a_block")
    report = verify_directory(forged.published, large.keys(), held=large.held())
    tally.note(f"{name} in a full tile", "detected" if report.outcome is Outcome.FAILED else None)
    tally.settle()
