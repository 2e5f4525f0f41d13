"""Writing proofs that a person can carry away (C2SP tlog-proof@v1)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from storage.errors import LedgerError
from storage.verifier.errors import VerificationError
from storage.verifier.tlogproof import FIRST_LINE, TlogProof, parse_proof, verify_proof

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TlogProof", "format_proof", "parse_proof", "verify_proof"]


def format_proof(*, index: int, path: Sequence[bytes], checkpoint_note: str, extra: bytes = b"") -> str:
    """Write a proof; *extra* is carried along and signed by nobody. What no reader would accept raises `LedgerError`."""
    lines = [FIRST_LINE]
    if extra:
        lines.append(f"extra {_base64(extra)}")
    lines += [f"index {index}", *(_base64(value) for value in path)]
    text = "\n".join(lines) + "\n\n" + checkpoint_note
    try:
        parse_proof(text)
    except VerificationError as error:
        message = f"proof of entry {index}: {error}"
        raise LedgerError(message) from error
    return text


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
