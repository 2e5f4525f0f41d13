"""What a witness remembers, before anything is said and after a restart."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.errors import LedgerError, NotFound, StorageUnavailable
from storage.ledger.cell import FileCell
from storage.ledger.checkpoint import sign_checkpoint, verify_checkpoint
from storage.ledger.cosigning import Cosigner
from storage.ledger.keys import VerifierKey
from storage.ledger.tree import consistency_proof
from storage.ledger.witness import Head, Request
from storage.ledger.witnessing import Witness

from .conftest import ORIGIN, SmallLog, reader_of, signer

LOG = VerifierKey.parse(signer().vkey)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness that watches the log of these tests."""
    made = Witness.found(tmp_path / "witness", name="witness.example/county", clock=lambda: NOW)
    made.watch(LOG)
    return made


def request(log: SmallLog, old: int, new: int, **changes: object) -> Request:
    """What an honest log asks; *changes* make it another."""
    proof = consistency_proof(old, new, reader_of(log.hashes))
    honest: dict[str, object] = {"old": old, "proof": tuple(proof), "note": log.note(new)}
    return Request(**{**honest, **changes})  # type: ignore[arg-type]


def ask(witness: Witness, asked: Request) -> tuple[int, str]:
    answer = witness.add_checkpoint(asked.body.encode())
    return answer.status, answer.body


def forked(log: SmallLog, at: int, size: int) -> SmallLog:
    """The same log with another history from entry *at* on."""
    other = SmallLog(log.leaves[:at], log.raws[:at], log.hashes[:at])
    while len(other.leaves) < size:
        other.add(actor="dock:02X")
    return other


def evidence(witness: Witness) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((witness._directory / "refused").rglob("*.json"))]


def test_a_cosigned_head_survives_the_witness(witness: Witness, small_log: SmallLog, tmp_path: Path) -> None:
    """What `head` gives to monitors: the log's signature and the witness's, and nothing of anybody else's."""
    foreign = Cosigner(signer(9, name="other.example/w")).cosign(small_log.head(40).text, time=5)
    ask(witness, request(small_log, 0, 40, note=small_log.note(40) + foreign))

    again = Witness.open(tmp_path / "witness", clock=lambda: NOW)
    note = again.head(_hash(ORIGIN))
    assert note is not None
    verified = verify_checkpoint(note, [LOG, again.key], origin=ORIGIN)
    assert (verified.checkpoint.size, len(verified.witnesses)) == (40, 1)
    assert "other.example" not in note
    assert ask(again, request(small_log, 0, 41)) == (409, "40\n")


def test_nothing_is_said_before_it_is_kept(witness: Witness, small_log: SmallLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: no cosignature leaves the house, and the next attempt starts where the last one that did left off."""
    ask(witness, request(small_log, 0, 10))
    with monkeypatch.context() as patched:
        patched.setattr(FileCell, "replace", _disk_full)
        with pytest.raises(StorageUnavailable):
            ask(witness, request(small_log, 10, 20))

    assert ask(witness, request(small_log, 10, 15))[0] == 200


def _disk_full(_cell: FileCell, _old: str, _new: str) -> None:
    message = "no space left"
    raise StorageUnavailable(message)


def test_an_answer_that_was_lost_is_given_again(witness: Witness, small_log: SmallLog) -> None:
    """Kept, but never heard: the log is told the size, shows the same head with it, and is cosigned."""
    ask(witness, request(small_log, 0, 10))

    assert ask(witness, request(small_log, 0, 10)) == (409, "10\n")
    assert ask(witness, request(small_log, 10, 10))[0] == 200


def test_requests_at_the_same_moment_never_make_the_witness_forget(witness: Witness, small_log: SmallLog) -> None:
    ask(witness, request(small_log, 0, 100))
    asked = [request(small_log, 100, size) for size in range(101, 117)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: ask(witness, one), asked))

    won = [one.head.size for one, answer in zip(asked, answers, strict=True) if answer[0] == 200]
    assert len(won) == 1
    assert {answer for answer in answers if answer[0] != 200} == {(409, f"{won[0]}\n")}
    note = witness.head(_hash(ORIGIN))
    assert note is not None
    assert Head.of(note).size == won[0]


def test_a_log_that_changed_its_key_is_known_by_both(witness: Witness, small_log: SmallLog) -> None:
    witness.watch(VerifierKey.parse(signer(3).vkey))
    witness.watch(LOG)
    ask(witness, request(small_log, 0, 10))

    assert ask(witness, request(small_log, 10, 20, note=sign_checkpoint(small_log.head(20), signer(3))))[0] == 200
    assert {key.vkey for key in witness.logs()} == {signer().vkey, signer(3).vkey}


def test_a_witness_is_made_once_and_watches_logs_alone(witness: Witness, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="never overwritten"):
        Witness.found(tmp_path / "witness", name="again", clock=lambda: NOW)
    with pytest.raises(ValueError, match="type 1"):
        witness.watch(witness.key)
    with pytest.raises(NotFound):
        Witness.open(tmp_path, clock=lambda: NOW)
    assert (tmp_path / "witness" / "vkey").read_text() == f"{witness.key.vkey}\n"


def test_evidence_does_not_fill_the_disk(witness: Witness, small_log: SmallLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.ledger.witnessing._MOST_EVIDENCE", 3)
    ask(witness, request(small_log, 0, 100))
    for at in range(90, 99):
        ask(witness, request(forked(small_log, at, 100), 100, 100))

    assert len(evidence(witness)) == 3


def _hash(origin: str) -> str:
    import hashlib  # noqa: PLC0415 - used here alone

    return hashlib.sha256(origin.encode()).hexdigest()
