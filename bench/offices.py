"""Offices for benchmarks: each run gets a new one, so that every clip is new to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.lives import ORIGIN
from bench.measure import Command, Prepare
from storage.local_s3 import LocalS3
from yihu.founding import found
from yihu.wiring import Office

_WITHOUT_RENDERING = ["", "[media]", "render = false"]


def ingesting(cards: Sequence[Path], server: LocalS3 | None) -> Prepare:
    """Prepare ``yihu ingest`` of *cards* into a new office that keeps its evidence on *server*, or in a folder."""

    def prepare(place: Path) -> Command:
        home = place / "office"
        found_on(home, server).engine.dispose()
        return Command([sys.executable, "-m", "yihu", "ingest", "--json", "--config", str(home), *map(str, cards)])

    return prepare


def found_on(home: Path, server: LocalS3 | None) -> Office:
    """Make a new office that renders nothing and keeps its evidence on *server*, or in a folder of its own."""
    store = [] if server is None else ["", "[store]", 'kind = "s3"', f'endpoint = "{server.endpoint}"']
    office = found(home, name="bench", log="bench.example/yihu/ingest", more=[*store, *_WITHOUT_RENDERING])
    if server is not None:
        _write_key(home / "keys" / "s3-access", server.access_key)
        _write_key(home / "keys" / "s3-secret", server.secret_key)
    return office


def office_in(place: Path, *, store: Path | None = None) -> Path:
    """Make a new office that renders nothing and keeps its evidence in the folder *store*, or in its own."""
    kept = [] if store is None else ["", "[store]", f"path = {json.dumps(str(store))}"]
    home = place / "office"
    found(home, name="bench", log="bench.example/yihu/docks", more=[*kept, *_WITHOUT_RENDERING]).engine.dispose()
    return home


def ledger(home: Path, *, url: str | None = None) -> Path:
    """Make a new office that only keeps a ledger, in a database of its own or in that of *url*."""
    database = [] if url is None else ["", "[database]", f'url = "{url}"']
    # whoever measures looks at more than people do
    access = ["", "[access]", "a_minute = 1000", "bulk_clips = 100000"]
    found(home, name="bench", log=ORIGIN, more=[*database, *access]).engine.dispose()
    return home


def _write_key(path: Path, key: str) -> None:
    path.touch(mode=0o600)
    path.write_text(f"{key}\n")
