"""That a log only grew, before three judges: ours, proofbundle and Go; they agree without exception."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from proofbundle.checkpoint import verify_checkpoint as proofbundle_opens
from proofbundle.errors import ProofBundleError
from proofbundle.merkle import verify_consistency as proofbundle_grows

from storage.ledger.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from storage.ledger.tree import consistency_proof, root_at
from storage.verifier.checkpoint import verify_checkpoint as we_open
from storage.verifier.errors import VerificationError
from storage.verifier.growth import ConsistencyFile
from storage.verifier.merkle import verify_consistency
from tests.servers.referees import Referee, go_referee

from .conftest import ORIGIN, SmallLog, one_bit_off, reader_of, signer

KEY = VerifierKey.parse(signer().vkey)


@pytest.fixture(scope="module")
def go() -> Referee:
    return go_referee()


@dataclass(frozen=True)
class Growth:
    """Two heads, and a proof that the second continues the first."""

    what: str
    old: str
    new: str
    path: list[str]


def we_accept_growth(case: Growth) -> bool:
    try:
        old, new = (we_open(note, [KEY], origin=ORIGIN).checkpoint for note in (case.old, case.new))
        path = ConsistencyFile.parse("".join(f"{line}\n" for line in (f"old {old.size}", *case.path))).path
        verify_consistency(old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, path=path)
    except VerificationError:
        return False
    return True


def proofbundle_accepts_growth(case: Growth) -> bool:
    try:
        old, new = (proofbundle_opens(note, KEY.vkey) for note in (case.old, case.new))
        path = [base64.b64decode(line, validate=True) for line in case.path]
        sound = bool(old["ok"] and new["ok"])
        return sound and bool(proofbundle_grows(old["tree_size"], new["tree_size"], path, old["root"], new["root"]))
    except (ProofBundleError, ValueError):
        return False


def go_question(case: Growth) -> dict[str, object]:
    old, new = (base64.b64encode(note.encode()).decode() for note in (case.old, case.new))
    return {"vkey": KEY.vkey, "note": new, "old": old, "path": case.path, "index": "", "leaf": ""}


def growths(log: SmallLog) -> Iterator[Growth]:
    """Honest ones, and every change of the paths and heads."""
    read, note = reader_of(log.hashes), cache(log.note)
    forged = sign_checkpoint(Checkpoint(ORIGIN, 300, root_at(299, read)), signer())
    for old, new in ((1, 2), (1, 300), (2, 3), (7, 8), (64, 65), (100, 300), (128, 256), (255, 256), (256, 300), (299, 300)):
        path = [base64.b64encode(value).decode() for value in consistency_proof(old, new, read)]
        yield Growth("honest", note(old), note(new), path)
        yield Growth("the heads swapped", note(new), note(old), path)
        yield Growth("the old head for both", note(old), note(old), path)
        yield Growth("a forged head", note(old), forged, path)
        yield Growth("a head of another size", note(old + 1), note(new), path)
        yield Growth("no path", note(old), note(new), [])
        yield Growth("another key", sign_checkpoint(log.head(old), signer(2)), note(new), path)
        yield from (Growth(what, note(old), note(new), changed) for what, changed in changed_paths(path))


def changed_paths(path: list[str]) -> Iterator[tuple[str, list[str]]]:
    zero = base64.b64encode(bytes(32)).decode()
    for number, line in enumerate(path):
        before, after = path[:number], path[number + 1 :]
        yield "a hash left out", [*before, *after]
        yield "a hash doubled", [*before, line, line, *after]
        yield "a zero put before", [*before, zero, line, *after]
        for bit in (0, 77, 255):
            flipped = base64.b64encode(one_bit_off(base64.b64decode(line), bit)).decode()
            yield "a hash changed", [*before, flipped, *after]
    yield "a zero at the end", [*path, zero]
    yield "backwards", path[::-1]


def test_three_judges_of_growth_say_the_same_without_exception(small_log: SmallLog, go: Referee) -> None:
    cases = list(growths(small_log))
    ours, theirs = list(map(we_accept_growth, cases)), list(map(proofbundle_accepts_growth, cases))

    said = list(zip(ours, theirs, go.accepts(map(go_question, cases)), strict=True))
    assert [(case.what, words) for case, words in zip(cases, said, strict=True) if len(set(words)) > 1] == []
    assert {case.what for case, accepted in zip(cases, ours, strict=True) if accepted} == {"honest", "backwards"}
    assert all(accepted for case, accepted in zip(cases, ours, strict=True) if case.what == "honest")
    assert len(cases) > 200
