"""Whether database, store and rollback lock are set up to keep what they are given. What is weak but meant is only remarked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from sqlalchemy import Engine, select

from storage.audit.scope import Scope
from storage.audit.steps import Step
from storage.audit.words import Said
from storage.database import reading
from storage.errors import Refused
from storage.ledger.cell import FileCell
from storage.ledger.leaf import Leaf
from storage.migrations import is_newest
from storage.migrations.append_only import is_guarded
from storage.schema import APPEND_ONLY, entries, history

__all__ = ["configuration"]


@runtime_checkable
class _Bucketed(Protocol):
    """A store that can say how its buckets are set up."""

    def bucket_faults(self) -> Iterator[str]: ...


def configuration(scope: Scope, store: object, program: str | None, step: Step) -> Iterator[str]:
    """Look at how things are set up; *program* is the digest of this program's files."""
    yield from _database(scope.engine, step)
    yield from _store(store, step)
    _cell(scope, step)
    if program is not None:
        _program(scope, program, step)


def _database(engine: Engine, step: Step) -> Iterator[str]:
    with reading(engine) as connection:
        step.count(1 + len(APPEND_ONLY))
        if not is_newest(connection):
            yield Said("the tables are those of another version of this program")
        if not is_guarded(connection):
            yield Said("a trigger that keeps recorded rows from being changed or deleted is missing or switched off")


def _store(store: object, step: Step) -> Iterator[str]:
    step.count()
    step.remark("store: {grade}", grade=str(getattr(store, "grade", "?")))
    if not isinstance(store, _Bucketed):
        return
    try:
        for wrong in store.bucket_faults():
            yield Said("{reason}", reason=wrong)
    except Refused:
        step.remark("our key may not look at the settings of the buckets: have the store's owner look at them")


def _cell(scope: Scope, step: Step) -> None:
    cell, database = scope.log.cell, scope.engine.url
    if cell is None:
        return
    step.count()
    if not isinstance(cell, FileCell) or database.get_backend_name() != "sqlite":
        step.remark("rollback lock: {place}", place=str(cell))
    elif _device(cell.path.parent) == _device(Path(database.database or ".")):
        step.remark("the rollback lock lies on the same disk as the database: who puts back that disk puts back both")


def _device(path: Path) -> int:
    return path.stat().st_dev if path.exists() else -1


def _program(scope: Scope, program: str, step: Step) -> None:
    newest = (
        select(entries.c.seq, entries.c.leaf)
        .join(history, history.c.seq == entries.c.seq)
        .where(history.c.type == "STARTED", entries.c.seq < scope.size)
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    with reading(scope.engine) as connection:
        row = connection.execute(newest).first()
    recorded = None if row is None else Leaf.decode(row.leaf).body.get("files_sha256")
    if row is None or recorded is None:
        return
    step.count()
    if recorded != program:
        template = "this program ({now}) is not the one whose start was recorded last (entry {index}: {recorded})"
        step.remark(template, now=program[:16], index=row.seq, recorded=str(recorded)[:16])
