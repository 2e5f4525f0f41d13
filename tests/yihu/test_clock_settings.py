"""How an office says how far clocks are believed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from ingest.clock_offset import Limits
from yihu.dock_sections import ClockSection


def test_what_is_not_said_is_what_the_dock_takes_by_itself() -> None:
    assert ClockSection().limits == Limits()


def test_what_is_said_is_what_the_dock_takes() -> None:
    section = ClockSection(drift_seconds_per_day=5, jump_seconds_per_day=90, wrong_seconds=30, believed_hours=2)

    assert section.limits == Limits(5_000, 90_000, timedelta(seconds=30), timedelta(hours=2))


@pytest.mark.parametrize("wrong", [{"drift_seconds_per_day": 0}, {"source": "sundial"}, {"believed_hours": -1}])
def test_a_limit_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ClockSection.model_validate(wrong)
