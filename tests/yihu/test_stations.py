"""Docks in the ledger of an office: that they came and went, and what was refused in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

import pytest
from sqlalchemy import text

from ingest.admission import Admit, PortRule
from ingest.dock_presence import How
from storage.errors import StorageUnavailable
from storage.evidence import Actor, Role
from storage.rebuild import rebuild
from storage.refusals import RefusedDevice
from storage.stations import Station, Stations
from storage.testing import Moment
from tests.crashes.offices import founded, opened
from tests.crashes.test_lost_writes import MOMENTS, Fault, spoil_commits
from yihu.dock_rules import docks_of, mounting_of, stations_of
from yihu.settings import SettingsError
from yihu.wiring import Office

TOWER = Station("tower-8", "left", "pci-0000:00:14.0-usb:4", 8)
KEYBOARD = RefusedDevice("3", "mixed-classes", "1234:5678", ("080650", "030101"), serial="K-1", product="键盘")


@dataclass
class Clock:
    """Goes on when it is told to."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def after(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Office:
    return founded(tmp_path / "office")


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


def stations(office: Office, clock: Callable[[], datetime]) -> Stations:
    return Stations(office.custody, office.engine, office.index_key, office.dock, clock)


def entries(office: Office, *types: str) -> list[dict[str, Any]]:
    size = int(office.log.checkpoint().split("\n")[1])
    leaves = [json.loads(office.log.leaf(seq)) for seq in range(size)]
    return [leaf for leaf in leaves if leaf["type"] in types or (not types and leaf["sub"].startswith("dock:"))]


def types(office: Office) -> list[str]:
    return [leaf["type"] for leaf in entries(office, "DOCK_ATTACHED", "DOCK_DETACHED", "DEVICE_REFUSED")]


def test_a_dock_that_comes_and_goes_is_two_entries_however_often_it_is_said(office: Office, clock: Clock) -> None:
    docks = stations(office, clock)
    for _ in range(2):
        docks.attached(TOWER)
    for _ in range(2):
        docks.detached(TOWER, How.GONE)
    dock = docks.attached(TOWER)

    attached, detached, again = entries(office, "DOCK_ATTACHED", "DOCK_DETACHED")
    assert attached["body"] == {"bays": 8, "profile": "tower-8"}
    assert [each["f"] for each in attached["pii"]] == ["name", "where"]
    assert (detached["body"], again["sub"]) == ({"how": "gone"}, str(dock))


def test_a_dock_has_the_same_pseudonym_at_the_same_place_only(office: Office, clock: Clock) -> None:
    docks = stations(office, clock)
    elsewhere = Station("tower-8", "right", "pci-0000:00:14.0-usb:5", 8)
    another_host = Stations(office.custody, office.engine, office.index_key, Actor(docks.subject(TOWER), Role.DOCK), clock)

    assert docks.subject(TOWER) == stations(opened(office.home), clock).subject(TOWER)
    assert len({docks.subject(TOWER), docks.subject(elsewhere), another_host.subject(TOWER), office.dock.who}) == 4


def test_a_dock_nobody_recorded_as_there_is_not_recorded_as_gone(office: Office, clock: Clock) -> None:
    """
    At the start everything described and not found is said to be found gone; only what was there before is.
    """
    docks = stations(office, clock)
    docks.detached(TOWER, How.FOUND_GONE)
    assert types(office) == []

    docks.attached(TOWER)
    stations(opened(office.home), clock).detached(TOWER, How.FOUND_GONE)
    assert types(office) == ["DOCK_ATTACHED", "DOCK_DETACHED"]


def test_what_is_refused_says_what_it_was_and_hides_what_it_called_itself(office: Office, clock: Clock) -> None:
    stations(office, clock).refused(TOWER, KEYBOARD)

    (refused,) = entries(office, "DEVICE_REFUSED")
    assert refused["body"] == {
        "bay": "3",
        "classes": ["080650", "030101"],
        "reason": "mixed-classes",
        "since": "2026-11-24T09:00:00.000Z",
        "times": 1,
        "usb": "1234:5678",
    }
    assert [each["f"] for each in refused["pii"]] == ["product", "serial"]
    assert "键盘" not in json.dumps(refused, ensure_ascii=False)
    assert types(office) == ["DOCK_ATTACHED", "DEVICE_REFUSED"]


def test_flapping_is_one_entry_a_minute(office: Office, clock: Clock) -> None:
    docks = stations(office, clock)
    for _ in range(90):
        docks.refused(TOWER, KEYBOARD)
        clock.after(1)
    docks.flush(last_call=True)

    assert [each["body"]["times"] for each in entries(office, "DEVICE_REFUSED")] == [1, 60, 29]


