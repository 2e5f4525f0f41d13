"""An audit that goes on looks at cameras that changed hands since, also where the ledger knows a camera for years."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from cases.duty.fitness import NOT_CHECKED
from cases.duty.tables import holdings as holding_rows
from cases.duty.tables import officer_means
from cases.duty.values import Confirmed, How
from storage.errors import Refused
from storage.evidence import Subject
from yihu.duty import handover, holdings, identification
from yihu.wiring import Office

from .auditing import audit, change, head_of, of


def people(office: Office) -> tuple[Subject, Subject, Subject]:
    """The camera, and two officers."""
    bureau = office.dossiers.offices()[0].subject
    second = office.registry.add_officer("演示员乙", badge="000002", office=bureau, actor=office.operator)
    return holdings(office).cameras()[0].subject, holdings(office).find_officer("000001"), second


def issue(office: Office, device: Subject, officer: Subject) -> None:
    handover(office).issue(device, Confirmed(officer, How.CARD), fit=NOT_CHECKED, actor=office.operator)


def before_and_after(office: Office) -> str:
    """Cameras change hands before an audit and after it; gives the head between the two."""
    device, first, second = people(office)
    issue(office, device, first)
    identification(office).set_pin(first, "8412", actor=office.operator)
    head = head_of(office)
    hands, actor = handover(office), office.operator
    hands.give_back(device, actor=actor)
    hands.undo(device, actor=actor, reason="登记错了")
    hands.hand_over(device, Confirmed(first, How.PIN), Confirmed(second, How.CARD), actor=actor)
    hands.give_back(device, actor=actor)
    issue(office, device, first)
    with pytest.raises(Refused):
        identification(office).by_pin(first, "1111", actor=actor)
    return head


def test_no_alarm_is_raised_where_nothing_is_wrong(office: Office) -> None:
    verdict = audit(office, since=before_and_after(office))

    assert [finding for step in verdict.steps for finding in step.findings] == []
    assert of(verdict, "catalog").checked > 0


@pytest.mark.parametrize(
    "tampering",
    [
        update(holding_rows).where(holding_rows.c.ended_seq.is_(None)).values(since="2026-01-01T00:00:00.000Z"),
        update(holding_rows).where(holding_rows.c.ended_seq.is_not(None)).values(until="2099-01-01T00:00:00.000Z"),
        update(officer_means).where(officer_means.c.pin_wrong == 1).values(pin_wrong=0),
    ],
    ids=["since when", "until when", "how often a PIN was wrong"],
)
def test_a_changed_row_is_found(office: Office, tampering: Any) -> None:  # noqa: ANN401 - SQL
    head = before_and_after(office)
    change(office, tampering)

    assert of(audit(office, since=head), "catalog").findings


def test_a_camera_with_too_long_a_history_raises_no_alarm_either(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows stand as they are after the new entries, so these find nothing to change; that it is not compared is said."""
    head = before_and_after(office)
    monkeypatch.setattr("storage.audit.rows.LONGEST", 1)

    step = of(audit(office, since=head), "catalog")
    assert step.findings == []
    assert any("too long a history" in remark for remark in step.remarks)
