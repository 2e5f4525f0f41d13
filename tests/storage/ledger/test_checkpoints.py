"""Checkpoints, as C2SP tlog-checkpoint and tlog-cosignature say: who may sign one, and who counts as a witness."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from proofbundle.checkpoint import cosign_checkpoint

from storage.errors import LedgerError
from storage.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint, verify_checkpoint
from storage.ledger.keys import COSIGNATURE, FileSigner, VerifierKey
from storage.ledger.tree import EMPTY_ROOT
from storage.verifier import VerificationError

from .conftest import ORIGIN, WITNESS, WITNESS_KEY, one_bit_off, signer

HEAD = Checkpoint(ORIGIN, 88141, bytes(range(32)))
KEY = VerifierKey.parse(signer().vkey)
NOTE = sign_checkpoint(HEAD, signer())
TEXT, _, LINE = NOTE.partition("\n\n")
TEXT += "\n"
COSIGNED = cosign_checkpoint(NOTE, WITNESS, WITNESS_KEY.name, 1_763_600_000)


def test_a_signature_by_a_stranger_is_neither_trusted_nor_in_the_way() -> None:
    note = NOTE + "\u2014 stranger.example AAAAAAAA\n"

    assert open_checkpoint(note, [KEY], origin=ORIGIN) == HEAD


def test_a_checkpoint_signed_only_by_strangers_is_refused() -> None:
    other = VerifierKey.parse(signer(2).vkey)

    with pytest.raises(LedgerError, match="not signed by"):
        open_checkpoint(NOTE, [other], origin=ORIGIN)


def test_a_stranger_with_the_same_key_id_does_not_pass() -> None:
    """A key id is four bytes and easily met; the signature is what counts."""
    raw = base64.b64encode(KEY.key_id + signer(2).sign(TEXT.encode())).decode()

    with pytest.raises(LedgerError, match="signature .* is wrong"):
        open_checkpoint(f"{TEXT}\n\u2014 {ORIGIN} {raw}\n", [KEY], origin=ORIGIN)


def test_a_signature_of_another_length_is_refused() -> None:
    raw = base64.b64encode(KEY.key_id + signer().sign(TEXT.encode())[:-1]).decode()

    with pytest.raises(LedgerError, match="is wrong"):
        open_checkpoint(f"{TEXT}\n\u2014 {ORIGIN} {raw}\n", [KEY], origin=ORIGIN)


def test_while_a_key_is_replaced_either_signature_is_enough_but_none_may_be_wrong() -> None:
    old, new = KEY, VerifierKey.parse(signer(2).vkey)
    both = NOTE + sign_checkpoint(HEAD, signer(2)).split("\n\n")[1]
    wrong = NOTE + sign_checkpoint(replace(HEAD, size=1), signer(2)).split("\n\n")[1]

    for keys in ([old], [new], [old, new], [old, old]):
        assert open_checkpoint(both, keys, origin=ORIGIN) == HEAD
    assert open_checkpoint(NOTE, [old, new], origin=ORIGIN) == HEAD
    with pytest.raises(LedgerError, match="is wrong"):
        open_checkpoint(wrong, [old, new], origin=ORIGIN)


def test_a_checkpoint_of_another_log_is_refused_though_its_key_is_known() -> None:
    """A key signs for the log whose name it bears: no leaf is moved from one log to another."""
    other = signer(2, name="office.example/yihu/station-8")
    note = sign_checkpoint(replace(HEAD, origin=other.name), other)
    keys = [KEY, VerifierKey.parse(other.vkey)]

    assert open_checkpoint(note, keys, origin=other.name).origin == other.name
    with pytest.raises(LedgerError):
        open_checkpoint(note, keys, origin=ORIGIN)


def test_a_checkpoint_that_names_another_log_than_its_key_is_refused() -> None:
    text = replace(HEAD, origin="office.example/yihu/station-8").text
    line = base64.b64encode(KEY.key_id + signer().sign(text.encode())).decode()

    with pytest.raises(LedgerError, match="of the log"):
        open_checkpoint(f"{text}\n\u2014 {ORIGIN} {line}\n", [KEY], origin=ORIGIN)


def test_nobody_opens_a_checkpoint_without_the_logs_key() -> None:
    for keys in ([], [WITNESS_KEY]):
        with pytest.raises(LedgerError, match="no key was given"):
            open_checkpoint(COSIGNED, keys, origin=ORIGIN)


def test_a_witness_of_another_make_is_understood() -> None:
    verified = verify_checkpoint(COSIGNED, [KEY, WITNESS_KEY], origin=ORIGIN)

    assert verified.checkpoint == HEAD
    assert [(one.key, one.time) for one in verified.witnesses] == [(WITNESS_KEY, 1_763_600_000)]


def test_every_flipped_bit_of_a_cosignature_is_refused_or_no_witness() -> None:
    start, raw = len(NOTE.encode()), COSIGNED.encode()
    for bit in range(8 * start, 8 * len(raw)):
        changed = one_bit_off(raw, bit).decode("utf-8", "surrogateescape")
        try:
            verified = verify_checkpoint(changed, [KEY, WITNESS_KEY], origin=ORIGIN)
        except VerificationError:
            continue
        assert verified.witnesses == ()


def test_a_log_is_not_its_own_witness() -> None:
    """Neither under its own name nor with its own key."""
    own = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
    for key, name in ((WITNESS, ORIGIN), (own, "witness.example/own")):
        note = cosign_checkpoint(NOTE, key, name, 1_763_600_000)
        witness = VerifierKey(name, COSIGNATURE, key.public_key().public_bytes_raw())
        assert verify_checkpoint(note, [KEY, witness], origin=ORIGIN).witnesses == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\ufeff" + TEXT,
        "\n" + TEXT,
        TEXT + "\n" + LINE,
        TEXT + "extension\n",
        TEXT[:-1],
        TEXT + "\n",
        TEXT.replace("88141", "088141"),
        TEXT.replace("88141", "+88141"),
        TEXT.replace("88141", "88141 "),
        TEXT.replace("88141", "-1"),
        TEXT.replace("88141", "٣"),
        TEXT.replace("88141", "9" * 17),
        TEXT.replace("88141", "0"),
        TEXT.replace("AAEC", "AAEC=AAE"),
        TEXT.replace("Hh8=", "Hh9="),
        TEXT.replace(ORIGIN, ""),
        TEXT.replace(ORIGIN, "一户"),
        TEXT.replace(ORIGIN, "a b"),
        TEXT.replace("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAEC"),
    ],
    ids=repr,
)
def test_another_spelling_of_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        Checkpoint.parse(text)


@given(st.integers(1, 10**16 - 1), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_reads_back_as_itself(size: int, root: bytes) -> None:
    head = Checkpoint(ORIGIN, size, root)

    assert Checkpoint.parse(head.text) == head


def test_an_empty_log_has_the_root_of_nothing() -> None:
    assert Checkpoint.parse(Checkpoint(ORIGIN, 0, EMPTY_ROOT).text).size == 0
    with pytest.raises(VerificationError):
        Checkpoint(ORIGIN, 0, bytes(32))


def test_only_the_logs_own_signer_signs_its_checkpoint() -> None:
    with pytest.raises(LedgerError, match="the signer is called"):
        sign_checkpoint(HEAD, signer(name="office.example/yihu/station-8"))


class Confused(FileSigner):
    """A key store that signs with another key than it says."""

    def sign(self, message: bytes) -> bytes:
        """Sign something else."""
        return super().sign(message + b"?")


class Impostor(FileSigner):
    """A signer that shows another public key than the log's."""

    @property
    def vkey(self) -> str:
        """The key of a witness."""
        return WITNESS_KEY.vkey


@pytest.mark.parametrize("kind", [Confused, Impostor])
def test_a_checkpoint_that_was_signed_wrongly_is_never_given_out(kind: type[FileSigner]) -> None:
    wrong = kind(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32), name=ORIGIN)

    with pytest.raises(LedgerError):
        sign_checkpoint(HEAD, wrong)
