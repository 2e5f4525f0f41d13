"""Somebody on the way between the office and a stranger: every published file, and every proof that was carried away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.verifier.errors import VerificationError
from storage.verifier.keys import VerifierKey
from storage.verifier.logdir import verify_directory
from storage.verifier.receipt import verify_receipt
from storage.verifier.steps import Outcome

from .bytewise import FileMutation, Files, damaged, flipped, moved
from .tally import Tally
from .world import World

CLASS = "A"


@pytest.fixture(scope="module")
def published(large: World) -> Files:
    """Every file of a published log: a full tile and bundle, partial ones, a second level, a cosigned head."""
    root = large.outside / "published"
    files = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    assert len(files) == 6
    return files


@pytest.fixture
def verified(large: World, published: Files, tmp_path: Path) -> Iterator[Callable[[FileMutation], Outcome]]:
    """Write the log, spoilt or not, and verify it as a stranger does who has the keys of log and witnesses on paper."""
    witnesses = [one.key for one in large.witnesses()]
    keys = large.keys()

    def verify(mutation: FileMutation) -> Outcome:
        _write(tmp_path, dict(mutation.changes))
        try:
            return verify_directory(tmp_path, keys, witnesses=witnesses).outcome
        finally:
            _write(tmp_path, {path: published.get(path) for path in mutation.changes})

    _write(tmp_path, dict(published))
    yield verify
    assert verify(NOTHING) is Outcome.VERIFIED


NOTHING = FileMutation("nothing", {})


def _write(root: Path, changes: dict[str, bytes | None]) -> None:
    for path, raw in changes.items():
        target = root / path
        if raw is None:
            target.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)


@pytest.mark.parametrize("mutations", [damaged, moved])
def test_no_published_file_can_be_changed(
    published: Files,
    verified: Callable[[FileMutation], Outcome],
    tally: Tally,
    mutations: Callable[[Files], Iterator[FileMutation]],
) -> None:
    """No mutation is neutral: there is one form of every file."""
    assert verified(NOTHING) is Outcome.VERIFIED
    for mutation in mutations(published):
        tally.note(mutation.name, "detected" if verified(mutation) is Outcome.FAILED else None)
    tally.settle()


def test_no_proof_and_no_leaf_can_be_changed(large: World, tally: Tally) -> None:
    """A proof stands for one entry; what was carried away needs no office to be verified."""
    witnesses, keys = [one.key for one in large.witnesses()], large.keys()
    carried = {path.name: path.read_bytes() for path in sorted(large.outside.glob("entry-*"))}
    assert len(carried) == 6
    for name, raw in carried.items():
        stem = name.rpartition(".")[0]
        pair = {path: carried[path] for path in (f"{stem}.tlog-proof", f"{stem}.leaf")}
        assert _receipt(pair, stem, keys, witnesses) is Outcome.VERIFIED
        for mutation in damaged({name: raw}):
            spoilt = {path: it for path, it in {**pair, **mutation.changes}.items() if it is not None}
            fate = "detected" if _receipt(spoilt, stem, keys, witnesses) is Outcome.FAILED else None
            tally.note(mutation.name, fate)  # type: ignore[arg-type] # one of two words
    for one, other in zip(sorted(carried), sorted(carried)[2:], strict=False):
        stem = one.rpartition(".")[0]
        pair = {**carried, one: carried[other], other: carried[one]}
        tally.note(
            f"{one} and {other}: swapped", "detected" if _receipt(pair, stem, keys, witnesses) is Outcome.FAILED else None
        )
    tally.settle()


def _receipt(files: Files, stem: str, keys: list[VerifierKey], witnesses: list[VerifierKey]) -> Outcome:
    try:
        text = files[f"{stem}.tlog-proof"].decode("utf-8")
        return verify_receipt(text, files[f"{stem}.leaf"], keys, witnesses=witnesses).outcome
    except (KeyError, UnicodeDecodeError):
        # the program says that there is no such file, or no text in it, before it verifies anything
        return Outcome.FAILED


def test_bytes_that_nobody_known_signed_are_passed_over_and_prove_nothing(
    large: World, published: Files, tmp_path: Path
) -> None:
    """
    An honest limit: who gives no witness's key cannot tell a spoilt cosignature from one by a stranger.

    C2SP lets verifiers pass over signatures by unknown keys. The verdict then never rests on them.
    """
    _write(tmp_path, dict(published))
    note = published["checkpoint"]
    start = note.rindex(b" ") + 20
    assert re.fullmatch(rb"[A-Za-z0-9+/]", note[start : start + 1])
    (tmp_path / "checkpoint").write_bytes(
        note[:start] + (b"A" if note[start : start + 1] != b"A" else b"B") + note[start + 1 :]
    )

    assert verify_directory(tmp_path, large.keys()).outcome is Outcome.CONSISTENT
    witnesses = [one.key for one in large.witnesses()]
    assert verify_directory(tmp_path, large.keys(), witnesses=witnesses).outcome is Outcome.FAILED


def test_the_damages_are_damages() -> None:
    """A mutation that changes nothing would be counted as found by a verifier that always says no."""
    for raw in (b"abc\n", bytes(range(64))):
        for mutation in damaged({"file": raw}):
            assert mutation.changes["file"] != raw, mutation.name
    assert flipped(b"\0", 3) == b"\x08"
    with pytest.raises(VerificationError):
        VerifierKey.parse("")
