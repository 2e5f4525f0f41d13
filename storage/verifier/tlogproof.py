"""Proofs a person can carry away (C2SP tlog-proof@v1): an entry's place, its path in the tree, and the signed checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint, VerifiedCheckpoint, decimal, verify_checkpoint
from .errors import VerificationError
from .keys import VerifierKey, decode_base64
from .merkle import HASH_BYTES, leaf_hash, verify_inclusion
from .note import SignedNote

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_LINE = "c2sp.org/tlog-proof@v1"
LONGEST_PATH = 63


@dataclass(frozen=True)
class TlogProof:
    """A proof as it was written; nothing is verified yet."""

    index: int
    path: tuple[bytes, ...]
    checkpoint_note: str
    extra: bytes = b""
    """Carried along, signed by nobody."""


def parse_proof(text: str) -> TlogProof:
    """Take a proof apart; whatever is not exactly ``c2sp.org/tlog-proof@v1`` raises `VerificationError`."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != FIRST_LINE:
        message = "proof: the first line is not {expected}"
        raise VerificationError(message, expected=FIRST_LINE)
    extra = decode_base64(_after("extra ", lines), "extra data") if lines and lines[0].startswith("extra ") else b""
    index = decimal(_after("index ", lines), "proof index")
    if len(lines) > LONGEST_PATH:
        message = "proof: a path of {found} hashes"
        raise VerificationError(message, found=len(lines))
    Checkpoint.parse(SignedNote.parse(note).text)
    return TlogProof(index, tuple(map(proof_hash, lines)), note, extra)


def verify_proof(proof: TlogProof, leaf: bytes, keys: Sequence[VerifierKey], *, origin: str) -> VerifiedCheckpoint:
    """Return the checkpoint only if the log *origin* signed it and holds the bytes *leaf* at the place the proof names."""
    verified = verify_checkpoint(proof.checkpoint_note, keys, origin=origin)
    head = verified.checkpoint
    verify_inclusion(leaf_hash(leaf), index=proof.index, size=head.size, path=proof.path, root=head.root)
    return verified


def _after(keyword: str, lines: list[str]) -> str:
    if not lines or not lines[0].startswith(keyword):
        message = "proof: no line {expected!r}"
        raise VerificationError(message, expected=keyword)
    return lines.pop(0)[len(keyword) :]


def proof_hash(line: str) -> bytes:
    """Read a hash of a path; anything but 32 bytes in base64 raises `VerificationError`."""
    value = decode_base64(line, "proof hash")
    if len(value) != HASH_BYTES:
        message = "proof: expected hashes of 32 bytes, found one of {found}"
        raise VerificationError(message, found=len(value))
    return value
