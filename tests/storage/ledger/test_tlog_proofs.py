"""Proofs that a person can carry away: C2SP tlog-proof@v1."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import LedgerError
from storage.ledger.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from storage.ledger.proof import TlogProof, format_proof, parse_proof, verify_proof
from storage.ledger.tree import leaf_hash, verify_inclusion
from storage.verifier import VerificationError

from .conftest import ORIGIN, SmallLog, log_of, one_bit_off, signer

KEY = VerifierKey.parse(signer().vkey)
LOG = log_of(11)
PROOF = LOG.proof(6)
LEAF = LOG.raws[6]
NOTE = sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), signer())
HASH = base64.b64encode(bytes(32)).decode()


def verify(text: str, leaf: bytes = LEAF) -> None:
    verify_proof(parse_proof(text), leaf, [KEY], origin=ORIGIN)


def test_every_entry_has_a_proof_and_it_fits_no_other_entry() -> None:
    for index in range(11):
        for other in range(11):
            if index == other:
                verify(LOG.proof(index), LOG.raws[other])
                continue
            with pytest.raises(VerificationError):
                verify(LOG.proof(index), LOG.raws[other])


def test_every_flipped_bit_of_a_proof_is_refused() -> None:
    raw = PROOF.encode()
    for bit in range(8 * len(raw)):
        changed = one_bit_off(raw, bit).decode("utf-8", "surrogateescape")
        with pytest.raises(VerificationError):
            verify(changed)


def test_every_flipped_bit_of_the_entry_is_refused() -> None:
    proof, head = parse_proof(PROOF), LOG.head()
    for bit in range(8 * len(LEAF)):
        changed = leaf_hash(one_bit_off(LEAF, bit))
        with pytest.raises(VerificationError):
            verify_inclusion(changed, index=proof.index, size=head.size, path=proof.path, root=head.root)


def test_a_proof_under_another_head_is_refused() -> None:
    """Index and path of one proof, checkpoint of another, both real."""
    head, _, _ = PROOF.partition("\n\n")
    smaller = log_of(9)

    with pytest.raises(VerificationError):
        verify(head + "\n\n" + smaller.note())


@given(
    st.integers(0, 10**16 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.binary(max_size=20),
)
def test_every_proof_reads_back_as_itself(index: int, path: list[bytes], extra: bytes) -> None:
    text = format_proof(index=index, path=path, checkpoint_note=NOTE, extra=extra)

    assert parse_proof(text) == TlogProof(index, tuple(path), NOTE, extra)


def test_a_proof_is_written_as_the_specification_shows() -> None:
    text = format_proof(index=7, path=[bytes(32)], checkpoint_note=NOTE, extra=b"\0\0\0")

    assert text == f"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 7\n{HASH}\n\n{NOTE}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        NOTE,
        f"c2sp.org/tlog-proof@v2\nindex 7\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 07\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex -7\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex  7\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7 \n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex {'9' * 17}\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7\nextra AAAA\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra \nindex 7\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 7\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra AAAA\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7\nAAAA\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7\n{HASH} \n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7\n{HASH[:-1]}\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7\n{HASH}\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\r\nindex 7\r\n\r\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7\n\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 7\n\n{NOTE}\n",
        "c2sp.org/tlog-proof@v1\nindex 7\n\n",
        "c2sp.org/tlog-proof@v1\nindex 7\n" + f"{HASH}\n" * 64 + f"\n{NOTE}",
    ],
    ids=lambda text: repr(text[:45]),
)
def test_another_spelling_of_a_proof_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        parse_proof(text)


@given(st.text(max_size=100))
def test_whatever_is_read_as_a_proof_is_refused_in_an_orderly_way(text: str) -> None:
    for candidate in (text, f"c2sp.org/tlog-proof@v1\n{text}\n\n{NOTE}"):
        try:
            proof = parse_proof(candidate)
        except VerificationError:
            continue
        again = format_proof(index=proof.index, path=proof.path, checkpoint_note=proof.checkpoint_note, extra=proof.extra)
        assert again == candidate


@pytest.mark.parametrize(
    ("index", "path", "note"),
    [(-1, [], NOTE), (0, [b"short"], NOTE), (0, [bytes(32)] * 64, NOTE), (0, [], "not a note"), (0, [], NOTE + "\n")],
    ids=["negative", "short hash", "long path", "no checkpoint", "checkpoint with more"],
)
def test_a_proof_that_nobody_could_read_is_not_written(index: int, path: list[bytes], note: str) -> None:
    with pytest.raises(LedgerError, match="proof of entry"):
        format_proof(index=index, path=path, checkpoint_note=note)


def test_a_proof_is_small_enough_for_a_sheet_of_paper(small_log: SmallLog) -> None:
    assert len(small_log.proof(150)) < 2048
