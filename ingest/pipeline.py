"""
The way of a clip: manifest → secure → deposit → derive, and one loop for start, retry, recovery and the normal case.

Clips overlap: while one is read from the camera the last one is being deposited and an earlier one rendered. The work to do is
always derived from the catalog, so a queue that is lost loses nothing: `Pipeline.advance` moves every clip that is not done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.camera import Docking
from ingest.cards import Card
from ingest.identify import identify
from ingest.progress import CardReport, Waiting, Watcher, unwatched
from ingest.running import Running
from ingest.steps import Steps
from ingest.works import Works
from storage.evidence import DevicePath


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a person or program starts: each call takes the spool, does its work and lets go of it."""

    steps: Steps

    def ingest(
        self, path: Path, *, device: str | None = None, profile: str | None = None, watcher: Watcher = unwatched
    ) -> CardReport:
        """
        Take in everything on the card or in the folder at *path*, and finish what earlier starts left undone.

        *profile* names the one a person chose, where nothing on the card tells; a name that is none raises `ValueError`.

        A file that cannot be taken in is a `Problem` of the report, and the rest goes on. Raises `NotFound` where there is no
        card, `SourceChanged` where it is gone before it was listed, `StorageUnavailable` where the database is away then.
        """
        with self.running(watcher) as running, Card(path, identify(path, device)) as card:
            return _finished(running, running.take_in(card, Docking(chosen=profile)))

    def take_in(self, card: Card, only: Sequence[DevicePath], watcher: Watcher = unwatched) -> CardReport:
        """Take in some files of a folder that is being watched, and finish what is left undone."""
        with self.running(watcher) as running:
            return _finished(running, running.take_in(card, only=only))

    def advance(self, watcher: Watcher = unwatched) -> tuple[Waiting, ...]:
        """Finish what can be finished without a camera; return what still waits."""
        with self.running(watcher) as running:
            running.works.finish()
            self.steps.log.checkpoint()
            return running.waiting()

    @contextmanager
    def running(self, watcher: Watcher = unwatched) -> Iterator[Running]:
        """
        Hold the spool while inside, with everything that is not done on its way.

        Raises `StorageUnavailable` where another process holds it. At the end what is under way comes to its end; after an
        error what was not begun is left to the next start.
        """
        with self.steps.spool.lock(), ThreadPoolExecutor(self.steps.deposits, thread_name_prefix="deposit") as pool:
            running = Running(self.steps, Works(self.steps.move, watcher, pool))
            try:
                running.resume()
                yield running
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _finished(running: Running, report: CardReport) -> CardReport:
    """Wait for everything else that is under way, too, and tell of it: whoever asked will let go of the spool."""
    running.works.finish()
    return replace(report, waiting=running.waiting(), unsigned=running.steps.sign())
