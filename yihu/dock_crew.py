"""What the bays of a dock ask of the office: who has a camera, and whether it may go out again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from cases.duty.fitness import DutyFacts
from ingest.board import AlarmKind
from ingest.camera import Docking
from ingest.clock_offset import WRONG
from ingest.crew import Standing
from ingest.filling import daily_bytes, filling
from ingest.visit import Taken
from storage.evidence import Subject, utc_moment
from yihu.duty import came_back_by_docking, facts_of, fitness_of, holdings
from yihu.wiring import Office


@dataclass(frozen=True, slots=True)
class OfficeCrew:
    """Answers for one office."""

    office: Office

    def badge_of(self, device: Subject) -> str | None:
        """See `ingest.crew.Crew.badge_of`."""
        officer = holdings(self.office).holder_now(device)
        return None if officer is None else holdings(self.office).badge_of(officer)

    def standing(self, taken: Taken, docking: Docking, *, is_cleared: bool) -> Standing:
        """See `ingest.crew.Crew.standing`; where the office has it so, the camera is recorded as given back."""
        known = holdings(self.office)
        officer = known.holder_now(taken.device)
        came_back_by_docking(self.office, taken.device, actor=self.office.dock)
        fit = fitness_of(self.office, self._facts(taken, docking))
        wrong = tuple(f"unfit-{point.value}" for point in fit.wrong)
        return Standing(
            officer="" if officer is None else known.name_of(officer) or "",
            is_fit=fit.is_fit,
            unfit=wrong,
            alarms=(
                *_clock_alarm(taken),
                *([(AlarmKind.UNFIT, wrong[0])] if wrong else []),
                *([] if is_cleared else self._filling(taken)),
            ),
        )

    def _filling(self, taken: Taken) -> list[tuple[AlarmKind, str]]:
        """Say that a camera that keeps its footage will soon be full."""
        space = taken.report.space
        if space is None:
            return []
        brought = [(utc_moment(clip.secured_at), clip.size) for clip in self.office.catalog.newest_of(taken.device)]
        found = filling(free=space.total - space.used, total=space.total, bytes_per_day=daily_bytes(brought), overwrites=True)
        return [] if found is None else [(AlarmKind.CAMERA_FILLING, f"filling-{found.level}")]

    def _facts(self, taken: Taken, docking: Docking) -> DutyFacts:
        asked, space = docking.asked, taken.report.space
        free = None if space is None else space.total - space.used
        return replace(
            facts_of(self.office, taken.device),
            battery_percent=None if asked is None else asked.battery_percent,
            free_bytes=free if asked is None or asked.free_bytes is None else asked.free_bytes,
            total_bytes=(None if space is None else space.total) if asked is None else asked.total_bytes,
            clock_offset=_offset(taken),
            files_left=len(taken.report.problems),
        )


def _offset(taken: Taken) -> timedelta | None:
    """How far the clock of a camera is off; None where that was not measured, or nothing can be made of it."""
    clock = taken.report.clock
    return None if clock is None or clock.offset_ms is None else timedelta(milliseconds=clock.offset_ms)


def _clock_alarm(taken: Taken) -> list[tuple[AlarmKind, str]]:
    clock = taken.report.clock
    return [(AlarmKind.CLOCK_WRONG, "camera-clock")] if clock is not None and WRONG in clock.findings else []
