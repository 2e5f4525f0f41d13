"""The program a stranger runs: one file, any Python from 3.8 on, two languages, and an exit code that can be trusted."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from proofbundle.checkpoint import cosign_checkpoint

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.leaf import canonical
from storage.verifier.pack import zipped
from storage.verifier.program import main

from .conftest import ORIGIN, WITNESS, WITNESS_KEY, SmallLog, log_of, one_bit_off, signer

KEY = ["--vkey", signer().vkey]
TABLE = canonical({"moves": [{"after": [""], "kind": "clip", "then": None, "type": "SECURED"}], "v": 1})


@pytest.fixture
def receipt(tmp_path: Path, small_log: SmallLog) -> list[str]:
    """The arguments for one entry and its proof, kept in files."""
    (tmp_path / "42.tlog-proof").write_text(small_log.proof(42))
    (tmp_path / "42.json").write_bytes(small_log.raws[42])
    return ["--proof", str(tmp_path / "42.tlog-proof"), "--leaf", str(tmp_path / "42.json")]


def test_a_log_that_holds_ends_with_0(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(copied), *KEY]) == 0

    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1. signature: ok. office.example/yihu/station-7, 300 entries, signed by its own key"
    assert said[-1].startswith("INTERNALLY CONSISTENT")


def test_a_log_that_does_not_hold_ends_with_1(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tile = copied / "tile" / "0" / "000"
    tile.write_bytes(one_bit_off(tile.read_bytes(), 99))

    assert main([str(copied), *KEY]) == 1
    said = capsys.readouterr().out
    assert "tiles: WRONG. tile/0/000: does not match the entries below it" in said
    assert "NOT VERIFIED" in said


def test_an_empty_log_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(SmallLog().write(tmp_path)), *KEY]) == 1
    assert "nothing was checked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "内部一致"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "INTERNALLY CONSISTENT"),
        ({"LANG": "C", "LC_ALL": "zh_TW"}, "内部一致"),
        ({"LANG": "C", "LC_MESSAGES": "ZH_cn"}, "内部一致"),
        ({"LANG": ""}, "INTERNALLY CONSISTENT"),
        ({}, "INTERNALLY CONSISTENT"),
    ],
)
def test_it_speaks_the_language_of_the_locale(
    copied: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str],
    word: str,
) -> None:
    monkeypatch.delenv("LANG", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert main([str(copied), *KEY]) == 0
    assert word in capsys.readouterr().out


def test_what_was_wrong_is_said_in_chinese_too(
    copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    bundle = copied / "tile" / "entries" / "000"
    raw = bundle.read_bytes()
    bundle.write_bytes(raw[:2] + b"[" + raw[3:])

    assert main([str(copied), *KEY]) == 1
    said = capsys.readouterr().out
    assert "3. 流转记录：不通过。第 0 条记录：JSON：无法解析(JSONDecodeError)" in said
    assert "验证未通过" in said


@pytest.mark.parametrize("name", ["\x1b[2J1. VERIFIED", "a\n1. VERIFIED", "\u202eDEIFIREV", "\udcff"])
def test_a_file_name_cannot_write_on_the_terminal(copied: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """It would only have to look like the last line of an honest log."""
    (copied / name).symlink_to("checkpoint")

    assert main([str(copied), *KEY]) == 1
    said = capsys.readouterr().out
    assert all(line.isprintable() for line in said.splitlines())
    assert len(said.splitlines()) == 8


def test_json_says_every_step(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(copied), *KEY, "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert (said["outcome"], said["exit_code"]) == ("consistent", 0)
    assert [step["name"] for step in said["steps"]] == ["signature", "files", "entries", "order", "tiles", "root"]
    assert all(step["ok"] for step in said["steps"])


def test_everything_optional_can_be_given(copied: Path, tmp_path: Path, small_log: SmallLog) -> None:
    (copied / "checkpoint").write_text(cosign_checkpoint(small_log.note(), WITNESS, WITNESS_KEY.name, 1))
    (tmp_path / "held").write_text(small_log.note(100))
    (tmp_path / "table").write_bytes(TABLE)
    more = ["--witness", WITNESS_KEY.vkey, "--held", str(tmp_path / "held")]

    assert main([str(copied), *KEY, *more]) == 0
    assert main([str(copied), *KEY, *more, "--life-cycle", str(tmp_path / "table")]) == 1  # it does not know ACCESSED


def test_one_entry_holds_by_its_proof(receipt: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*receipt, *KEY]) == 0

    said = capsys.readouterr().out
    assert "place: ok. entry 42: ACCESSED clip:4 2026-11-21T22:29:50.417Z" in said
    assert "INTERNALLY CONSISTENT" in said


def test_one_entry_with_a_cosigned_proof_is_verified(
    receipt: list[str], small_log: SmallLog, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small_log.proof(42)
    head, _, note = text.partition("\n\n")
    Path(receipt[1]).write_text(head + "\n\n" + cosign_checkpoint(note, WITNESS, WITNESS_KEY.name, 1))

    assert main([*receipt, *KEY, "--witness", WITNESS_KEY.vkey]) == 0
    assert "VERIFIED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ("another entry", ["place", "inclusion"]),
        ("changed entry", ["entry", "place", "inclusion"]),
        ("another proof", ["place", "inclusion"]),
        ("changed signature", ["signature"]),
        ("no proof", ["signature"]),
        ("another key", ["signature"]),
    ],
)
def test_one_entry_does_not_hold_once_anything_was_changed(
    receipt: list[str], small_log: SmallLog, capsys: pytest.CaptureFixture[str], changed: str, wrong: list[str]
) -> None:
    proof, leaf, key = Path(receipt[1]), Path(receipt[3]), KEY
    if changed == "another entry":
        leaf.write_bytes(small_log.raws[43])
    if changed == "changed entry":
        leaf.write_bytes(small_log.raws[42] + b"\n")
    if changed == "another proof":
        proof.write_text(small_log.proof(43))
    if changed == "changed signature":
        proof.write_text(small_log.proof(42).replace("\n300\n", "\n301\n"))
    if changed == "no proof":
        proof.write_text("")
    if changed == "another key":
        key = ["--vkey", signer(2).vkey]

    assert main([*receipt, *key, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in said["steps"] if not step["ok"]] == wrong


def test_an_entry_of_another_log_does_not_hold_though_it_is_in_the_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(4)
    log.add(log="elsewhere.example")
    (tmp_path / "proof").write_text(log.proof(4))
    (tmp_path / "leaf").write_bytes(log.raws[4])

    assert main(["--proof", str(tmp_path / "proof"), "--leaf", str(tmp_path / "leaf"), *KEY]) == 1
    assert "place: WRONG. entry 4: says it is number 4 of elsewhere.example" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        KEY,
        ["log"],
        ["log", "--proof", "p", "--leaf", "l", *KEY],
        ["log", "--leaf", "l", *KEY],
        ["--proof", "p", *KEY],
        ["--leaf", "l", *KEY],
        ["--proof", "p", "--leaf", "l", "--held", "h", *KEY],
        ["--proof", "p", "--leaf", "l", "--life-cycle", "t", *KEY],
        ["--proof", "missing", "--leaf", "missing", *KEY],
        ["log", "--vkey", "nonsense"],
        ["log", "--held", "missing", *KEY],
        ["log", "--life-cycle", "missing", *KEY],
        ["log", "--witness", "nonsense", *KEY],
        ["log", "--unknown", *KEY],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: verify")


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier as it lies in every export, far from the project."""
    path = tmp_path_factory.mktemp("export") / "verify.pyz"
    path.write_bytes(zipped())
    return path


