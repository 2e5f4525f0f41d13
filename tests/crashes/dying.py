"""
A process that dies just before its N-th step that could change anything which outlives it.

Steps are counted below all of our code: system calls that change names or sync, writes of bytes, commits, requests to S3. Dying
before each one in turn leaves every state that a crash of this process can leave on one thread; threads are set in a row.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from ingest import pipeline
from storage import lanes, s3_wire

DIED = 42
"""The exit code of a process that died as it was told to."""

CALLS = ("open", "rename", "replace", "mkdir", "rmdir", "unlink", "fsync", "write", "ftruncate", "pwrite")
"""Of `os`: everything that changes what outlives the process, if opening creates."""


@dataclass(slots=True)
class Steps:
    """Counts steps and dies before one of them."""

    last: int
    """The step that is not done any more; 0 for none."""
    note: Path
    """Where the last words go."""
    passed: int = 0

    def before(self, what: str) -> None:
        """Count a step, or die."""
        self.passed += 1
        if self.passed == self.last:
            self.note.write_text(what)
            os._exit(DIED)


def die_before(steps: Steps, engine: Engine) -> None:
    """Make this process count its steps; there is no way back but its end."""
    for name in CALLS:
        setattr(os, name, _counted(steps, name, getattr(os, name)))
    _count_method(steps, lanes.Sink, "absorb")
    _count_method(steps, s3_wire.Wire, "send")
    _count_commits(steps, engine)
    vars(pipeline)["ThreadPoolExecutor"] = InARow


def _counted(steps: Steps, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as wide as what it stands for
        if name != "open" or args[1] & os.O_CREAT:
            steps.before(f"{name} {' → '.join(map(_named, args[:2]))}")
        return call(*args, **kwargs)

    return counted


def _named(argument: object) -> str:
    if isinstance(argument, int):
        try:
            argument = Path(f"/proc/self/fd/{argument}").readlink()
        except OSError:
            return f"descriptor {argument}"
    return "/".join(str(argument).split("/")[-2:]) if isinstance(argument, str | Path) else "bytes"


def _count_method(steps: Steps, kind: type[Any], name: str) -> None:
    setattr(kind, name, _counted(steps, f"{kind.__name__}.{name}", getattr(kind, name)))


def _count_commits(steps: Steps, engine: Engine) -> None:
    """Only of transactions that write; there is nothing before and after a commit but the commit."""
    mine = threading.local()
    commit = engine.dialect.do_commit

    def is_committing(connection: Connection) -> None:
        mine.writing = connection.get_execution_options().get("writing")

    def counted(connection: Any) -> None:  # noqa: ANN401 - the DBAPI has no types
        if getattr(mine, "writing", False):
            steps.before("commit")
        commit(connection)

    event.listen(engine, "commit", is_committing)
    vars(engine.dialect)["do_commit"] = counted


class InARow(Executor):
    """Does at once, on the same thread, what a pool would do beside it: the same steps in the same order every time."""

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        super().__init__()

    def submit(self, call: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        """Do it now."""
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller, as in a pool
            future.set_exception(error)
        return future
