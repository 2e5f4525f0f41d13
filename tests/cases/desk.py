"""A small office with a camera, two officers, and somebody who gives cameras out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cases.duty.fitness import NOT_CHECKED
from cases.duty.handover import Handover
from cases.duty.holdings import Holdings
from cases.duty.values import Confirmed, How
from storage.evidence import Actor, Entry, Kind, Subject
from storage.identity import fresh

from .conftest import CLERK, DOCK, SmallOffice

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Desk:
    """An office with a camera, two officers, and somebody who gives cameras out."""

    county: SmallOffice
    handover: Handover
    holdings: Holdings
    camera: Subject
    first: Subject
    second: Subject

    def issue(self, officer: Subject, **more: object) -> int:
        known = {"fit": NOT_CHECKED, "actor": CLERK} | more
        return self.handover.issue(self.camera, Confirmed(officer, How.CARD), **known)  # type: ignore[arg-type]

    def give_back(self, actor: Actor = CLERK) -> int:
        return self.handover.give_back(self.camera, actor=actor)

    def hand_over(self, gave: Subject, took: Subject, actor: Actor = CLERK) -> int:
        both = (Confirmed(gave, How.PIN), Confirmed(took, How.CARD))
        return self.handover.hand_over(self.camera, *both, actor=actor)

    def undo(self, actor: Actor = CLERK) -> int:
        return self.handover.undo(self.camera, actor=actor, reason="登记错了")

    @property
    def holder(self) -> Subject | None:
        return self.holdings.holder_now(self.camera)

    def cameras_of_both(self) -> tuple[int, int]:
        return self.holdings.means(self.first).cameras, self.holdings.means(self.second).cameras


def enrolled(county: SmallOffice, label: str) -> Subject:
    """A camera that was met."""
    device = fresh(Kind.DEVICE)
    county.custody.record(Entry("DEVICE_ENROLLED", device, DOCK, {"identified_by": "named"}, {"label": label}))
    return device


def handover_of(county: SmallOffice, now: datetime = NOON) -> Handover:
    return Handover(county.custody, county.engine, clock=lambda: now)


def desk_of(county: SmallOffice) -> Desk:
    """The office, ready to give a camera out."""
    camera, (first, second) = enrolled(county, "DSJ-07"), county.officers
    return Desk(county, handover_of(county), Holdings(county.engine), camera, first, second)
