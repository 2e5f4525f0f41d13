"""
A bundle verifies as a whole or not at all: every file of it changed in every way, by whoever packs it again afterwards as well.

What our verifier says is compared with three programs that know nothing of us: bagit.py, sha256sum and b3sum.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import VerifierKey
from storage.lifecycle import LifeCycle as Moves
from storage.verifier.bundle import verify_bundle
from storage.verifier.lifecycle import LifeCycle
from storage.verifier.steps import Outcome, Report

from .bundled import CLIPS, files_of, packed_again, segments_of, told_log, write_bundle
from .conftest import ORIGIN, WITNESS_KEY, SmallLog, one_bit_off, signer, wrong_steps

KEYS = [VerifierKey.parse(signer().vkey)]
STEPS = ["bag", "signature", "witnesses", "entries", "inclusion", "history", "life cycle", "media", "held", "disclosure"]
PLAIN = [step for step in STEPS if step != "witnesses"]


@pytest.fixture(scope="module")
def log() -> tuple[SmallLog, list[int]]:
    return told_log()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, log: tuple[SmallLog, list[int]]) -> Path:
    """The honest bundle; not to be changed."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "honest", *log)


@pytest.fixture
def bundle(tmp_path: Path, made: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "bundle"))


def verified(bundle: Path) -> Report:
    return verify_bundle(bundle, KEYS)


def test_an_honest_bundle_holds(made: Path) -> None:
    report = verified(made)

    assert [(step.name, str(step.detail)) for step in report.steps if not step.ok] == []
    assert [step.name for step in report.steps] == PLAIN
    assert report.outcome is Outcome.CONSISTENT


def test_with_a_witness_from_outside_it_is_verified(made: Path, log: tuple[SmallLog, list[int]]) -> None:
    report = verify_bundle(made, KEYS, witnesses=[WITNESS_KEY])
    assert [step.name for step in report.steps if step.ok] == STEPS
    assert report.outcome is Outcome.VERIFIED

    assert verify_bundle(made, KEYS, witnesses=[WITNESS_KEY], held=[log[0].note(9)]).outcome is Outcome.VERIFIED
    assert verify_bundle(made, KEYS, held=[log[0].note()]).outcome is Outcome.VERIFIED


def test_a_head_that_was_held_elsewhere_tells_of_rewriting_and_cutting(made: Path, log: tuple[SmallLog, list[int]]) -> None:
    forged = sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), signer())
    larger = sign_checkpoint(Checkpoint(ORIGIN, 900, bytes(32)), signer())
    for held, word in ((forged, "another root"), (larger, "it was cut"), (log[0].note(3), "no proof from it"), ("", "note")):
        report = verify_bundle(made, KEYS, held=[held])
        assert wrong_steps(report) == {"held"}
        assert word in next(str(step.detail) for step in report.steps if not step.ok)


def test_the_strangers_own_table_is_used_where_he_has_one(made: Path) -> None:
    other = LifeCycle.parse(Moves([]).table().replace(b"[]", b'[{"after":[""],"kind":"clip","then":null,"type":"SECURED"}]'))

    assert wrong_steps(verify_bundle(made, KEYS, life_cycle=other)) == {"life cycle"}


@pytest.mark.parametrize("key", [signer(2), signer(name="elsewhere.example")], ids=["another key", "another log"])
def test_another_key_does_not_open_it(made: Path, key: object) -> None:
    assert "signature" in wrong_steps(verify_bundle(made, [VerifierKey.parse(key.vkey)]))  # type: ignore[attr-defined]


# --- every file, changed --------------------------------------------------------------------------------------------------

Change = Callable[[Path], object]


