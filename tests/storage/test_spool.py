"""
The spool holds bytes between camera and store, and says what it holds.

===========  ========================================================
claiming     a berth says what is read in it before anything is
removing     a berth loses its name first
locking      one process at a time
===========  ========================================================
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.errors import EvidenceError, StorageUnavailable
from storage.evidence import Kind
from storage.identity import fresh
from storage.spool import Berth, Spool
from tests.storage.footage import CLAIM, CLIP, ROOT, names, secure


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", reserve=0)


@pytest.fixture
def berth(spool: Spool) -> Berth:
    return spool.claim(CLIP, CLAIM)


def test_a_berth_says_what_is_read_in_it(spool: Spool, tmp_path: Path) -> None:
    """Nobody else may look: it names files and people."""
    berth = spool.claim(CLIP, CLAIM)

    again = Spool(tmp_path / "spool", reserve=0).find(CLIP)

    assert again is not None
    assert (again.clip, again.claim, again.state) == (CLIP, CLAIM, "claimed")
    assert names(berth) == ["claim.json"]
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert berth.original.parent.stat().st_mode & 0o777 == 0o700
    assert (berth.original.parent / "claim.json").stat().st_mode & 0o777 == 0o600


def test_the_first_claim_stands(spool: Spool, berth: Berth) -> None:
    secure(berth)

    again = spool.claim(CLIP, {"path": "other"})

    assert (again.claim, again.state) == (CLAIM, "complete")


def test_berths_are_listed_oldest_clip_first_and_nothing_else_is(spool: Spool, tmp_path: Path) -> None:
    """A file system may keep a directory of its own there."""
    clips = [fresh(Kind.CLIP) for _ in range(5)]
    for clip in reversed(clips):
        spool.claim(clip, CLAIM)
    (tmp_path / "spool" / "lost+found").mkdir()
    with spool.lock():
        assert [berth.clip for berth in spool.berths()] == sorted(clips)


def test_a_spool_that_is_not_there_yet_is_empty(spool: Spool) -> None:
    assert list(spool.berths()) == []
    assert spool.find(CLIP) is None
    with pytest.raises(StorageUnavailable, match="cannot be asked for its room"):
        spool.free()


def test_only_clips_have_a_berth(spool: Spool) -> None:
    with pytest.raises(ValueError, match="only clips"):
        spool.claim(fresh(Kind.PARTY), CLAIM)


@pytest.mark.parametrize("written", [b"", b"[]", b"{", b"\xff", None], ids=["empty", "list", "cut off", "garbage", "gone"])
def test_a_claim_that_the_disk_lost_is_an_error_of_this_berth_only(spool: Spool, berth: Berth, written: bytes | None) -> None:
    claim = berth.original.parent / "claim.json"
    claim.unlink() if written is None else claim.write_bytes(written)

    (found,) = spool.berths()

    with pytest.raises(EvidenceError, match="claim in the spool"):
        _ = found.claim


def test_a_removed_berth_is_gone_and_may_be_removed_again(spool: Spool, berth: Berth, tmp_path: Path) -> None:
    secure(berth)
    berth.derived.mkdir()
    (berth.derived / "poster.jpg").write_bytes(b"x")

    berth.remove()
    berth.remove()

    assert spool.find(CLIP) is None
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_clip_may_come_back_with_another_claim(spool: Spool, berth: Berth) -> None:
    assert berth.claim == CLAIM
    berth.remove()

    assert spool.claim(CLIP, {"fetched": "v1"}).claim == {"fetched": "v1"}


def test_a_half_removed_berth_is_no_berth_and_is_swept(
    spool: Spool, berth: Berth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure(berth)

    def away(_path: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", away)
        with pytest.raises(StorageUnavailable):
            berth.remove()
    assert list(spool.berths()) == []
    assert len(list((tmp_path / "spool").iterdir())) == 1

    with spool.lock():
        assert [path.name for path in (tmp_path / "spool").iterdir()] == [".lock"]


_HOLDER = """
import sys
from pathlib import Path
from storage.spool import Spool
with Spool(Path(sys.argv[1]), reserve=0).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(root: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder


def test_only_one_process_works_a_spool(spool: Spool, tmp_path: Path) -> None:
    """Who else does is named; when that one dies, however, the spool is free."""
    with another_process(tmp_path / "spool") as holder:
        with pytest.raises(StorageUnavailable, match=f"in use by process {holder.pid}"), spool.lock():
            pass
        holder.kill()

    with spool.lock():
        pass


def test_nor_do_two_callers_of_the_same_process(spool: Spool) -> None:
    with spool.lock(), pytest.raises(StorageUnavailable, match=f"in use by process {os.getpid()}"), spool.lock():
        pass
    with spool.lock():
        pass
