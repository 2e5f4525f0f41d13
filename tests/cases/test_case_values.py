"""The words of the law as values that cannot be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cases.entries import activity_recorded
from cases.values import (
    ActivityDetails,
    ActivityKind,
    IdKind,
    MatterDetails,
    MatterKind,
    PartyDetails,
    PartyKind,
    check_code,
)
from storage.evidence import Kind, Stage, Subject
from storage.identity import fresh

from .conftest import CLERK, MORNING


@pytest.mark.parametrize("kind", [*PartyKind, *IdKind, *MatterKind, *ActivityKind])
def test_a_code_is_read_by_its_english_and_its_chinese_name(kind: PartyKind | IdKind | MatterKind | ActivityKind) -> None:
    assert type(kind).parse(f" {kind.value.upper()} ") is kind
    assert type(kind).parse(kind.chinese) is kind
    assert type(kind)(kind.value) is kind


def test_a_code_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"PartyKind 'firm': expected one of natural \(自然人\), organisation \(组织\)"):
        PartyKind.parse("firm")


@pytest.mark.parametrize("text", ["", " \t", "一行\n两行", "\x1b[31m", "名" * 401, "\ud800"])
def test_names_and_titles_are_one_line_of_visible_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"title of a matter: expected"):
        MatterDetails(MatterKind.CASE, text)
    with pytest.raises(ValueError, match=r"number of a matter: expected"):
        MatterDetails(MatterKind.CASE, "案", text)
    with pytest.raises(ValueError, match=r"name of a party: expected"):
        PartyDetails(PartyKind.NATURAL, text)


@pytest.mark.parametrize("code", ["", "综合执法", "a b", "-1", "x" * 41, "EX-01\n"])
def test_a_code_stands_in_clear_and_so_cannot_hold_a_name(code: str) -> None:
    with pytest.raises(ValueError, match=r"code of an office .*: expected"):
        check_code("code of an office", code)


def activity(
    *,
    started: datetime = MORNING,
    ended: datetime | None = None,
    place: str | None = None,
    officers: tuple[Subject, ...] = (),
) -> ActivityDetails:
    return ActivityDetails(ActivityKind.HEARING, "听证", place, started, ended, officers)


def test_an_activity_has_times_that_make_sense() -> None:
    with pytest.raises(ValueError, match="expected a time with its zone, found 2026-11-21T09:30:00"):
        activity(started=datetime(2026, 11, 21, 9, 30))  # noqa: DTZ001 - the point of it
    with pytest.raises(ValueError, match=r"ends at .*, before it starts at"):
        activity(ended=MORNING - timedelta(seconds=1))
    with pytest.raises(ValueError, match="place of an activity: expected"):
        activity(place=" ")


def test_an_activity_names_each_officer_once_and_nobody_else() -> None:
    officer = fresh(Kind.OFFICER)

    with pytest.raises(ValueError, match="the same officer is named twice"):
        activity(officers=(officer, officer))
    with pytest.raises(ValueError, match="expected a officer"):
        activity(officers=(fresh(Kind.PARTY),))


def test_an_entry_gives_local_times_in_utc() -> None:
    beijing = timezone(timedelta(hours=8))
    details = activity(started=MORNING.astimezone(beijing), ended=datetime(2026, 11, 21, 10, tzinfo=beijing))
    entry = activity_recorded(fresh(Kind.ACTIVITY), details, matter=fresh(Kind.MATTER), stage=Stage.DECISION, actor=CLERK)

    assert entry.body["started_at"] == "2026-11-21T01:30:00.000Z"
    assert entry.body["ended_at"] == "2026-11-21T02:00:00.000Z"
    assert datetime.fromisoformat(str(entry.body["ended_at"])) == datetime(2026, 11, 21, 2, tzinfo=UTC)


def test_an_entry_says_nothing_of_what_is_not_known() -> None:
    entry = activity_recorded(fresh(Kind.ACTIVITY), activity(), matter=fresh(Kind.MATTER), stage=Stage.DECISION, actor=CLERK)

    assert "ended_at" not in entry.body
    assert entry.personal == {"title": "听证"}
