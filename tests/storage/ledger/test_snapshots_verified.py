"""Wrong snapshots are found in a copied log, and the program says what a right one proves."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.verifier.logdir import verify_directory
from storage.verifier.program import main
from storage.verifier.strict import Json

from .conftest import log_of, signer, wrong_steps
from .test_snapshots import ABSENT, HONEST, KEYS, PRESENT, add_snapshot, body_of, counted

LIES: dict[str, dict[str, Json]] = {
    "another root": {"root": "0" * 64},
    "one subject more": {"subjects": 4},
    "a root that is none": {"root": "0"},
    "a number that is none": {"subjects": "3"},
    "an older one": {"size": 24},
    "a later one": {"size": 26},
    "true": {"size": True},
    "a key too many": {"more": 1},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_wrong_snapshot_is_found_by_whoever_verifies_the_whole_log(lie: dict[str, Json], tmp_path: Path) -> None:
    log = log_of(25)
    add_snapshot(log, **lie)
    log.add()

    assert wrong_steps(verify_directory(log.write(tmp_path), KEYS)) == {"snapshots"}


def test_a_snapshot_about_anything_but_a_log_is_found(tmp_path: Path) -> None:
    log = log_of(25)
    log.add(type="SNAPSHOT", subject="clip:2", body=body_of(counted(log), 25))

    assert wrong_steps(verify_directory(log.write(tmp_path), KEYS)) == {"snapshots"}


def test_right_snapshots_are_counted_in_a_step_of_their_own(tmp_path: Path) -> None:
    """Each counts those before it too; a log without any has no such step."""
    log = log_of(25)
    add_snapshot(log)
    add_snapshot(log)
    log.add()
    add_snapshot(log)
    report = verify_directory(log.write(tmp_path / "with"), KEYS)

    assert wrong_steps(report) == set()
    assert [str(step.detail) for step in report.steps if step.name == "snapshots"] == ["3 snapshots count rightly"]
    without = verify_directory(log_of(25).write(tmp_path / "without"), KEYS)
    assert "snapshots" not in {step.name for step in without.steps}


@pytest.fixture
def receipt(tmp_path: Path) -> list[str]:
    (tmp_path / "proof").write_text(HONEST.proof(25))
    (tmp_path / "leaf").write_bytes(HONEST.raws[25])
    (tmp_path / "snapshot").write_bytes(PRESENT.encode())
    files = ["--proof", "proof", "--leaf", "leaf", "--snapshot", "snapshot"]
    return [*(text if text.startswith("--") else str(tmp_path / text) for text in files), "--vkey", signer().vkey]


def test_the_program_says_how_many_there_are(receipt: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(receipt) == 0
    assert "5. snapshot: ok. before entry 25 there are 10 about clip:1, the last is 19" in capsys.readouterr().out


def test_the_program_says_that_there_is_none(
    receipt: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(receipt[5]).write_bytes(ABSENT.encode())
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")

    assert main(receipt) == 0
    assert "5. 快照：通过。第 25 条记录之前，没有关于 clip:10 的记录" in capsys.readouterr().out


def test_the_program_refuses_a_proof_beside_another_entry(receipt: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(receipt[1]).write_text(HONEST.proof(24))
    Path(receipt[3]).write_bytes(HONEST.raws[24])

    assert main(receipt) == 1
    assert "5. snapshot: WRONG. entry 24: not a snapshot of the entries before it" in capsys.readouterr().out


def test_a_snapshot_proof_beside_what_is_no_entry_verifies_nothing(
    receipt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(receipt[3]).write_bytes(b"[]")

    assert main(receipt) == 1
    assert "5. snapshot: WRONG. nothing was checked" in capsys.readouterr().out


def test_a_snapshot_proof_without_an_entry_is_wrong_use(receipt: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), *receipt[4:]])

    assert ended.value.code == 2
