"""People are called for what takes a person, once, and no longer than it lasts."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.board import AlarmKind, Board, Change
from storage.errors import Refused, StorageUnavailable
from storage.folder import FolderStore
from tests.api.small_office import Clock, WatchedStore
from tests.crashes.offices import founded
from yihu.dock_alarms import Look, looks_of, spool_reason, store_reason, time_reason, watching_over
from yihu.wiring import Office

LONG = timedelta(seconds=30)
GIB = 2**30


@pytest.mark.parametrize(
    ("free", "size", "told"),
    [
        (100, 100, ""),
        (21, 100, ""),
        (20, 100, "80 %"),
        (0, 100, "100 %"),
        (-5, 100, "100 %"),
        (5, 0, "100 %"),
        (5, -1, "100 %"),
    ],
)
def test_a_spool_is_told_from_the_percentage_on_that_the_office_chose(free: int, size: int, told: str) -> None:
    assert spool_reason(free, size, 80) == told


@given(st.integers(-(2**50), 2**50), st.integers(-(2**50), 2**50), st.integers(1, 100))
def test_whatever_a_disk_says_it_is_between_nothing_and_full(free: int, size: int, percent: int) -> None:
    told = spool_reason(free, size, percent)

    assert told == "" or percent <= int(told.removesuffix(" %")) <= 100


def test_a_store_that_answers_is_no_alarm_and_nothing_is_put_into_it(tmp_path: Path) -> None:
    store = WatchedStore(FolderStore(tmp_path / "store", clock=Clock()))

    assert store_reason(store) == ""
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("error", [StorageUnavailable("no route"), Refused("key revoked")])
def test_a_store_that_is_away_or_refuses_us_is_an_alarm_until_it_is_back(tmp_path: Path, error: Exception) -> None:
    board, store = Board(Clock()), WatchedStore(FolderStore(tmp_path / "store", clock=Clock()))
    store.fault = error
    with watching_over(board, [Look(AlarmKind.STORE_AWAY, lambda: store_reason(store))], seconds=0.01):
        (rung,) = board.after(0, LONG)
        store.fault = None
        (hushed,) = board.after(1, LONG)

    assert isinstance(rung, Change)
    assert isinstance(hushed, Change)
    assert rung.alarm is not None
    assert (rung.alarm.kind, rung.alarm.reason) == (AlarmKind.STORE_AWAY, str(error))
    assert (hushed.alarm, hushed.is_over) == (rung.alarm, True)


def test_an_alarm_that_goes_on_is_no_news() -> None:
    board, looked = Board(Clock()), threading.Semaphore(0)

    def reason() -> str:
        looked.release()
        return "always"

    with watching_over(board, [Look(AlarmKind.DATABASE_AWAY, reason)], seconds=0.001):
        assert all(looked.acquire(timeout=30) for _ in range(5))

    assert board.picture().number == 1


def test_a_look_that_hangs_holds_up_neither_the_others_nor_the_end() -> None:
    board, let_go = Board(Clock()), threading.Event()
    looks = [
        Look(AlarmKind.STORE_AWAY, lambda: "late" if let_go.wait(30) else ""),
        Look(AlarmKind.SPOOL_FILLING, lambda: "81 %"),
    ]
    with watching_over(board, looks, seconds=60):
        (change,) = board.after(0, LONG)
    let_go.set()

    assert isinstance(change, Change)
    assert change.alarm is not None
    assert change.alarm.kind is AlarmKind.SPOOL_FILLING
    assert board.after(1, timedelta(milliseconds=20)) == ()


def test_the_time_source_is_asked_and_nothing_is_set() -> None:
    assert time_reason() in {"", "time-unsynchronised"}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office whose spool is there."""
    office = founded(tmp_path / "office")
    (office.home / office.settings.spool.path).mkdir(exist_ok=True)
    return office


def reasons(office: Office) -> dict[AlarmKind, Callable[[], str]]:
    return {look.kind: look.reason for look in looks_of(office)}


def test_an_office_in_which_all_is_well_rings_for_nothing_but_what_its_disk_says(office: Office) -> None:
    told = reasons(office)

    assert set(told) == {AlarmKind.STORE_AWAY, AlarmKind.DATABASE_AWAY, AlarmKind.SPOOL_FILLING, AlarmKind.CLOCK_WRONG}
    assert told[AlarmKind.STORE_AWAY]() == ""
    assert told[AlarmKind.DATABASE_AWAY]() == ""
    usage = shutil.disk_usage(office.home)
    reserve = office.settings.spool.reserve_mib * 2**20
    assert (told[AlarmKind.SPOOL_FILLING]() != "") == (1 - (usage.free - reserve) / (usage.total - reserve) > 0.79)


def test_a_database_that_is_away_rings(office: Office) -> None:
    office.engine.dispose()
    (office.home / "yihu.db").write_bytes(b"this is not a database, and never was one" * 99)
    board = Board(Clock())

    with watching_over(board, [Look(AlarmKind.DATABASE_AWAY, reasons(office)[AlarmKind.DATABASE_AWAY])], seconds=60):
        (change,) = board.after(0, LONG)

    assert isinstance(change, Change)
    assert change.alarm is not None
    assert "not a database" in change.alarm.reason


def test_an_office_without_a_time_source_may_say_that_it_knows(office: Office) -> None:
    quiet = office.settings.model_copy(update={"board": office.settings.board.model_copy(update={"host_clock": False})})

    assert AlarmKind.CLOCK_WRONG not in reasons(Office(office.home, quiet, office.clock))
