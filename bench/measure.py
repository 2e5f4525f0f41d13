"""
Measuring whole processes, fairly.

A run is measured as the operating system accounts for it: wall clock, processor time of the process and of everything it waited
for, the memory of the largest process. Two peers run in turn, A B A B …, and are compared pair by pair, so that a machine that
becomes slower meanwhile becomes slower for both. What is quoted is a median, with the smallest and the largest beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_LAUNCHER = """
import json, os, sys, time
began = time.perf_counter()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - began
with open(sys.argv[1], "w") as file:
    json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss / 1024}, file)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""
"""Starts the command from a process that has next to no memory, because a child is also accounted for what its parent had."""

_LAST_WORDS = 2000


class RunFailed(RuntimeError):
    """A command that was to be measured did not end well, so there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is run; *settings* are added to an environment that is otherwise the same for everybody."""

    words: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of the process and of all it waited for."""
    rss: float
    """MiB of the largest single process."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A median, and how far the single values lie from it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise *values*."""
        return cls(statistics.median(values), min(values), max(values))

    def as_json(self) -> dict[str, float]:
        """Write the three numbers, rounded to what they are worth."""
        return {"median": round(self.median, 4), "min": round(self.low, 4), "max": round(self.high, 4)}


@dataclass(frozen=True, slots=True)
class Costs:
    """What several runs of the same took."""

    runs: Sequence[Cost]

    @property
    def wall(self) -> Spread:
        """Seconds."""
        return Spread.of([run.wall for run in self.runs])

    @property
    def cpu(self) -> Spread:
        """Seconds."""
        return Spread.of([run.cpu for run in self.runs])

    @property
    def rss(self) -> Spread:
        """MiB."""
        return Spread.of([run.rss for run in self.runs])

    def as_json(self) -> dict[str, object]:
        """Write the three figures with their spread."""
        return {"wall_s": self.wall.as_json(), "cpu_s": self.cpu.as_json(), "rss_mib": self.rss.as_json()}


@dataclass(frozen=True, slots=True)
class Duel:
    """Runs of us and of somebody else, in pairs."""

    ours: Costs
    theirs: Costs

    def ratio(self, figure: Callable[[Cost], float]) -> Spread:
        """Compare *figure* pair by pair: ours divided by theirs."""
        pairs = zip(self.ours.runs, self.theirs.runs, strict=True)
        return Spread.of([figure(ours) / figure(theirs) for ours, theirs in pairs])


Prepare = Callable[[Path], Command]
"""Makes what one run needs in an empty directory that is removed after it; none of that is measured."""


def cost_of(prepare: Prepare, work: Path) -> Cost:
    """Run what *prepare* prepares, once. Raises `RunFailed` with its last words if it does not end well."""
    with _in_place(work) as place:
        return _run(_prepared(prepare, place), place)


def words_told(prepare: Prepare, work: Path) -> str:
    """Run what *prepare* prepares, once, which measures itself, and return what it says. Raises as `cost_of` does."""
    with _in_place(work) as place:
        return words_of(_prepared(prepare, place))


def _prepared(prepare: Prepare, place: Path) -> Command:
    command = prepare(place)
    # what earlier runs left to be written to disk is not this one's business
    os.sync()
    return command


@contextmanager
def _in_place(work: Path) -> Iterator[Path]:
    place = work / "run"
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place)


def costs_of(prepare: Prepare, work: Path, *, runs: int) -> Costs:
    """Run the same several times."""
    return Costs([cost_of(prepare, work) for _ in range(runs)])


def in_turn(ours: Prepare, theirs: Prepare, work: Path, *, runs: int) -> Duel:
    """Run ours, theirs, ours, theirs …, *runs* times each."""
    pairs = [(cost_of(ours, work), cost_of(theirs, work)) for _ in range(runs)]
    return Duel(Costs([pair[0] for pair in pairs]), Costs([pair[1] for pair in pairs]))


def _run(command: Command, place: Path) -> Cost:
    figures, log = place / "figures.json", place / "output.log"
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(figures), *command.words]
    with log.open("wb") as output:
        ended = subprocess.run(
            launcher,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**_environment(), **command.settings},
            check=False,
        )
    if ended.returncode != 0:
        message = f"{' '.join(command.words)}: {log.read_bytes()[-_LAST_WORDS:].decode(errors='replace')}"
        raise RunFailed(message)
    return Cost(**json.loads(figures.read_bytes()))


def words_of(command: Command) -> str:
    """Run a command that measures itself and return what it says. Raises `RunFailed` if it does not end well."""
    environment = {**_environment(), **command.settings}
    ended = subprocess.run(command.words, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
    if ended.returncode != 0:
        message = f"{' '.join(command.words)}: {ended.stderr[-_LAST_WORDS:].decode(errors='replace')}"
        raise RunFailed(message)
    return ended.stdout.decode()


def _environment() -> dict[str, str]:
    """Give what programs need, and no settings of theirs that happen to be in this shell."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL") if name in os.environ}
