"""
The keys of a copied log, found by going through its entries once before anything else is verified.

What is found here is only as good as the entries: the steps after it (order, root) hold them to the head, and `verify_heads`
holds the heads that the rotations name to the tree.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .errors import VerificationError
from .leaves import read_leaf
from .rotation import RETIRED, ROTATED, KeyHistory, Rotation, ValidKey, take_in
from .steps import Check
from .tilefiles import TILE_WIDTH, bundles_for
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .logfiles import LogFiles

_SIGNS = tuple(f'"{type_}"'.encode("ascii") for type_ in (ROTATED, RETIRED))


class LogKeys:
    """Which key vouches for which size of one copied log."""

    def __init__(self, files: LogFiles, size: int, given: Sequence[ValidKey]) -> None:
        self.check = Check("keys")
        self.history = KeyHistory(given)
        self.rotations: list[Rotation] = []
        for index, raw in _telling(files, size):
            self.check.attempt(partial(self._take_in, index, raw))

    def verify_heads(self, roots: Mapping[int, bytes]) -> None:
        """Check that every head a rotation was tied to is an earlier head of this log; *roots* are those of the tree."""
        for rotation in self.rotations:
            self.check.attempt(partial(_verify_head, rotation, roots))
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


def _telling(files: LogFiles, size: int) -> Iterator[tuple[int, bytes]]:
    """Give every entry that may say something of keys; where a bundle cannot be read the way ends, and another step says so."""
    for name in bundles_for(size):
        try:
            raws = files.bundle(name)
        except VerificationError:
            return
        for place, raw in enumerate(raws):
            if any(sign in raw for sign in _SIGNS) and _is_telling(raw):
                yield name.index * TILE_WIDTH + place, raw


def _is_telling(raw: bytes) -> bool:
    try:
        return read_leaf(raw).type in {ROTATED, RETIRED}
    except VerificationError:
        return False  # the step that reads every entry says so


def _verify_head(rotation: Rotation, roots: Mapping[int, bytes]) -> None:
    if roots.get(rotation.head.size) != rotation.head.root:
        message = "a key was handed over at {size} entries of another history"
        raise VerificationError(message, size=rotation.head.size)
