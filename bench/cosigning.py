"""How soon a recorded entry is held outside: the real loop that signs and asks, and two witnesses as processes of their own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.lives import entries
from bench.measure import RunFailed
from storage.evidence import Entry
from storage.ledger.keys import VerifierKey
from storage.ledger.witnessing import Witness as AtWork
from storage.witnesses import Quorum
from yihu.anchoring import add_witness, set_quorum
from yihu.notary import notarising
from yihu.settings import find_settings
from yihu.wiring import Office, now

WITNESSES = 2
_LOOK_SECONDS = 0.005
_PAUSES = (0.31, 0.53, 0.17, 0.71)
"""Seconds between records: out of step with the second in which the log is signed."""
_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class _Running:
    """A witness that answers."""

    key: VerifierKey
    url: str


def latencies(home: Path, work: Path, *, records: int) -> list[float]:
    """Record so many entries, and return for each the seconds until the checkpoint that covers it had both cosignatures."""
    office = Office.open(find_settings(home, home))
    with ExitStack() as stack:
        stack.callback(office.engine.dispose)
        for number in range(WITNESSES):
            _ask(office, number, stack.enter_context(_witness(work / f"witness-{number}", office)))
        set_quorum(office, Quorum(least=WITNESSES))
        stack.enter_context(notarising(office))
        stream = entries()
        _latency(office, next(stream), pause=0.0)  # the first time, connections are made
        return [_latency(office, next(stream), pause=_PAUSES[number % len(_PAUSES)]) for number in range(records)]


def _latency(office: Office, entry: Entry, *, pause: float) -> float:
    time.sleep(pause)
    seq = office.custody.record(entry).seq
    began = time.perf_counter()
    while not office.log.is_anchored(seq):
        waited = time.perf_counter() - began
        if waited > _PATIENCE_SECONDS:
            message = f"entry {seq} was not cosigned within {_PATIENCE_SECONDS} s"
            raise RunFailed(message)
        time.sleep(_LOOK_SECONDS)
    return time.perf_counter() - began


def _ask(office: Office, number: int, running: _Running) -> None:
    name, hands = f"witness-{number}", f"administrator-{number}"
    add_witness(office, name=name, vkey=running.key.vkey, url=running.url, administrator=hands, is_ours=False)


@contextmanager
def _witness(place: Path, office: Office) -> Iterator[_Running]:
    at_work = AtWork.found(place, name=f"{place.name}.example/w1", clock=now)
    at_work.watch(VerifierKey.parse(office.log.vkey))
    command = [sys.executable, "-m", "yihu", "witness", "serve", "--dir", str(place), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker; it was asked for
            said = process.stdout.readline()
            if "http" not in said:
                message = f"{' '.join(command)}: did not start"
                raise RunFailed(message)
            yield _Running(at_work.key, said[said.index("http") :].strip())
        finally:
            process.terminate()
