"""
What a store on a server does when requests and answers get lost, the server dies, or the bytes change on the way.

"before" means that a request never arrived, "after" that it was carried out and only its answer was lost.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress

import pytest

from storage.errors import DigestMismatch, EvidenceError, NotFound, StorageUnavailable
from storage.objects import Bucket, ObjectName, Promise, Readable, VersionInfo, deposit
from storage.s3 import S3Store
from tests.contracts.conftest import OnServer
from tests.contracts.material import PART, giving, in_days, in_parts, interrupted, read_back, some_bytes
from tests.servers.unplugged import Moment, completing, creating, putting_whole, sending_a_part

NewName = Callable[..., ObjectName]
DATA = some_bytes(2 * PART + 1000)


def versions(store: S3Store, name: ObjectName) -> list[VersionInfo]:
    return [line for line in store.inventory(name.bucket, name.key) if line.name == name]


def _read_to_its_end(readable: Readable) -> None:
    while readable.read(2**20):
        pass


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost request", "lost answer"])
@pytest.mark.parametrize("request_", [creating, sending_a_part, completing], ids=["create", "part", "complete"])
def test_a_deposit_that_lost_something_is_repeated_and_makes_one_version(
    on_server: OnServer, new_name: NewName, moment: Moment, request_: Callable[[str, str], bool]
) -> None:
    store, name = on_server.store, new_name()
    on_server.cable.unplug(moment, request_)

    with suppress(StorageUnavailable):
        deposit(store, name, giving(DATA), in_parts(DATA), retain_until=in_days(2))
    assert not on_server.cable.is_due
    stored = deposit(store, name, giving(DATA), in_parts(DATA), retain_until=in_days(2))

    assert [line.version for line in versions(store, name)] == [stored.version]
    assert store.abandon(name) == 0
    assert read_back(store, stored) == DATA


def test_a_deposit_whose_last_answer_was_lost_finds_out_by_itself(on_server: OnServer, new_name: NewName) -> None:
    store, name = on_server.store, new_name()
    on_server.cable.unplug("after", completing)

    stored = deposit(store, name, giving(DATA), in_parts(DATA), retain_until=in_days(2))

    assert not on_server.cable.is_due
    assert [line.version for line in versions(store, name)] == [stored.version]


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost request", "lost answer"])
def test_an_empty_object_is_deposited_once_whatever_gets_lost(on_server: OnServer, new_name: NewName, moment: Moment) -> None:
    store, name, promise = on_server.store, new_name(), Promise.of_bytes(b"")
    on_server.cable.unplug(moment, putting_whole)

    with suppress(StorageUnavailable):
        deposit(store, name, giving(b""), promise, retain_until=None)
    assert not on_server.cable.is_due
    stored = deposit(store, name, giving(b""), promise, retain_until=None)

    assert [line.version for line in versions(store, name)] == [stored.version]


def test_a_lost_answer_is_not_taken_for_success_if_another_content_stands_there(on_server: OnServer, new_name: NewName) -> None:
    store, name = on_server.store, new_name()
    store.deposit(name, giving(b"other"), Promise.of_bytes(b"other"), retain_until=None)
    on_server.cable.unplug("before", completing)

    with pytest.raises(StorageUnavailable):
        store.deposit(name, giving(DATA), in_parts(DATA), retain_until=None)


def test_unfinished_uploads_of_exactly_one_key_are_found_and_aborted(on_server: OnServer, new_name: NewName) -> None:
    store, name = on_server.store, new_name()
    longer = ObjectName(name.bucket, f"{name.key}.manifest")
    for each in (name, name, longer):
        on_server.cable.unplug("after", creating)
        with pytest.raises(StorageUnavailable):
            store.deposit(each, giving(DATA), in_parts(DATA), retain_until=None)

    assert store.abandon(name) == 2
    assert store.abandon(name) == 0
    assert store.abandon(longer) == 1


@pytest.mark.parametrize("size", [1000, 2 * PART + 1000], ids=["in one part", "in three parts"])
def test_the_server_itself_refuses_bytes_other_than_promised(on_server: OnServer, new_name: NewName, size: int) -> None:
    store, name = on_server.store, new_name()
    promised = some_bytes(size)
    other = promised[:-1] + bytes([promised[-1] ^ 1])

    with pytest.raises(DigestMismatch, match="says the store"):
        # not by `deposit`, which would have noticed before the server
        store.deposit(name, giving(other), in_parts(promised), retain_until=None)

    assert versions(store, name) == []
    assert store.abandon(name) == 0


def test_a_server_that_dies_half_way_gets_the_whole_object_next_time(on_server: OnServer, new_name: NewName) -> None:
    """Nor is what it was giving when it died taken for the whole."""
    if not on_server.server.command:
        pytest.skip("this server runs elsewhere and cannot be killed")
    store, name, until = on_server.store, new_name(), in_days(2)
    large = some_bytes(8 * PART)
    earlier = deposit(store, new_name(), giving(large), in_parts(large), retain_until=until)

    with store.open(earlier.name, version=earlier.version) as readable:
        assert readable.read(1) == large[:1]
        with pytest.raises(StorageUnavailable):
            deposit(store, name, interrupted(DATA, PART, on_server.server.kill), in_parts(DATA), retain_until=until)
        with pytest.raises(StorageUnavailable):
            _read_to_its_end(readable)
    with pytest.raises(StorageUnavailable):
        deposit(store, name, giving(DATA), in_parts(DATA), retain_until=until)
    on_server.server.start()
    stored = deposit(store, name, giving(DATA), in_parts(DATA), retain_until=until)

    assert [line.version for line in versions(store, name)] == [stored.version]
    assert store.abandon(name) == 0
    assert read_back(store, stored) == DATA
    assert store.describe(earlier.name, earlier.version) == earlier
    assert read_back(store, earlier) == large


def test_a_delete_marker_hides_nothing(on_server: OnServer, new_name: NewName) -> None:
    """Whoever marks a clip as deleted does not make us deposit it twice, nor call it missing."""
    store, name, promise = on_server.store, new_name(), Promise.of_bytes(b"x")
    stored = deposit(store, name, giving(b"x"), promise, retain_until=in_days(2))
    store.client.remove_object(store.bucket(name.bucket), name.key)

    again = deposit(store, name, giving(b"x"), promise, retain_until=None)

    assert again == stored
    lines = versions(store, name)
    assert sorted(line.is_delete_marker for line in lines) == [False, True]
    assert [line.is_latest for line in lines if line.is_delete_marker] == [True]


def test_a_forged_newer_version_is_noticed_and_never_read(on_server: OnServer, new_name: NewName) -> None:
    store, name = on_server.store, new_name()
    stored = deposit(store, name, giving(b"true"), Promise.of_bytes(b"true"), retain_until=None)
    store.deposit(name, giving(b"fake"), Promise.of_bytes(b"fake"), retain_until=None)

    with pytest.raises(EvidenceError, match="expected 4 bytes"):
        deposit(store, name, giving(b"true"), Promise.of_bytes(b"true"), retain_until=None)

    assert read_back(store, stored) == b"true"
    assert [line.is_latest for line in versions(store, name) if line.version == stored.version] == [False]


def test_an_object_that_is_not_ours_is_not_described(on_server: OnServer, new_name: NewName) -> None:
    store, name = on_server.store, new_name()
    store.client.put_object(store.bucket(name.bucket), name.key, io.BytesIO(b"x"), 1)

    with pytest.raises(EvidenceError, match="no digests of ours"):
        store.describe(name)


def test_a_version_that_was_disposed_of_is_gone_but_a_newer_one_stays(on_server: OnServer, new_name: NewName) -> None:
    store = on_server.store
    name = new_name(Bucket.INDEX)
    first = store.deposit(name, giving(b"1"), Promise.of_bytes(b"1"), retain_until=None)
    second = store.deposit(name, giving(b"2"), Promise.of_bytes(b"2"), retain_until=None)

    store.dispose(name, first.version)

    with pytest.raises(NotFound):
        store.describe(name, first.version)
    assert store.describe(name).version == second.version
