"""What the folder store does beyond the store contract: locks that run out, crashes, damage, disks that are away."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from storage import durable
from storage.errors import EvidenceError, NotFound, RetentionRefused, StorageUnavailable
from storage.folder import FolderStore
from storage.objects import Bucket, ObjectName, Promise, Stored, deposit

NAME = ObjectName(Bucket.EVIDENCE, "clips/甲/original")
DATA = b"what the camera saw"
PROMISE = Promise.of_bytes(DATA)


class Clock:
    """A clock that is put forward by hand."""

    now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> FolderStore:
    return FolderStore(tmp_path / "store", clock=clock)


def put(store: FolderStore, *, until: datetime | None = None) -> Stored:
    return deposit(store, NAME, lambda: io.BytesIO(DATA), PROMISE, retain_until=until)


def files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file())


def the_file(path: Path, suffix: str) -> Path:
    (found,) = path.rglob(f"*{suffix}")
    return found


def test_it_says_what_it_is_worth(store: FolderStore) -> None:
    assert store.grade == "not protected from this machine"


def test_a_lock_that_has_run_out_keeps_nothing(store: FolderStore, clock: Clock) -> None:
    stored = put(store, until=clock.now + timedelta(days=1))
    clock.now += timedelta(days=1) - timedelta(seconds=1)
    with pytest.raises(RetentionRefused, match="locked until 2026-11-23T08:00:00.000Z"):
        store.dispose(NAME, stored.version)
    clock.now += timedelta(seconds=1)

    store.dispose(NAME, stored.version)

    assert list(store.inventory(Bucket.EVIDENCE)) == []


def test_a_hold_keeps_what_no_lock_keeps(store: FolderStore) -> None:
    stored = put(store)
    store.hold(NAME, stored.version)

    with pytest.raises(RetentionRefused, match="legal hold"):
        store.dispose(NAME, stored.version)


def test_files_are_read_only_and_directories_private(store: FolderStore, tmp_path: Path) -> None:
    put(store)

    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o444, 0o444]
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700


def test_a_store_opened_again_knows_everything(store: FolderStore, tmp_path: Path, clock: Clock) -> None:
    stored = put(store, until=clock.now + timedelta(days=1))
    store.hold(NAME, stored.version)

    again = FolderStore(tmp_path / "store", clock=clock)

    assert again.describe(NAME) == stored
    with pytest.raises(RetentionRefused):
        again.dispose(NAME, stored.version)


def test_whatever_a_crash_left_is_invisible_and_goes_away(store: FolderStore, tmp_path: Path) -> None:
    directory = tmp_path / "store" / "evidence" / f"{NAME.key}.object"
    directory.mkdir(parents=True)
    (directory / "a1.tmp").write_bytes(b"half")
    (directory / "a2.bytes").write_bytes(DATA)
    (directory / f"a3.json.00{durable.TEMPORARY}").write_bytes(b"{")

    with pytest.raises(NotFound):
        store.describe(NAME)
    assert list(store.inventory(Bucket.EVIDENCE)) == []
    stored = put(store)

    assert [path.stem for path in files(tmp_path)] == [stored.version, stored.version]


def test_a_crash_before_any_line_of_a_deposit_leaves_nothing_visible_or_everything(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fsync, in order, is once the last thing that happened."""

    class PowerCut(BaseException):
        pass

    real, calls = os.fsync, 0
    for fatal in range(1, 50):
        calls = 0

        def fsync(descriptor: int, fatal: int = fatal) -> None:
            nonlocal calls
            calls += 1
            if calls == fatal:
                raise PowerCut
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        name = ObjectName(Bucket.EVIDENCE, f"{fatal}/original")
        try:
            deposit(store, name, lambda: io.BytesIO(DATA), PROMISE, retain_until=None)
        except PowerCut:
            monkeypatch.setattr(os, "fsync", real)
        else:
            assert fatal > 5
            return
        found = [line.size for line in store.inventory(Bucket.EVIDENCE, f"{fatal}/")]
        assert found in ([], [len(DATA)])
        stored = deposit(store, name, lambda: io.BytesIO(DATA), PROMISE, retain_until=None)
        assert store.abandon(name) == 0
        assert [path.stem for path in files(tmp_path / "store" / "evidence" / str(fatal))] == [stored.version] * 2
    pytest.fail("a deposit does not end")


