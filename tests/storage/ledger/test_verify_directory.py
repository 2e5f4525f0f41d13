"""
A stranger with a copied log and a key on paper: honest logs hold, and damage to any file is noticed.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import VerifierKey
from storage.ledger.tiles import decode_entries, encode_entries
from storage.verifier import VerificationError
from storage.verifier.logdir import verify_directory
from storage.verifier.logfiles import LogFiles
from storage.verifier.steps import Outcome

from .conftest import ORIGIN, SmallLog, log_of, one_bit_off, signer, wrong_steps

KEYS = [VerifierKey.parse(signer().vkey)]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 513])
def test_an_honest_log_holds(tmp_path: Path, size: int) -> None:
    report = verify_directory(log_of(size).write(tmp_path), KEYS)

    assert wrong_steps(report) == set()
    assert report.outcome is Outcome.CONSISTENT
    assert [step.number for step in report.steps] == [1, 2, 3, 4, 5, 6]
    assert [step.name for step in report.steps] == ["signature", "files", "entries", "order", "tiles", "root"]


def test_an_empty_log_proves_nothing(tmp_path: Path) -> None:
    """Nothing was verified, so nothing is said to hold."""
    report = verify_directory(SmallLog().write(tmp_path), KEYS)

    assert report.outcome is Outcome.FAILED
    assert wrong_steps(report) == {"entries", "order", "tiles"}


def flipped(raw: bytes) -> bytes:
    return one_bit_off(raw, random.Random(len(raw)).randrange(8 * len(raw)))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "first bit": lambda raw: one_bit_off(raw, 0),
    "some bit": flipped,
    "last bit": lambda raw: one_bit_off(raw, 8 * len(raw) - 1),
    "a byte less": lambda raw: raw[:-1],
    "a byte more": lambda raw: raw + b"\n",
    "empty": lambda raw: raw[:0],
    "twice": lambda raw: raw + raw,
    "first byte gone": lambda raw: raw[1:],
    "byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "carriage returns": lambda raw: raw.replace(b"\n", b"\r\n") if b"\n" in raw else raw + b"\r\n",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_to_any_file_is_noticed(copied: Path, damage: Callable[[bytes], bytes]) -> None:
    for path in [path for path in copied.rglob("*") if path.is_file()]:
        before = path.read_bytes()
        path.write_bytes(damage(before))
        assert verify_directory(copied, KEYS).outcome is Outcome.FAILED, path
        path.write_bytes(before)
    assert verify_directory(copied, KEYS).outcome is Outcome.CONSISTENT


def test_a_missing_file_is_noticed(copied: Path) -> None:
    for path in [path for path in copied.rglob("*") if path.is_file()]:
        path.rename(copied.parent / "away")
        assert verify_directory(copied, KEYS).outcome is Outcome.FAILED, path
        (copied.parent / "away").rename(path)


def test_files_that_changed_places_are_noticed(copied: Path) -> None:
    files = sorted(path for path in copied.rglob("*") if path.is_file())
    for first, second in zip(files, files[1:] + files[:1], strict=True):
        one, other = first.read_bytes(), second.read_bytes()
        first.write_bytes(other)
        second.write_bytes(one)
        assert verify_directory(copied, KEYS).outcome is Outcome.FAILED, (first, second)
        first.write_bytes(one)
        second.write_bytes(other)


@pytest.mark.parametrize(
    "extra",
    [
        "notes.txt",
        "tile/readme",
        "tile/0/001",
        "tile/0/001.p/45",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/entries/002",
        "tile/0/x000/000",
        "checkpoint.old",
    ],
)
def test_a_file_too_many_is_noticed(copied: Path, extra: str) -> None:
    (copied / extra).parent.mkdir(parents=True, exist_ok=True)
    (copied / extra).write_bytes(b"\0" * 32)

    assert wrong_steps(verify_directory(copied, KEYS)) == {"files"}


def test_a_link_is_not_a_file(copied: Path) -> None:
    """What it points to may be another file tomorrow."""
    real = copied / "tile" / "0" / "000"
    shutil.copy(real, copied.parent / "elsewhere")
    real.unlink()
    real.symlink_to(copied.parent / "elsewhere")

    assert wrong_steps(verify_directory(copied, KEYS)) == {"files"}


def test_a_circle_of_links_ends(copied: Path) -> None:
    (copied / "tile" / "again").symlink_to(copied)

    assert wrong_steps(verify_directory(copied, KEYS)) == {"files"}


def test_directories_without_end_are_refused(copied: Path) -> None:
    (copied / "/".join(["tile"] + ["x001"] * 20)).mkdir(parents=True)

    assert wrong_steps(verify_directory(copied, KEYS)) == {"files"}


def test_a_pipe_in_place_of_a_file_does_not_hold_the_verifier_up(copied: Path) -> None:
    os.mkfifo(copied / "tile" / "pipe")
    assert wrong_steps(verify_directory(copied, KEYS)) == {"files"}

    for name, wrong in (("tile/0/000", {"files", "tiles"}), ("checkpoint", {"signature"})):
        (copied / name).unlink()
        os.mkfifo(copied / name)
        assert wrong_steps(verify_directory(copied, KEYS)) == wrong


def test_an_older_partial_tile_may_stay_if_it_is_the_beginning(copied: Path, small_log: SmallLog) -> None:
    tile, bundle = copied / "tile" / "0" / "000.p" / "7", copied / "tile" / "entries" / "001.p" / "3"
    tile.parent.mkdir()
    tile.write_bytes(b"".join(small_log.hashes[:7]))
    bundle.write_bytes(encode_entries(small_log.raws[256:259]))

    assert verify_directory(copied, KEYS).outcome is Outcome.CONSISTENT
    for path, wrong in [
        (tile, b"".join(small_log.hashes[:6])),
        (tile, b"".join(small_log.hashes[1:8])),
        (tile, b"".join(small_log.hashes[:7]) + b"\0"),
        (bundle, encode_entries(small_log.raws[256:258])),
        (bundle, encode_entries(small_log.raws[255:258])),
        (bundle, encode_entries(small_log.raws[256:259])[:-1]),
    ]:
        before = path.read_bytes()
        path.write_bytes(wrong)
        assert wrong_steps(verify_directory(copied, KEYS)) == {"files"}
        path.write_bytes(before)


def test_nothing_at_all_is_no_log(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "missing", Path(__file__)):
        report = verify_directory(root, KEYS)
        assert report.outcome is Outcome.FAILED
        assert len(report.steps) == 1


def test_a_directory_that_went_away_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="cannot be read"):
        LogFiles(tmp_path / "gone", 0).verify_names()


def test_a_checkpoint_without_end_is_not_read_to_its_end(copied: Path) -> None:
    with (copied / "checkpoint").open("wb") as file:
        file.truncate(2**40)

    assert verify_directory(copied, KEYS).outcome is Outcome.FAILED


def test_a_size_beyond_all_measure_is_found_out_at_the_first_missing_file(copied: Path) -> None:
    head = Checkpoint(ORIGIN, 10**15, bytes(32))
    (copied / "checkpoint").write_text(sign_checkpoint(head, signer()))

    assert {"files", "entries", "root"} <= wrong_steps(verify_directory(copied, KEYS))


def test_bundles_hold_what_the_log_holds(copied: Path, small_log: SmallLog) -> None:
    assert decode_entries((copied / "tile" / "entries" / "001.p" / "44").read_bytes()) == small_log.raws[256:]
