"""What a carried-away proof of a published log weighs, and how long a stranger takes to verify it."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

from bench.lives import ORIGIN
from bench.published import PublishedLog
from storage.ledger.cosigning import Cosigner, with_cosignatures
from storage.ledger.keys import FileSigner
from storage.ledger.proof import format_proof
from storage.verifier.keys import VerifierKey
from storage.verifier.note import SignedNote
from storage.verifier.tlogproof import parse_proof, verify_proof

_SEED = 7
_NOW = 1_763_764_190


def signer(keys: Path, name: str = ORIGIN) -> FileSigner:
    """Make a key that signs under *name*."""
    keys.mkdir(exist_ok=True)
    return FileSigner.generate(keys / f"{name.replace('/', '-')}.pem", name=name)


class Proofs:
    """Proofs of entries of a log under its head, with two cosignatures."""

    def __init__(self, log: PublishedLog, note: str, keys: Path) -> None:
        self._log = log
        cosigners = [Cosigner(signer(keys, f"witness-{number}.example/w1")) for number in range(2)]
        text = SignedNote.parse(note).text
        self._note = with_cosignatures(note, [cosigner.cosign(text, time=_NOW) for cosigner in cosigners])
        self.vkeys = [log.vkey, *(cosigner.key.vkey for cosigner in cosigners)]

    def of(self, count: int) -> list[tuple[str, bytes]]:
        """Give proofs of *count* entries from all over the log, and the entries."""
        places = random.Random(_SEED).sample(range(self._log.size), min(count, self._log.size))  # noqa: S311 - not a secret
        return [
            (format_proof(index=place, path=self._log.path(place), checkpoint_note=self._note), self._log.entry(place))
            for place in places
        ]


def verifying(proof: str, leaf: bytes, vkeys: Sequence[str]) -> float:
    """Return the milliseconds that verifying takes from texts alone: keys, proof, three signatures, the path."""
    began = time.perf_counter()
    keys = [VerifierKey.parse(vkey) for vkey in vkeys]
    verified = verify_proof(parse_proof(proof), leaf, keys, origin=ORIGIN)
    milliseconds = 1000 * (time.perf_counter() - began)
    assert len(verified.witnesses) == len(vkeys) - 1  # noqa: S101 - or it was not this that was measured
    return milliseconds
