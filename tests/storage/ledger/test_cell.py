"""The rollback lock: a text that changes only in the hand of whoever knows what it is now."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import durable
from storage.errors import LedgerError, StaleState, StorageUnavailable
from storage.ledger.cell import FileCell


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "other disk" / "head"


@pytest.fixture
def cell(path: Path) -> FileCell:
    path.parent.mkdir()
    return FileCell(path)


def test_what_was_put_is_read_by_whoever_opens_it_next(cell: FileCell, path: Path) -> None:
    assert cell.read() is None
    cell.create("first\n")
    cell.replace("first\n", "检查点\n")

    assert FileCell(path).read() == "检查点\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_cell_is_made_once(cell: FileCell) -> None:
    cell.create("first")

    with pytest.raises(StaleState, match="something already"):
        cell.create("second")
    assert cell.read() == "first"


@pytest.mark.parametrize("standing", [None, "", "yesterday\n", "today"])
def test_whoever_does_not_know_what_stands_there_changes_nothing(cell: FileCell, standing: str | None) -> None:
    cell.create("today\n")

    with pytest.raises(StaleState, match="somebody else has signed"):
        cell.replace(standing or "", "tomorrow\n")
    assert cell.read() == "today\n"


def test_a_cell_that_was_never_made_cannot_be_replaced(cell: FileCell) -> None:
    with pytest.raises(StaleState):
        cell.replace("", "new")
    assert cell.read() is None


def test_a_disk_that_is_not_there_is_not_an_empty_cell(path: Path) -> None:
    cell = FileCell(path)

    for act in (cell.read, lambda: cell.create("new"), lambda: cell.replace("old", "new")):
        with pytest.raises(StorageUnavailable, match="head: No such file"):
            act()


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"x" * 65_537], ids=["empty", "not text", "too long"])
def test_a_cell_that_cannot_be_ours_is_not_read(cell: FileCell, path: Path, raw: bytes) -> None:
    path.write_bytes(raw)

    with pytest.raises(LedgerError, match="no text"):
        cell.read()


def test_of_many_who_replace_the_same_one_wins(cell: FileCell) -> None:
    cell.create("old")

    def attempt(number: int) -> int | None:
        try:
            cell.replace("old", f"new {number}")
        except StaleState:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        won = [number for number in pool.map(attempt, range(40)) if number is not None]

    assert [cell.read()] == [f"new {number}" for number in won]


def _count_up(path: Path, times: int) -> None:
    cell, done = FileCell(path), 0
    while done < times:
        held = cell.read()
        assert held is not None
        try:
            cell.replace(held, str(int(held) + 1))
        except StaleState:
            continue
        done += 1


def test_processes_that_count_together_lose_nothing(cell: FileCell, path: Path) -> None:
    cell.create("0")
    context = multiprocessing.get_context("spawn")
    counters = [context.Process(target=_count_up, args=(path, 25)) for _ in range(3)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()

    assert [counter.exitcode for counter in counters] == [0, 0, 0]
    assert cell.read() == "75"


@pytest.mark.parametrize("call", ["open", "fsync", "rename"])
def test_a_failure_at_any_step_leaves_the_old_text_or_the_new(
    cell: FileCell, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    cell.create("old")
    honest, seen = getattr(os, call), []

    def failing(*arguments: object, **more: object) -> object:
        seen.append(arguments)
        if len(seen) > (1 if call == "open" else 0):  # the first that is opened is the lock
            raise OSError(5, "Input/output error")
        return honest(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing)
        if call == "rename":
            patched.setattr(durable, "rename", failing)
        with pytest.raises(StorageUnavailable, match="Input/output"):
            cell.replace("old", "new")

    assert cell.read() == "old"
    cell.replace("old", "new")
    assert cell.read() == "new"
