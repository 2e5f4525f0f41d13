"""Signing the head of the log (C2SP tlog-checkpoint in a signed-note)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol

from storage.errors import LedgerError
from storage.verifier.checkpoint import Checkpoint, VerifiedCheckpoint, verify_checkpoint
from storage.verifier.errors import VerificationError
from storage.verifier.keys import ED25519, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.ledger.keys import Signer

__all__ = [
    "Checkpoint",
    "Sm2Line",
    "VerifiedCheckpoint",
    "VerifierKey",
    "open_checkpoint",
    "sign_checkpoint",
    "signature_line",
    "verify_checkpoint",
]


class Sm2Line(Protocol):
    """Something that adds one more signature line, of a kind that verifiers of the standard pass over."""

    def line(self, text: str) -> str:
        """Return the signature line over the note *text*, verified, with its line feed."""


def open_checkpoint(note: str, keys: Sequence[VerifierKey], *, origin: str) -> Checkpoint:
    """Return the checkpoint only if the log's own key (its name is *origin*) signed it and no known signature is wrong."""
    try:
        return verify_checkpoint(note, keys, origin=origin).checkpoint
    except VerificationError as error:
        raise LedgerError(str(error)) from error


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer, sm2: Sm2Line | None = None) -> str:
    """
    Return the checkpoint as a note that every one of *signers* has signed, the last one first.

    Only a signer that bears the log's name may sign, and the signature is verified before anybody sees it: a key store that
    signs wrongly stops the log here. Whether this checkpoint *may* be signed (stored bytes read again, consistent with the last
    one) is the caller's to know.
    """
    for signer in signers:
        if signer.name != checkpoint.origin:
            message = f"checkpoint of {checkpoint.origin}: the signer is called {signer.name}"
            raise LedgerError(message)
    what = f"checkpoint of {checkpoint.origin} at {checkpoint.size}"
    lines = [signature_line(checkpoint.text, signer, what=what) for signer in reversed(signers)]
    if sm2 is not None:
        lines.append(sm2.line(checkpoint.text))
    return f"{checkpoint.text}\n{''.join(lines)}"


def signature_line(text: str, signer: Signer, *, what: str) -> str:
    """Return the line by which *signer* signs the note *text*, verified; *what* names the note where that fails."""
    signature = signer.sign(text.encode("ascii"))
    try:
        key = VerifierKey.parse(signer.vkey)
        if key.name != signer.name or key.algorithm != ED25519:
            message = f"{what}: {signer.vkey} is not its key"
            raise LedgerError(message)
        key.verify(text, signature)
    except VerificationError as error:
        message = f"{what}: signed wrongly, not given out"
        raise LedgerError(message) from error
    line = base64.b64encode(key.key_id + signature).decode("ascii")
    return f"\u2014 {signer.name} {line}\n"
