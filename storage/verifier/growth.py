"""
Older heads of the same log, shown by a consistency proof to be the beginning of the newest one.

A proof lies in a file of its own, as C2SP tlog-witness writes it: a line ``old SIZE``, then one base64 hash a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint, decimal
from .errors import VerificationError
from .logfiles import LARGEST_NOTE
from .merkle import verify_consistency
from .signatures import claimed, open_with
from .steps import Check
from .tlogproof import LONGEST_PATH, proof_hash
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .bagfiles import BagFiles
    from .keys import VerifierKey
    from .rotation import KeyHistory

HEADS = re.compile(r"data/log/heads/(0|[1-9][0-9]{0,15})")
PROOFS = re.compile(r"data/consistency/(0|[1-9][0-9]{0,15})")


@dataclass(frozen=True)
class ConsistencyFile:
    """A consistency proof as it was written; nothing is verified yet."""

    old: int
    path: tuple[bytes, ...]

    @classmethod
    def parse(cls, text: str) -> ConsistencyFile:
        """Read a proof; whatever is not exactly one raises `VerificationError`."""
        first, *rest = text.split("\n")
        if not first.startswith("old ") or not rest or rest.pop() or len(rest) > LONGEST_PATH:
            message = "consistency: not a line 'old SIZE' and at most 63 hashes, each ended by a line feed"
            raise VerificationError(message)
        return cls(decimal(first[len("old ") :], "consistency size"), tuple(map(proof_hash, rest)))


class OlderHeads:
    """The step "held": heads in the bundle and heads the stranger held."""

    def __init__(self, files: BagFiles, head: Checkpoint, keys: KeyHistory) -> None:
        self._files, self._head, self._keys = files, head, keys
        self.check = Check("held")
        self._sizes: set[int] = set()

    def run(self, held: Sequence[str], witnesses: Sequence[VerifierKey]) -> tuple[Check, Said]:
        """Verify the heads of the bundle, and those that were *held* elsewhere; a known witness's wrong word is an error."""
        for size in self._numbers(HEADS):
            self.check.attempt(partial(self._verify_ours, size, witnesses))
        for note in held:
            self.check.attempt(partial(self._verify, note, witnesses))
        for size in self._numbers(PROOFS):
            if size not in self._sizes:
                self.check.attempt(partial(self._proof, size))
        if not self._sizes:
            return self.check, Said("the bundle has a proof for who holds an older head; none was given")
        sizes = ", ".join(map(str, sorted(self._sizes)))
        return self.check, Said("sizes {sizes} are earlier heads of this log", sizes=sizes)

    def _numbers(self, pattern: re.Pattern[str]) -> list[int]:
        matches = map(pattern.fullmatch, self._files.sizes)
        return sorted(int(match.group(1)) for match in matches if match)

    def _verify_ours(self, size: int, witnesses: Sequence[VerifierKey]) -> None:
        path = f"data/log/heads/{size}"
        note = self._files.text(path, limit=LARGEST_NOTE)
        if claimed(note).size != size:
            message = "{path}: not the head of that size"
            raise VerificationError(message, path=path)
        self._verify(note, witnesses)

    def _verify(self, note: str, witnesses: Sequence[VerifierKey]) -> None:
        old = claimed(note)
        self._sizes.add(old.size)
        if old.size > self._head.size:
            message = "a head of {held} entries was held elsewhere, the log has only {size}: it was cut"
            raise VerificationError(message, held=old.size, size=self._head.size)
        path = () if old.size in {0, self._head.size} else self._proof(old.size)
        verify_consistency(old_size=old.size, old_root=old.root, new_size=self._head.size, new_root=self._head.root, path=path)
        open_with(note, self._keys, witnesses)  # last: where signatures cannot be checked, the rest still was

    def _proof(self, size: int) -> tuple[bytes, ...]:
        path = f"data/consistency/{size}"
        if path not in self._files.sizes:
            message = "a head of {held} entries cannot be compared: the bundle has no proof from it; ask the office for one"
            raise VerificationError(message, held=size)
        proof = ConsistencyFile.parse(self._files.text(path, limit=LARGEST_NOTE))
        if proof.old != size:
            message = "{path}: not the proof from that size"
            raise VerificationError(message, path=path)
        return proof.path
