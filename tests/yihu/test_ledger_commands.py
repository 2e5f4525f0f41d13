"""``yihu log`` as people and scripts meet it: publishing, the lock, and going on after a loss."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.errors import StorageUnavailable
from storage.ledger.keys import VerifierKey
from storage.ledger.publish import BucketShelf
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from yihu.cli.common import Exit
from yihu.founding import found, started
from yihu.wiring import Office

from .commanding import LOG, answer, fresh, yihu


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = found(tmp_path / "office", name="测试局", log=LOG)
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()


def test_an_office_is_locked_from_its_first_day(office: Office) -> None:
    office.log.checkpoint()

    assert office.settings.ledger.cell == "lock/head"
    assert (office.home / "lock/head").read_text() == office.log.latest()
    assert answer("status")["ledger"]["lock"] == "lock/head"
    assert answer("log", "lock", code=Exit.EVIDENCE)["error"] == "StaleState"


def test_the_lock_may_lie_on_another_disk(tmp_path: Path) -> None:
    elsewhere = tmp_path / "other disk"
    home = tmp_path / "away"
    assert yihu("init", home, "--name", "测试局", "--lock", elsewhere / "head")[0] == Exit.TRY_AGAIN  # it is not mounted
    elsewhere.mkdir()
    answer("init", home, "--name", "测试局", "--log", "office.example/away", "--lock", elsewhere / "head")
    assert (elsewhere / "head").exists()


def test_yesterdays_database_is_looked_at_but_not_written_to_until_the_loss_is_recorded(office: Office, tmp_path: Path) -> None:
    """Two days of work, a restored backup, and the way out of it, by the commands a person types."""
    office.log.checkpoint()
    office.engine.dispose()
    shutil.copy(office.home / "yihu.db", tmp_path / "yesterday.db")
    for _ in range(3):
        started(office)
    office.log.checkpoint()
    office.engine.dispose()
    for leftover in office.home.glob("yihu.db*"):
        leftover.unlink()
    shutil.copy(tmp_path / "yesterday.db", office.home / "yihu.db")

    refused = answer("token", "add", "某人", code=Exit.EVIDENCE)
    assert "the 1 stored leaves do not continue the checkpoint of 4" in refused["detail"]
    assert answer("status")["checkpoint"]["size"] == 1
    assert answer("log", "publish", code=Exit.EVIDENCE)["error"] == "LedgerError"
    assert "expected 1:4" in answer("log", "recover", "--lost", "0:4", "--reason", "x", code=Exit.EVIDENCE)["detail"]
    assert answer("log", "recover", "--lost", "14", "--reason", "x", code=Exit.USAGE)["error"] == "ValueError"
    done = answer("log", "recover", "--lost", "1:4", "--reason", "硬盘损坏，某人恢复")
    assert done == {"entry": 1, "lost": [1, 4]}
    assert answer("log", "recover", "--lost", "1:4", "--reason", "again", code=Exit.EVIDENCE)["error"] == "LedgerError"
    answer("token", "add", "某人")
    assert answer("verify")["outcome"] == "internally consistent"
    assert answer("log", "publish")["size"] == 3
    assert BucketShelf(fresh(office).store, recovered_at=1).newest()


def test_a_recovery_that_broke_off_is_ended_by_typing_it_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.log.checkpoint()
    office.engine.dispose()
    backup = (office.home / "yihu.db").read_bytes()
    started(office)
    office.log.checkpoint()
    office.engine.dispose()
    for leftover in office.home.glob("yihu.db*"):
        leftover.unlink()
    (office.home / "yihu.db").write_bytes(backup)
    with monkeypatch.context() as patched:
        patched.setattr("storage.ledger.cell.FileCell.replace", _away)
        assert answer("log", "recover", "--lost", "1:2", "--reason", "x", code=Exit.TRY_AGAIN)["error"] == "StorageUnavailable"

    assert answer("log", "recover", "--lost", "1:2", "--reason", "x")["entry"] == 1
    assert [line.type for line in fresh(office).catalog.history(_log_of(office))] == ["STARTED", "RECOVERED"]


def _away(*_arguments: object) -> None:
    message = "the disk is away"
    raise StorageUnavailable(message)


def _log_of(office: Office) -> Any:  # noqa: ANN401 - a subject
    from storage.evidence import Kind  # noqa: PLC0415 - here alone
    from storage.identity import found_again  # noqa: PLC0415 - here alone

    return found_again(office.index_key, Kind.LOG, office.log.origin)


def test_a_lock_that_is_away_stops_no_recording(office: Office) -> None:
    """Footage goes on being taken in; what cannot be checked is not signed."""
    (office.home / "lock").rename(office.home / "unplugged")
    opened = fresh(office)

    started(opened)
    with pytest.raises(StorageUnavailable):
        opened.log.checkpoint()
    (office.home / "unplugged").rename(office.home / "lock")
    assert opened.log.checkpoint()


def test_a_log_published_into_a_directory_is_verified_by_a_stranger(office: Office, tmp_path: Path) -> None:
    assert answer("log", "publish", "--to", tmp_path / "log") == {"size": 1, "files": 2, "to": str(tmp_path / "log")}
    assert answer("log", "publish", "--to", tmp_path / "log")["files"] == 0
    assert answer("log", "publish", "--to", tmp_path / "log", "--all")["files"] == 2
    assert answer("log", "publish")["files"] == 2
    assert answer("log", "publish", "--all")["files"] == 2

    assert verify_directory(tmp_path / "log", [VerifierKey.parse(office.log.vkey)]).outcome is Outcome.CONSISTENT
