"""
Verifiers that other people wrote accept what we make and refuse it once it was changed.

`sigstore` judges inclusion and checkpoint (it has no verifier of consistency, and its modules are private: pin its version);
`proofbundle` judges proofs, growth and notes. Both take a size as it is claimed, so only signed artefacts are changed here.
"""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from proofbundle.checkpoint import vkey as proofbundle_vkey
from proofbundle.errors import ProofBundleError
from proofbundle.merkle import verify_consistency as proofbundle_grows
from proofbundle.tlogproof import verify_tlog_proof
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore._utils import KeyID
from sigstore.errors import VerificationError as SigstoreRefused
from sigstore.models import TransparencyLogEntry
from sigstore_models.common import v1 as common
from sigstore_models.rekor import v1 as rekor

from storage.ledger.checkpoint import Checkpoint, VerifierKey
from storage.ledger.proof import TlogProof, parse_proof
from storage.ledger.tree import consistency_proof, inclusion_proof, root_at
from storage.verifier.note import SignedNote

from .conftest import ORIGIN, SmallLog, one_bit_off, reader_of, signer

KEY = VerifierKey.parse(signer().vkey)
INDEXES = (0, 1, 42, 255, 256, 298, 299)


def claimed(proof: TlogProof) -> Checkpoint:
    return Checkpoint.parse(SignedNote.parse(proof.checkpoint_note).text)


def in_their_form(proof: TlogProof, leaf: bytes) -> TransparencyLogEntry:
    """The same proof as sigstore has it."""
    head = claimed(proof)
    inclusion = rekor.InclusionProof(
        log_index=str(proof.index),  # type: ignore[arg-type] # as their JSON has it
        root_hash=base64.b64encode(head.root),
        tree_size=str(head.size),  # type: ignore[arg-type]
        hashes=[base64.b64encode(value) for value in proof.path],
        checkpoint=rekor.Checkpoint(envelope=proof.checkpoint_note),
    )
    return TransparencyLogEntry(
        rekor.TransparencyLogEntry(
            log_index=str(proof.index),  # type: ignore[arg-type]
            log_id=common.LogId(key_id=base64.b64encode(KEY.key_id)),
            kind_version=rekor.KindVersion(kind="hashedrekord", version="0.0.1"),
            integrated_time="0",  # type: ignore[arg-type]
            inclusion_proof=inclusion,
            canonicalized_body=base64.b64encode(leaf),
        )
    )


def sigstore_accepts(proof: TlogProof, leaf: bytes) -> bool:
    der = Ed25519PublicKey.from_public_bytes(KEY.public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keyring = Keyring([common.PublicKey(raw_bytes=base64.b64encode(der), key_details=common.PublicKeyDetails.PKIX_ED25519)])
    keyring._keyring = {KeyID(KEY.key_id): next(iter(keyring._keyring.values()))}
    entry = in_their_form(proof, leaf)
    try:
        verify_merkle_inclusion(entry)
        verify_checkpoint(RekorKeyring(keyring), entry)
    except SigstoreRefused:
        return False
    return True


def proofbundle_accepts(text: str, leaf: bytes) -> bool:
    try:
        return bool(verify_tlog_proof(text, leaf, KEY.vkey, expected_origin=ORIGIN)["ok"])
    except ProofBundleError:
        return False


def test_our_verifier_key_is_theirs() -> None:
    assert proofbundle_vkey(ORIGIN, KEY.public) == KEY.vkey


@pytest.mark.parametrize("index", INDEXES)
def test_both_accept_our_proofs(small_log: SmallLog, index: int) -> None:
    text, leaf = small_log.proof(index), small_log.raws[index]

    assert proofbundle_accepts(text, leaf)
    assert sigstore_accepts(parse_proof(text), leaf)


@pytest.fixture(scope="module")
def proof(small_log: SmallLog) -> str:
    return small_log.proof(42)


@pytest.fixture(scope="module")
def leaf(small_log: SmallLog) -> bytes:
    return small_log.raws[42]


@pytest.mark.parametrize("place", [0, 57, -1], ids=["first", "middle", "last"])
def test_both_refuse_a_changed_entry(proof: str, leaf: bytes, place: int) -> None:
    changed = one_bit_off(leaf, 8 * (place % len(leaf)))

    assert not proofbundle_accepts(proof, changed)
    assert not sigstore_accepts(parse_proof(proof), changed)


def test_both_refuse_the_proof_of_another_entry(small_log: SmallLog, leaf: bytes) -> None:
    other = small_log.proof(43)

    assert not proofbundle_accepts(other, leaf)
    assert not sigstore_accepts(parse_proof(other), leaf)


def test_both_refuse_a_changed_path(proof: str, leaf: bytes) -> None:
    parsed = parse_proof(proof)
    for number, value in enumerate(parsed.path):
        path = (*parsed.path[:number], one_bit_off(value, 100), *parsed.path[number + 1 :])
        changed = TlogProof(parsed.index, path, parsed.checkpoint_note)
        old, new = (base64.b64encode(one).decode() for one in (value, path[number]))
        assert not sigstore_accepts(changed, leaf)
        assert not proofbundle_accepts(proof.replace(old, new), leaf)


def test_both_refuse_a_changed_checkpoint(proof: str, leaf: bytes) -> None:
    for old, new in (("\n300\n", "\n301\n"), (ORIGIN + "\n", ORIGIN + "x\n")):
        assert not proofbundle_accepts(proof.replace(old, new, 1), leaf)
        assert not sigstore_accepts(parse_proof(proof.replace(old, new, 1)), leaf)


def test_both_refuse_every_changed_byte_of_the_signature(proof: str, leaf: bytes) -> None:
    parsed = parse_proof(proof)
    encoded = parsed.checkpoint_note.split()[-1]
    raw = base64.b64decode(encoded)
    for place in range(len(raw)):
        note = parsed.checkpoint_note.replace(encoded, base64.b64encode(one_bit_off(raw, 8 * place)).decode())
        assert not proofbundle_accepts(proof.replace(parsed.checkpoint_note, note), leaf)
        assert not sigstore_accepts(TlogProof(parsed.index, parsed.path, note), leaf)


def test_growth_is_accepted_and_a_changed_past_is_not(small_log: SmallLog) -> None:
    read = reader_of(small_log.hashes)
    new, root = 300, root_at(300, read)
    for old in (1, 2, 100, 255, 256, 299, 300):
        path, before = consistency_proof(old, new, read), root_at(old, read)
        assert proofbundle_grows(old, new, path, before, root)
        assert not proofbundle_grows(old, new, path, one_bit_off(before, 9), root)
        assert not proofbundle_grows(old, new, path, before, one_bit_off(root, 9))
        for number, value in enumerate(path):
            changed = [*path[:number], one_bit_off(value, 9), *path[number + 1 :]]
            assert not proofbundle_grows(old, new, changed, before, root)


def test_a_path_of_ours_is_the_path_of_theirs(small_log: SmallLog) -> None:
    """The same tree gives the same proofs, whoever makes them."""
    from proofbundle import merkle  # noqa: PLC0415 — beside the verifiers it would be one name too many

    raws, read = small_log.raws[:70], reader_of(small_log.hashes[:70])
    for index in range(0, 70, 7):
        assert merkle.inclusion_proof(raws, index) == inclusion_proof(index, 70, read)
        assert merkle.consistency_proof(raws, index + 1) == consistency_proof(index + 1, 70, read)
