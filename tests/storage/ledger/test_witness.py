"""Being a witness: what is cosigned, what is refused with which answer, and what is remembered before anything is said."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import proofbundle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import LedgerError
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from storage.ledger.cosigning import cosignatures_in
from storage.ledger.keys import VerifierKey
from storage.ledger.tree import consistency_proof, root_at
from storage.ledger.witness import SIZE, Head, Request, judge
from storage.ledger.witnessing import Witness

from .conftest import ORIGIN, WITNESS_KEY, SmallLog, log_of, one_bit_off, reader_of, signer

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


def test_a_log_that_grows_is_cosigned_at_every_size(witness: Witness, small_log: SmallLog) -> None:
    last = 0
    for size in (1, 2, 7, 7, 255, 256, 257, 300, 300):
        asked = request(small_log, last, size)
        status, line = ask(witness, asked)
        assert status == 200
        verified = verify_checkpoint(asked.note + line, [LOG, witness.key], origin=ORIGIN)
        assert [(one.key, one.time) for one in verified.witnesses] == [(witness.key, int(NOW.timestamp()))]
        last = size
    assert evidence(witness) == []


def test_verifiers_of_other_people_accept_our_cosignature(witness: Witness, small_log: SmallLog) -> None:
    asked = request(small_log, 0, 300)
    note = asked.note + ask(witness, asked)[1]

    found = proofbundle.verify_cosignature(note, witness.key.vkey)
    assert (found["ok"], found["tree_size"], found["timestamp"]) == (True, 300, int(NOW.timestamp()))
    assert proofbundle.verify_witnessed_checkpoint(note, LOG.vkey, [witness.key.vkey], expected_origin=ORIGIN)["ok"]
    assert not proofbundle.verify_cosignature(note, WITNESS_KEY.vkey)["ok"]
    raw = base64.b64decode(note.splitlines()[-1].rpartition(" ")[2])
    for bit in (4 * 8 + 63, 12 * 8, len(raw) * 8 - 1):  # in the time, at both ends of the signature
        line = base64.b64encode(one_bit_off(raw, bit)).decode()
        changed = "\n".join([*note.splitlines()[:-1], f"— {witness.key.name} {line}", ""])
        assert not proofbundle.verify_cosignature(changed, witness.key.vkey)["ok"]
        with pytest.raises(LedgerError, match="signature of witness"):
            cosignatures_in(changed, [witness.key])


def test_a_log_nobody_told_of_is_unknown(witness: Witness, small_log: SmallLog) -> None:
    stranger = Checkpoint("stranger.example/log", 3, small_log.head(3).root)

    status, _ = ask(witness, Request(0, (), sign_checkpoint(stranger, signer(2, name=stranger.origin))))

    assert status == 404


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: sign_checkpoint(log.head(9), signer(2)),
        lambda log: log.note(9).replace("\n9\n", "\n8\n"),
        lambda log: log.note(9).replace("— office", "— coffee"),
    ],
    ids=["another key", "another size", "another name"],
)
def test_what_the_log_did_not_sign_is_forbidden_and_no_evidence_against_it(
    witness: Witness, small_log: SmallLog, spoil: Callable[[SmallLog], str]
) -> None:
    status, _ = ask(witness, request(small_log, 0, 9, note=spoil(small_log)))

    assert status == 403
    assert witness.head("0" * 64) is None
    assert evidence(witness) == []


def test_a_wrong_old_size_is_told_the_right_one(witness: Witness, small_log: SmallLog) -> None:
    """Body and media type as the protocol asks."""
    ask(witness, request(small_log, 0, 100))

    for old, new in ((0, 200), (99, 200), (101, 200), (0, 50)):
        answer = witness.add_checkpoint(request(small_log, old, new).body.encode())
        assert (answer.status, answer.body, answer.media_type) == (409, "100\n", SIZE)
    assert ask(witness, request(small_log, 100, 200))[0] == 200


def test_an_old_size_beyond_the_checkpoint_is_no_request(witness: Witness, small_log: SmallLog) -> None:
    ask(witness, request(small_log, 0, 100))

    assert ask(witness, Request(100, (), small_log.note(50)))[0] == 400


def test_a_fork_is_refused_and_kept_with_what_was_held_before(witness: Witness, small_log: SmallLog) -> None:
    """Both heads are signed by the log: together they convict it before anybody."""
    ask(witness, request(small_log, 0, 100))
    liar = forked(small_log, 99, 120)

    assert ask(witness, request(liar, 100, 100))[0] == 422
    assert ask(witness, request(liar, 100, 120))[0] == 422
    assert ask(witness, request(liar, 100, 120))[0] == 422

    kept = evidence(witness)
    assert len(kept) == 2  # the same once
    for one in kept:
        assert one["status"] == 422
        held, asked = Head.of(str(one["held"])), Request.parse(str(one["request"]).encode())
        for note in (str(one["held"]), asked.note):
            verify_checkpoint(note, [LOG], origin=ORIGIN)
        assert held.size == 100
        assert asked.head.root != root_at(asked.head.size, reader_of(small_log.hashes))
    assert ask(witness, request(small_log, 100, 300))[0] == 200


@given(old=st.integers(1, 60), grown=st.integers(1, 60), data=st.data())
def test_no_changed_proof_is_accepted(old: int, grown: int, data: st.DataObject) -> None:
    log = _LOG
    asked = request(log, old, old + grown)
    last = Head.of(log.note(old))
    proof = list(asked.proof)
    place = data.draw(st.integers(0, len(proof)))
    match data.draw(st.sampled_from(["flip", "drop", "add", "none"])):
        case "flip" if place < len(proof):
            proof[place] = one_bit_off(proof[place], data.draw(st.integers(0, 255)))
        case "drop" if place < len(proof):
            del proof[place]
        case "add":
            proof.insert(place, bytes(32))
    refusal = judge(Request(old, tuple(proof), asked.note), [LOG], last).refusal

    assert (refusal is None) == (tuple(proof) == asked.proof)
    assert refusal is None or refusal.status == 422


_LOG = log_of(120)


def test_growth_from_nothing_needs_no_proof_and_takes_none(witness: Witness, small_log: SmallLog) -> None:
    assert ask(witness, request(small_log, 0, 5, proof=(bytes(32),)))[0] == 422
    assert ask(witness, request(small_log, 0, 5))[0] == 200


def test_an_empty_tree_has_one_root(witness: Witness) -> None:
    empty = log_of(0)
    honest = empty.note(0)
    text = Head.of(honest).text.replace(base64.b64encode(Head.of(honest).root).decode(), base64.b64encode(bytes(32)).decode())
    line = base64.b64encode(LOG.key_id + signer().sign(text.encode())).decode()

    assert ask(witness, Request(0, (), f"{text}\n— {ORIGIN} {line}\n"))[0] == 422
    assert ask(witness, Request(0, (), honest))[0] == 200
    assert ask(witness, Request(0, (), honest))[0] == 200


def test_extension_lines_of_another_log_are_cosigned_as_they_stand(witness: Witness, small_log: SmallLog) -> None:
    text = Head.of(small_log.note(5)).text + "an extension\n"
    line = base64.b64encode(LOG.key_id + signer().sign(text.encode())).decode()

    status, cosignature = ask(witness, Request(0, (), f"{text}\n— {ORIGIN} {line}\n"))

    assert status == 200
    assert proofbundle.verify_cosignature(f"{text}\n{cosignature}", witness.key.vkey)["ok"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"\xff",
        b"old 0\n",
        b"old 0\n\nnot a note\n",
        b"old 01\n\n{note}",
        b"old -1\n\n{note}",
        b"old  0\n\n{note}",
        b"Old 0\n\n{note}",
        b"old 0\r\n\r\n{note}",
        b"old 0\nAAAA\n\n{note}",
        b"old 0\n" + b"A" * 43 + b"B=\n\n{note}",
        b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n{note}",
        b"{note}",
        b"old 0\n{note}",
    ],
)
def test_what_is_no_request_is_a_bad_one(witness: Witness, small_log: SmallLog, body: bytes) -> None:
    assert witness.add_checkpoint(body.replace(b"{note}", small_log.note(3).encode())).status == 400


@given(st.integers(0, 10**15), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_request_reads_back_as_it_was_written(old: int, proof: list[bytes]) -> None:
    made = Request(old, tuple(proof), _LOG.note(7))

    assert Request.parse(made.body.encode()) == made