def test_many_at_once_make_one_version(store: FolderStore) -> None:
    ready, made = Barrier(8), []

    def run() -> None:
        ready.wait()
        made.append(store.deposit(NAME, lambda: io.BytesIO(DATA), PROMISE, retain_until=None))

    threads = [Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    assert len(made) == 8
    assert [line.version for line in store.inventory(Bucket.EVIDENCE)] == [made[0].version]


def test_it_writes_over_nothing_even_if_asked_below_the_gate(store: FolderStore) -> None:
    stored = put(store)

    with pytest.raises(EvidenceError, match="another content stands here"):
        store.deposit(NAME, lambda: io.BytesIO(b"x"), Promise.of_bytes(b"x"), retain_until=None)

    assert store.describe(NAME) == stored


def test_a_file_that_lost_bytes_is_noticed(store: FolderStore, tmp_path: Path) -> None:
    stored = put(store)
    path = the_file(tmp_path, ".bytes")
    path.chmod(0o600)

    with store.open(NAME, version=stored.version) as readable:
        path.write_bytes(DATA[:-5])
        assert readable.read(100) == DATA[:-5]
        with pytest.raises(EvidenceError, match="the file ends after"):
            readable.read(100)
    with pytest.raises(EvidenceError, match="not for these 14 bytes"):
        put(store)


def test_bytes_without_their_file_are_not_found(store: FolderStore, tmp_path: Path) -> None:
    stored = put(store)
    the_file(tmp_path, ".bytes").unlink()

    with pytest.raises(NotFound):
        store.describe(NAME, stored.version)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"retained_until": 1}',
        b'{"retained_until": "2026-11-22T08:00:00.000Z"}',
        b"\xff",
    ],
)
def test_a_damaged_description_is_an_error_and_not_an_absence(store: FolderStore, tmp_path: Path, damage: bytes) -> None:
    put(store)
    path = the_file(tmp_path, ".json")
    path.chmod(0o600)
    path.write_bytes(damage)

    with pytest.raises(EvidenceError, match="cannot be read"):
        store.describe(NAME)
    with pytest.raises(EvidenceError, match="cannot be read"):
        put(store)


def test_a_description_says_what_it_says_in_plain_json(store: FolderStore, tmp_path: Path, clock: Clock) -> None:
    stored = put(store, until=clock.now)

    assert json.loads(the_file(tmp_path, ".json").read_bytes()) == {
        "version": stored.version,
        "size": len(DATA),
        "sha256": str(PROMISE.sha256),
        "blake3": str(PROMISE.blake3),
        "retained_until": "2026-11-22T08:00:00.000Z",
        "held": False,
        "media_type": "application/octet-stream",
    }


@pytest.mark.parametrize("version", ["../../etc/passwd", "..", "", "a/b", "a.b"])
def test_a_version_cannot_climb(store: FolderStore, version: str) -> None:
    put(store)

    with pytest.raises(NotFound):
        store.describe(NAME, version)


@pytest.mark.parametrize("prefix", ["/", "../", "a/../", "./", "//x"])
def test_a_prefix_cannot_climb(store: FolderStore, prefix: str) -> None:
    put(store)

    assert list(store.inventory(Bucket.EVIDENCE, prefix)) == []


def test_a_strange_directory_in_the_store_is_not_passed_over(store: FolderStore, tmp_path: Path) -> None:
    put(store)
    strange = tmp_path / "store" / "evidence" / "line\nbreak.object"
    strange.mkdir()
    (strange / "1.json").write_bytes(b"{}")

    with pytest.raises(EvidenceError, match="control characters"):
        list(store.inventory(Bucket.EVIDENCE))


def test_a_directory_that_cannot_be_read_is_not_passed_over(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store)

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        raise OSError(5, "Input/output error", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        with pytest.raises(StorageUnavailable, match="listing evidence: Input/output error"):
            list(store.inventory(Bucket.EVIDENCE))


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A disk that takes nothing more."""

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        yield


def test_a_full_disk_means_try_again_later(store: FolderStore, tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(StorageUnavailable, match="depositing evidence/clips/甲/original: No space left on device"):
        put(store)

    assert files(tmp_path) == []


def test_a_root_that_is_no_directory_means_try_again_later(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "store").write_bytes(b"")

    with pytest.raises(StorageUnavailable):
        put(FolderStore(tmp_path / "store", clock=clock))
