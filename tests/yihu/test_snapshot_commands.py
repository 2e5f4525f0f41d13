"""Snapshots as an office makes them: one a day by itself, more when asked, and proofs that a stranger verifies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage import rebuild
from storage.custody import Custody
from storage.database import writing
from storage.errors import LedgerError, NotFound, StaleState, StorageUnavailable
from storage.evidence import Entry, Kind, Recorded, Subject
from storage.identity import found_again
from storage.ledger.keys import VerifierKey
from storage.ledger.leaf import Leaf, canonical
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.snapshot import newest_snapshot, prove_snapshot, record_snapshot, snapshot_faults
from storage.verifier.leaves import read_leaf
from storage.verifier.logdir import verify_directory
from storage.verifier.program import main
from storage.verifier.steps import Outcome
from tests.servers.postgres_server import Prepared, empty, postgresql, prepared_database
from yihu.cli.common import Exit
from yihu.founding import found, started
from yihu.notary import notarising
from yihu.snapshots import daily_snapshot, snapshot_now
from yihu.wiring import Office

from .commanding import LOG, answer, yihu

__all__ = ["postgresql", "prepared_database"]


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=7)
        return self.now


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = found(tmp_path / "office", name="测试局", log=LOG)
    made.engine.dispose()
    opened = Office.open(made.home / "yihu.toml", Clock())
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield opened
    opened.engine.dispose()


def log_of(office: Office) -> Subject:
    return found_again(office.index_key, Kind.LOG, office.log.origin)


def account(office: Office, name: str = "某人") -> str:
    return str(answer("token", "add", name)["account"])


def clock_of(office: Office) -> Clock:
    assert isinstance(office.clock, Clock)
    return office.clock


def test_there_is_one_a_day_and_none_where_nothing_happened(office: Office) -> None:
    clock = clock_of(office)
    assert daily_snapshot(office) == 1
    started(office)
    assert daily_snapshot(office) is None  # a second one on this day
    clock.now += timedelta(days=1)
    assert daily_snapshot(office) == 3
    clock.now += timedelta(days=1)
    assert daily_snapshot(office) is None  # nothing happened since
    started(office)
    clock.now -= timedelta(days=300)
    assert daily_snapshot(office) == 5  # a clock that ran ahead does not end them

    assert snapshot_faults(office.engine) == (3, [])
    assert rebuild.differences(office.engine, office.projector, office.vault) == []


def test_an_open_office_counts_by_itself(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = threading.Event()
    monkeypatch.setattr("yihu.notary._LOOKING_SECONDS", 0.01)

    def counted(mine: Office) -> None:
        daily_snapshot(mine)
        recorded.set()

    monkeypatch.setattr("yihu.notary.daily_snapshot", counted)
    with notarising(office):
        assert recorded.wait(30)

    assert newest_snapshot(office.engine, log_of(office)) is not None
    assert snapshot_faults(office.engine) == (1, [])


def test_what_others_record_meanwhile_is_counted_before_the_next_try(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    rivals = iter(range(3))
    record = Custody.record

    def overtaken(custody: Custody, entry: Entry) -> Recorded:
        if entry.type == "SNAPSHOT" and next(rivals, None) is not None:
            record(custody, Entry("STARTED", log_of(office), office.dock, {}))
        return record(custody, entry)

    monkeypatch.setattr(Custody, "record", overtaken)

    assert snapshot_now(office) == 4
    assert snapshot_faults(office.engine) == (1, [])


def test_where_others_never_pause_it_is_tried_another_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Custody.record

    def overtaken(custody: Custody, entry: Entry) -> Recorded:
        record(custody, Entry("STARTED", log_of(office), office.dock, {}))
        return record(custody, entry)

    monkeypatch.setattr(Custody, "record", overtaken)

    with pytest.raises(StorageUnavailable, match="others recorded in between"):
        snapshot_now(office)
    assert newest_snapshot(office.engine, log_of(office)) is None


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_a_snapshot_whose_write_or_answer_was_lost_can_be_repeated(
    office: Office, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Custody.record

    def broken(custody: Custody, entry: Entry) -> Recorded:
        if moment == "after":
            record(custody, entry)
        message = "the cable"
        raise StorageUnavailable(message)

    with monkeypatch.context() as patched:
        patched.setattr(Custody, "record", broken)
        with pytest.raises(StorageUnavailable):
            snapshot_now(office)

    assert snapshot_now(office) == 1
    assert snapshot_faults(office.engine) == (1, [])


def test_a_snapshot_of_another_size_is_never_recorded(office: Office) -> None:
    body: Any = {"root": "0" * 64, "size": 7, "subjects": 1}

    with pytest.raises(StaleState, match="snapshot of 7 entries: there are 1 by now"):
        office.custody.record(Entry("SNAPSHOT", log_of(office), office.dock, body))


def test_it_is_the_same_on_each_database(prepared_database: Prepared, tmp_path: Path) -> None:
    url = prepared_database(empty)
    office = found(tmp_path / "office", name="测试局", log=LOG, more=["", "[database]", f'url = "{url}"'])
    registry = office.registry
    offices = [registry.add_office("局", code=f"D-{number}", actor=office.operator) for number in range(5)]
    recorded = record_snapshot(office.engine, office.custody, log=log_of(office), actor=office.dock)

    for subject in (*offices, log_of(office)):
        assert [one.row.subject for one in prove_snapshot(office.engine, recorded.seq, subject).rows] == [str(subject)]
    for subject, rows in (
        (Subject(Kind.CLIP, "0" * 32), 1),
        (Subject(Kind.MATTER, "0" * 32), 2),
        (Subject(Kind.VIEWING, "0" * 32), 1),
    ):
        assert len(prove_snapshot(office.engine, recorded.seq, subject).rows) == rows
    assert snapshot_faults(office.engine) == (1, [])
    office.engine.dispose()


def test_a_wrong_snapshot_is_a_finding_and_proves_nothing(office: Office, tmp_path: Path) -> None:
    """Recorded by whoever has the key: it is signed, and it is a lie."""
    body: Any = {"root": "0" * 64, "size": 1, "subjects": 1}
    seq = office.custody.record(Entry("SNAPSHOT", log_of(office), office.dock, body)).seq
    office.log.checkpoint()
    publish(office.log, DirectoryShelf(tmp_path / "log"))

    assert snapshot_faults(office.engine) == (1, ["snapshot 1: entry 1: the snapshot is not that of the entries before it"])
    assert verify_directory(tmp_path / "log", [VerifierKey.parse(office.log.vkey)]).outcome is Outcome.FAILED
    with pytest.raises(LedgerError, match="snapshot 1: "):
        prove_snapshot(office.engine, seq, log_of(office))


def test_what_is_no_snapshot_proves_nothing(office: Office) -> None:
    with pytest.raises(LedgerError, match="not a snapshot"):
        prove_snapshot(office.engine, 0, log_of(office))
    with pytest.raises(NotFound):
        prove_snapshot(office.engine, 1, log_of(office))


def test_a_leaf_that_was_damaged_is_named(office: Office) -> None:
    started(office)
    snapshot_now(office)
    leaf = Leaf.decode(office.log.leaf(1))
    raw = canonical({**_read(leaf), "v": 2})
    with writing(office.engine) as connection:
        for act in ("update", "delete", "replace"):
            connection.execute(text(f"DROP TRIGGER entries_no_{act}"))
        connection.execute(text("UPDATE entries SET leaf = :raw WHERE seq = 1"), {"raw": raw})

    with pytest.raises(LedgerError, match="leaf 1: leaf: written for another version"):
        snapshot_faults(office.engine)


def _read(leaf: Leaf) -> dict[str, Any]:
    import json  # noqa: PLC0415 - here alone

    found_there: dict[str, Any] = json.loads(leaf.encode())
    return found_there


def verified(office: Office, directory: Path, subject: str, seq: int) -> int:
    """What a stranger's program says."""
    snapshot = directory / f"{subject.replace(':', '-')}.snapshot.json"
    files = ("--leaf", directory / f"{seq}.json", "--proof", directory / f"{seq}.tlog-proof", "--snapshot", snapshot)
    return main([*map(str, files), "--vkey", office.log.vkey])


