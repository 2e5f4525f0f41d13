"""
Every write may be lost, and so may the answer to every write; whoever does the same again ends well.

The two come in pairs because they are independent: an error does not say that nothing was written. A fault hits one write, in
turn each of those an ingest makes; then everything is healed and the ingest is started again as a new process would.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

import pytest
from sqlalchemy import Connection, event

from storage.errors import StorageUnavailable
from storage.testing import FaultyStore, Moment, Write
from tests.crashes.dying import CALLS, InARow
from tests.crashes.offices import faults, fill, footage, founded, opened, take_in
from yihu.wiring import Office

MOMENTS = pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])


@dataclass(slots=True)
class Bench:
    """Fresh offices as often as one is wanted, and a card."""

    root: Path
    card: Path

    def fresh(self) -> Office:
        """An office in which nothing has happened yet."""
        shutil.rmtree(self.root / "office", ignore_errors=True)
        shutil.copytree(self.root / "template", self.root / "office")
        return opened(self.root / "office")

    def heals(self, office: Office) -> list[str]:
        """Say what is wrong after everything was started again and did its work."""
        office.engine.dispose()
        healed = opened(office.home)
        report = take_in(healed, self.card)
        undone = [*report.problems, *report.waiting, *filter(None, [report.unsigned])]
        wrong = [*map(str, undone), *faults(healed, {"DEMO-1": self.card})]
        healed.engine.dispose()
        return wrong


@pytest.fixture
def bench(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """One clip; its steps follow each other on one thread, so that the N-th write is always the same."""
    founded(quick_path / "template").engine.dispose()
    monkeypatch.setattr("ingest.pipeline.ThreadPoolExecutor", InARow)
    return Bench(quick_path, fill(quick_path / "card", footage(1)))


@dataclass(slots=True)
class Fault:
    """Fails the N-th time it is asked, before or after what it stands before."""

    number: int
    moment: Moment
    error: Callable[[], Exception]
    passed: int = 0
    hit: str = ""

    def around(self, what: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the call gives
        """Make the call, or fail."""
        self.passed += 1
        if self.passed != self.number:
            return call()
        self.hit = what
        if self.moment == "after":
            call()
        raise self.error()


def try_to(office: Office, card: Path) -> bool:
    """Take *card* in as far as it goes, and say whether somebody was told that it did not go all the way."""
    try:
        report = take_in(office, card)
    except StorageUnavailable:
        return True
    return bool(report.problems or report.waiting or report.unsigned)


class TestCommits:
    @MOMENTS
    def test_a_commit_that_fails_is_done_again(self, bench: Bench, moment: Moment) -> None:
        """Enrolled, docked, manifested, secured, deposited, checkpoint: whichever it is."""
        hits = []
        for number in range(1, 20):
            office = bench.fresh()
            fault = Fault(number, moment, lambda: OperationalError("disk I/O error"))
            spoil_commits(office, fault)

            told = try_to(office, bench.card)

            assert (told, bench.heals(office)) == (bool(fault.hit), []), f"commit {number}"
            if not fault.hit:
                break
            hits.append(number)
        assert len(hits) >= 6


def spoil_commits(office: Office, fault: Fault) -> None:
    """Let a commit of *office* fail as a database does whose disk or line fails."""
    mine = threading.local()
    commit = office.engine.dialect.do_commit

    def is_committing(connection: Connection) -> None:
        mine.writing = connection.get_execution_options().get("writing")

    def spoiled(connection: Any) -> None:  # noqa: ANN401 - the DBAPI has no types
        if getattr(mine, "writing", False):
            fault.around("commit", lambda: commit(connection))
        else:
            commit(connection)

    event.listen(office.engine, "commit", is_committing)
    vars(office.engine.dialect)["do_commit"] = spoiled


class TestStore:
    @MOMENTS
    def test_a_write_to_the_store_that_fails_is_done_again(self, bench: Bench, moment: Moment) -> None:
        """Segment manifest and original, before and after each: there is one version of each in the end."""
        assert spoiled_writes(bench, bench.fresh, moment) == ["deposit", "deposit"]

    @MOMENTS
    def test_a_write_that_fails_where_an_earlier_one_may_have_been_is_done_again(self, bench: Bench, moment: Moment) -> None:
        """A process that begins with a secured clip cannot know how far another came, and looks for leftovers first."""
        assert spoiled_writes(bench, lambda: waiting_office(bench), moment) == ["abandon", "deposit", "abandon", "deposit"]

    @MOMENTS
    @pytest.mark.parametrize("write", ["deposit", "abandon"])
    def test_the_shipped_fake_heals_within_one_process(self, bench: Bench, moment: Moment, write: Write) -> None:
        """What a person does who sees that a clip waits: the same again."""
        office = waiting_office(bench)
        store = FaultyStore(office.store, fault=moment, at=write)
        vars(office)["store"] = store

        (waiting,) = take_in(office, bench.card).waiting
        again = take_in(office, bench.card)

        assert (waiting.error, again.waiting, store.fault) == ("StorageUnavailable", (), None)
        assert f"unplugged {moment} it was done" in waiting.reason
        assert faults(office, {"DEMO-1": bench.card}) == []


def spoiled_writes(bench: Bench, prepare: Callable[[], Office], moment: Moment) -> list[str]:
    """Spoil each write to the store in turn, each in an office that *prepare* makes; gives what they were."""
    hits: list[str] = []
    for number in range(1, 20):
        office = prepare()
        fault = Fault(number, moment, lambda: StorageUnavailable("the line broke"))
        vars(office)["store"] = SpoiledStore(office.store, fault)

        told = try_to(office, bench.card)

        assert (told, bench.heals(office)) == (bool(fault.hit), []), f"write {number}: {fault.hit}"
        if not fault.hit:
            break
        hits.append(fault.hit)
    return hits


def waiting_office(bench: Bench) -> Office:
    """An office whose clip is secured and waits: its store was away when the process before ended."""
    before = bench.fresh()
    vars(before)["store"] = FaultyStore(before.store, away=True)
    assert take_in(before, bench.card).waiting
    before.engine.dispose()
    return opened(before.home)


class SpoiledStore:
    """A store one of whose writes fails."""

    def __init__(self, store: object, fault: Fault) -> None:
        self._store, self._fault = store, fault

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        method = getattr(self._store, name)
        if name not in {"deposit", "abandon", "extend"}:
            return method
        return lambda *args, **kwargs: self._fault.around(name, lambda: method(*args, **kwargs))


class TestDisk:
    @MOMENTS
    @pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC], ids=["broken", "full"])
    def test_a_disk_that_fails_once_is_tried_again(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch, moment: Moment, code: int
    ) -> None:
        """Every call of the spool and of the folder store that changes a name or makes one durable."""
        hits = []
        # the call that fails and the moment at which it does are independent, so one of the four sees every second call
        for number in range(1 + (code == errno.EIO), 200, 2):
            office = bench.fresh()
            fault = Fault(number, moment, lambda: OSError(code, os.strerror(code)))
            with monkeypatch.context() as patch:
                spoil_calls(patch, str(office.home), fault)
                told = try_to(office, bench.card)

            assert bench.heals(office) == [], f"call {number}: {fault.hit}, told: {told}"
            if not fault.hit:
                break
            hits.append(fault.hit)
        assert len(hits) > 20


def spoil_calls(patch: pytest.MonkeyPatch, home: str, fault: Fault) -> None:
    """Let one system call below *home* fail."""
    for name in CALLS:
        patch.setattr(os, name, spoiled(home, fault, name, getattr(os, name)))


def spoiled(home: str, fault: Fault, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """The call *name*, which may fail where it is about anything below *home*."""

    def maybe(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as wide as what it stands for
        is_ours = place(args, kwargs).startswith(home)
        if not is_ours or (name == "open" and not args[1] & os.O_CREAT):
            return call(*args, **kwargs)
        return fault.around(f"{name} {args[:2]}", lambda: call(*args, **kwargs))

    return maybe


def place(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Which file a call is about."""
    what = kwargs.get("dir_fd") if kwargs.get("dir_fd") is not None else args[0]
    return str(Path(f"/proc/self/fd/{what}").readlink()) if isinstance(what, int) else str(what)
