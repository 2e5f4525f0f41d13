"""What it takes to publish what is new, on top of a log that was published before."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

from bench.lives import entries
from bench.recording import BATCH
from storage.ledger.publish import DirectoryShelf, publish
from yihu.settings import find_settings
from yihu.wiring import Office


def seconds_to_publish(home: Path, shelf: Path, *, size: int, more: int, times: int) -> list[float]:
    """Publish *size* entries, then *more* of them, so many *times*; return the seconds that each of these took."""
    office, stream = Office.open(find_settings(home, home)), entries()
    target = DirectoryShelf(shelf)

    def record(count: int) -> None:
        for start in range(0, count, BATCH):
            office.custody.record_all(list(islice(stream, min(BATCH, count - start))))
        office.log.checkpoint()

    def published() -> float:
        began = time.perf_counter()
        publish(office.log, target)
        return time.perf_counter() - began

    record(size)
    published()
    seconds = []
    for _ in range(times):
        record(more)
        seconds.append(published())
    office.engine.dispose()
    return seconds
