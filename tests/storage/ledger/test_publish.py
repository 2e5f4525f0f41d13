"""The log as static files: whole before its head is shown, the same after any crash, and verified by who knows nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import EvidenceError, LedgerError, NotFound, StorageUnavailable
from storage.folder import FolderStore
from storage.ledger.log import Log
from storage.ledger.publish import BucketShelf, DirectoryShelf, Published, Shelf, _between, publish, publish_all
from storage.ledger.tiles import ENTRIES, TileName, bundles_for, tiles_for
from storage.objects import Bucket, ObjectName
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome

from .conftest import SmallLog, one_bit_off, wrong_steps
from .living import ADMINISTRATOR, KEY, SUBJECT, LivingLog


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "log"


def verified(place: Path) -> int:
    """How many files a stranger verifies."""
    report = verify_directory(place, [KEY])
    assert (report.outcome, wrong_steps(report)) == (Outcome.CONSISTENT, set())
    return sum(1 for path in place.rglob("*") if path.is_file())


def copied(store: FolderStore, place: Path, *, prefix: str = "log/") -> Path:
    """What a stranger gets who copies the bucket."""
    for line in store.inventory(Bucket.INDEX, prefix):
        target = place / line.name.key.removeprefix(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        with store.open(line.name, version=line.version) as opened:
            target.write_bytes(b"".join(iter(opened.read, b"")))
    return place


def test_a_stranger_verifies_the_directory_at_every_size(living: LivingLog, place: Path) -> None:
    shelf = DirectoryShelf(place)
    for size in (1, 2, 255, 256, 257, 513):
        living.grow(size - len_of(living) or 0) if size > len_of(living) else None
        note = living.log.checkpoint()
        assert publish(living.log, shelf).size == size
        assert (place / "checkpoint").read_text() == note
        assert verified(place)
        assert publish(living.log, shelf) == Published(size, 0)


def len_of(living: LivingLog) -> int:
    from storage.database import reading  # noqa: PLC0415 - here alone
    from storage.ledger.stored import count  # noqa: PLC0415 - here alone

    with reading(living.engine) as connection:
        return count(connection)


def test_the_bucket_holds_the_same_files_and_every_head(living: LivingLog, place: Path) -> None:
    living.grow(9).log.checkpoint()
    publish(living.log, BucketShelf(living.store))
    living.grow(290).log.checkpoint()
    publish(living.log, BucketShelf(living.store))
    publish(living.log, BucketShelf(living.store))

    assert verified(copied(living.store, place))
    heads = sorted(line.name.key for line in living.store.inventory(Bucket.INDEX, "log-heads/"))
    assert [head[:26] for head in heads] == ["log-heads/0000000000000010", "log-heads/0000000000000300"]
    names = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    complete = {name.path for rows in (tiles_for(300), bundles_for(300)) for name in rows}
    assert names == complete | {"checkpoint"}  # partial tiles that were filled since are gone


def test_nothing_is_published_before_something_is_signed(living: LivingLog, place: Path) -> None:
    with pytest.raises(NotFound, match="no checkpoint"):
        publish(living.log, DirectoryShelf(place))
    with pytest.raises(NotFound, match="no checkpoint"):
        publish(living.log, BucketShelf(living.store))


class _Failing:
    """A shelf that fails, or dies, at its N-th step."""

    def __init__(self, shelf: Shelf, step: int) -> None:
        self._shelf, self.left = shelf, step
        self.newest = shelf.newest

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            message = "the store is away"
            raise StorageUnavailable(message)

    def keep(self, path: str, data: bytes) -> None:
        self._step()
        self._shelf.keep(path, data)

    def show(self, note: str) -> None:
        self._step()
        self._shelf.show(note)


@pytest.mark.parametrize("kind", ["directory", "bucket"])
def test_broken_off_at_any_step_the_shown_head_is_whole_and_the_next_time_ends_it(
    living: LivingLog, tmp_path: Path, kind: str
) -> None:
    living.grow(200).log.checkpoint()
    publish(living.log, _shelf(living, tmp_path / "log", kind))
    living.grow(100).log.checkpoint()
    step = 0
    while True:
        step += 1
        shelf = _Failing(_shelf(living, tmp_path / "log", kind), step)
        try:
            publish(living.log, shelf)
        except StorageUnavailable:
            assert _copy(living, tmp_path, kind, step)
            continue
        break

    assert step == 5 + 1 + 1  # a full and a partial file each of entries and level 0, one of level 1, the head; then none fails
    assert publish(living.log, _shelf(living, tmp_path / "log", kind)) == Published(301, 0)


def _shelf(living: LivingLog, place: Path, kind: str) -> Shelf:
    return DirectoryShelf(place) if kind == "directory" else BucketShelf(living.store)


def _copy(living: LivingLog, tmp_path: Path, kind: str, step: int) -> bool:
    """Every file of the shown head is there; files beyond it are those of a head that was not shown yet."""
    place = tmp_path / "log" if kind == "directory" else copied(living.store, tmp_path / f"copy {step}")
    head = (place / "checkpoint").read_text()
    size = int(head.split("\n")[1])
    complete = [name for rows in (tiles_for(size), bundles_for(size)) for name in rows]
    there = [(place / name.path).exists() or (place / name.path.partition(".p/")[0]).exists() for name in complete]
    return size in {201, 301} and all(there)


@pytest.mark.parametrize("old", [0, 1, 2, 255, 256, 257, 600, 65_535, 65_536, 65_537])
@pytest.mark.parametrize("grown", [0, 1, 255, 256, 66_000])
def test_only_files_that_are_new_are_written(old: int, grown: int) -> None:
    def files(size: int) -> set[TileName]:
        return {*tiles_for(size), *bundles_for(size)}

    between = list(_between(old, old + grown))

    assert len(between) == len(set(between))
    assert set(between) == files(old + grown) - files(old)


def test_a_file_that_was_changed_on_the_shelf_is_found(living: LivingLog, place: Path) -> None:
    living.grow(300).log.checkpoint()
    shelf = DirectoryShelf(place)
    publish(living.log, shelf)
    tile = place / "tile/0/000"
    tile.write_bytes(one_bit_off(tile.read_bytes(), 77))

    assert publish(living.log, shelf).files == 0
    with pytest.raises(EvidenceError, match="another content"):
        publish_all(living.log, shelf)


@pytest.mark.parametrize("kind", ["directory", "bucket"])
def test_what_is_missing_on_the_shelf_is_put_back(living: LivingLog, tmp_path: Path, kind: str) -> None:
    living.grow(300).log.checkpoint()
    publish(living.log, _shelf(living, tmp_path / "log", kind))
    if kind == "directory":
        (tmp_path / "log/tile/entries/000").unlink()
    else:
        name = ObjectName(Bucket.INDEX, "log/tile/entries/000")
        living.store.dispose(name, living.store.describe(name).version)

    publish_all(living.log, _shelf(living, tmp_path / "log", kind))

    assert verified(tmp_path / "log" if kind == "directory" else copied(living.store, tmp_path / "copy"))


def test_a_database_put_back_from_a_backup_publishes_nothing(living: LivingLog, tmp_path: Path, place: Path) -> None:
    """Even one that has no cell: what was published is remembered too."""
    living.grow(9).log.checkpoint()
    yesterday = living.backup(tmp_path / "yesterday.db")
    living.grow(10).log.checkpoint()
    publish(living.log, DirectoryShelf(place))
    published = (place / "checkpoint").read_text()
    restored = living.put_back(yesterday).grow(15)
    restored.log._cell = None
    restored.log.checkpoint()

    with pytest.raises(LedgerError, match="a head of 20 entries was published"):
        publish(restored.log, DirectoryShelf(place))
    assert (place / "checkpoint").read_text() == published


def test_a_recovered_log_is_published_beside_the_lost_branch(living: LivingLog, tmp_path: Path) -> None:
    living.grow(9).log.checkpoint()
    yesterday = living.backup(tmp_path / "yesterday.db")
    living.grow(10).log.checkpoint()
    publish(living.log, BucketShelf(living.store))
    restored = living.put_back(yesterday)
    restored.custody.record(restored.log.lost(start=10, end=20).entry(SUBJECT, ADMINISTRATOR, reason=""))
    restored.log.checkpoint()

    publish(restored.log, BucketShelf(restored.store, recovered_at=restored.log.recovered_at()))

    assert verified(copied(restored.store, tmp_path / "new", prefix="log-10/"))
    assert verified(copied(restored.store, tmp_path / "lost"))


@pytest.mark.parametrize("kind", ["directory", "bucket"])
def test_the_head_of_another_log_is_never_replaced(living: LivingLog, small_log: SmallLog, tmp_path: Path, kind: str) -> None:
    living.grow(3).log.checkpoint()
    shelf = _shelf(living, tmp_path / "log", kind)
    assert shelf.newest() is None
    shelf.show(small_log.note().replace("station-7", "station-8"))

    with pytest.raises(LedgerError):
        publish(living.log, shelf)


def test_what_a_crash_left_in_the_directory_is_removed(living: LivingLog, place: Path) -> None:
    living.grow(3).log.checkpoint()
    publish(living.log, DirectoryShelf(place))
    (place / "tile/0/000.p/4.01234567.tmp").write_bytes(b"half")

    publish(living.log, DirectoryShelf(place))

    assert verified(place)


def test_others_may_read_what_is_published(living: LivingLog, place: Path) -> None:
    living.grow(3).log.checkpoint()
    publish(living.log, DirectoryShelf(place))

    assert {path.stat().st_mode & 0o777 for path in place.rglob("*") if path.is_file()} == {0o644}
    assert {path.stat().st_mode & 0o777 for path in [place, *place.rglob("*")] if path.is_dir()} == {0o755}


@pytest.mark.parametrize("width", [0, 5])
def test_no_bundle_goes_beyond_the_newest_checkpoint(living: LivingLog, width: int) -> None:
    """What is not signed is not given out."""
    living.grow(3).log.checkpoint()
    living.grow(3)
    log: Log = living.log

    with pytest.raises((LedgerError, ValueError)):
        log.bundle(0, width or 7)
    assert TileName(ENTRIES, 0, 4).path == "tile/entries/000.p/4"
