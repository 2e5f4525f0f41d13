"""
Somebody who holds the *old* key of the log, which was handed over and retired, and copies of everything that was published.

Over the true log his signature is worth nothing. What he writes in place of it ends where somebody else holds a head, or knows
on paper until when the old key signed, or which came after it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint, signature_line
from storage.ledger.keyring import load_signer
from storage.ledger.keys import Signer, VerifierKey
from storage.ledger.tree import consistency_proof
from storage.ledger.witness import Request
from storage.verifier.errors import VerificationError
from storage.verifier.logdir import verify_directory
from storage.verifier.note import SignedNote
from storage.verifier.rotation import KeyHistory, Rotation, ValidKey
from storage.verifier.signatures import claimed
from storage.verifier.steps import Outcome
from tests.storage.ledger.conftest import reader_of

from .forging import forge
from .insiders import Lines, history_of
from .notes import thief
from .rows import DatabaseFile
from .tally import Fate, Tally
from .world import ORIGIN, World, findings_in, opened

CLASS = "C"
_LARGER = 160
"""Entries by which another history outgrows the true one."""
pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def old(small: World) -> Signer:
    """The key that was retired; nobody destroyed its file."""
    return load_signer(small.home / "keys" / "log.pem", name=ORIGIN)


@dataclass(frozen=True, slots=True)
class Stranger:
    """What somebody who verifies may hold."""

    keys: list[VerifierKey | ValidKey]
    held: list[str]


def strangers(small: World) -> dict[str, Stranger]:
    """Everybody who is protected: by the log itself, or by what he holds besides the old key."""
    old, new = small.keys()
    with opened(small) as office:
        terms = office.log.keys.all()
    return {
        "both keys with their sizes": Stranger([*terms], []),
        "the new key": Stranger([new], []),
        "the old key and a head": Stranger([old], small.held()),
        "both keys and the newest head": Stranger([old, new], small.held()[-1:]),
    }


def outcome(directory: Path, stranger: Stranger) -> Outcome:
    return verify_directory(directory, stranger.keys, held=stranger.held).outcome


@pytest.mark.parametrize("who", ["retired key", "thief's key", "both"])
def test_the_true_log_under_the_old_key_is_refused_by_everybody(
    small: World, old: Signer, tally: Tally, tmp_path: Path, who: str
) -> None:
    """Whoever knows the old key alone learns from the log that it was retired."""
    directory = Path(shutil.copytree(small.outside / "published", tmp_path / "log"))
    head = claimed((directory / "checkpoint").read_text())
    signers = {"retired key": [old], "thief's key": [thief(ORIGIN)], "both": [old, thief(ORIGIN)]}[who]
    (directory / "checkpoint").write_text(sign_checkpoint(head, *signers))

    for name, stranger in {"the old key alone": Stranger(list(small.keys()[:1]), []), **strangers(small)}.items():
        fate = "detected" if outcome(directory, stranger) is Outcome.FAILED else None
        tally.note(f"the true log by {who}, for {name}", fate)  # type: ignore[arg-type] # one of two words
    tally.settle()


def test_who_knows_the_old_key_alone_follows_the_log_to_the_new_one(small: World) -> None:
    """No false alarm: and he is told by what he believes it."""
    report = verify_directory(small.outside / "published", small.keys()[:1])

    assert report.outcome is Outcome.CONSISTENT
    assert "followed 1 rotations" in str(report.steps[0].detail)


def _before_the_change(lines: Lines) -> int:
    return next(at for at, line in enumerate(lines) if line.entry.type == "KEY_ROTATED")


def _forked(small: World, place: Path, old: Signer, growth: int) -> Path:
    """A log that never changed its key, signed by the old one, in which something else happened since."""

    def never_changed(_office: object, lines: Lines, _where: range) -> Lines:
        at = _before_the_change(lines)
        return [*lines[:at], *([lines[-1]] * growth)]

    forged = forge(small, place, never_changed, range(0))
    note = (forged.published / "checkpoint").read_text()
    (forged.published / "checkpoint").write_text(sign_checkpoint(claimed(note), old))
    return forged.published


@pytest.mark.parametrize("growth", [1, _LARGER])
def test_another_history_under_the_old_key(small: World, old: Signer, tally: Tally, tmp_path: Path, growth: int) -> None:
    """
    Smaller than the true log, and larger.

    Who holds the old key and nothing else sees a log that never changed its key: the documented limit, and no verdict vouches.
    """
    directory = _forked(small, tmp_path, old, growth)

    # sizes on paper say when the old key ended, and so nothing of a history that ends before that
    unprotected = {"both keys with their sizes"} if growth == 1 else set()
    for name, stranger in {"the old key alone": Stranger(list(small.keys()[:1]), []), **strangers(small)}.items():
        found, in_the_tail = outcome(directory, stranger), name in {"the old key alone", *unprotected}
        fate: Fate | None = None
        if found is (Outcome.CONSISTENT if in_the_tail else Outcome.FAILED):
            fate = "in the tail" if in_the_tail else "detected"
        tally.note(f"another history of {growth}, for {name}", fate)
    tally.settle()


def test_no_witness_cosigns_another_history(small: World, old: Signer, tally: Tally, tmp_path: Path) -> None:
    """A witness knows the old key as well, and remembers."""
    world = small.copied_whole(tmp_path / "here")
    directory = _forked(world, tmp_path, old, _LARGER)
    head = (directory / "checkpoint").read_text()
    raw = (directory / "tile" / "0").glob("*")
    hashes = [path for path in raw if path.is_file()] + list((directory / "tile" / "0").glob("000.p/*"))
    data = hashes[0].read_bytes()
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    for witness in world.witnesses():
        known = claimed(witness.head(hashlib.sha256(ORIGIN.encode()).hexdigest()) or "").size
        size = claimed(head).size
        assert size > known
        path = tuple(consistency_proof(known, size, reader_of(leaves))) if known <= size else ()
        status = witness.add_checkpoint(Request(known, path, head).body.encode()).status
        tally.note(f"cosigned by {witness.key.name}", "refused" if status in {409, 422} else None)
    tally.settle()


def _rotation(small: World) -> tuple[int, str]:
    with opened(small) as office:
        lines = history_of(office)
        at = _before_the_change(lines)
        return at, str(lines[at].entry.body["note"])


def _signed_by(rotation: Rotation, *signers: Signer) -> str:
    return f"{rotation.text}\n{''.join(signature_line(rotation.text, one, what='x') for one in signers)}"


def test_a_retired_key_hands_over_to_nobody(small: World, old: Signer, tally: Tally) -> None:
    """A second handing over, to the thief, rightly signed by the old key and by his: nobody comes to believe his key."""
    at, note = _rotation(small)
    his = VerifierKey.parse(thief(ORIGIN).vkey)
    with opened(small) as office:
        head = office.log.keys.opened(office.log.newest() or "")
    for given in ("old", "both"):
        history = KeyHistory(ValidKey(key) for key in small.keys()[: 1 if given == "old" else 2])
        history.rotated(at, note)
        history.retired(at + 10, old.vkey)
        forged = Rotation(Checkpoint(ORIGIN, head.size, head.root), (VerifierKey.parse(old.vkey),), his)
        history.rotated(head.size, _signed_by(forged, old, thief(ORIGIN)))
        believed = his in history.at(head.size + 1)
        tally.note(f"handed over to the thief, {given}", "refused" if not believed else None)
    tally.settle()


def _changes(note: str, old: Signer) -> dict[str, str]:
    rotation = Rotation.parse(SignedNote.parse(note).text)
    text, _, lines = note.partition("\n\n")
    first, second = lines.splitlines()
    his = VerifierKey.parse(thief(ORIGIN).vkey)
    made = {
        f"line {number} changed": note.replace(line, f"{line[:-1]}{'1' if line[-1] != '1' else '2'}", 1)
        for number, line in enumerate(text.split("\n"))
    }
    made |= {f"line {number} gone": note.replace(f"{line}\n", "", 1) for number, line in enumerate(text.split("\n"))}
    made |= {
        "not signed by the old key": note.replace(f"{first}\n", ""),
        "not signed by the new key": note.replace(f"{second}\n", ""),
        "signed by nobody": f"{text}\n\n",
        "signed twice by the old key": note.replace(second, first),
        "to the thief, who has not signed": _signed_by(Rotation(rotation.head, rotation.old, his), old),
        "by the thief, who is not the old key": _signed_by(Rotation(rotation.head, rotation.old, his), thief(ORIGIN)),
        "with an end, under the old signatures": note.replace("overlap open", "overlap 256"),
    }
    return made


def test_no_handing_over_can_be_changed(small: World, old: Signer, tally: Tally) -> None:
    at, note = _rotation(small)
    for name, wrong in _changes(note, old).items():
        assert wrong != note, name
        history = KeyHistory([ValidKey(small.keys()[0])])
        try:
            history.rotated(at, wrong)
            believed = len(history.at(at + 1)) > 1
        except VerificationError:
            believed = False
        tally.note(f"handing over: {name}", "detected" if not believed else None)
    tally.settle()


HEADS: dict[str, Callable[[Checkpoint, Signer], str]] = {
    "the newest head by the old key": sign_checkpoint,
    "the newest head by a thief's key": lambda head, _old: sign_checkpoint(head, thief(head.origin)),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_by_the_old_key_in_the_database_is_found(
    small: World, old: Signer, tally: Tally, tmp_path: Path, name: str
) -> None:
    world = small.copy(tmp_path / "office")
    with opened(world) as office:
        head = claimed(office.log.latest() or "")
        with DatabaseFile(world.database, office.engine.dispose).spoiling() as connection:
            connection.exec_driver_sql("UPDATE checkpoints SET note = ? WHERE size = ?", (HEADS[name](head, old), head.size))
        found = findings_in(office)
    tally.note(name, "detected" if any(finding.startswith(("heads: ", "keys: ")) for finding in found) else None)
    tally.settle()
