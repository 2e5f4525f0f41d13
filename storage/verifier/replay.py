"""
Going through a log once, from the first entry to the last: read, link, hash, compare with the tiles, grow the tree.

Memory stays flat: one bundle, one unfinished tile per level, and one line per subject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chain import Chain
from .clearings import Clearings
from .dockkeys import DockKeys
from .errors import VerificationError
from .leaves import LeafRecord, read_leaf
from .merkle import Frontier, leaf_hash, subtree_root
from .snapshot import SNAPSHOT, Tally
from .steps import Check
from .tilefiles import TILE_WIDTH, TileName, bundles_for
from .times import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .checkpoint import Checkpoint
    from .lifecycle import Lives
    from .logfiles import LogFiles
    from .times import Stamp


class Replay:
    """One passage through a log, and what it found."""

    def __init__(
        self, files: LogFiles, head: Checkpoint, *, lives: Lives | None, sizes: Iterable[int], stamps: Sequence[Stamp] = ()
    ) -> None:
        self.leaves, self.order, self.tiles = Check("entries"), Check("order"), Check("tiles")
        self.moves = Check("life cycle") if lives else None
        self.snapshots = Check("snapshots")
        self.times = Check("times") if stamps else None
        self.stamps = stamps
        self.manifests = Check("manifests")
        self.clearings = Check("clearings")
        self._docks, self._cleared = DockKeys(), Clearings()
        self._files, self._head = files, head
        self._chain, self._lives, self._bounds = Chain(head.origin), lives, Bounds(stamps)
        self._tally, self._frontier = Tally(), Frontier()
        self._rows: list[list[bytes]] = []
        self._tiles_of_level: list[int] = []
        self._wanted = sorted({*sizes, *(stamp.size for stamp in stamps)})
        self.roots: dict[int, bytes] = {}
        """The roots of the trees of the *sizes* that were asked for, as far as the log goes."""

    def run(self) -> None:
        """Go through the log; where a bundle cannot be read, the way ends there."""
        self._remember(())
        for name in bundles_for(self._head.size):
            raws = self.leaves.attempt(self._files.bundle, name)
            if raws is None:
                return
            self.leaves.done -= 1  # it is entries that are counted
            self._bundle(name, raws)
        for level, row in enumerate(self._rows):
            if row:
                self._compare(level, row)

    @property
    def size(self) -> int:
        """How many entries were hashed."""
        return self._frontier.size

    def verify_root(self) -> None:
        """Return only if all entries of the checkpoint were read and hash to its root."""
        if self.size != self._head.size:
            message = "only {found} of {expected} entries could be read"
            raise VerificationError(message, found=self.size, expected=self._head.size)
        if self._frontier.root() != self._head.root:
            message = "the entries do not hash to the root of the checkpoint"
            raise VerificationError(message)

    def verify_cleared(self) -> None:
        """Check that every head under which a camera was cleared is an earlier one of this very log."""
        for named in self._cleared.heads:
            self.clearings.attempt(named.verify, self.roots)
            self.clearings.done -= 1  # it is entries that are counted

    def verify_stamped(self, stamp: Stamp) -> None:
        """Return only if what was stamped is an earlier tree of this very log."""
        if self.roots.get(stamp.size) != stamp.root:
            message = "entry {index}: what was stamped is not the tree of the first {size} entries"
            raise VerificationError(message, index=stamp.seq, size=stamp.size)

    def _bundle(self, name: TileName, raws: list[bytes]) -> None:
        hashes = [self._entry(raw, name.index * TILE_WIDTH + place) for place, raw in enumerate(raws)]
        self._remember(hashes)
        for value in hashes:
            self._push(0, value)

    def _entry(self, raw: bytes, index: int) -> bytes:
        leaf = self.leaves.attempt(_read, raw, index)
        if leaf is None:
            return leaf_hash(raw)
        self.order.attempt(self._chain.follow, leaf, index=index)
        if self.moves is not None and self._lives is not None:
            self.moves.attempt(self._lives.follow, leaf)
        if leaf.type == SNAPSHOT:
            self.snapshots.attempt(self._tally.verify, leaf)
        self._tally.add(leaf.subject)
        if self.times is not None:
            self.times.attempt(self._bounds.follow, leaf)
        if self._docks.concerns(leaf):
            self.manifests.attempt(self._docks.follow, leaf)
        if self._cleared.concerns(leaf):
            self.clearings.attempt(self._cleared.follow, leaf)
        return leaf.hash

    def _remember(self, hashes: Iterable[bytes]) -> None:
        """Grow the tree by *hashes*, and keep the root at every wanted size on the way."""
        rest, start = list(hashes), self._frontier
        for size in self._wanted:
            if start.size <= size <= start.size + len(rest) and size not in self.roots:
                self.roots[size] = start.extend(rest[: size - start.size]).root()
        self._frontier = start.extend(rest)

    def _push(self, level: int, value: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
            self._tiles_of_level.append(0)
        row = self._rows[level]
        row.append(value)
        if len(row) == TILE_WIDTH:
            self._compare(level, row)
            self._push(level + 1, subtree_root(row))
            row.clear()
            self._tiles_of_level[level] += 1

    def _compare(self, level: int, row: list[bytes]) -> None:
        name = TileName(level, self._tiles_of_level[level], len(row))
        self.tiles.attempt(self._verify_tile, name, b"".join(row))

    def _verify_tile(self, name: TileName, expected: bytes) -> None:
        if self._files.tile(name) != expected:
            message = "{path}: does not match the entries below it"
            raise VerificationError(message, path=name.path)


def _read(raw: bytes, index: int) -> LeafRecord:
    try:
        return read_leaf(raw)
    except VerificationError as error:
        message = "entry {index}: {reason}"
        raise VerificationError(message, index=index, reason=error) from error
