"""
Some entries of a log, with a proof for each: what can be said of them without the rest of it.

That an entry is in the log is proved; that a subject's history is whole from its first entry is shown by the links between
entries. That nothing came *after* the last one cannot be shown by a part of a log.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .chain import Chain
from .errors import VerificationError
from .leaves import read_leaf
from .lifecycle import Lives
from .merkle import leaf_hash, verify_inclusion
from .steps import Check
from .tilefiles import LARGEST_ENTRY
from .tlogproof import parse_proof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .bagfiles import BagFiles
    from .checkpoint import Checkpoint
    from .leaves import LeafRecord
    from .lifecycle import LifeCycle

_LARGEST_PROOF = 2**19


class Entries:
    """The entries of a bundle, in the order of their numbers."""

    def __init__(self, files: BagFiles, note: str, head: Checkpoint, numbers: Sequence[int]) -> None:
        self._files, self._note, self._head = files, note, head
        self.strict, self.inclusion, self.history = Check("entries"), Check("inclusion"), Check("history")
        self.leaves: list[LeafRecord] = []
        for number in sorted(numbers):
            self._add(number)
        self.histories: dict[str, list[LeafRecord]] = {}
        """The entries of each subject."""
        for leaf in self.leaves:
            self.histories.setdefault(leaf.subject, []).append(leaf)
        self._follow()

    def moves(self, life_cycle: LifeCycle) -> Check:
        """Do the step "life cycle": every entry may follow what was before it."""
        check, lives = Check("life cycle"), Lives(life_cycle)
        for leaf in self.leaves:
            check.attempt(partial(lives.follow, leaf))
        return check

    def _add(self, number: int) -> None:
        path = f"data/entries/{number}.json"
        raw = self.strict.attempt(partial(self._files.read, path, limit=LARGEST_ENTRY))
        if raw is None:
            return
        self.strict.done -= 1
        leaf = self.strict.attempt(partial(self._read, raw, number))
        if leaf is not None:
            self.leaves.append(leaf)
        self.inclusion.attempt(partial(self._verify_inclusion, raw, number))

    def _read(self, raw: bytes, number: int) -> LeafRecord:
        try:
            leaf = read_leaf(raw)
        except VerificationError as error:
            message = "entry {index}: {reason}"
            raise VerificationError(message, index=number, reason=error) from error
        if (leaf.seq, leaf.log) != (number, self._head.origin):
            message = "entry {index}: says it is number {found} of {log}"
            raise VerificationError(message, index=number, found=leaf.seq, log=leaf.log)
        return leaf

    def _verify_inclusion(self, raw: bytes, number: int) -> None:
        path = f"data/proofs/{number}.tlog-proof"
        proof = parse_proof(self._files.text(path, limit=_LARGEST_PROOF))
        if proof.index != number or proof.extra or proof.checkpoint_note != self._note:
            message = "{path}: not a plain proof of this entry under the checkpoint of the bundle"
            raise VerificationError(message, path=path)
        head = self._head
        verify_inclusion(leaf_hash(raw), index=number, size=head.size, path=proof.path, root=head.root)

    def _follow(self) -> None:
        chain = Chain(self._head.origin)
        for leaf in self.leaves:
            self.history.attempt(partial(chain.follow_some, leaf))
