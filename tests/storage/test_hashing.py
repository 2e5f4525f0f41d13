"""
One read says everything about some bytes.

===================  =====================================================================
what it says         the same as hashing everything separately, at every border
bad sources          short, long, failing, stuttering: named, and nothing is left running
bad sinks            full, failing: try again later
how                  few threads, flat memory, small files at once
===================  =====================================================================
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import DigestMismatch, SourceChanged, SpoolFull, StorageUnavailable
from storage.evidence import Algorithm, Digest
from storage.hashing import ALWAYS, Reading, read_through
from storage.lanes import BLOCK_SIZE, RING
from storage.promise import PART_SIZE, Promise
from storage.segments import SEGMENT_SIZE

EVERY = frozenset(Algorithm)
FAILURES = [(errno.ENOSPC, SpoolFull), (errno.EDQUOT, SpoolFull), (errno.EIO, StorageUnavailable)]
BORDERS = [0, SEGMENT_SIZE, RING * BLOCK_SIZE, PART_SIZE, 2 * PART_SIZE]


def noise(size: int) -> bytes:
    """The same bytes for the same size."""
    return random.Random(size).randbytes(size)


def separately(data: bytes) -> dict[str, object]:
    """What `Reading` should say, computed one after another."""
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(data)
    segments = [data[start : start + SEGMENT_SIZE] for start in range(0, len(data), SEGMENT_SIZE)]
    return {
        "promise": Promise.of_bytes(data),
        "segments": b"".join(blake3(segment).digest() for segment in segments),
        "sm3": Digest(Algorithm.SM3, sm3.finalize()),
        "md5": Digest(Algorithm.MD5, hashlib.md5(data, usedforsecurity=False).digest()),
    }


def said(reading: Reading) -> dict[str, object]:
    return {
        "promise": reading.promise,
        "segments": reading.manifest.digests,
        "sm3": reading.content.sm3,
        "md5": reading.md5,
    }


class Stuttering(io.BytesIO):
    """Gives as many bytes at a time as it likes."""

    def __init__(self, data: bytes, steps: random.Random) -> None:
        super().__init__(data)
        self._steps = steps

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        return super().readinto(buffer[: self._steps.randint(1, len(buffer))])


class OnlyReads:
    """Cannot fill a buffer."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)


class Failing(io.BytesIO):
    """Gives its bytes and then an error instead of its end."""

    def __init__(self, data: bytes, error: int) -> None:
        super().__init__(data)
        self._error = error

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        count = super().readinto(buffer)
        if not count:
            raise OSError(self._error, os.strerror(self._error))
        return count


class Full(io.BytesIO):
    """A sink that has room for so many bytes."""

    def __init__(self, room: int, error: int) -> None:
        super().__init__()
        self._room, self._error = room, error

    def write(self, data: memoryview, /) -> int:  # type: ignore[override]
        taken = min(self._room, len(data))
        if taken == 0 and len(data):
            raise OSError(self._error, os.strerror(self._error))
        self._room -= taken
        return super().write(data[:taken])


