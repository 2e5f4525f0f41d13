"""Filing: many clips to many activities, each with its part; what is taken out stays in the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases import entries
from cases.values import MatterKind
from storage.errors import LifeCycleError, NotFound, StaleState
from storage.evidence import Entry, Json, Kind, Stage, TimeRange
from storage.identity import fresh

from .conftest import CLERK, SmallOffice, seconds

NOBODYS = {kind: str(fresh(kind)) for kind in (Kind.MATTER, Kind.ACTIVITY)}


def test_one_clip_shows_many_activities_and_one_activity_has_many_clips(county: SmallOffice) -> None:
    first, second = county.clip(), county.clip()
    inspection, hearing = county.activity(county.case()), county.activity(county.case(), Stage.DECISION)
    county.file(first, inspection, seconds(0, 60))
    county.file(first, hearing, seconds(60.5, 90))
    county.file(first, inspection, seconds(70, 80))
    county.file(second, inspection)

    assert [(f.activity, f.range) for f in county.dossiers.filings(first)] == [
        (inspection, seconds(0, 60)),
        (hearing, seconds(60.5, 90)),
        (inspection, seconds(70, 80)),
    ]
    assert [(f.activity, f.range) for f in county.dossiers.filings(second)] == [(inspection, None)]
    assert county.differences() == []


def test_the_same_filing_again_is_the_one_that_stands(county: SmallOffice) -> None:
    clip, activity = county.clip(), county.activity(county.case())

    assert county.file(clip, activity) == county.file(clip, activity)
    assert county.file(clip, activity, seconds(1, 2)) == county.file(clip, activity, seconds(1, 2))
    assert len(county.dossiers.filings(clip)) == 2


def test_a_part_is_kept_in_whole_milliseconds_that_cover_it(county: SmallOffice) -> None:
    clip, activity = county.clip(), county.activity(county.case())
    county.file(clip, activity, TimeRange(timedelta(microseconds=1500), timedelta(microseconds=1600)))

    assert county.dossiers.filings(clip)[0].range == seconds(0.001, 0.002)


def test_a_filing_is_taken_out_once_and_may_be_made_again(county: SmallOffice) -> None:
    clip, activity = county.clip(), county.activity(county.case())
    filing = county.file(clip, activity)
    county.registry.unfile(filing, reason="归错当事人", actor=CLERK)

    assert county.dossiers.filings(clip) == ()
    with pytest.raises(LifeCycleError, match=f"filing {filing}: it was taken out already"):
        county.registry.unfile(filing, actor=CLERK)
    assert county.file(clip, activity) != filing
    assert county.differences() == []


def test_footage_of_the_wrong_person_leaves_even_a_closed_file(county: SmallOffice) -> None:
    case = county.case()
    clip, activity = county.clip(), county.activity(case)
    filing = county.file(clip, activity)
    county.registry.close(case, actor=CLERK)
    county.registry.unfile(filing, actor=CLERK)

    assert county.dossiers.filings(clip) == ()
    with pytest.raises(LifeCycleError, match=f"{case}: it was closed"):
        county.file(clip, activity)


def test_what_is_not_there_cannot_be_filed_or_taken_out(county: SmallOffice) -> None:
    clip, activity = county.clip(), county.activity(county.case())

    with pytest.raises(NotFound, match="there is no such clip"):
        county.file(fresh(Kind.CLIP), activity)
    with pytest.raises(NotFound, match="there is no such activity"):
        county.file(clip, fresh(Kind.ACTIVITY))
    with pytest.raises(NotFound, match="filing 01J: there is no such filing"):
        county.registry.unfile("01J", actor=CLERK)


def test_a_part_beyond_the_end_of_a_clip_is_refused(county: SmallOffice) -> None:
    """How long a clip is, a damaged one may not say: only a part that starts after the end is surely wrong."""
    clip, activity = county.rendered(60_000), county.activity(county.case())
    county.file(clip, activity, seconds(59, 61))

    with pytest.raises(ValueError, match=rf"{clip}: expected a range within its 0:01:00, found one that starts at 0:01:00"):
        county.file(clip, activity, seconds(60, 61))


def test_the_figures_of_a_matter_follow_its_filings(county: SmallOffice) -> None:
    case = county.case()
    activity = county.activity(case)
    filing = county.file(county.clip(), activity)
    county.file(county.clip(), activity)
    county.registry.unfile(filing, actor=CLERK)
    matter_file = county.dossiers.matter_file(case)

    assert (matter_file.matter.activities, matter_file.matter.filings) == (1, 1)
    assert matter_file.stages[1].activities[0].activity.filings == 1


def test_footage_of_an_unregistered_case_does_not_count_as_filed(county: SmallOffice) -> None:
    """A35: it is filed, and stands among the unfiled clips until the case is registered."""
    case, inspection = county.matter(MatterKind.CASE), county.matter(MatterKind.INSPECTION)
    waiting, counted, loose = county.clip(), county.clip(), county.clip()
    county.file(waiting, county.activity(case))
    county.file(counted, county.activity(inspection))

    assert [line.subject for line in county.dossiers.unfiled()] == [waiting, loose]
    assert [filing.counts for filing in county.dossiers.filings(waiting)] == [False]
    assert not county.dossiers.matter_file(case).matter.counts

    county.registry.register(case, actor=CLERK)

    assert [line.subject for line in county.dossiers.unfiled()] == [loose]
    assert [filing.counts for filing in county.dossiers.filings(waiting)] == [True]


@pytest.mark.parametrize(
    ("type_", "wrong", "refused"),
    [
        ("FILED", {"filing": "X"}, "recorded already"),
        ("FILED", {"filing": "X", "start_ms": 0, "end_ms": 1, "matter": NOBODYS[Kind.MATTER]}, "changed 0"),
        ("FILED", {"filing": "X", "start_ms": 0, "end_ms": 1, "activity": NOBODYS[Kind.ACTIVITY]}, "changed 0"),
        ("UNFILED", {"filing": "X"}, "changed 0"),
        ("UNFILED", {"activity": NOBODYS[Kind.ACTIVITY]}, "changed 0"),
        ("UNFILED", {"matter": NOBODYS[Kind.MATTER]}, "changed 0"),
    ],
    ids=["the same again", "to another matter", "to no activity", "nothing", "from another activity", "from another matter"],
)
def test_the_transaction_itself_refuses_what_was_never_looked_at(
    county: SmallOffice,
    type_: str,
    wrong: dict[str, Json],
    refused: str,
) -> None:
    case = county.case()
    clip, activity = county.clip(), county.activity(case)
    filing = county.file(clip, activity)
    right: dict[str, Json] = {"filing": filing, "activity": str(activity), "matter": str(case)}

    with pytest.raises(StaleState, match=refused):
        county.custody.record(Entry(type_, clip, CLERK, {**right, **wrong}))

    assert [found.id for found in county.dossiers.filings(clip)] == [filing]
    assert county.differences() == []


def test_a_filing_is_taken_out_only_under_its_own_clip(county: SmallOffice) -> None:
    case = county.case()
    clip, other, activity = county.clip(), county.clip(), county.activity(case)
    body = {"filing": county.file(clip, activity), "activity": str(activity), "matter": str(case)}

    with pytest.raises(StaleState, match="changed 0"):
        county.custody.record(Entry("UNFILED", other, CLERK, body))


def test_nothing_is_filed_that_is_not_ours(county: SmallOffice) -> None:
    case = county.case()
    unborn = entries.filed(fresh(Kind.CLIP), "X", activity=county.activity(case), matter=case, part=None, actor=CLERK)

    with pytest.raises(LifeCycleError, match="FILED may not follow when it is not recorded yet"):
        county.custody.record(unborn)
