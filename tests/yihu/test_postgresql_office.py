"""An office on PostgreSQL: the same commands with the same answers, and clear words where the database cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.postgres_server import PostgresServer, empty, postgres_server
from yihu.cli.common import Exit

pytestmark = pytest.mark.postgres


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


def yihu(*arguments: str | Path, where: Path) -> subprocess.CompletedProcess[str]:
    """Run the program as a script would."""
    environment = {**os.environ, "YIHU_LANG": "en"}
    command = [sys.executable, "-m", "yihu", *map(str, arguments), "--json"]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


def answer(*arguments: str | Path, where: Path) -> Any:  # noqa: ANN401 - JSON
    """What it says; it must have ended well."""
    ran = yihu(*arguments, where=where)
    assert ran.returncode == Exit.DONE, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def counted(home: Path) -> dict[str, Any]:
    """What the status says, but for the room on a disk that others use too, and for how long something has waited."""
    return {key: value for key, value in answer("status", where=home).items() if key not in {"spool_free_bytes", "checks"}}


def test_a_day_at_an_office_on_postgresql(server: PostgresServer, tmp_path: Path) -> None:
    home, card = tmp_path / "office", tmp_path / "card" / "DCIM"
    card.mkdir(parents=True)
    (card / "0001.MP4").write_bytes(os.urandom(70_000))
    (card / "询问.MP4").write_bytes(b"not really a film")
    with server.database(empty) as url:
        answer("init", home, "--name", "演示局", "--database", url, where=tmp_path)
        with (home / "yihu.toml").open("a") as settings:
            settings.write("\n[media]\nrender = false\n")
        assert not (home / "yihu.db").exists()

        assert len(answer("ingest", card.parent, "--device", "DEMO-1", where=home)["cards"][0]["secured"]) == 2
        old = answer("key", "list", where=home)["keys"][0]["vkey"]
        answer("key", "rotate", where=home)
        assert answer("key", "retire", where=home)["retired"] == old
        before = counted(home)
        assert answer("verify", where=home)["outcome"] == "internally consistent"
        assert answer("rebuild", where=home)["entries"] == before["checkpoint"]["size"]
        assert counted(home) == before

        again = yihu("init", tmp_path / "other", "--name", "别的局", "--database", url, where=tmp_path)
        assert again.returncode == Exit.EVIDENCE
        assert "there is a ledger in this database already" in json.loads(again.stdout)["detail"]

        server.stop()
        away = yihu("status", where=home)
        server.start()
        assert away.returncode == Exit.TRY_AGAIN
        assert json.loads(away.stdout)["detail"].startswith("the database is away: connection ")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql+psycopg:///yihu?host=/nowhere", Exit.TRY_AGAIN),
        ("postgresql+psycopg://yihu:secret@db.example/yihu", Exit.USAGE),
        ("oracle://db.example/yihu", Exit.USAGE),
    ],
)
def test_without_its_database_no_office_is_made(tmp_path: Path, url: str, code: Exit) -> None:
    """Nothing stands in the way of trying again."""
    ran = yihu("init", tmp_path / "office", "--name", "演示局", "--database", url, where=tmp_path)

    assert ran.returncode == code
    assert "secret" not in ran.stdout + ran.stderr
    assert not (tmp_path / "office").exists()
