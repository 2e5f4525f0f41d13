"""
The keys of a copied log, found among its entries before anything else is verified.

What is found here is only as good as the entries: the steps after it (order, root) hold them to the head, and `verify_heads`
holds the heads that the rotations name to the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import VerificationError
from .leaves import read_leaf
from .rotation import RETIRED, ROTATED, KeyHistory, Rotation, ValidKey, take_in
from .steps import Check
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TELLING = tuple(f'"type":"{type_}"'.encode("ascii") for type_ in (ROTATED, RETIRED))
"""One of these stands in every entry that says something of keys, and hardly in another: cheap to look for."""


class LogKeys:
    """Which key vouches for which size of one copied log."""

    def __init__(self, given: Sequence[ValidKey]) -> None:
        self.check = Check("keys")
        self.history = KeyHistory(given)
        self.rotations: list[Rotation] = []

    def follow(self, index: int, raw: bytes) -> None:
        """Take in what entry *index* says of keys, if it says anything; entries are told in the order of the log."""
        if _is_telling(raw):
            self.check.attempt(self._take_in, index, raw)

    def verify_heads(self, roots: Mapping[int, bytes]) -> None:
        """Check that every head a rotation was tied to is an earlier head of this log; *roots* are those of the tree."""
        for rotation in self.rotations:
            self.check.attempt(_verify_head, rotation, roots)
            self.check.done -= 1  # it is entries that are counted

    def result(self, size: int) -> tuple[Check, Said]:
        """Return the step, to be shown where the log says anything of keys."""
        names = ", ".join(f"{key.key_id.hex()} ({self.history.followed(key)})" for key in self.history.at(size))
        return self.check, Said(
            "{count} entries about keys; in force (rotations followed): {names}", count=self.check.done, names=names
        )

    def _take_in(self, index: int, raw: bytes) -> None:
        leaf = read_leaf(raw)
        if leaf.seq != index:
            message = "entry {index}: says it is number {found} of {log}"
            raise VerificationError(message, index=index, found=leaf.seq, log=leaf.log)
        rotation = take_in(self.history, leaf)
        if rotation is not None:
            self.rotations.append(rotation)


def _is_telling(raw: bytes) -> bool:
    if not any(sign in raw for sign in TELLING):
        return False
    try:
        return read_leaf(raw).type in {ROTATED, RETIRED}
    except VerificationError:
        return False  # the step that reads every entry says so


def _verify_head(rotation: Rotation, roots: Mapping[int, bytes]) -> None:
    if roots.get(rotation.head.size) != rotation.head.root:
        message = "a key was handed over at {size} entries of another history"
        raise VerificationError(message, size=rotation.head.size)