def changes(path: Path) -> Iterator[tuple[str, Change]]:
    """What may be done to a file."""
    raw = path.read_bytes()
    for bit in sorted({0, 8 * (len(raw) // 2) + 3, 8 * len(raw) - 1}) if raw else ():
        yield f"bit {bit}", lambda p, bit=bit: p.write_bytes(one_bit_off(raw, bit))  # type: ignore[misc]
    yield "appended", lambda p: p.write_bytes(raw + b"\n")
    yield "byte order mark", lambda p: p.write_bytes(b"\xef\xbb\xbf" + raw)
    yield "removed", lambda p: p.unlink()
    if raw:
        yield "truncated", lambda p: p.write_bytes(raw[:-1])
        yield "emptied", lambda p: p.write_bytes(b"")
    if b"\n" in raw:
        yield "CRLF", lambda p: p.write_bytes(raw.replace(b"\n", b"\r\n"))


UNSIGNED = ("VERIFY.md", "verify.pyz", "policy/trust.policy", "bag-info.txt")
"""What whoever packs a bundle again may write as he likes: words for people, and programs that nobody has to run."""
REMADE = ("manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt")
"""Files that packing again writes anew, so that nothing of the change is left."""


def test_every_change_of_every_file_is_found(made: Path, tmp_path: Path) -> None:
    tried, copy = 0, _copied(made, tmp_path / "copy")
    for name in files_of(made):
        for what, change in changes(made / name):
            tried += 1
            change(copy / name)
            assert "bag" in wrong_steps(verified(copy)), (name, what)
            _restore(copy, made, name)
    assert tried > 150
    assert verified(copy).outcome is Outcome.CONSISTENT


def test_every_change_is_found_when_the_bag_is_packed_again(made: Path, tmp_path: Path) -> None:
    """Then its manifests are right, and ledger, signature and digests must find it."""
    tried, copy = 0, _copied(made, tmp_path / "copy")
    for name in files_of(made):
        for what, change in changes(made / name):
            if _is_neutral(name, what):
                continue
            tried += 1
            change(copy / name)
            packed_again(copy)
            assert verified(copy).outcome is Outcome.FAILED, (name, what)
            _restore(copy, made, name, *REMADE)
    assert tried > 100
    assert verified(copy).outcome is Outcome.CONSISTENT


def _is_neutral(name: str, what: str) -> bool:
    if name in REMADE or (name == "policy/trust.policy" and what == "removed"):
        return True
    return name in UNSIGNED and what != "removed"


def _restore(copy: Path, made: Path, *names: str) -> None:
    for name in names:
        (copy / name).write_bytes((made / name).read_bytes())


def _copied(made: Path, copy: Path) -> Path:
    shutil.rmtree(copy, ignore_errors=True)
    return Path(shutil.copytree(made, copy))


def test_what_belongs_together_is_not_to_be_had_in_part(made: Path, tmp_path: Path, log: tuple[SmallLog, list[int]]) -> None:
    """An entry left out with its proof, a clip with all that is its own, or every entry: packed again, and yet found."""
    first, *_ = log[1]
    clip = next(iter(CLIPS)).partition(":")[2]
    for names, wrong in (
        (
            (f"entries/{first}.json", f"proofs/{first}.tlog-proof", f"disclosure/{first}.json"),
            {"history", "life cycle", "media"},
        ),
        ((f"media/{clip}.mp4",), {"media"}),
        ((f"segments/{clip}.seg",), {"media"}),
        ((f"media/{clip}.mp4", f"segments/{clip}.seg"), {"media"}),
        ((f"proofs/{first}.tlog-proof",), {"inclusion"}),
        (("log/heads/9",), set()),
        (("consistency/9",), {"held"}),
        (("entries", "proofs", "disclosure"), {"entries", "inclusion", "history", "life cycle", "media"}),
        (("media", "segments", "entries", "proofs", "disclosure"), {"entries", "inclusion", "history", "life cycle", "media"}),
    ):
        copy = _copied(made, tmp_path / "copy")
        for name in names:
            path = copy / "data" / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        packed_again(copy)
        _without_empty_directories(copy)
        assert wrong_steps(verified(copy)) - {"bag"} == wrong, names


def _without_empty_directories(root: Path) -> None:
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def test_somebody_with_the_key_cannot_give_another_original_for_the_entry(made: Path, tmp_path: Path) -> None:
    copy = _copied(made, tmp_path / "copy")
    clip = next(iter(CLIPS)).partition(":")[2]
    data = CLIPS[f"clip:{clip}"]
    forged = one_bit_off(data, 999)
    (copy / f"data/media/{clip}.mp4").write_bytes(forged)
    (copy / f"data/segments/{clip}.seg").write_bytes(segments_of(forged).encode())
    packed_again(copy)

    assert wrong_steps(verified(copy)) == {"media"}


def test_without_the_package_blake3_the_rest_is_verified_and_the_report_says_so(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.verifier.media.blake3_or_none", lambda: None)
    monkeypatch.setattr("storage.verifier.measure.blake3_or_none", lambda: None)
    report = verified(made)
    assert report.outcome is Outcome.CONSISTENT
    assert "BLAKE3 not checked" in next(str(step.detail) for step in report.steps if step.name == "media")

    copy = _copied(made, tmp_path / "copy")
    path = next((copy / "data/media").iterdir())
    path.write_bytes(path.read_bytes() + b"x")
    packed_again(copy)
    assert wrong_steps(verified(copy)) == {"media"}
