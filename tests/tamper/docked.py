"""What happens at the docks of an office whose ledger is tampered with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cases.duty.entries import pin_refused
from cases.duty.fitness import NOT_CHECKED
from cases.duty.values import Condition, Confirmed, How
from ingest.camera import Asked, ClockReading, Docking
from ingest.docked import Arrival, undocked
from ingest.time_source import TimeSource
from storage.clips import found
from storage.evidence import Entry, Json, Kind
from storage.identity import found_again, fresh
from storage.refusals import RefusedDevice
from storage.stations import Station, Stations
from yihu.duty import handover, holdings, identification
from yihu.wiring import Office


def stand(office: Office) -> None:
    """A dock comes and goes, and two things are refused in it."""
    docks = Stations(office.custody, office.engine, office.index_key, office.dock, office.clock)
    tower = Station("tower-8", "left", "platform-sample.0-usb:4", 8)
    docks.attached(tower)
    docks.refused(tower, RefusedDevice("3", "not-a-camera", "1234:5678", ("030101",), product="键盘"))
    docks.refused(tower, RefusedDevice("4", "no-profile", "1234:9999", ("080650",)))
    docks.detached(tower, "gone")


def come(office: Office) -> None:
    """Let a camera come with a clock of its own and go again, and have its card looked at."""
    camera, actor = found_again(office.index_key, Kind.DEVICE, "2"), office.dock
    shown = ClockReading("20401122160009", 480, datetime(2040, 11, 22, 8, tzinfo=UTC), timedelta(milliseconds=40))
    asked = Asked("sample", clock=shown, battery_percent=80, free_bytes=1 << 30, total_bytes=1 << 34, needs_password=True)
    docking = Docking(bay="A1", dock=str(fresh(Kind.DOCK)), asked=asked)
    source = TimeSource("gnss", synchronised=True, error_ms=2)
    arrival = Arrival.of(docking, next(iter(office.pipeline().steps.profiles)), source=source)
    seq = office.custody.record(arrival.entry(camera, actor, where="A1")).seq
    office.custody.record(undocked(camera, actor, docking=seq, how="safe"))
    findings: list[Json] = [{"code": code, "count": 1} for code in ("host-windows", "no-password")]
    office.custody.record(Entry("CARD_EXAMINED", camera, actor, {"findings": findings, "manifest": seq}, {"paths": {}}))
    clip = office.catalog.clips()[0].subject
    office.custody.record(found(clip, actor, codes=["importance-vanished"], manifest=seq))


def give_out(office: Office) -> None:
    """Give cameras out, one on and one back, and know the officers by card and PIN."""
    actor, known, hands = office.operator, holdings(office), handover(office)
    first, second = (known.find_officer(f"00000{n}") for n in (1, 2))
    cameras = [camera.subject for camera in known.cameras()]
    for number, officer in enumerate((first, second)):
        identification(office).assign_card(officer, f"CARD-{number}", actor=actor)
        identification(office).set_pin(officer, f"84{number}2", actor=actor)
        office.custody.record(pin_refused(officer, 1, until=office.clock() + timedelta(days=1 + number), actor=actor))
        hands.issue(cameras[0], Confirmed(officer, How.CARD), fit=NOT_CHECKED, actor=actor, since=office.clock())
        hands.give_back(cameras[0], actor=actor, condition=[Condition.DAMAGED], until=office.clock())
    hands.issue(cameras[1], Confirmed(second, How.PIN), fit=NOT_CHECKED, actor=actor)
    hands.undo(cameras[1], actor=actor, reason="登记错了")
    for camera in cameras:
        hands.issue(camera, Confirmed(first, How.CHOICE), fit=NOT_CHECKED, actor=actor)
    hands.hand_over(cameras[1], Confirmed(first, How.CARD), Confirmed(second, How.PIN), actor=actor)
