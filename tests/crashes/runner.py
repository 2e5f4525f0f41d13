"""
The program that crashes, restarts and checks, over and over: ``python -m tests.crashes.runner JOB.json``.

It does nothing but fork, so that each life of the program costs milliseconds and begins with nothing of the one before. One
line of JSON is printed for each crash: how it died, and everything that was wrong after it was started again.
"""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from ingest.progress import CardReport
from storage.clips import SECURED
from storage.errors import YihuError
from tests.crashes.dying import DIED, Steps, die_before
from tests.crashes.offices import clip_of, faults, holding, opened, take_in
from tests.servers.postgres_server import OFFICE

_ATTEMPTS = 3
"""Starts after which an ingest must have ended well."""
_LONGEST = 60
"""Seconds after which a life is taken to hang."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done, and where."""

    template: Path
    """An office that was just founded; each crash happens to a copy."""
    card: Path
    work: Path
    seed: int
    seconds: float
    """How long to go on."""
    how: str
    """``step``: before the N-th step, ``kill``: by SIGKILL at random."""
    steps: list[int] = field(default_factory=list)
    """For ``step``: which; empty for every one."""
    databases: dict[str, str] = field(default_factory=dict)
    """For PostgreSQL: ``host`` of the server, ``template`` of the database, and the ``name`` of the copy to be made of it."""

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read what the test wrote."""
        fields: dict[str, Any] = json.loads(path.read_text())
        places: dict[str, Any] = {name: Path(fields[name]) for name in ("template", "card", "work")}
        return cls(**{**fields, **places})


def main(job: Job) -> None:
    """Crash until the time is over."""
    _warm(job)
    ends = time.monotonic() + job.seconds
    for crash in _by_steps(job) if job.how == "step" else _by_kills(job):
        print(json.dumps(crash), flush=True)  # noqa: T201 - this is the answer
        if time.monotonic() > ends:
            break


def _warm(job: Job) -> None:
    """Import here what the first life would import, and each of the others again."""
    office = opened(_fresh(job))
    take_in(office, job.card)
    faults(office, {})
    # what stands in a store that others use too is not ours
    _others(office.home).write_text(" ".join({clip_of(line) for line in holding(office.store)}))
    office.engine.dispose()


def _by_steps(job: Job) -> Iterator[dict[str, Any]]:
    note = job.work / "note"
    for number in job.steps or range(1, sys.maxsize):
        home = _fresh(job)
        code = _lived(partial(_dying, home, job.card, number, note))
        last = note.read_text() if code == DIED else "its end" if code == 0 else f"something unforeseen ({code})"
        yield {"ended": f"step {number}: before {last}", "over": code == 0, **_outcome(job, home)}
        if code == 0:
            return


def _by_kills(job: Job) -> Iterator[dict[str, Any]]:
    chance = random.Random(job.seed)
    whole = _measured(job)
    while True:
        home, deaths = _fresh(job), []
        for _ in range(chance.randint(1, 3)):
            moment = chance.uniform(0, whole)
            _lived(partial(_living, home, job.card), kill_after=moment)
            deaths.append(f"{moment * 1000:.0f} ms")
        yield {"ended": f"killed after {', '.join(deaths)}", "over": False, **_outcome(job, home)}


def _measured(job: Job) -> float:
    """How long an ingest takes here, so that the moments to kill it are spread over all of it."""
    home, begun = _fresh(job), time.monotonic()
    _lived(partial(_living_to_be_checked, home, job.card, home.with_name("report")))
    return time.monotonic() - begun


def _outcome(job: Job, home: Path) -> dict[str, Any]:
    """Start again without the camera, then with it until it ends well, and say what is wrong then."""
    report = home.with_name("report")
    report.unlink(missing_ok=True)
    if _lived(partial(_advancing, home, report)) != 0:
        told = report.read_text() if report.exists() else "nothing was told"
        return {"attempts": 0, "wrong": [f"what was ours did not get on without the camera: {told}"]}
    for attempt in range(1, _ATTEMPTS + 1):
        report.unlink(missing_ok=True)
        if _lived(partial(_living_to_be_checked, home, job.card, report)) == 0:
            return {"attempts": attempt, "wrong": json.loads(report.read_text())}
    told = report.read_text() if report.exists() else "nothing was told"
    return {"attempts": _ATTEMPTS, "wrong": [f"it did not end well: {told}"]}


def _fresh(job: Job) -> Path:
    home = job.work / "office"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(job.template, home)
    if job.databases:
        _copy_database(**job.databases)
    return home


def _copy_database(host: str, template: str, name: str) -> None:
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name} OWNER {OFFICE} TEMPLATE {template} STRATEGY file_copy".encode())


def _others(home: Path) -> Path:
    return home.with_name("others")


def _dying(home: Path, card: Path, number: int, note: Path) -> int:
    office = opened(home)
    die_before(Steps(number, note), office.engine)
    return _is_undone(take_in(office, card))


def _living(home: Path, card: Path) -> int:
    return _is_undone(take_in(opened(home), card))


def _advancing(home: Path, report: Path) -> int:
    office = opened(home)
    waiting = office.pipeline().advance()
    undone = [str(clip) for clip in office.catalog.clips() if clip.state == SECURED]
    left = [str(berth.clip) for berth in office.spool.berths() if office.catalog.is_known(berth.clip)]
    report.write_text(f"{waiting} {undone} {left}")
    return 1 if waiting or undone or left else 0


def _living_to_be_checked(home: Path, card: Path, report: Path) -> int:
    taken = take_in(opened(home), card)
    report.write_text(f"{taken.problems} {taken.waiting} {taken.unsigned}")
    if not _is_undone(taken):
        office, others = opened(home), _others(home).read_text().split()
        report.write_text(json.dumps(faults(office, {"DEMO-1": card}, others=set(others))))
        _others(home).write_text(" ".join([*others, *(clip.subject.id for clip in office.catalog.clips())]))
    return _is_undone(taken)


def _is_undone(taken: CardReport) -> int:
    return 1 if taken.problems or taken.waiting or taken.unsigned else 0


def _lived(life: Callable[[], int], kill_after: float | None = None) -> int:
    """Fork a life and return how it ended: its exit code, negative for a signal."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os._exit(_code(life))
    descriptor = os.pidfd_open(child)
    try:
        ended, _, _ = select.select([descriptor], [], [], _LONGEST if kill_after is None else kill_after)
        if not ended:
            os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(descriptor)


def _code(life: Callable[[], int]) -> int:
    try:
        return life()
    except YihuError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
        return 75
    except BaseException:  # noqa: BLE001 - a fork must never go on into its parent's code
        traceback.print_exc()
        sys.stderr.flush()
        return 1


if __name__ == "__main__":
    main(Job.read(Path(sys.argv[1])))
