"""The program as people and scripts meet it: what it says, as what, in which language, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from yihu.cli.common import Exit
from yihu.demo import demo_office


def yihu(*arguments: str | Path, where: Path, language: str = "en", **more: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    """Run the program as a user would."""
    environment = {**os.environ, "YIHU_LANG": language, "COLUMNS": "120"}
    command = [sys.executable, "-m", "yihu", *map(str, arguments)]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False, **more)


def answer(*arguments: str | Path, where: Path) -> Any:  # noqa: ANN401 - JSON
    """What it says with ``--json``; it must have ended well."""
    ran = yihu(*arguments, "--json", where=where)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    home = tmp_path / "office"
    answer("init", home, "--name", "演示局", where=tmp_path)
    settings = home / "yihu.toml"
    settings.write_text(settings.read_text() + "\n[media]\nrender = false\n")
    return home


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card" / "DCIM"
    folder.mkdir(parents=True)
    (folder / "0001.MP4").write_bytes(os.urandom(70_000))
    (folder / "询问.MP4").write_bytes(b"not really a film")
    (folder / "link.MP4").symlink_to("/etc/hostname")
    return folder.parent


def test_a_day_at_the_office(office: Path, card: Path) -> None:
    """Ingest, register, file, show, verify, rebuild, prove: every command, by what it answers."""
    ran = yihu("ingest", card, "--device", "DEMO-1", "--json", where=office)
    assert ran.returncode == Exit.PARTIAL
    report = json.loads(ran.stdout)["cards"][0]
    assert (len(report["secured"]), [p["reason"] for p in report["problems"]]) == (2, ["symlink"])

    bureau = answer("office", "add", "演示局", "--code", "D1", where=office)["office"]
    officer = answer("officer", "add", "演示员", "--badge", "000001", "--office", bureau, where=office)["officer"]
    party = answer("party", "add", "样例商铺", "--id", "91000000DEM0000019", where=office)["party"]
    case = answer("case", "open", "占道经营", "--party", "样例", "--office", bureau, "--number", "样1号", where=office)[
        "matter"
    ]
    answer("case", "stage", case, "调查取证", where=office)
    made = ("--case", case, "--stage", "调查取证", "--kind", "现场检查", "--officer", officer)
    act = answer("activity", "add", "现场检查", *made, where=office)["activity"]
    filing = answer("file", report["secured"][0], "--to", act, "--from", "0", "--until", "1.5", where=office)["filing"]

    shown = answer("party", "show", "91000000DEM0000019", where=office)
    assert shown["party"]["party"] == party
    assert shown["matters"][0]["stages"]["investigation"][0]["clips"] == [report["secured"][0]]
    assert len(answer("clips", "--unfiled", where=office)["clips"]) == 1
    answer("file", filing, "--undo", where=office)
    assert len(answer("clips", "--unfiled", where=office)["clips"]) == 2
    assert answer("verify", where=office)["outcome"] == "internally consistent"
    assert answer("rebuild", where=office)["entries"] > 10
    assert answer("status", where=office)["clips"] == {"deposited": 2}
    assert len(answer("case", "list", where=office)["matters"]) == 1
    proofs = answer("proof", report["secured"][0], "--out", office / "proofs", where=office)
    assert len(proofs["written"]) == 2 * len(proofs["proofs"])


def test_a_card_taken_in_twice_adds_nothing_and_says_so(office: Path, card: Path) -> None:
    (card / "DCIM" / "link.MP4").unlink()
    yihu("ingest", card, where=office)

    again = yihu("ingest", card, where=office, language="zh")

    assert again.returncode == 0
    assert "此卡没有新的记录" in again.stdout
    assert "nothing new" in yihu("ingest", card, where=office).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("status", "--config", "nowhere"), Exit.NOT_FOUND, ("nowhere", "配置文件有误")),
        (("ingest", "no-such-card"), Exit.NOT_FOUND, ("no-such-card", "找不到")),
        (("case", "stage", "matter:01J0000000000000000000000A", "初审"), Exit.USAGE, ("初审", "输入有误")),
        (("party", "show", "nobody"), Exit.NOT_FOUND, ("nobody", "找不到")),
        (("proof", "clip:01J0000000000000000000000A"), Exit.NOT_FOUND, ("no entry", "找不到")),
        (("ingest",), Exit.USAGE, ("PATH",)),
    ],
    ids=["settings", "card", "stage", "party", "proof", "usage"],
)
def test_what_goes_wrong_is_named_in_the_persons_language(
    office: Path, arguments: tuple[str, ...], code: Exit, words: tuple[str, ...]
) -> None:
    """The thing, the reason, and the documented exit code; no traceback."""
    ran = yihu(*arguments, where=office, language="zh")

    assert ran.returncode == code
    assert [word for word in words if word not in ran.stderr] == []
    assert "Traceback" not in ran.stderr


def test_what_goes_wrong_is_json_where_json_was_asked_for(office: Path) -> None:
    ran = yihu("party", "show", "nobody", "--json", where=office)

    assert json.loads(ran.stdout)["error"] == "NotFound"


def test_an_unknown_setting_is_an_error_that_names_it(office: Path) -> None:
    settings = office / "yihu.toml"
    settings.write_text(settings.read_text() + "\n[spool]\nreserve_mb = 5\n")

    ran = yihu("status", where=office)

    assert ran.returncode == Exit.NOT_FOUND
    assert "spool.reserve_mb" in ran.stderr


def test_an_office_is_never_made_over_another(office: Path) -> None:
    before = {path: path.read_bytes() for path in (office / "keys").iterdir()}

    ran = yihu("init", office, "--name", "另一个局", where=office)

    assert ran.returncode == Exit.EVIDENCE
    assert {path: path.read_bytes() for path in (office / "keys").iterdir()} == before


def test_no_secret_is_readable_by_others(office: Path) -> None:
    assert [path for path in (office / "keys").iterdir() if path.stat().st_mode & 0o077] == []


def test_a_database_changed_by_hand_does_not_verify(office: Path, card: Path) -> None:
    """The exit code is for scripts, the verdict for people."""
    import sqlite3  # noqa: PLC0415

    yihu("ingest", card, where=office)
    with sqlite3.connect(office / "yihu.db") as database:
        database.execute("UPDATE clips SET size = size + 1")
    database.close()

    ran = yihu("verify", where=office, language="zh")

    assert ran.returncode == Exit.EVIDENCE
    assert "不一致" in ran.stdout
    assert "clips" in ran.stdout


@pytest.mark.parametrize("language", ["zh", "en"])
def test_help_teaches_in_both_languages(tmp_path: Path, language: str) -> None:
    ran = yihu("--help", where=tmp_path, language=language)

    assert ran.returncode == 0
    assert ("执法记录仪" in ran.stdout) == (language == "zh")
    assert "yihu init" in ran.stdout


@pytest.mark.timeout(300)
def test_a_demo_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """Killed in the middle of the ingest, started again: every file is ours exactly once, and everything verifies."""
    command = [sys.executable, "-m", "yihu", "demo", "--once", "--dir", str(tmp_path / "demo")]
    environment = {**os.environ, "YIHU_LANG": "en"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as first:
        assert first.stderr is not None
        seen = [next(first.stderr) for _ in range(12)]
        first.send_signal(signal.SIGKILL)

    summary = answer("demo", "--once", "--dir", tmp_path / "demo", where=tmp_path)

    assert any("secured" in line for line in seen)
    assert summary["consistent"]
    taken = [clip for card in summary["cards"] for clip in card["secured"] + card["met_again"]]
    assert (len(taken), len(set(taken))) == (22, 22)
    assert answer("status", "--config", tmp_path / "demo" / "folder", where=tmp_path)["clips"] == {"rendered": 22}


@pytest.mark.servers
def test_the_demo_keeps_one_office_for_each_kind_of_store(tmp_path: Path) -> None:
    """Asking for another store after a first demo does not look for the old evidence in the new store."""
    homes = []
    for s3 in (False, True, False):
        with demo_office(tmp_path, s3=s3, minio_binary=None) as office:
            homes.append((office.home, office.settings.store.kind))
            office.engine.dispose()

    assert homes == [(tmp_path / "folder", "folder"), (tmp_path / "seaweedfs", "s3"), (tmp_path / "folder", "folder")]
