"""Cosignatures (C2SP tlog-cosignature): a witness's dated word that it saw a checkpoint, as a line below it."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from storage.errors import LedgerError
from storage.ledger.keys import Signer
from storage.verifier.errors import VerificationError
from storage.verifier.keys import COSIGNATURE, VerifierKey
from storage.verifier.note import SignedNote

__all__ = ["Cosignature", "Cosigner", "cosignatures_in", "with_cosignatures"]

_TIMESTAMP_BYTES = 8


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: whose, when (seconds since 1970, the witness's own clock), and the line as it stands in notes."""

    key: VerifierKey
    time: int
    line: str
    """Ends with a line feed."""


class Cosigner:
    """The key of a witness: an Ed25519 key that signs nothing but cosignatures, since they do not commit to its name."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.key = VerifierKey(signer.name, COSIGNATURE, VerifierKey.parse(signer.vkey).public)

    def cosign(self, text: str, *, time: int) -> str:
        """Return the line that says: at *time* this checkpoint *text* was the largest consistent one I had seen of its log."""
        signature = self._signer.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        raw = self.key.key_id + time.to_bytes(_TIMESTAMP_BYTES, "big") + signature
        line = f"\u2014 {self.key.name} {base64.b64encode(raw).decode('ascii')}\n"
        # a key store that signs wrongly stops the witness here
        if not cosignatures_in(f"{text}\n{line}", [self.key]):
            message = f"witness {self.key.name}: signed wrongly, not given out"
            raise LedgerError(message)
        return line


def cosignatures_in(note: str, keys: list[VerifierKey]) -> list[Cosignature]:
    """Return the cosignatures by *keys* below *note*, verified; others are passed over, a wrong one raises `LedgerError`."""
    try:
        parsed = SignedNote.parse(note)
        found = []
        for key in keys:
            for line in parsed.lines_of(key):
                moment = key.verify(parsed.text, line.signature)
                if moment is not None and moment > 0:
                    raw = base64.b64encode(line.key_id + line.signature).decode("ascii")
                    found.append(Cosignature(key, moment, f"\u2014 {line.name} {raw}\n"))
    except VerificationError as error:
        raise LedgerError(str(error)) from error
    return found


def with_cosignatures(note: str, lines: list[str]) -> str:
    """Return the signed *note* with further signature lines, each of which ends with a line feed."""
    return note + "".join(lines)
