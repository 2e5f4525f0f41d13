"""
The log as files (C2SP tlog-tiles): hash tiles of height 8, bundles of entries, and reading subtree hashes out of tiles.

Tiles are believed here, as `tree` says of every reader: a flipped bit in a tile gives a proof that does not verify.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.errors import LedgerError
from storage.verifier.merkle import HASH_BYTES, subtree_root
from storage.verifier.tilefiles import (
    ENTRIES,
    LARGEST_ENTRY,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileName,
    bundles_for,
    decode_entries,
    tiles_for,
    width_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from storage.ledger.tree import HashReader

__all__ = [
    "ENTRIES",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "TileName",
    "bundles_for",
    "decode_entries",
    "encode_entries",
    "tile_hash_reader",
    "tiles_for",
    "width_at",
]


def encode_entries(leaves: Iterable[bytes]) -> bytes:
    """Put leaves into a bundle, each after its length in two bytes."""
    return b"".join(_prefixed(leaf) for leaf in leaves)


def tile_hash_reader(read_tile: Callable[[int, int, int], bytes], size: int) -> HashReader:
    """
    Return a reader of subtree hashes over the tiles of a tree of *size* leaves.

    ``read_tile(level, index, width)`` gives the hashes of a tile one after another; it is asked once per hash, so let it cache.
    A tile of another length, and a subtree that the tree does not have complete, raise `LedgerError`.
    """

    def read(level: int, index: int) -> bytes:
        row, height = divmod(level, TILE_HEIGHT)
        tile, place = divmod(index << height, TILE_WIDTH)
        width = width_at(row, tile, size)
        if place + (1 << height) > width:
            message = f"subtree {index} of level {level}: not complete in a tree of {size}"
            raise LedgerError(message)
        hashes = read_tile(row, tile, width)
        if len(hashes) != width * HASH_BYTES:
            message = f"{TileName(row, tile, width).path}: expected {width * HASH_BYTES} bytes, found {len(hashes)}"
            raise LedgerError(message)
        return subtree_root([hashes[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(place, place + (1 << height))])

    return read


def _prefixed(leaf: bytes) -> bytes:
    if len(leaf) > LARGEST_ENTRY:
        message = f"bundle: expected entries of at most {LARGEST_ENTRY} bytes, found {len(leaf)}"
        raise LedgerError(message)
    return len(leaf).to_bytes(2, "big") + leaf
