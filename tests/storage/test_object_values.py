"""What may be the name of an object, what a promise must hold together, and how a reader holds a source to it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import DigestMismatch, SourceChanged
from storage.evidence import Algorithm, Digest
from storage.objects import Bucket, ObjectName, Promise, Readable
from storage.promise import PART_SIZE, CheckedReader, checked, part_count


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/absolute",
        "ends/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "a/./b",
        "a\x00b",
        "a\nb",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
        "a\ufffeb",
        "\ud800",
        "x" * 241,
        "字" * 81,
        "/".join(["x" * 100] * 9),
    ],
)
def test_keys_that_climb_hide_or_do_not_fit_are_refused(key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a lone surrogate is refused by the encoder, in its own words
        ObjectName(Bucket.EVIDENCE, key)


@pytest.mark.parametrize("key", ["a", "...", "a/..b", "当事人/甲 乙/原件.mp4", "x" * 240, "字" * 80, "𬎆/🎥", "\ufffd"])
def test_other_keys_are_kept_as_they_are(key: str) -> None:
    name = ObjectName(Bucket.INDEX, key)

    assert name.key == key
    assert str(name) == f"index/{key}"


@given(st.text(max_size=40))
def test_a_name_that_exists_cannot_leave_its_bucket(key: str) -> None:
    try:
        name = ObjectName(Bucket.INDEX, key)
    except ValueError:
        return

    assert name.key
    assert not {"", ".", ".."} & set(name.key.split("/"))
    assert not any(ord(character) < 32 for character in name.key)


def test_names_are_ordered_by_bucket_and_key() -> None:
    names = [ObjectName(Bucket.INDEX, "a"), ObjectName(Bucket.EVIDENCE, "b"), ObjectName(Bucket.EVIDENCE, "a")]

    assert sorted(names) == names[::-1]


def test_parts_have_sixteen_mebibytes() -> None:
    assert PART_SIZE == 16 * 1024 * 1024
    assert Promise.of_bytes(b"x").part_size == PART_SIZE


@pytest.mark.parametrize(("size", "parts"), [(0, 1), (1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_every_promise_has_a_part_even_of_nothing(size: int, parts: int) -> None:
    promise = Promise.of_bytes(b"x" * size, part_size=10)

    assert part_count(size=size, part_size=10) == len(promise.parts) == parts


def test_a_promise_that_contradicts_itself_cannot_be_made() -> None:
    promise = Promise.of_bytes(b"0123456789x", part_size=10)
    other = hashlib.sha256(b"other").digest()

    for change in (
        {"size": -1},
        {"size": 10},
        {"size": 21},
        {"part_size": 0},
        {"parts": promise.parts[:1]},
        {"parts": (other, b"short")},
        {"sha256": promise.blake3},
        {"blake3": promise.sha256},
    ):
        with pytest.raises(ValueError, match="promise"):
            replace(promise, **change)
    with pytest.raises(ValueError, match="one part"):
        replace(Promise.of_bytes(b"x"), sha256=Digest(Algorithm.SHA256, other))


class Dribbling:
    """A source that gives fewer bytes than asked for, as pipes and decrypting readers do."""

    def __init__(self, data: bytes, most: int) -> None:
        self._file, self._most = io.BytesIO(data), most

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(self._most if size < 0 else min(size, self._most))


def all_of(reader: Readable, size: int) -> tuple[bytes, Exception | None]:
    """Read to the end, or to what was raised."""
    taken = b""
    try:
        while block := reader.read(size):
            taken += block
    except (DigestMismatch, SourceChanged) as error:
        return taken, error
    return taken, None


sizes = st.integers(1, 30)


@given(data=st.binary(max_size=100), part_size=sizes, most=sizes, asked=st.one_of(st.just(-1), sizes))
def test_an_honest_source_is_read_to_its_end(data: bytes, part_size: int, most: int, asked: int) -> None:
    reader = CheckedReader(Dribbling(data, most), Promise.of_bytes(data, part_size=part_size), "it")

    assert all_of(reader, asked) == (data, None)
    assert reader.read(asked) == b""
    assert reader.read(0) == b""


@given(
    data=st.binary(max_size=100),
    other=st.binary(max_size=100),
    part_size=sizes,
    most=sizes,
    asked=st.one_of(st.just(-1), sizes),
)
def test_no_other_bytes_are_ever_given_out_whole(data: bytes, other: bytes, part_size: int, most: int, asked: int) -> None:
    reader = CheckedReader(Dribbling(other, most), Promise.of_bytes(data, part_size=part_size), "it")

    taken, failure = all_of(reader, asked)

    assert (failure is None) == (other == data)
    assert len(taken) < max(1, len(data)) or failure is None


def test_other_bytes_are_named_and_the_last_of_them_is_not_given_out() -> None:
    promise = Promise.of_bytes(b"aaaabbbbcc", part_size=4)

    taken, failure = all_of(CheckedReader(io.BytesIO(b"aaaabbbxcc"), promise, "evidence/clip"), 4)

    assert taken == b"aaaabbbx"
    assert isinstance(failure, DigestMismatch)
    assert failure.expected == promise.blake3
    assert str(failure).startswith("evidence/clip: expected blake3:")


def test_a_source_may_be_opened_again() -> None:
    source = checked(lambda: io.BytesIO(b"abc"), Promise.of_bytes(b"abc"), "it")

    for _ in range(2):
        with source() as readable:
            assert readable.read() == b"abc"


def test_what_is_read_is_closed_whatever_happens() -> None:
    file = io.BytesIO(b"abd")

    with pytest.raises(DigestMismatch), checked(lambda: file, Promise.of_bytes(b"abc"), "it")() as readable:
        readable.read()

    assert file.closed