def test_a_stranger_sees_that_there_is_nothing_more(office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = account(office)
    answer("token", "revoke", mine)
    assert answer("log", "snapshot") == {"entry": 3}
    assert answer("log", "snapshot") == {"entry": 3}  # nothing happened since
    done = answer("proof", mine, "--complete", "--out", tmp_path)

    assert [one["entry"] for one in done["proofs"]] == [1, 2, 3]
    assert done["snapshot"]["entries_since"] == 0
    assert len(done["written"]) == 7
    assert verified(office, tmp_path, mine, 3) == 0
    assert f"before entry 3 there are 2 about {mine}, the last is 2" in capsys.readouterr().out


def test_a_stranger_sees_that_there_is_nothing_at_all(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For subjects before, between and after all that there are."""
    others = sorted([account(office), account(office, "乙")])
    for nobody in ("account:" + "0" * 32, others[0][:-1] + ("0" if others[0][-1] != "0" else "1"), "viewing:" + "f" * 32):
        done = answer("proof", nobody, "--complete", "--snapshot-now", "--out", tmp_path)
        seq = done["snapshot"]["entry"]

        assert [one["entry"] for one in done["proofs"]] == [seq]
        assert verified(office, tmp_path, nobody, seq) == 0
        assert f"there is none about {nobody}" in capsys.readouterr().out


def test_what_came_after_the_snapshot_is_counted_and_said(office: Office) -> None:
    mine = account(office)
    answer("log", "snapshot")
    answer("token", "revoke", mine)

    assert answer("proof", mine, "--complete")["snapshot"]["entries_since"] == 1
    said = yihu("proof", mine, "--complete")[1]
    assert "1 entries came after the snapshot" in said
    assert '"seq":2' in said


def test_without_a_snapshot_it_is_said_how_to_make_one(office: Office) -> None:
    refused = answer("proof", account(office), "--complete", code=Exit.NOT_FOUND)

    assert "'yihu log snapshot' records one" in refused["detail"]
    assert newest_snapshot(office.engine, log_of(office)) is None
    assert yihu("proof", "0", "--snapshot-now")[0] == Exit.USAGE
    assert answer("proof", "0", "--complete", code=Exit.USAGE)["error"] == "ValueError"


def test_snapshots_are_published_and_verified_with_the_log(office: Office, tmp_path: Path) -> None:
    for _ in range(3):
        started(office)
        snapshot_now(office)
    office.log.checkpoint()
    publish(office.log, DirectoryShelf(tmp_path / "log"))
    report = verify_directory(tmp_path / "log", [VerifierKey.parse(office.log.vkey)])

    assert report.outcome is Outcome.CONSISTENT
    assert [str(step.detail) for step in report.steps if step.name == "snapshots"] == ["3 snapshots count rightly"]
    assert read_leaf(office.log.leaf(2)).type == "SNAPSHOT"
