"""A log that lives in a database, with its lock in a cell on another disk, as a process would open it: again and again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from storage import clips, log_keys, rebuild, timestamps, witnesses
from storage.custody import Custody
from storage.database import connect, migrate
from storage.errors import LedgerError
from storage.evidence import Actor, Entry, Kind, Role, Subject
from storage.folder import FolderStore
from storage.identity import found_again, fresh
from storage.ledger import recovery
from storage.ledger.cell import Cell, FileCell
from storage.ledger.checkpoint import Checkpoint, open_checkpoint
from storage.ledger.keys import Signer, VerifierKey
from storage.ledger.log import Log
from storage.lifecycle import LifeCycle
from storage.projecting import Projector
from storage.vault import Vault

from .conftest import ORIGIN, signer

KEY = VerifierKey.parse(signer().vkey)
SUBJECT = found_again(b"k" * 32, Kind.LOG, ORIGIN)
ADMINISTRATOR = Actor(fresh(Kind.ACCOUNT), Role.ADMINISTRATOR)
MOVES = (*clips.MOVES, *recovery.MOVES, *witnesses.MOVES, *timestamps.MOVES, *log_keys.MOVES)


@dataclass
class Clock:
    """A clock that goes on a little at every look."""

    now: datetime = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=3)
        return self.now


@cache
def _template() -> dict[str, bytes]:
    """The files of a new log; making the tables takes longer than most tests."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        (home / "other disk").mkdir()
        made = LivingLog(home)
        migrate(made.engine)
        rebuild.rebuild(made.engine, made.projector, made.vault)
        made.log.lock()
        made.custody.record(Entry("STARTED", SUBJECT, ADMINISTRATOR))
        made.engine.dispose()
        return {path: (home / path).read_bytes() for path in ("yihu.db", "other disk/head")}


class LivingLog:
    """A log in a directory of its own. *cell* stands in for the file on the other disk."""

    def __init__(self, home: Path, *, cell: Cell | None = None, signs: Sequence[Signer] = ()) -> None:
        self.home = home
        self.engine = connect(f"sqlite:///{home}/yihu.db")
        self.vault = Vault(b"v" * 32, log=ORIGIN)
        rooms = [clips.project, witnesses.project, timestamps.project, log_keys.project]
        self.projector = Projector(LifeCycle(MOVES), rooms)
        self.cell = cell or FileCell(home / "other disk" / "head")
        self.clock = Clock()
        self.custody = Custody(self.engine, self.projector, self.vault, log=ORIGIN, clock=self.clock)
        self.log = Log(self.engine, *(signs or [signer()]), cell=self.cell)
        self.store = FolderStore(home / "store", clock=self.clock)

    @classmethod
    def found(cls, home: Path) -> LivingLog:
        """Make one, its cell locked when it was empty, and the first entry recorded."""
        (home / "other disk").mkdir(parents=True)
        for path, raw in _template().items():
            (home / path).write_bytes(raw)
        return cls(home)

    def again(self, *, cell: Cell | None = None, signs: Sequence[Signer] = ()) -> LivingLog:
        """The same log, opened by a process that remembers nothing."""
        return LivingLog(self.home, cell=cell, signs=signs)

    def grow(self, count: int = 1) -> LivingLog:
        """Record so many entries more."""
        self.custody.record_all([Entry("STARTED", SUBJECT, ADMINISTRATOR) for _ in range(count)])
        return self

    def backup(self, to: Path) -> Path:
        """Keep the database as it is now."""
        self.engine.dispose()
        return Path(shutil.copy(self.home / "yihu.db", to))

    def put_back(self, backup: Path) -> LivingLog:
        """Open the log on an older database."""
        self.engine.dispose()
        for leftover in self.home.glob("yihu.db-*"):
            leftover.unlink()
        shutil.copy(backup, self.home / "yihu.db")
        return self.again()

    def copy(self, to: Path) -> LivingLog:
        """A second machine with a copy of the database, and the same cell."""
        to.mkdir()
        self.backup(to / "yihu.db")
        return LivingLog(to, cell=self.cell)

    @property
    def subject(self) -> Subject:
        """The log as the subject of entries."""
        return SUBJECT


def head(note: str | None) -> Checkpoint:
    """What a note of this log says."""
    assert note is not None
    return open_checkpoint(note, [KEY], origin=ORIGIN)


def refused(living: LivingLog, words: str) -> None:
    """Neither signing nor the question before recording passes."""
    for act in (living.log.checkpoint, living.log.confirm):
        with pytest.raises(LedgerError, match=words):
            act()


class Died(BaseException):
    """The process is no more; nothing catches this."""


class Dying:
    """A cell in whose hands the process dies: before it is replaced, or just after."""

    def __init__(self, cell: Cell, *, after: bool) -> None:
        self._cell, self._after = cell, after
        self.read, self.create = cell.read, cell.create

    def replace(self, old: str, new: str) -> None:
        if self._after:
            self._cell.replace(old, new)
        raise Died
