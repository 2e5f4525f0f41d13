"""Securing without anything around it: read once, hashed while it is read, durable in the spool."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import Command
from storage.evidence import Kind
from storage.identity import fresh
from storage.spool import Spool

_PROGRAM = "import sys; from bench.alone import secure; secure(*sys.argv[1:])"


def securing(recordings: list[Path], place: Path) -> Command:
    """Secure *recordings*, one after another, in a process of its own."""
    return Command([sys.executable, "-c", _PROGRAM, str(place / "spool"), *map(str, recordings)])


def secure(spool: str, *recordings: str) -> None:
    """Secure every file into a berth of its own."""
    berths = Spool(Path(spool), reserve=0)
    for recording in map(Path, recordings):
        berth = berths.claim(fresh(Kind.CLIP), {"path": recording.name})
        with recording.open("rb", buffering=0) as source:
            berth.secure(source, expected_size=recording.stat().st_size)
