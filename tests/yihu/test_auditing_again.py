"""Going on from an earlier audit: rows and objects of what is new, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from cases.tables import activities, filings, matters, parties
from storage.audit import Outcome
from storage.clips import clips
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.schema import history, subjects
from yihu.wiring import Office

from .auditing import audit, change, head_of, more, of, opened, original, spoil


def test_what_came_since_is_compared_and_nothing_is_wrong_with_it(office: Office) -> None:
    """No false alarm: counters of matters that other entries moved, a camera docked again, filings taken back."""
    head = head_of(office)
    more(office)

    verdict = audit(office, since=head)
    assert [finding for step in verdict.steps for finding in step.findings] == []
    assert 0 < of(verdict, "objects").checked < of(audit(office), "objects").checked


LAST = select(func.max(history.c.seq)).scalar_subquery()
TOUCHED = [
    ("a new clip", update(clips).where(clips.c.name == "second.MP4").values(size=7)),
    ("a new filing", update(filings).where(filings.c.filed_seq > LAST - 4).values(start_ms=5)),
    ("the matter it is in", update(matters).values(title="x")),
    ("the activity it shows", update(activities).values(place="x")),
    ("the party of the matter", update(parties).values(name="x")),
    ("a line of history", update(history).where(history.c.seq == LAST).values(actor="x")),
    ("a state", update(subjects).where(subjects.c.kind == "matter").values(state="x")),
    ("a line about something else", update(history).where(history.c.seq == LAST).values(subject="x")),
]


@pytest.mark.parametrize("tampering", [each[1] for each in TOUCHED], ids=[each[0] for each in TOUCHED])
def test_going_on_finds_a_changed_row_of_whatever_a_new_entry_is_about(office: Office, tampering: Any) -> None:  # noqa: ANN401 - SQL
    head = head_of(office)
    more(office)
    change(office, tampering)

    verdict = audit(office, since=head)
    assert verdict.since
    assert of(verdict, "catalog").findings


def test_going_on_does_not_look_at_the_rest_and_says_so(office: Office) -> None:
    head = head_of(office)
    more(office)
    spoil(original(office, "short.MP4"), 1)
    change(office, update(clips).where(clips.c.name == "short.MP4").values(duration_ms=1))

    verdict = audit(office, since=head)
    assert verdict.outcome is Outcome.CONSISTENT
    assert any("rows of the catalog and objects of everything that no new entry is about" in t for t in verdict.not_checked)
    assert {step.name for step in audit(office).steps if step.findings} == {"catalog", "objects"}


def test_going_on_finds_a_changed_object_of_a_new_clip_and_one_beside_it(office: Office) -> None:
    head = head_of(office)
    second = more(office)
    spoil(original(office, "second.MP4"), 1)
    name = ObjectName(Bucket.EVIDENCE, f"clips/{second.id}/shadow")
    deposit(office.store, name, lambda: opened(b"x"), Promise.of_bytes(b"x"), retain_until=None)

    findings = of(audit(office, since=head), "objects").findings
    assert ["sha256: recorded" in findings[0], "no entry speaks of it" in findings[1]] == [True, True]


def test_a_history_that_is_too_long_is_begun_at_its_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera docked every day for years costs no more than its new entries; that is said."""
    head = head_of(office)
    more(office)
    monkeypatch.setattr("storage.audit.rows.LONGEST", 1)

    step = of(audit(office, since=head), "catalog")
    assert step.findings == []
    assert any("too long a history" in remark for remark in step.remarks)
    change(office, update(subjects).where(subjects.c.kind == "device").values(entries=99))
    assert "entries: live 99" in of(audit(office, since=head), "catalog").findings[0]


def test_a_catalog_of_another_shape_is_found_and_not_made_again(office: Office) -> None:
    change(office, text("UPDATE projection_shape SET fingerprint = 'older'"))

    assert "yihu rebuild" in of(audit(office), "catalog").findings[0]
