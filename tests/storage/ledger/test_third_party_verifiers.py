"""
The same proof before five verifiers: ours and four that other people wrote, in three languages.

Whatever of a proof is changed, all five must say the same of it, but for the differences listed in `ALLOWED`, each with its
reason. A difference that is not listed fails; so does one that is listed and does not occur any more.

======================  ============================================  ====================================================
judge                   whose code                                    what it judges
======================  ============================================  ====================================================
ours                    `storage.verifier`                            everything
``proofbundle``         PyPI, Python                                  everything: it reads tlog-proof@v1 itself
``go``                  golang.org/x/mod/sumdb (Debian), Go           note, hashes, index, path; growth
``node``                @sigstore/verify (npm), JavaScript            note, index, path
``sigstore``            PyPI, Python                                  note, index, path
======================  ============================================  ====================================================

The last three have no reader of tlog-proof@v1: `taken_apart` cuts it for them at its line feeds, and leaves the rest to them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from proofbundle.errors import ProofBundleError
from proofbundle.tlogproof import verify_tlog_proof
from pydantic import ValidationError
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore._utils import KeyID
from sigstore.errors import VerificationError as SigstoreRefused
from sigstore.models import TransparencyLogEntry
from sigstore_models.common import v1 as common
from sigstore_models.rekor import v1 as rekor

from storage.ledger.checkpoint import VerifierKey
from storage.verifier.errors import VerificationError
from storage.verifier.tlogproof import parse_proof, verify_proof
from tests.servers.referees import Referee, go_referee, npm_referee

from .changed_proofs import Case, every_change
from .conftest import ORIGIN, SmallLog, signer

KEY = VerifierKey.parse(signer().vkey)
INDEXES = (0, 42, 255, 256, 299)

EVERYBODY = frozenset({"proofbundle", "sigstore", "go", "node"})
LENIENT = frozenset({"sigstore", "node"})

_BASE64 = "the same bytes, spelled otherwise: no verifier of theirs asks for the one canonical spelling everywhere"
_INDEX = "the same number, spelled otherwise: the number is what they prove"
_FRAME = "the signed text is the same; what stands around it in the note is signed by nobody"
_EXTRA = "unsigned by definition; only ours and proofbundle read it at all"
_FOREIGN = "a line by a key nobody gave is passed over by all; how it must be spelled they see differently"
_NAME = "the name before a signature is signed by nobody; these find the key by its id alone, or by a part of the name"

ALLOWED: dict[str, tuple[frozenset[str], str]] = {
    "base64 of own signature: loose bits": (EVERYBODY, _BASE64),
    "base64 of own signature: no padding": (frozenset({"node"}), _BASE64),
    "base64 of path: loose bits": (LENIENT | {"go"}, _BASE64),
    "base64 of path: no padding": (frozenset({"node"}), _BASE64),
    "bit in path": (LENIENT | {"go"}, _BASE64),
    "line of path after a space": (LENIENT, _BASE64),
    "line of path with a space": (LENIENT, _BASE64),
    "line of path with CR": (LENIENT | {"go"}, _BASE64),
    "index spelled otherwise": (LENIENT | {"go"}, _INDEX),
    "line of index with CR": (LENIENT, _INDEX),
    "line of index with a space": (LENIENT, _INDEX),
    "line of note doubled": (LENIENT, _FRAME),
    "line of note followed by an empty line": (LENIENT, _FRAME),
    "line of own signature after a space": (LENIENT, _FRAME),
    "line of own signature doubled": (EVERYBODY, _FRAME),
    "line of own signature followed by an empty line": (frozenset({"node"}), _FRAME),
    "bytes after the end": (frozenset({"node"}), _FRAME),
    "extra line spelled otherwise": (LENIENT | {"go"}, _EXTRA),
    "bit in foreign signature": (EVERYBODY, _FOREIGN),
    "bit in own signature": (LENIENT, _NAME),
}
"""Kinds of change that we refuse and these judges accept, and why that is no harm: entry, place and head stay the same."""


@dataclass(frozen=True)
class Parts:
    """A proof cut at its line feeds, nothing looked at."""

    index: str
    path: list[str]
    note: bytes


def taken_apart(proof: bytes) -> Parts | None:
    """Cut a proof for judges that read none; None where there is nothing to cut."""
    head, blank, note = proof.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")[1:]
    except UnicodeDecodeError:
        return None
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    if not blank or not lines or not lines[0].startswith("index ") or not head.startswith(b"c2sp.org/tlog-proof@v1\n"):
        return None
    return Parts(lines[0][len("index ") :], lines[1:], note)


# --- the judges -----------------------------------------------------------------------------------------------------------


def we_accept(case: Case) -> bool:
    try:
        verify_proof(parse_proof(case.proof.decode("utf-8")), case.leaf, [KEY], origin=ORIGIN)
    except (VerificationError, UnicodeDecodeError):
        return False
    return True


def proofbundle_accepts(case: Case) -> bool:
    try:
        return bool(verify_tlog_proof(case.proof.decode("utf-8"), case.leaf, KEY.vkey, expected_origin=ORIGIN)["ok"])
    except (ProofBundleError, UnicodeDecodeError):
        return False


def sigstore_accepts(keyring: RekorKeyring, case: Case) -> bool:
    parts = taken_apart(case.proof)
    if parts is None:
        return False
    try:
        entry = in_their_form(parts, case.leaf)
        verify_merkle_inclusion(entry)
        verify_checkpoint(keyring, entry)
    except (SigstoreRefused, ValidationError, ValueError, IndexError):
        return False
    return True


def in_their_form(parts: Parts, leaf: bytes) -> TransparencyLogEntry:
    """As sigstore has it; size and root, which it wants beside the note, are those that the note claims."""
    note = parts.note.decode("utf-8")
    _, size, root = note.split("\n")[:3]
    inclusion = rekor.InclusionProof(
        log_index=parts.index,  # type: ignore[arg-type] # as their JSON has it
        root_hash=root,  # type: ignore[arg-type]
        tree_size=size,  # type: ignore[arg-type]
        hashes=list(parts.path),  # type: ignore[arg-type]
        checkpoint=rekor.Checkpoint(envelope=note),
    )
    return TransparencyLogEntry(
        rekor.TransparencyLogEntry(
            log_index=parts.index,  # type: ignore[arg-type]
            log_id=common.LogId(key_id=base64.b64encode(KEY.key_id)),
            kind_version=rekor.KindVersion(kind="hashedrekord", version="0.0.1"),
            integrated_time="0",  # type: ignore[arg-type]
            inclusion_proof=inclusion,
            canonicalized_body=base64.b64encode(leaf),
        )
    )


@pytest.fixture(scope="module")
def keyring() -> RekorKeyring:
    der = Ed25519PublicKey.from_public_bytes(KEY.public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keys = Keyring([common.PublicKey(raw_bytes=base64.b64encode(der), key_details=common.PublicKeyDetails.PKIX_ED25519)])
    keys._keyring = {KeyID(KEY.key_id): next(iter(keys._keyring.values()))}
    return RekorKeyring(keys)


@pytest.fixture(scope="module")
def go() -> Referee:
    return go_referee()


@pytest.fixture(scope="module")
def node() -> Referee:
    return npm_referee()


def asked_of_a_program(case: Case) -> dict[str, object]:
    parts = taken_apart(case.proof) or Parts("none", [], b"")
    note, leaf = (base64.b64encode(raw).decode() for raw in (parts.note, case.leaf))
    return {"vkey": KEY.vkey, "note": note, "path": parts.path, "index": parts.index, "leaf": leaf}


@pytest.fixture(scope="module")
def cases(small_log: SmallLog) -> list[Case]:
    return [case for index in INDEXES for case in every_change(small_log, index)]


@pytest.fixture(scope="module")
def verdicts(cases: list[Case], keyring: RekorKeyring, go: Referee, node: Referee) -> Mapping[str, list[bool]]:
    """What each judge says of each case."""
    asked = list(map(asked_of_a_program, cases))
    return {
        "ours": list(map(we_accept, cases)),
        "proofbundle": list(map(proofbundle_accepts, cases)),
        "sigstore": [sigstore_accepts(keyring, case) for case in cases],
        "go": go.accepts(asked),
        "node": node.accepts(asked),
    }


def test_all_of_them_accept_an_honest_proof(cases: list[Case], verdicts: Mapping[str, list[bool]]) -> None:
    honest = [number for number, case in enumerate(cases) if case.what == "nothing"]

    assert len(honest) == len(INDEXES)
    assert all(verdict[number] for verdict in verdicts.values() for number in honest)


def test_nobody_refuses_what_we_accept(cases: list[Case], verdicts: Mapping[str, list[bool]]) -> None:
    """Ours is the strictest of the five."""
    ours = [number for number, accepted in enumerate(verdicts["ours"]) if accepted]

    assert [(name, cases[n]) for name, verdict in verdicts.items() for n in ours if not verdict[n]] == []


def test_whatever_anybody_accepts_is_the_same_entry(
    small_log: SmallLog, cases: list[Case], verdicts: Mapping[str, list[bool]]
) -> None:
    honest = {small_log.raws[index] for index in INDEXES}
    accepted = {number for verdict in verdicts.values() for number, said in enumerate(verdict) if said}

    assert len(cases) > 2000
    assert [cases[number] for number in accepted if cases[number].leaf not in honest] == []
    assert all(small_log.head().text.encode() in cases[n].proof for n in accepted if "another size" not in cases[n].what)


def test_others_accept_more_only_where_it_is_listed(cases: list[Case], verdicts: Mapping[str, list[bool]]) -> None:
    found: dict[str, set[str]] = {}
    for name, said in verdicts.items():
        for case, ours, theirs in zip(cases, verdicts["ours"], said, strict=True):
            if theirs and not ours:
                found.setdefault(case.what, set()).add(name)

    assert found == {what: set(judges) for what, (judges, _reason) in ALLOWED.items()}