@pytest.fixture(autouse=True)
def no_thread_is_left() -> object:
    """However a reading ends, it ends alone."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("size", sorted({max(0, border + step) for border in BORDERS for step in (-1, 0, 1)}))
def test_one_read_says_what_many_would(size: int) -> None:
    data, sink = noise(size), io.BytesIO()

    reading = read_through(io.BytesIO(data), sink, expected_size=size, algorithms=EVERY)

    assert said(reading) == separately(data)
    assert sink.getvalue() == data


@given(st.integers(0, 3 * SEGMENT_SIZE), st.integers())
def test_it_does_not_matter_in_what_pieces_a_source_gives_its_bytes(size: int, seed: int) -> None:
    data = noise(size)
    steps = random.Random(seed)

    stuttering = read_through(Stuttering(data, steps), None, expected_size=steps.choice([None, size]))

    assert stuttering == read_through(OnlyReads(data), None, expected_size=size)
    assert stuttering.promise == Promise.of_bytes(data)


def test_sm3_and_md5_are_computed_only_when_asked_for() -> None:
    reading = read_through(io.BytesIO(b"x"), None, expected_size=1)

    assert (reading.content.sm3, reading.md5) == (None, None)
    with pytest.raises(ValueError, match="expected at least blake3, sha256"):
        read_through(io.BytesIO(b"x"), None, expected_size=1, algorithms=frozenset({Algorithm.MD5}))


def test_progress_tells_how_much_has_been_read() -> None:
    heard: list[int] = []

    read_through(io.BytesIO(bytes(5 * BLOCK_SIZE // 2)), None, expected_size=None, progress=heard.append)

    assert heard == [BLOCK_SIZE, 2 * BLOCK_SIZE, 5 * BLOCK_SIZE // 2]


@pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE, 3 * BLOCK_SIZE + 5], ids=str)
@pytest.mark.parametrize("more", [-1, 1, BLOCK_SIZE])
def test_a_source_of_another_length_is_refused(size: int, more: int) -> None:
    """It was listed with a size; whatever changed it since, this is not the file that was listed."""
    with pytest.raises(SourceChanged, match="longer than|ended after"):
        read_through(io.BytesIO(bytes(size)), io.BytesIO(), expected_size=size + more)


@pytest.mark.parametrize("size", [0, 10, 20 * BLOCK_SIZE], ids=str)
def test_a_source_that_cannot_be_read_to_its_end_is_refused(size: int) -> None:
    with pytest.raises(SourceChanged, match="could not be read to its end") as caught:
        read_through(Failing(bytes(size), errno.EIO), io.BytesIO(), expected_size=None, algorithms=EVERY)

    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EIO


@pytest.mark.parametrize("size", [10, 20 * BLOCK_SIZE], ids=str)
@pytest.mark.parametrize(("error", "expected"), FAILURES, ids=["full", "over quota", "broken"])
def test_a_sink_that_takes_no_more_ends_the_reading(size: int, error: int, expected: type[Exception]) -> None:
    """Trying again may help; it is not the camera's fault."""
    with pytest.raises(expected) as caught:
        read_through(io.BytesIO(bytes(size)), Full(size // 2, error), expected_size=size)

    assert type(caught.value) is expected


@pytest.mark.parametrize("algorithms", [ALWAYS, EVERY], ids=["always", "every"])
def test_a_reading_is_kept_as_a_file(algorithms: frozenset[Algorithm]) -> None:
    reading = read_through(io.BytesIO(noise(2 * SEGMENT_SIZE)), None, expected_size=None, algorithms=algorithms)

    assert Reading.decode(reading.encode()) == reading


def _edited(raw: bytes, old: str, new: str) -> bytes:
    assert old.encode() in raw
    return raw.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + b"\n",
        lambda _: b"[]",
        lambda _: b"\xff",
        lambda _: b"[" * 100_000,
        lambda raw: _edited(raw, "/1", "/2"),
        lambda raw: _edited(raw, '"size": 5', '"size": 6'),
        lambda raw: _edited(raw, '"size": 5', '"size": 5.0'),
        lambda raw: _edited(raw, '"size": 5', '"size": "5"'),
        lambda raw: _edited(raw, '"parts": [', '"parts": ["00",'),
        lambda raw: _edited(raw, '"sha256": "sha256', '"sha256": "blake3'),
        lambda raw: _edited(raw, '"segment_root": "', '"segment_root": "00'),
        lambda raw: _edited(raw, '"segments": "', '"segments": "AAAA'),
        lambda raw: _edited(raw, '"blake3"', '"blake2"'),
    ],
)
def test_a_reading_that_was_changed_is_not_read(edit: Callable[[bytes], bytes]) -> None:
    raw = read_through(io.BytesIO(b"12345"), None, expected_size=5).encode()

    with pytest.raises(ValueError, match=r"."):
        Reading.decode(edit(raw))


def test_a_reading_is_of_one_content() -> None:
    one, other = (read_through(io.BytesIO(data), None, expected_size=1) for data in (b"1", b"2"))

    with pytest.raises(ValueError, match="not of the same bytes"):
        replace(one, manifest=other.manifest)
    with pytest.raises(ValueError, match="promise"):
        replace(one, parts=())


def test_two_readings_that_differ_are_told_apart_by_the_first_bytes_that_do() -> None:
    data = noise(3 * SEGMENT_SIZE)
    first = read_through(io.BytesIO(data), None, expected_size=None, algorithms=EVERY)
    other = data[: SEGMENT_SIZE + 7] + b"?" + data[SEGMENT_SIZE + 8 :]

    first.expect(read_through(io.BytesIO(data), None, expected_size=None), "it")
    with pytest.raises(DigestMismatch, match="bytes 1048576 to 2097152 of it"):
        first.expect(read_through(io.BytesIO(other), None, expected_size=None), "it")
    with pytest.raises(DigestMismatch, match="it: expected 3145728 bytes, read 1"):
        first.expect(read_through(io.BytesIO(b"x"), None, expected_size=None), "it")


@pytest.mark.parametrize("algorithm", [Algorithm.SHA256, Algorithm.SM3], ids=str)
def test_readings_differ_when_a_digest_of_the_whole_does(algorithm: Algorithm) -> None:
    """Then it was not the bytes that changed but what was written about them."""
    reading = read_through(io.BytesIO(noise(PART_SIZE + 1)), None, expected_size=None, algorithms=EVERY)
    digest = reading.content.sha256 if algorithm is Algorithm.SHA256 else reading.content.sm3
    assert digest is not None
    changed = Reading.decode(_edited(reading.encode(), digest.hex, "00" * 32))

    with pytest.raises(DigestMismatch, match="0" * 64):
        changed.expect(reading, "it")


def test_small_files_need_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand small files should not start ten thousand times three threads."""
    monkeypatch.setattr(threading.Thread, "start", lambda _: pytest.fail("a thread was started"))

    read_through(io.BytesIO(bytes(BLOCK_SIZE - 1)), io.BytesIO(), expected_size=BLOCK_SIZE - 1, algorithms=EVERY)


_FLAT = """
import resource, sys
from storage.hashing import read_through
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def read(path, size):
    with open(path, "rb", buffering=0) as source, open("/dev/null", "wb", buffering=0) as sink:
        return read_through(source, sink, expected_size=size)
read("/dev/null", 0)
before = peak()
read(sys.argv[1], 2**28)
print(peak() - before)
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A clip costs its length in reading and next to nothing in memory, here at most a tenth of it."""
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(2**28)

    done = subprocess.run(
        [sys.executable, "-c", _FLAT, str(sparse)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) <= 24, "MiB more than before"