def test_a_dock_that_was_detached_can_still_have_refused_something(office: Office, clock: Clock) -> None:
    docks = stations(office, clock)
    docks.attached(TOWER)
    docks.detached(TOWER, How.GONE)
    docks.refused(TOWER, KEYBOARD)

    assert types(office) == ["DOCK_ATTACHED", "DOCK_DETACHED", "DEVICE_REFUSED"]


def test_the_tables_are_made_again_from_the_ledger(office: Office, clock: Clock) -> None:
    stations(office, clock).refused(TOWER, KEYBOARD)

    def rows() -> list[Any]:
        with office.engine.connect() as connection:
            return list(connection.execute(text("SELECT * FROM refusals")))

    before = rows()
    rebuild(office.engine, office.projector, office.vault)

    assert rows() == before
    assert len(before) == 1


@MOMENTS
def test_a_write_or_an_answer_that_is_lost_is_made_up_for_by_doing_it_again(
    tmp_path: Path, clock: Clock, moment: Moment
) -> None:
    """
    Whichever commit it is: in the end everything stands there once, and every refusal is counted once.
    """
    hits = 0
    for number in range(1, 10):
        office = founded(tmp_path / f"office-{number}")
        fault = Fault(number, moment, lambda: OperationalError("disk I/O error"))
        spoil_commits(office, fault)

        told = _whole_life(stations(office, clock), clock)
        fault.number = 0  # what follows only looks

        assert types(office) == ["DOCK_ATTACHED", "DEVICE_REFUSED", "DEVICE_REFUSED", "DOCK_DETACHED"]
        assert sum(each["body"]["times"] for each in entries(office, "DEVICE_REFUSED")) == 3
        assert told == bool(fault.hit)
        office.engine.dispose()
        if not fault.hit:
            break
        hits += 1
    assert hits == 4


def _whole_life(docks: Stations, clock: Clock) -> bool:
    """Attached, three refusals, stopped; whatever failed is done again. Say whether anything did."""
    told = [_until_it_works(lambda: docks.attached(TOWER), lambda: docks.attached(TOWER))]
    for _ in range(3):
        told.append(_until_it_works(lambda: docks.refused(TOWER, KEYBOARD), docks.flush))
        clock.after(1)
    steps: tuple[Callable[[], object], ...] = (
        lambda: docks.flush(last_call=True),
        lambda: docks.detached(TOWER, How.STOPPED),
    )
    return any([*told, *[_until_it_works(step, step) for step in steps]])


def _until_it_works(step: Callable[[], object], again: Callable[[], object]) -> bool:
    try:
        step()
    except StorageUnavailable:
        again()
        return True
    return False


def test_what_is_refused_while_the_database_is_away_is_recorded_when_it_is_back(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    docks = stations(office, clock)
    with monkeypatch.context() as away:
        fault = OperationalError("disk I/O error")
        away.setattr(office.engine.dialect, "do_begin", lambda _: _raise(fault))
        for _ in range(3):
            with pytest.raises(StorageUnavailable):
                docks.refused(TOWER, KEYBOARD)

    docks.flush()

    assert [each["body"]["times"] for each in entries(office, "DEVICE_REFUSED")] == [3]


def _raise(error: Exception) -> None:
    raise error


PROFILE = """name = "tower-8"
[[docks]]
name = "left"
at = ["pci-0000:00:14.0-usb:4"]
[[bays]]
name = "1"
ports = ["1"]
"""
SETTINGS = ("", "[dock]", 'profiles = "docks"', 'admit = "known"', 'known = ["A1B2-C3D4"]')


def _with_docks(home: Path, *more: str) -> Office:
    (home / "docks").mkdir(parents=True)
    (home / "docks" / "tower-8.toml").write_text(PROFILE)
    return founded(home, *SETTINGS, *more)


def test_an_office_says_what_its_docks_are_and_what_may_be_plugged_in(tmp_path: Path) -> None:
    office = _with_docks(tmp_path / "office", "[dock.ports.1]", "priority = true", 'officer = "000001"')
    policy = office.settings.dock.policy()
    (bay,) = docks_of(office).bays

    assert (policy.admit, policy.known) == (Admit.KNOWN, frozenset({"a1b2-c3d4"}))
    assert policy.rule(bay) == PortRule(officer="000001", has_priority=True)
    assert mounting_of(office).folder == office.home / "mounts"
    assert stations_of(office).subject(bay.dock.station) == stations_of(office).subject(docks_of(office).docks[0].station)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [(["[dock.ports.7]", "locked = true"], "bay '7': expected 1"), (["[dock.ports.1]", "loked = true"], "Extra inputs")],
)
def test_rules_nobody_could_keep_are_refused(tmp_path: Path, more: list[str], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        docks_of(_with_docks(tmp_path / "office", *more))
