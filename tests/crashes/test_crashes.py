"""
A process that dies anywhere, and is started again, has lost nothing and done nothing twice.

Deaths are of two kinds: before every single step that outlives the process, one after another, and by SIGKILL at random
moments, again and again, with real threads. Seeds are printed; ``YIHU_TEST_SEED`` repeats one. ``--full`` takes many minutes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ingest.tools import find_tools
from storage.local_s3 import LocalS3
from tests.crashes.offices import fill, footage, founded, founded_to_render
from tests.servers.postgres_server import PostgresServer
from yihu.footage import Medium, Scene, record

ROOT = Path(__file__).parents[2]
FULL = 60
"""How much longer everything goes on with ``--full``."""

Crash: TypeAlias = dict[str, Any]

pytestmark = pytest.mark.timeout(3600)


@dataclass(slots=True)
class Laboratory:
    """Where offices crash, and how long."""

    work: Path
    seed: int
    longer: int
    databases: dict[str, str]

    def some(self, among: int, count: int) -> list[int] | None:
        """So many steps *among* all, by the seed; with ``--full`` every one."""
        return sorted(random.Random(self.seed).sample(range(1, among), count)) if self.longer == 1 else None

    def crash(self, card: Path, *, how: str, seconds: float, steps: list[int] | None = None) -> list[Crash]:
        """Let the office in ``template`` crash over and over while it takes *card* in, and return what was wrong afterwards."""
        job = {
            "template": str(self.work / "template"),
            "card": str(card),
            "work": str(self.work),
            "seed": self.seed,
            "seconds": seconds * self.longer,
            "how": how,
            "steps": steps or [],
            "databases": self.databases,
        }
        path = self.work / "job.json"
        path.write_text(json.dumps(job))
        command = [sys.executable, "-m", "tests.crashes.runner", str(path)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-4000:]
        return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.fixture
def laboratory(request: pytest.FixtureRequest, quick_path: Path) -> Laboratory:
    """A laboratory with a seed of its own, or the one that is to be repeated."""
    seed = int(os.environ.get("YIHU_TEST_SEED") or random.SystemRandom().randrange(2**32))
    return Laboratory(quick_path, seed, FULL if request.config.getoption("--full") else 1, {})


@pytest.fixture
def told(laboratory: Laboratory, capsys: pytest.CaptureFixture[str]) -> Callable[[list[Crash]], None]:
    """Say how often it crashed, by which seed, and fail if anything was wrong after any of it."""

    def judge(crashes: list[Crash]) -> None:
        with capsys.disabled():
            print(f"\n{len(crashes)} crashes, YIHU_TEST_SEED={laboratory.seed}")  # noqa: T201 - to repeat it
        assert crashes
        assert [crash for crash in crashes if crash["wrong"]] == []

    return judge


Judge: TypeAlias = Callable[[list[Crash]], None]


def test_dying_before_any_step_of_an_ingest_costs_nothing(laboratory: Laboratory, told: Judge) -> None:
    """Every state in which one thread can leave spool, store and database."""
    founded(laboratory.work / "template")
    card = fill(laboratory.work / "card", footage(1))

    crashes = laboratory.crash(card, how="step", seconds=600)

    told(crashes)
    assert crashes[-1]["over"], "it went on for too long to reach the last step"
    assert len(crashes) > 50


def test_dying_before_a_step_of_a_long_ingest_costs_nothing(laboratory: Laboratory, told: Judge) -> None:
    """Thirty clips with a sidecar; a sample of the steps, every one with ``--full``."""
    founded(laboratory.work / "template")
    card = fill(
        laboratory.work / "card", {**footage(30), b"DCIM/100MEDIA/note.MP4.md5": b"0" * 32, b"DCIM/100MEDIA/note.MP4": b"x"}
    )

    told(laboratory.crash(card, how="step", seconds=1800, steps=laboratory.some(1200, 15)))


def test_being_killed_at_any_moment_costs_nothing(laboratory: Laboratory, told: Judge) -> None:
    """Folder and SQLite, thirty clips, real threads, killed up to three times in a row."""
    founded(laboratory.work / "template")
    card = fill(laboratory.work / "card", footage(30))

    told(laboratory.crash(card, how="kill", seconds=30))


@pytest.mark.servers
def test_being_killed_while_depositing_into_s3_costs_nothing(laboratory: Laboratory, told: Judge, seaweed: LocalS3) -> None:
    """No second version and no unfinished upload on a real server, whatever request was under way."""
    founded(laboratory.work / "template", "", "[store]", 'kind = "s3"', f'endpoint = "{seaweed.endpoint}"')
    keys = laboratory.work / "template" / "keys"
    for name, text in (("s3-access", seaweed.access_key), ("s3-secret", seaweed.secret_key)):
        (keys / name).touch(mode=0o600)
        (keys / name).write_text(text)
    card = fill(laboratory.work / "card", footage(8))

    told(laboratory.crash(card, how="kill", seconds=20))
    told(laboratory.crash(fill(laboratory.work / "one", footage(1)), how="step", seconds=600, steps=laboratory.some(40, 12)))


@pytest.mark.postgres
def test_being_killed_with_a_postgresql_costs_nothing(laboratory: Laboratory, told: Judge, postgresql: PostgresServer) -> None:
    """What the server does with the transaction of a client that is gone must be what we count on."""

    def prepare(url: str) -> None:
        office = founded(laboratory.work / "template", "", "[database]", f'url = "{url}"')
        office.engine.dispose()

    with ExitStack() as stack:
        copy = stack.enter_context(postgresql.database(prepare))
        settings = laboratory.work / "template" / "yihu.toml"
        original = next(line for line in settings.read_text().splitlines() if line.startswith("url"))
        settings.write_text(settings.read_text().replace(original, f'url = "{copy}"'))
        names = {"template": _database(original), "name": _database(copy)}
        laboratory.databases = {"host": str(postgresql.directory), **names}

        told(laboratory.crash(fill(laboratory.work / "card", footage(15)), how="kill", seconds=15))
        told(
            laboratory.crash(fill(laboratory.work / "one", footage(1)), how="step", seconds=600, steps=laboratory.some(60, 12))
        )


def _database(url: str) -> str:
    return url.rpartition("?")[0].rpartition("/")[2]


@pytest.mark.media
def test_being_killed_while_rendering_costs_nothing(laboratory: Laboratory, told: Judge) -> None:
    """What was stored of a rendering stays the one that is recorded; a clip that cannot be played is found out about once."""
    founded_to_render(laboratory.work / "template")
    card = fill(laboratory.work / "card", {b"DCIM/broken.MP4": b"no film", b"DCIM/empty.MP4": b""})
    record(card / "DCIM" / "film.MP4", medium=Medium.H264, scene=Scene(1, "160x120"), tools=find_tools(None))

    told(laboratory.crash(card, how="kill", seconds=10))
