"""Signing the head of the log (C2SP tlog-checkpoint in a signed-note)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from storage.errors import LedgerError
from storage.verifier.checkpoint import Checkpoint, VerifiedCheckpoint, verify_checkpoint
from storage.verifier.errors import VerificationError
from storage.verifier.keys import ED25519, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.ledger.keys import Signer

__all__ = ["Checkpoint", "VerifiedCheckpoint", "VerifierKey", "open_checkpoint", "sign_checkpoint", "verify_checkpoint"]


def open_checkpoint(note: str, keys: Sequence[VerifierKey], *, origin: str) -> Checkpoint:
    """Return the checkpoint only if the log's own key (its name is *origin*) signed it and no known signature is wrong."""
    try:
        return verify_checkpoint(note, keys, origin=origin).checkpoint
    except VerificationError as error:
        raise LedgerError(str(error)) from error


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """
    Return the checkpoint as a signed note.

    Only a signer that bears the log's name may sign, and the signature is verified before anybody sees it: a key store that
    signs wrongly stops the log here. Whether this checkpoint *may* be signed (stored bytes read again, consistent with the last
    one) is the caller's to know.
    """
    if signer.name != checkpoint.origin:
        message = f"checkpoint of {checkpoint.origin}: the signer is called {signer.name}"
        raise LedgerError(message)
    signature = signer.sign(checkpoint.text.encode("ascii"))
    try:
        key = VerifierKey.parse(signer.vkey)
        if key.name != checkpoint.origin or key.algorithm != ED25519:
            message = f"checkpoint of {checkpoint.origin}: {signer.vkey} is not its key"
            raise LedgerError(message)
        key.verify(checkpoint.text, signature)
    except VerificationError as error:
        message = f"checkpoint of {checkpoint.origin} at {checkpoint.size}: signed wrongly, not given out"
        raise LedgerError(message) from error
    line = base64.b64encode(key.key_id + signature).decode("ascii")
    return f"{checkpoint.text}\n\u2014 {signer.name} {line}\n"
