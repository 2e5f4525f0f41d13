"""When somebody else was faster between looking and recording, the answer is what stands now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from cases.registry import Registry
from cases.values import MatterDetails, MatterKind
from storage.custody import Custody
from storage.errors import LifeCycleError, StaleState
from storage.evidence import Entry, Kind, Recorded, Subject
from storage.identity import fresh

from .conftest import CLERK, INDEX_KEY, PERSON, SmallOffice


@dataclass
class Overtaken:
    """A custody to which somebody else gets first, once."""

    custody: Custody
    first: Callable[[], object]

    def record_all(self, wanted: Sequence[Entry]) -> list[Recorded]:
        """Let the other one record, then record."""
        self.first()
        return self.custody.record_all(wanted)


def overtaken(county: SmallOffice, first: Callable[[], object]) -> Registry:
    return Registry(Overtaken(county.custody, first), county.engine, index_key=INDEX_KEY)


def test_the_loser_of_a_race_for_an_id_number_gets_the_winners_party(county: SmallOffice) -> None:
    registry = overtaken(county, lambda: county.registry.add_party(PERSON, actor=CLERK))
    party = registry.add_party(PERSON, actor=CLERK)

    assert [found.subject for found in county.dossiers.parties()] == [party]
    assert county.differences() == []


def test_the_loser_of_a_race_for_a_filing_gets_the_winners_filing(county: SmallOffice) -> None:
    clip, activity = county.clip(), county.activity(county.case())
    filing = overtaken(county, lambda: county.file(clip, activity)).file_clip(clip, activity, actor=CLERK)

    assert [found.id for found in county.dossiers.filings(clip)] == [filing]


def test_the_loser_of_a_race_for_a_case_number_is_told_who_has_it(county: SmallOffice) -> None:
    registry = overtaken(county, lambda: county.case(number="1号"))

    with pytest.raises(LifeCycleError, match="number of a matter: matter:.* has it already"):
        registry.register_case(MatterDetails(MatterKind.CASE, "迟到", "1号"), office=county.office, parties=[], actor=CLERK)

    assert len(county.dossiers.matters()) == 1


def test_the_loser_of_a_race_against_closing_is_told_so(county: SmallOffice) -> None:
    case = county.case()
    clip, activity = county.clip(), county.activity(case)
    registry = overtaken(county, lambda: county.registry.close(case, actor=CLERK))

    with pytest.raises(LifeCycleError, match=f"{case}: it was closed"):
        registry.file_clip(clip, activity, actor=CLERK)


def test_the_loser_of_a_race_for_unfiling_is_told_so(county: SmallOffice) -> None:
    clip, activity = county.clip(), county.activity(county.case())
    filing = county.file(clip, activity)
    registry = overtaken(county, lambda: county.registry.unfile(filing, actor=CLERK))

    with pytest.raises(LifeCycleError, match="taken out already"):
        registry.unfile(filing, actor=CLERK)


def refuse() -> None:
    message = "for a reason of its own"
    raise StaleState(message)


def test_a_refusal_that_nothing_explains_is_passed_on(county: SmallOffice) -> None:
    registry = overtaken(county, refuse)

    with pytest.raises(StaleState, match="a reason of its own"):
        registry.add_party(PERSON, actor=CLERK)
    with pytest.raises(StaleState, match="a reason of its own"):
        registry.open_matter(MatterDetails(MatterKind.ADVICE, "提示"), office=county.office, parties=[], actor=CLERK)


def test_many_threads_register_one_party(county: SmallOffice) -> None:
    together = threading.Barrier(8)

    def register(_number: int) -> Subject:
        together.wait()
        return county.registry.add_party(PERSON, actor=CLERK)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(register, range(8)))) == 1

    assert county.differences() == []
    assert county.dossiers.unfiled() == ()
    assert county.dossiers.filings(fresh(Kind.CLIP)) == ()
