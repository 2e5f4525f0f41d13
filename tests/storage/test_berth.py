"""
A berth is complete and durable, or it is read again.

===========  =========================================================
securing     all or nothing; again at any time; never worse than before
room         a full disk stops reading and leaves the reserve alone
===========  =========================================================
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from storage.errors import DigestMismatch, EvidenceError, NotFound, SourceChanged, SpoolFull, StorageUnavailable
from storage.evidence import Algorithm, Kind
from storage.hashing import ALWAYS
from storage.identity import fresh
from storage.promise import Promise
from storage.spool import Berth, Spool, verify_reading
from tests.storage.footage import CLAIM, CLIP, FOOTAGE, names, secure


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", reserve=0)


@pytest.fixture
def berth(spool: Spool) -> Berth:
    return spool.claim(CLIP, CLAIM)


@pytest.mark.parametrize("size", [0, 1, len(FOOTAGE)])
def test_a_secured_berth_is_complete(berth: Berth, size: int) -> None:
    data = FOOTAGE[:size]

    reading = berth.secure(io.BytesIO(data), expected_size=size, algorithms=ALWAYS | {Algorithm.SM3})

    assert berth.state == "complete"
    assert berth.reading() == reading
    assert berth.promise() == Promise.of_bytes(data)
    assert names(berth) == ["claim.json", "original", "reading.json"]
    assert {path.stat().st_mode & 0o777 for path in berth.original.parent.iterdir()} == {0o600}
    with berth.open() as opened:
        assert opened.read() == data
    verify_reading(berth)


def test_what_has_not_been_read_is_not_there(berth: Berth) -> None:
    for ask in (berth.reading, berth.promise, berth.open):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.parametrize(
    ("size", "reason"), [(len(FOOTAGE) + 1, "ended after"), (len(FOOTAGE) - 1, "longer than")], ids=["ends early", "grew"]
)
def test_a_reading_that_fails_leaves_only_the_claim(berth: Berth, size: int, reason: str) -> None:
    with pytest.raises(SourceChanged, match=reason):
        berth.secure(io.BytesIO(FOOTAGE), expected_size=size)

    assert names(berth) == ["claim.json"]
    secure(berth)
    assert berth.state == "complete"


def test_a_complete_berth_takes_the_same_bytes_again(berth: Berth) -> None:
    """The spool's disk may have damaged them since, and the camera still has them."""
    secure(berth)
    berth.original.write_bytes(FOOTAGE[:-1] + b"?")
    with pytest.raises(DigestMismatch, match="bytes 2097152 to 2097252 of clip:01JD0000000000000000000000 in the spool"):
        verify_reading(berth)

    secure(berth)

    verify_reading(berth)


@pytest.mark.parametrize(
    ("data", "size"), [(b"other", 5), (FOOTAGE[:-1] + b"?", len(FOOTAGE)), (b"", 1)], ids=["shorter", "changed", "unreadable"]
)
def test_a_complete_berth_stays_complete_when_it_is_offered_anything_else(berth: Berth, data: bytes, size: int) -> None:
    """It may be evidence already."""
    secure(berth)

    with pytest.raises((DigestMismatch, SourceChanged)):
        berth.secure(io.BytesIO(data), expected_size=size)

    verify_reading(berth)
    assert names(berth) == ["claim.json", "original", "reading.json"]


def test_bytes_that_became_fewer_are_found_out(berth: Berth) -> None:
    secure(berth)
    os.truncate(berth.original, 10)

    with pytest.raises(SourceChanged, match="ended after 10"):
        verify_reading(berth)


def test_a_reading_that_the_disk_changed_is_an_error(berth: Berth) -> None:
    secure(berth)
    reading = berth.original.with_name("reading.json")
    reading.write_bytes(reading.read_bytes()[:-1])

    with pytest.raises(EvidenceError, match="its reading in the spool cannot be read"):
        berth.reading()


def test_a_reading_without_its_bytes_is_forgotten_before_others_lie_beside_it(berth: Berth) -> None:
    """A disk that lost power may remember the later of two names only."""
    secure(berth)
    berth.original.unlink()
    assert berth.state == "claimed"

    with pytest.raises(SourceChanged):
        berth.secure(io.BytesIO(b"x"), expected_size=2)

    assert names(berth) == ["claim.json"]


def test_bytes_that_cannot_be_opened_are_away_for_now(berth: Berth) -> None:
    berth.original.mkdir()

    with pytest.raises(StorageUnavailable, match="cannot be opened"):
        berth.open()


def test_what_a_crash_left_under_temporary_names_goes(berth: Berth) -> None:
    for name in ("original.part", "reading.json.1234.tmp"):
        (berth.original.parent / name).write_bytes(b"half")

    secure(berth)

    assert names(berth) == ["claim.json", "original", "reading.json"]


def test_a_clip_that_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    """The message says how much it needs and how much there is."""
    spool = Spool(tmp_path, reserve=0)
    berth = spool.claim(CLIP, CLAIM)

    with pytest.raises(SpoolFull, match=rf"needed {2**60} bytes, \d+ are free"):
        berth.secure(io.BytesIO(b""), expected_size=2**60)

    assert names(berth) == ["claim.json"]


def test_the_reserve_is_left_alone(tmp_path: Path) -> None:
    """Even by a source that does not say how long it is: other things live on that disk."""
    berth = Spool(tmp_path, reserve=2**60).claim(CLIP, CLAIM)

    for size in (None, 0, 3):
        with pytest.raises(SpoolFull):
            berth.secure(io.BytesIO(b"abc"), expected_size=size)

    assert Spool(tmp_path, reserve=2**60).free() < 0


def test_readings_at_the_same_time_share_the_room(spool: Spool, berth: Berth, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clips that would each fit but not both: the second waits instead of spoiling the first."""
    other = spool.claim(fresh(Kind.CLIP), CLAIM)
    size = len(FOOTAGE)
    disk = os.statvfs(berth.original.parent)
    room = list(disk)
    room[4] = int(1.5 * size) // disk.f_frsize  # f_bavail, and it does not shrink
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(room))
    refused: list[SpoolFull] = []

    def meanwhile(_position: int) -> None:
        if not refused:
            with pytest.raises(SpoolFull) as caught:
                secure(other)
            refused.append(caught.value)

    berth.secure(io.BytesIO(FOOTAGE), expected_size=size, progress=meanwhile)

    assert len(refused) == 1
    secure(other)
    verify_reading(other)


def test_a_disk_that_fills_up_while_it_is_written_gives_its_room_back(berth: Berth, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may fill it; the copy that cannot be finished goes."""
    disk = os.statvfs(berth.original.parent)
    full = list(disk)
    full[4] = 0
    reserved = berth._room
    reserved._reserve = 1

    def fill(_position: int) -> None:
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(full))

    with pytest.raises(SpoolFull, match="no room left after"):
        berth.secure(io.BytesIO(FOOTAGE), expected_size=len(FOOTAGE), progress=fill)

    assert names(berth) == ["claim.json"]


def test_a_disk_that_fails_is_away_for_now(berth: Berth, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StorageUnavailable, match="securing clip:.*Input/output error"):
        secure(berth)

    assert berth.state == "claimed"
    assert names(berth) == ["claim.json"]
