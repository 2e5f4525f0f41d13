"""What is recorded of a camera that was docked, and what is known of its clock the next time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from device_profiles.profile import Profile, load_profiles
from ingest.camera import Asked, ClockReading, Docking
from ingest.docked import Arrival, How, undocked
from ingest.time_source import TimeSource
from ingest.usb import UsbDevice
from storage.custody import Custody
from storage.dockings import CLOCK_SET
from storage.errors import StaleState
from storage.evidence import Entry, Json, Kind, Subject
from storage.identity import fresh
from storage.lifecycle import LifeCycle, move
from storage.projecting import Projector
from storage.rebuild import differences, rebuild
from yihu.wiring import Office

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
GNSS = TimeSource("gnss", synchronised=True, error_ms=5)
SECRETS = ("样例卷", "SERIAL-1", "DEVICE-1", "000001", "fw 1\x00", "/media/样例卷")


@pytest.fixture
def profile() -> Profile:
    return next(one for one in load_profiles() if one.name == "amba-4255-0001")


@pytest.fixture
def device(office: Office) -> Subject:
    """A camera that was met before."""
    device = fresh(Kind.DEVICE)
    office.custody.record(Entry("DEVICE_ENROLLED", device, office.dock, {"identified_by": "named"}, {"label": "DEMO-1"}))
    return device


def reading(raw: str, at: datetime = NOW) -> ClockReading:
    return ClockReading(raw, None, at, timedelta(milliseconds=20))


def docking(clock: ClockReading | None, *, battery: int = 71, free: int = 5, total: int = 9) -> Docking:
    """A camera in bay A1 that had to be unlocked."""
    usb = UsbDevice("devices/1", "platform-1", "4255:0002", serial="SERIAL-1")
    asked = Asked("sample", "DEVICE-1", "000001", clock, battery, free, total, "fw 1\x00", needs_password=False)
    first = replace(usb, usb_id="4255:0001")
    return Docking("A1", "dock:01J", usb, first, asked, "ro,tz=UTC", "样例卷", "amba-4255-0001")


def arrived(office: Office, device: Subject, profile: Profile, clock: ClockReading | None) -> tuple[int, Arrival]:
    """Record a docking as the dock does."""
    earlier = office.dockings.last_measured(device)
    arrival = Arrival.of(docking(clock), profile, source=GNSS, earlier=earlier)
    return office.custody.record(arrival.entry(device, office.dock, where="/media/样例卷")).seq, arrival


def clock_was_set(office: Office, device: Subject, step: str, **figures: Json) -> datetime:
    """Record that its clock was set, as whoever asks cameras does, and say when that was."""
    moves = {**office.life_cycle._moves, (Kind.DEVICE, CLOCK_SET): move(Kind.DEVICE, CLOCK_SET, "known")}
    projector = Projector(LifeCycle(moves.values()), [])
    custody = Custody(office.engine, projector, office.vault, log=office.settings.office.log, clock=office.clock)
    return custody.record(Entry(CLOCK_SET, device, office.dock, {"step": step, **figures})).at


def shown(moment: datetime) -> str:
    """What a clock in China shows at that moment."""
    return (moment + timedelta(hours=8)).strftime("%Y%m%d%H%M%S")


class TestDocked:
    def test_the_ledger_says_how_far_its_clock_was_off(self, office: Office, device: Subject, profile: Profile) -> None:
        entry = Arrival.of(docking(reading("20261124160009")), profile, source=GNSS).entry(device, office.dock, where="x")

        assert entry.body["clock"] == {
            "findings": [],
            "offset_ms": 9_500,
            "ours": "2026-11-24T08:00:00.000Z",
            "raw": "20261124160009",
            "source": {"error_ms": 5, "kind": "gnss", "synchronised": True},
            "wall_ms": 9_500,
            "within_ms": 520,
            "zone": "Asia/Shanghai",
        }

    def test_what_could_name_somebody_is_in_the_vault_alone(self, office: Office, device: Subject, profile: Profile) -> None:
        seq, _ = arrived(office, device, profile, reading("张三的记录仪"))

        leaf = office.log.leaf(seq).decode()
        assert [word for word in (*SECRETS, "张三") if word in leaf] == []
        assert b"4255:0001" in office.log.leaf(seq)

    def test_figures_that_cannot_be_true_are_left_out(self, office: Office, device: Subject, profile: Profile) -> None:
        odd = docking(None, battery=101, free=-1, total=2**60)

        body = Arrival.of(odd, profile, source=GNSS).entry(device, office.dock, where="x").body

        assert not {"battery", "free_bytes", "total_bytes"} & set(body)
        assert body["needs_password"] is False

    def test_a_camera_that_cannot_be_asked_has_no_clock_and_says_so(
        self, office: Office, device: Subject, profile: Profile
    ) -> None:
        entry = Arrival.of(Docking(), profile, source=GNSS).entry(device, office.dock, where="\udcff")

        assert entry.body == {"chosen": False, "clock": {"source": GNSS.as_json()}, "profile": profile.name}
        assert entry.personal == {"where": "\\udcff"}
        office.custody.record(entry)
        assert office.dockings.last_measured(device) is None

    def test_a_docking_of_an_earlier_version_is_one_all_the_same(self, office: Office, device: Subject) -> None:
        office.custody.record(Entry("DOCKED", device, office.dock, {"profile": "generic-dcim"}, {"where": "x"}))

        found = office.dockings.last(device)

        assert found is not None
        assert (found.profile, found.clock, found.findings) == ("generic-dcim", None, ())


class TestTheNextTime:
    def test_drift_is_told_from_the_last_measurement_whatever_lies_between(
        self, office: Office, device: Subject, profile: Profile
    ) -> None:
        arrived(office, device, profile, reading("20261124160000"))
        arrived(office, device, profile, None)
        later = reading("20261126160010", NOW + timedelta(days=2))

        _, arrival = arrived(office, device, profile, later)

        assert arrival.clock is not None
        assert (arrival.clock.drift_ms_per_day, arrival.clock.findings) == (5_000, ("clock-drift",))
        last = office.dockings.last(device)
        assert last is not None
        assert (last.offset_ms, last.drift_ms_per_day, last.findings) == (10_500, 5_000, ("clock-drift",))

    def test_a_clock_that_was_set_drifts_from_what_it_showed_then(
        self, office: Office, device: Subject, profile: Profile
    ) -> None:
        arrived(office, device, profile, reading("20261124170000"))
        at = clock_was_set(office, device, "ordered")
        at = clock_was_set(office, device, "done", after_ms=-500)

        _, again = arrived(office, device, profile, reading(shown(at + timedelta(days=2)), at + timedelta(days=2)))

        assert again.clock is not None
        assert again.clock.drift_ms_per_day in range(-250, 251)
        assert again.clock.findings == ()
        assert again.clock.earlier is not None
        assert (again.clock.earlier.came_wall_ms, again.clock.earlier.wall_ms) == (3_600_500, 0)

    def test_a_clock_that_was_set_unseen_tells_no_drift(self, office: Office, device: Subject, profile: Profile) -> None:
        arrived(office, device, profile, reading("20261124170000"))
        clock_was_set(office, device, "ordered")

        _, again = arrived(office, device, profile, reading("20261125160000", NOW + timedelta(days=1)))

        assert again.clock is not None
        assert (again.clock.drift_ms_per_day, again.clock.earlier) == (None, None)

    @pytest.mark.parametrize("how", ["safe", "early", "stopped"])
    def test_how_it_left_stands_beside_it(self, office: Office, device: Subject, profile: Profile, how: How) -> None:
        seq, _ = arrived(office, device, profile, None)
        for _ in range(2):  # an answer may be lost
            office.custody.record(undocked(device, office.dock, docking=seq, how=how, bay="A1"))

        found = office.dockings.docking(seq)
        assert found is not None
        assert found.undocked == how

    def test_the_docking_of_another_camera_does_not_end(self, office: Office, device: Subject, profile: Profile) -> None:
        seq, _ = arrived(office, device, profile, None)
        other = fresh(Kind.DEVICE)
        office.custody.record(Entry("DEVICE_ENROLLED", other, office.dock, {"identified_by": "named"}, {"label": "2"}))

        with pytest.raises(StaleState):
            office.custody.record(undocked(other, office.dock, docking=seq, how="safe"))


def test_the_tables_are_the_same_when_they_are_made_again(office: Office, device: Subject, profile: Profile) -> None:
    seq, _ = arrived(office, device, profile, reading("20261124160009"))
    office.custody.record(undocked(device, office.dock, docking=seq, how="safe"))
    body: dict[str, Json] = {"findings": [{"code": "no-password", "count": 1}], "manifest": seq}
    office.custody.record(Entry("CARD_EXAMINED", device, office.dock, body))
    before = office.dockings.last(device), office.dockings.findings(device)
    assert before[1] == {"no-password": 1}

    assert differences(office.engine, office.projector, office.vault) == []
    rebuild(office.engine, office.projector, office.vault)

    assert (office.dockings.last(device), office.dockings.findings(device)) == before