def run(*command: str, language: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    environment = {"LANG": language, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=60, check=False, env=environment, cwd="/"
    )


def test_one_file_is_the_whole_verifier(pyz: Path, copied: Path) -> None:
    ended = run("-I", str(pyz), str(copied), *KEY, language="zh_CN.UTF-8")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "内部一致" in ended.stdout


def test_without_the_cryptography_package_nothing_is_called_verified(pyz: Path, copied: Path, receipt: list[str]) -> None:
    """``-S`` hides what was installed. Everything that can be checked is, and the end is neither good nor bad."""
    witness = ["--witness", WITNESS_KEY.vkey, "--held", str(copied / "checkpoint")]
    for arguments in ([str(copied)], [str(copied), *witness], receipt):
        ended = run("-I", "-S", str(pyz), *arguments, *KEY)
        assert (ended.returncode, ended.stderr) == (3, "")
        assert "signature: NOT CHECKED" in ended.stdout
        assert "root: ok" in ended.stdout or "inclusion: ok" in ended.stdout
        assert "install the Python package 'cryptography'" in ended.stdout


def test_a_missing_package_leaves_signatures_unchecked_and_finds_what_else_is_wrong(
    copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, small_log: SmallLog
) -> None:
    """The same inside one process; a head held elsewhere tells of rewriting even where its signature cannot be checked."""
    real, forged = small_log.note(100), sign_checkpoint(Checkpoint(ORIGIN, 100, bytes(32)), signer())
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    held = copied.parent / "held"
    for note, code in ((real, 3), (forged, 1)):
        held.write_text(note)
        assert main([str(copied), *KEY, "--held", str(held)]) == code
    assert "held: WRONG. the log does not continue the head of 100 entries" in capsys.readouterr().out


def test_without_the_cryptography_package_a_wrong_log_is_still_wrong(pyz: Path, copied: Path) -> None:
    held = copied.parent / "held"
    held.write_text(log_of(3).note().replace("\n3\n", "\n2\n"))
    assert run("-I", "-S", str(pyz), str(copied), *KEY, "--held", str(held)).returncode == 1
    (copied / "tile" / "0" / "000").unlink()
    assert run("-I", "-S", str(pyz), str(copied), *KEY).returncode == 1


def test_the_package_runs_as_a_module(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["verify", str(copied), *KEY])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("storage.verifier", run_name="__main__")

    assert ended.value.code == 0


def test_a_terminal_that_knows_no_chinese_does_not_break_it(pyz: Path, copied: Path) -> None:
    environment = {"LC_ALL": "zh_CN", "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(
        [sys.executable, "-I", str(pyz), str(copied), *KEY], capture_output=True, timeout=60, check=False, env=environment
    )

    assert ended.returncode == 0


def test_the_same_source_gives_the_same_file() -> None:
    """So that anybody can tell whether the verifier in an export is the published one."""
    assert zipped() == zipped()
