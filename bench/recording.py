"""
Recording so many entries into an office one way or another, in a process of its own that tells what it took.

``batches``, ``threads`` and ``singly`` record real entries through the custody of an office: life cycle, vault, projections.
``bare-batches`` and ``bare-singly`` insert the same bytes into the same table of the same database with the same durability, by
the driver alone. ``signing`` records in batches and signs every few of them, and tells how that went as the log grew.

What is made before the clock starts (entries, leaves, the open database) is not measured.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from bench.lives import entries, first
from bench.measure import Command, Cost, words_of
from bench.published import leaves
from storage.database import reading, writing
from storage.evidence import Entry
from storage.ledger.stored import count
from storage.ledger.tree import leaf_hash
from yihu.settings import find_settings
from yihu.wiring import Office

_PROGRAM = "import sys; from bench.recording import record; record(*sys.argv[1:])"
BATCH = 256
THREADS = 16
_SIGNED_EVERY = 8
"""Batches: about one second of them."""
_DECADES = (1_000, 10_000, 100_000, 1_000_000)

T = TypeVar("T")
Work = Callable[[], object]


def told(way: str, home: Path, size: int) -> dict[str, Any]:
    """Have *size* entries recorded in a process of its own, and return what that tells of itself."""
    command = Command([sys.executable, "-c", _PROGRAM, way, str(home), str(size)])
    answer: dict[str, Any] = json.loads(words_of(command))
    return answer


def cost_told(way: str, home: Path, size: int) -> Cost:
    """Return what recording *size* entries took."""
    return Cost(**told(way, home, size)["cost"])


def _batches(office: Office, size: int) -> Work:
    wanted = first(size)
    return lambda: [office.custody.record_all(part) for part in _parts(wanted, BATCH)]


def _singly(office: Office, size: int) -> Work:
    return partial(_record_each, office, first(size))


def _threads(office: Office, size: int) -> Work:
    office.custody.record_all(first(2))
    streams = [list(islice(entries(lives=1), 2, 2 + size // THREADS)) for _ in range(THREADS)]
    return partial(_at_once, [partial(_record_each, office, stream) for stream in streams])


def _record_each(office: Office, wanted: Sequence[Entry]) -> None:
    for entry in wanted:
        office.custody.record(entry)


def _at_once(works: Sequence[Work]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _bare(office: Office, size: int, *, batch: int) -> Work:
    with reading(office.engine) as connection:
        start = count(connection)
    rows = [(seq, raw, leaf_hash(raw)) for seq, raw in enumerate(islice(leaves(), size), start)]
    mark = "?" if office.engine.dialect.name == "sqlite" else "%s"
    statement = f"INSERT INTO entries (seq, leaf, hash) VALUES ({mark}, {mark}, {mark})"  # noqa: S608 - nothing of it comes from outside

    def insert() -> None:
        for part in _parts(rows, batch):
            with writing(office.engine) as connection:
                connection.exec_driver_sql(statement, part)

    return insert


def _parts(whole: Sequence[T], size: int) -> Iterator[list[T]]:
    return (list(whole[start : start + size]) for start in range(0, len(whole), size))


_WAYS: dict[str, Callable[[Office, int], Work]] = {
    "batches": _batches,
    "threads": _threads,
    "singly": _singly,
    "bare-batches": partial(_bare, batch=BATCH),
    "bare-singly": partial(_bare, batch=1),
}


def _signing(office: Office, size: int) -> list[dict[str, float]]:
    """Record and sign *size* entries; tell for each power of ten how long an entry took since the last one, and the memory."""
    stream, done, spent, steps = entries(), 0, 0.0, list[dict[str, float]]()
    for until in (decade for decade in _DECADES if decade <= size):
        spent, start = 0.0, done
        while done < until:
            wanted = list(islice(stream, min(BATCH, until - done)))
            began = time.perf_counter()
            office.custody.record_all(wanted)
            done += len(wanted)
            if done // BATCH % _SIGNED_EVERY == 0 or done == until:
                office.log.checkpoint()
            spent += time.perf_counter() - began
        steps.append({"size": until, "us": 1e6 * spent / (until - start), "rss": resident()})
    return steps


def resident() -> float:
    """MiB that this process has in memory now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def record(way: str, home: str, count_: str) -> None:
    """Do what the module says, and print what it took as JSON."""
    size = int(count_)
    office = Office.open(find_settings(Path(home), Path(home)))
    if way == "signing":
        print(json.dumps({"steps": _signing(office, size)}))
        return
    work = _WAYS[way](office, size)
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    cost = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({"cost": {**cost, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
