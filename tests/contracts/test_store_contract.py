"""
What every object store promises. A store is whatever passes this.

Each test runs on the folder store, on the faulty store while nothing fails, on SeaweedFS and on MinIO.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage.errors import EvidenceError, NotFound, RetentionRefused, StorageUnavailable
from storage.objects import PART_SIZE, Bucket, ObjectName, ObjectStore, Promise, VersionInfo, deposit
from tests.contracts.conftest import SERVERS
from tests.contracts.material import (
    PART,
    Counted,
    giving,
    hostile_sources,
    in_days,
    in_parts,
    interrupted,
    read_back,
    some_bytes,
)

NewName = Callable[..., ObjectName]


def versions(store: ObjectStore, name: ObjectName) -> list[VersionInfo]:
    return [line for line in store.inventory(name.bucket, name.key) if line.name == name]


@pytest.mark.parametrize("size", [0, 1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1])
def test_what_was_deposited_is_read_back(store: ObjectStore, new_name: NewName, size: int) -> None:
    data, name, until = some_bytes(size), new_name(), in_days(2)
    promise = Promise.of_bytes(data)

    stored = deposit(store, name, giving(data), promise, retain_until=until, media_type="video/mp4")

    assert (stored.name, stored.size, stored.sha256, stored.blake3) == (name, size, promise.sha256, promise.blake3)
    assert stored.retained_until is not None
    assert stored.retained_until >= until
    assert stored.media_type == "video/mp4"
    assert store.describe(name, stored.version) == store.describe(name) == stored
    assert read_back(store, stored) == data


@pytest.mark.parametrize("store", ["folder", *SERVERS], indirect=True)
def test_a_large_object_is_read_back(store: ObjectStore, new_name: NewName) -> None:
    data = some_bytes(20 * 2**20) * 10

    stored = deposit(store, new_name(), giving(data), Promise.of_bytes(data), retain_until=None)

    assert stored.size == 200 * 2**20
    assert read_back(store, stored) == data


@pytest.mark.parametrize("how", list(hostile_sources(b"xx")))
@pytest.mark.parametrize("size", [1000, 2 * PART + 1000], ids=["in one part", "in three parts"])
def test_a_source_that_breaks_its_word_leaves_nothing(store: ObjectStore, new_name: NewName, how: str, size: int) -> None:
    data, name = some_bytes(size), new_name()
    source, failure = hostile_sources(data)[how]

    with pytest.raises(failure):
        deposit(store, name, source, in_parts(data), retain_until=None)

    with pytest.raises(NotFound):
        store.describe(name)
    assert versions(store, name) == []
    assert store.abandon(name) == 0


def test_an_empty_promise_is_not_kept_by_a_source_that_has_bytes(store: ObjectStore, new_name: NewName) -> None:
    name = new_name()

    with pytest.raises(EvidenceError, match="has more"):
        deposit(store, name, giving(b"x"), Promise.of_bytes(b""), retain_until=None)

    assert versions(store, name) == []


@pytest.mark.parametrize("size", [0, 1000, PART + 1])
def test_a_second_deposit_makes_no_second_version_and_reads_nothing(store: ObjectStore, new_name: NewName, size: int) -> None:
    data, name = some_bytes(size), new_name()
    source, until = Counted(data), in_days(2)
    first = deposit(store, name, source, in_parts(data), retain_until=until)

    second = deposit(store, name, source, in_parts(data), retain_until=until)

    assert second == first
    assert source.opened == 1
    assert [line.version for line in versions(store, name)] == [first.version]


def test_a_deposit_that_is_aborted_half_way_may_be_tried_again(store: ObjectStore, new_name: NewName) -> None:
    data, name = some_bytes(2 * PART + 1000), new_name()

    with pytest.raises(StorageUnavailable):
        deposit(store, name, interrupted(data, PART, lambda: store.abandon(name)), in_parts(data), retain_until=None)
    assert versions(store, name) == []
    stored = deposit(store, name, giving(data), in_parts(data), retain_until=None)

    assert [line.version for line in versions(store, name)] == [stored.version]
    assert store.abandon(name) == 0


def test_another_content_is_never_written_over_the_first(store: ObjectStore, new_name: NewName) -> None:
    name = new_name()
    first = deposit(store, name, giving(b"first"), Promise.of_bytes(b"first"), retain_until=None)

    with pytest.raises(EvidenceError, match="expected 6 bytes"):
        deposit(store, name, giving(b"second"), Promise.of_bytes(b"second"), retain_until=None)

    assert [line.version for line in versions(store, name)] == [first.version]
    assert read_back(store, first) == b"first"


def test_depositing_again_lengthens_a_lock_and_never_shortens_it(store: ObjectStore, new_name: NewName) -> None:
    name, promise = new_name(), Promise.of_bytes(b"x")
    deposit(store, name, giving(b"x"), promise, retain_until=in_days(2))

    longer = deposit(store, name, giving(b"x"), promise, retain_until=in_days(4))
    again = deposit(store, name, giving(b"x"), promise, retain_until=in_days(3))

    assert longer.retained_until is not None
    assert longer.retained_until >= in_days(4).replace(microsecond=0)
    assert again == longer


def test_what_is_locked_is_not_disposed_of(store: ObjectStore, new_name: NewName) -> None:
    stored = deposit(store, new_name(), giving(b"x"), Promise.of_bytes(b"x"), retain_until=in_days(2))

    with pytest.raises(RetentionRefused, match=stored.version):
        store.dispose(stored.name, stored.version)

    assert read_back(store, stored) == b"x"


def test_a_lock_is_lengthened_but_not_shortened(store: ObjectStore, new_name: NewName) -> None:
    stored = deposit(store, new_name(), giving(b"x"), Promise.of_bytes(b"x"), retain_until=in_days(2))
    store.extend(stored.name, stored.version, in_days(9))

    with pytest.raises(RetentionRefused):
        store.extend(stored.name, stored.version, in_days(5))

    until = store.describe(stored.name, stored.version).retained_until
    assert until is not None
    assert until > in_days(8)


def test_a_hold_comes_and_goes_and_leaves_the_lock(store: ObjectStore, new_name: NewName) -> None:
    stored = deposit(store, new_name(), giving(b"x"), Promise.of_bytes(b"x"), retain_until=in_days(2))

    for _ in range(2):
        store.hold(stored.name, stored.version)
    with pytest.raises(RetentionRefused):
        store.dispose(stored.name, stored.version)
    for _ in range(2):
        store.release(stored.name, stored.version)
    with pytest.raises(RetentionRefused):
        store.dispose(stored.name, stored.version)

    assert store.describe(stored.name, stored.version) == stored


def test_what_is_neither_locked_nor_held_is_disposed_of_and_twice_is_fine(store: ObjectStore, new_name: NewName) -> None:
    stored = deposit(store, new_name(Bucket.INDEX), giving(b"x"), Promise.of_bytes(b"x"), retain_until=None)
    assert stored.retained_until is None

    for _ in range(2):
        store.dispose(stored.name, stored.version)

    with pytest.raises(NotFound):
        store.describe(stored.name, stored.version)
    with pytest.raises(NotFound):
        store.describe(stored.name)
    assert versions(store, stored.name) == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, None),
        (0, 0),
        (0, 1),
        (7, 7),
        (1, 1000),
        (PART - 1, PART + 1),
        (PART, PART + 1),
        (PART - 1, 2 * PART + 1),
        (2 * PART, None),
        (2 * PART, 9 * PART),
        (2 * PART + 5, None),
        (9 * PART, None),
        (9 * PART, 10 * PART),
    ],
)
def test_ranges_are_read_across_parts_and_end_with_the_object(
    store: ObjectStore, new_name: NewName, start: int, end: int | None
) -> None:
    data = some_bytes(2 * PART + 5)
    name = ObjectName(Bucket.INDEX, "测试/ranges")
    stored = deposit(store, name, giving(data), in_parts(data), retain_until=None)

    assert read_back(store, stored, start, end) == data[start:end]


def test_a_range_that_runs_backwards_is_refused(store: ObjectStore, new_name: NewName) -> None:
    stored = deposit(store, new_name(), giving(b"abc"), Promise.of_bytes(b"abc"), retain_until=None)

    for start, end in [(-1, 1), (2, 1)]:
        with (
            pytest.raises(ValueError, match="expected 0 ≤ start ≤ end"),
            store.open(stored.name, version=stored.version, start=start, end=end),
        ):
            pass


def test_a_reader_that_is_left_early_does_no_harm(store: ObjectStore, new_name: NewName) -> None:
    data = some_bytes(PART)
    stored = deposit(store, new_name(), giving(data), in_parts(data), retain_until=None)

    with store.open(stored.name, version=stored.version) as readable:
        assert readable.read(10) == data[:10]

    assert read_back(store, stored, 0, 10) == data[:10]


@pytest.mark.parametrize(
    "key",
    [
        "当事人/甲 乙/原件.mp4",
        "a+b%20c/?&=#/'\"<>/original",
        "emoji 🎥/ü/~",
        "长/" + "字" * 66,
        "/".join(["目录"] * 100),
        "with.object/inside.object",
    ],
)
def test_keys_may_be_chinese_long_and_strange(store: ObjectStore, new_name: NewName, key: str) -> None:
    name = ObjectName(Bucket.INDEX, f"{new_name().key}/{key}")

    stored = deposit(store, name, giving(b"x"), Promise.of_bytes(b"x"), retain_until=None)

    assert read_back(store, stored) == b"x"
    assert [line.name for line in store.inventory(Bucket.INDEX, name.key)] == [name]


def test_the_inventory_gives_what_begins_with_the_prefix_and_only_that(store: ObjectStore, new_name: NewName) -> None:
    top = new_name(Bucket.INDEX).key
    keys = [f"{top}/a/1", f"{top}/a/2", f"{top}/ab", f"{top}/b/1"]
    for key in keys:
        deposit(store, ObjectName(Bucket.INDEX, key), giving(b"xyz"), Promise.of_bytes(b"xyz"), retain_until=None)

    def listed(prefix: str) -> list[str]:
        return sorted(line.name.key for line in store.inventory(Bucket.INDEX, prefix))

    assert listed(f"{top}/") == keys
    assert listed(f"{top}/a") == keys[:3]
    assert listed(f"{top}/a/") == keys[:2]
    assert listed(f"{top}/c") == []
    line = next(iter(store.inventory(Bucket.INDEX, f"{top}/b")))
    assert (line.size, line.is_delete_marker, line.is_latest) == (3, False, True)
    assert line.version == store.describe(line.name).version


def test_a_longer_key_is_not_taken_for_a_shorter_one(store: ObjectStore, new_name: NewName) -> None:
    name = new_name(Bucket.INDEX)
    deposit(store, ObjectName(name.bucket, f"{name.key}.manifest"), giving(b"x"), Promise.of_bytes(b"x"), retain_until=None)

    with pytest.raises(NotFound):
        store.describe(name)


@pytest.mark.parametrize("version", ["null", "0" * 32, "8f4dd3ee-5ee2-4c0c-8d2c-0d4d2c2a7c11"])
def test_a_version_that_is_not_there_is_not_found(store: ObjectStore, new_name: NewName, version: str) -> None:
    stored = deposit(store, new_name(), giving(b"x"), Promise.of_bytes(b"x"), retain_until=None)

    with pytest.raises(NotFound):
        store.describe(stored.name, version)
    with pytest.raises(NotFound), store.open(stored.name, version=version):
        pass


def test_what_was_never_there_has_no_lock_to_change(store: ObjectStore, new_name: NewName) -> None:
    name, version = new_name(), "0" * 32

    with pytest.raises(NotFound):
        store.extend(name, version, in_days(2))
    with pytest.raises(NotFound):
        store.hold(name, version)
    with pytest.raises(NotFound):
        store.release(name, version)
    assert store.abandon(name) == 0
