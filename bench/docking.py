"""
The dock program with so many cameras put in at once, in a process of its own that tells what it took.

It is the real program with its threads, spool, store and ledger; only what udev would tell is told by us, and what would be
mounted is mounted already. The clock starts when the cameras are put in. What is made before it (interpreter, office, the
program waiting for cameras) is not measured.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from bench.measure import Command, Cost, RunFailed
from ingest.board import Board, Status
from tests.docksides import Bus, docks_running
from yihu.settings import find_settings
from yihu.wiring import Office

_PROGRAM = "import sys; from bench.docking import dock; dock(*sys.argv[1:])"
_PATIENCE = timedelta(minutes=2)
_BAY = "platform-dummy_hcd.{}-usb:1"
_TO_READ = {Status.IDLE, Status.IDENTIFYING, Status.READING}
_WENT_WRONG = {Status.FAILED, Status.REFUSED}


@dataclass(frozen=True, slots=True)
class Docked:
    """What cameras took."""

    read: Cost
    """Until the last of them was read: everything is in the spool, durably, hashed and recorded."""
    safe: Cost
    """Until the last of them was safe to remove: everything is in the store, too."""

    @classmethod
    def from_json(cls, raw: str) -> Docked:
        """Read what the process says."""
        said = json.loads(raw)
        return cls(Cost(**said["read"]), Cost(**said["safe"]))


def docking(home: Path, cards: Sequence[Path]) -> Command:
    """Take in *cards* side by side into the office at *home*, and say `Docked` as JSON."""
    return Command([sys.executable, "-c", _PROGRAM, str(home), *map(str, cards)])


def dock(home: str, *cards: str) -> None:
    """Do what the module says."""
    office = Office.open(find_settings(Path(home), Path(home)))
    bays = {_BAY.format(number): Path(card) for number, card in enumerate(cards)}
    with docks_running(office, Bus()) as docks:
        board = docks.program.board
        docks.bus.caught_up.wait()
        spent = _Spending()
        for number, (bay, card) in enumerate(bays.items()):
            docks.bus.plug(bay, card, serial=f"BENCH-{number}")
        _until_none_is(_TO_READ, board, set(bays))
        read = spent.so_far()
        _until_none_is(_TO_READ | {Status.PROVING}, board, set(bays))
        safe = spent.so_far()
    if office.catalog.counts()["devices"] != len(bays):
        message = f"expected {len(bays)} cameras, found {office.catalog.counts()}"
        raise RunFailed(message)
    print(json.dumps({"read": asdict(read), "safe": asdict(safe)}))


class _Spending:
    """What this process spends from now on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def so_far(self) -> Cost:
        return Cost(time.perf_counter() - self._wall, time.process_time() - self._cpu, largest())


def _until_none_is(where: set[Status], board: Board, bays: set[str]) -> None:
    """Wait until every bay has left *where*."""
    number = board.picture().number
    while True:
        there = [board.bay(bay) for bay in bays]
        wrong = [bay for bay in there if bay.status in _WENT_WRONG]
        if wrong:
            raise RunFailed(str(wrong))
        if not any(bay.status in where for bay in there):
            return
        changes = board.after(number, _PATIENCE)
        if not changes:
            message = f"nothing happens any more: {there}"
            raise RunFailed(message)
        number = changes[-1].number


def largest() -> float:
    """MiB that this process had in memory when it had most; the kernel's other figure for it knows what our parent had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
