"""Who filmed a clip is asked of the corrected time, where the camera's clock was measured."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases.duty.carrying import Why
from cases.duty.fitness import NOT_CHECKED
from cases.duty.values import Confirmed, How
from tests.crashes.offices import fill
from tests.ingest.examining import Came, docked
from yihu.duty import handover, holdings
from yihu.wiring import Office

NAME = b"DCIM/DEMO-1_000001_20261124_150100_0001.MP4"
AFTER_IT_WAS_RIGHT, BEFORE_IT_SAYS = datetime(2026, 11, 24, 7, 0, 55, tzinfo=UTC), datetime(2026, 11, 24, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shows", "why"), [(None, Why.CLAIMED), ("20261124160009", Why.NOBODY)], ids=["as it claims", "nine seconds ahead"]
)
def test_a_camera_that_was_ahead_filmed_before_it_was_issued(
    office: Office, tmp_path: Path, shows: str | None, why: Why
) -> None:
    _, clips = docked(office, Came(fill(tmp_path / "card", {NAME: b"a clip"}), shows=shows))
    clip = office.catalog.clip(clips[NAME.decode()])
    bureau = office.registry.add_office("演示局", code="D-1", actor=office.operator)
    officer = office.registry.add_officer("演示员", badge="000001", office=bureau, actor=office.operator)
    to = Confirmed(officer, How.CARD)
    handover(office).issue(clip.device, to, fit=NOT_CHECKED, actor=office.operator, since=AFTER_IT_WAS_RIGHT)

    assert BEFORE_IT_SAYS.isoformat()[:19] == (clip.recorded_at or "")[:19]
    assert holdings(office).filmed(clip.subject).why is why
