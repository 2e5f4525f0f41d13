"""The ledger on real servers: its files in the index bucket, and the rollback lock as an object."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.errors import EvidenceError, StaleState, StorageUnavailable
from storage.ledger.publish import BucketShelf, publish
from storage.objects import Bucket
from storage.s3_cell import S3Cell
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from tests.contracts.conftest import OnServer
from tests.storage.ledger.living import KEY, LivingLog


@pytest.fixture
def cell(on_server: OnServer) -> S3Cell:
    """A cell under a name that nothing has."""
    return cell_on(on_server, f"cells/{secrets.token_hex(8)}")


def cell_on(on_server: OnServer, key: str) -> S3Cell:
    server = on_server.server
    return S3Cell(
        server.endpoint,
        access_key=server.access_key,
        secret_key=server.secret_key,
        bucket=on_server.store.bucket(Bucket.INDEX),
        key=key,
        http=on_server.cable,
    )


def versions(on_server: OnServer, cell: S3Cell) -> int:
    key = str(cell).rpartition("cells/")[2]
    return sum(1 for _ in on_server.store.inventory(Bucket.INDEX, f"cells/{key}"))


def test_a_cell_on_a_server_changes_only_for_who_knows_it(on_server: OnServer, cell: S3Cell) -> None:
    assert cell.read() is None
    with pytest.raises(StaleState):
        cell.replace("", "first")
    cell.create("first")
    with pytest.raises(StaleState, match="something already"):
        cell.create("again")
    cell.replace("first", "第二")
    with pytest.raises(StaleState, match="somebody else has signed"):
        cell.replace("first", "third")

    assert cell.read() == "第二"
    assert versions(on_server, cell) == 1  # nor is anything left of the attempt to break it


def test_of_many_who_replace_it_at_once_one_wins(cell: S3Cell) -> None:
    cell.create("0")
    for round_ in range(5):

        def attempt(number: int, old: str = str(round_)) -> bool:
            try:
                cell.replace(old, f"{int(old) + 1}" if number == 0 else f"{old} lost to {number}")
            except StaleState:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(attempt, range(4))) == 1
        held = cell.read()
        assert held is not None
        cell.replace(held, str(round_ + 1)) if held != str(round_ + 1) else None


def test_an_answer_that_is_lost_leaves_one_of_the_two(on_server: OnServer, cell: S3Cell) -> None:
    cell.create("old")
    for moment, stands in (("before", "old"), ("after", "new")):
        on_server.cable.unplug(moment, lambda method, _url: method == "PUT")  # type: ignore[arg-type]
        with pytest.raises(StorageUnavailable):
            cell.replace("old", "new")
        assert cell.read() == stands


def test_a_server_that_takes_no_notice_of_conditions_is_no_lock(cell: S3Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it had never been told of any: nothing is left there that could be taken for a lock."""
    put = cell._put
    monkeypatch.setattr(cell, "_put", lambda path, text, _condition: put(path, text, {}))

    with pytest.raises(EvidenceError, match="cannot be a lock"):
        cell.create("first")
    assert cell.read() is None


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


def test_a_stranger_verifies_what_he_copies_out_of_the_bucket(on_server: OnServer, living: LivingLog, tmp_path: Path) -> None:
    """Published twice, with a head that is renewed; only files of the newest tree are there."""
    place = f"log-{secrets.randbelow(10**9)}"
    shelf = BucketShelf(on_server.store, recovered_at=int(place.removeprefix("log-")))
    for size in (3, 300):
        living.grow(size).log.checkpoint()
        publish(living.log, shelf)

    lines = list(on_server.store.inventory(Bucket.INDEX, f"{place}/"))
    for line in lines:
        target = tmp_path / line.name.key
        target.parent.mkdir(parents=True, exist_ok=True)
        if line.is_latest:
            with on_server.store.open(line.name, version=line.version) as opened:
                target.write_bytes(b"".join(iter(opened.read, b"")))
    assert verify_directory(tmp_path / place, [KEY]).outcome is Outcome.CONSISTENT
    assert sum(line.name.key == f"{place}/checkpoint" for line in lines) == 2
    assert len(list(on_server.store.inventory(Bucket.INDEX, f"{place}-heads/"))) == 2
