"""That `deposit` believes no store, repeats nothing that stands, and survives a lost write and a lost answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from storage.errors import EvidenceError, StorageUnavailable
from storage.evidence import Algorithm, Digest
from storage.folder import FolderStore
from storage.objects import Bucket, ObjectName, Promise, Source, Stored, deposit, deposit_untried
from storage.testing import FaultyStore, Moment, Write

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)
NAME = ObjectName(Bucket.EVIDENCE, "clips/1/original")
DATA = b"what the camera saw"
PROMISE = Promise.of_bytes(DATA)


def source() -> io.BytesIO:
    return io.BytesIO(DATA)


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store", clock=lambda: NOW)


@dataclass(slots=True)
class Lying(FaultyStore):
    """A store that tells something else than what is there."""

    lie: Callable[[Stored], Stored] = lambda stored: stored

    def describe(self, name: ObjectName, version: str | None = None) -> Stored:
        return self.lie(self.store.describe(name, version))


@pytest.mark.parametrize(
    "lie",
    [
        lambda stored: replace(stored, size=stored.size - 1),
        lambda stored: replace(stored, sha256=Digest(Algorithm.SHA256, bytes(32))),
        lambda stored: replace(stored, blake3=Digest(Algorithm.BLAKE3, bytes(32))),
        lambda stored: replace(stored, retained_until=None),
        lambda stored: replace(stored, retained_until=UNTIL - timedelta(seconds=1)),
    ],
    ids=["size", "sha256", "blake3", "no lock", "shorter lock"],
)
def test_what_a_store_has_is_compared_with_what_was_promised(folder: FolderStore, lie: Callable[[Stored], Stored]) -> None:
    with pytest.raises(EvidenceError, match="evidence/clips/1/original version"):
        deposit(Lying(folder, lie=lie), NAME, source, PROMISE, retain_until=UNTIL)


def test_a_lock_ends_on_the_next_whole_second_in_any_zone(folder: FolderStore) -> None:
    wanted = datetime(2027, 1, 1, 8, 0, 0, 1, tzinfo=timezone(timedelta(hours=8)))

    stored = deposit(folder, NAME, source, PROMISE, retain_until=wanted)

    assert stored.retained_until == datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_a_lock_without_a_zone_is_refused_before_anything_is_written(folder: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a time with a zone"):
        deposit(folder, NAME, source, PROMISE, retain_until=datetime(2027, 1, 1))  # noqa: DTZ001 - that is the point

    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
@pytest.mark.parametrize("write", ["deposit", "abandon", "extend"])
def test_a_failed_deposit_can_be_repeated(folder: FolderStore, moment: Moment, write: Write) -> None:
    store = FaultyStore(folder, fault=moment, at=write)
    if write == "extend":
        deposit(folder, NAME, source, PROMISE, retain_until=NOW)

    with pytest.raises(StorageUnavailable):
        deposit(store, NAME, source, PROMISE, retain_until=UNTIL)
    stored = deposit(store, NAME, source, PROMISE, retain_until=UNTIL)

    assert [line.version for line in folder.inventory(Bucket.EVIDENCE)] == [stored.version]
    assert stored.retained_until == UNTIL
    with store.open(NAME, version=stored.version) as readable:
        assert readable.read() == DATA


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_a_first_try_that_failed_is_repeated_by_looking(folder: FolderStore, moment: Moment) -> None:
    store = FaultyStore(folder, fault=moment)

    with pytest.raises(StorageUnavailable):
        deposit_untried(store, NAME, source, PROMISE, retain_until=UNTIL)
    stored = deposit(store, NAME, source, PROMISE, retain_until=UNTIL)

    assert [line.version for line in folder.inventory(Bucket.EVIDENCE)] == [stored.version]
    assert stored.retained_until == UNTIL


def test_a_first_try_believes_no_store_either(folder: FolderStore) -> None:
    store = Lying(folder, lie=lambda stored: replace(stored, size=stored.size - 1))

    with pytest.raises(EvidenceError, match="evidence/clips/1/original version"):
        deposit_untried(store, NAME, source, PROMISE, retain_until=UNTIL)


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_holding_releasing_and_disposing_can_be_repeated(folder: FolderStore, moment: Moment) -> None:
    store = FaultyStore(folder)
    stored = deposit(store, NAME, source, PROMISE, retain_until=None)
    steps: dict[Write, Callable[[ObjectName, str], None]] = {
        "hold": store.hold,
        "release": store.release,
        "dispose": store.dispose,
    }

    for write, act in steps.items():
        store.fault, store.at = moment, write
        with pytest.raises(StorageUnavailable, match=write):
            act(NAME, stored.version)
        act(NAME, stored.version)

    assert list(store.inventory(Bucket.EVIDENCE)) == []


def test_a_store_that_is_away_can_do_nothing_until_it_is_back(folder: FolderStore) -> None:
    store = FaultyStore(folder, away=True)
    calls: list[Callable[[], object]] = [
        lambda: deposit(store, NAME, source, PROMISE, retain_until=None),
        lambda: store.deposit(NAME, source, PROMISE, retain_until=None),
        lambda: store.describe(NAME),
        lambda: store.open(NAME, version="1"),
        lambda: store.inventory(Bucket.EVIDENCE),
        lambda: store.extend(NAME, "1", UNTIL),
    ]

    for call in calls:
        with pytest.raises(StorageUnavailable, match="cannot be reached"):
            call()
    store.away = False

    assert deposit(store, NAME, source, PROMISE, retain_until=None).size == len(DATA)


def test_a_deposit_that_a_second_one_overtook_adopts_it(folder: FolderStore) -> None:
    """Two deposits of one clip at once end with one version."""

    class Overtaking:
        def __call__(self) -> io.BytesIO:
            folder.deposit(NAME, source, PROMISE, retain_until=None)
            return io.BytesIO(DATA)

    overtaken: Source = Overtaking()
    stored = deposit(folder, NAME, overtaken, PROMISE, retain_until=UNTIL)

    assert [line.version for line in folder.inventory(Bucket.EVIDENCE)] == [stored.version]
    assert stored.retained_until == UNTIL
