"""
Reading leaves and tree hashes out of the database, in the caller's transaction.

What is read is believed, as `storage.ledger.tree` says of every reader; only `recomputed_tile` believes no kept tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from sqlalchemy import Connection, func, select

from storage.errors import LedgerError
from storage.ledger.tiles import TILE_WIDTH, tile_hash_reader
from storage.ledger.tree import HashReader
from storage.schema import entries, tiles
from storage.verifier.merkle import HASH_BYTES, subtree_root

__all__ = ["count", "hash_reader", "leaves", "read_tile", "recomputed_tile"]

_PAGE = 1024
_ReadTile: TypeAlias = Callable[[Connection, int, int, int], bytes]


def count(connection: Connection) -> int:
    """Return how many leaves are stored."""
    last = connection.scalar(select(func.max(entries.c.seq)))
    return 0 if last is None else last + 1


def leaves(connection: Connection, start: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield place, bytes and stored hash of the leaves from *start* up to *end*; raises `LedgerError` at a gap."""
    wanted = start
    while wanted < end:
        page = select(entries).where(entries.c.seq >= wanted, entries.c.seq < min(end, wanted + _PAGE)).order_by(entries.c.seq)
        rows = connection.execute(page).all()
        for row in rows:
            if row.seq != wanted:
                break
            yield row.seq, row.leaf, row.hash
            wanted += 1
        if not rows or rows[-1].seq != wanted - 1:
            message = f"leaf {wanted} is missing"
            raise LedgerError(message)


def hash_reader(connection: Connection, size: int) -> HashReader:
    """Return how `storage.ledger.tree` asks for hashes of the first *size* stored leaves."""
    kept: dict[tuple[int, int], bytes] = {}

    def cached(level: int, index: int, width: int) -> bytes:
        if (level, index) not in kept:
            kept[level, index] = read_tile(connection, level, index, width)
        return kept[level, index]

    return tile_hash_reader(cached, size)


def read_tile(connection: Connection, level: int, index: int, width: int) -> bytes:
    """Return the first *width* hashes of a tile, from the kept tile or computed from the one below."""
    kept = connection.scalar(select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.tile == index))
    if kept is not None:
        return bytes(kept[: width * HASH_BYTES])
    return _computed(connection, level, index, width, read_tile)


def recomputed_tile(connection: Connection, level: int, index: int) -> bytes:
    """Return the hashes of a full tile from the stored leaf hashes alone, believing no kept tile."""
    return _computed(connection, level, index, TILE_WIDTH, lambda c, below, at, _width: recomputed_tile(c, below, at))


def _computed(connection: Connection, level: int, index: int, width: int, below: _ReadTile) -> bytes:
    first = index * TILE_WIDTH
    if level:
        tiles_below = (below(connection, level - 1, first + i, TILE_WIDTH) for i in range(width))
        return b"".join(map(_root_of_tile, tiles_below))
    rows = connection.scalars(
        select(entries.c.hash).where(entries.c.seq >= first, entries.c.seq < first + width).order_by(entries.c.seq),
    ).all()
    if len(rows) != width:
        message = f"tile 0/{index}: expected {width} leaf hashes, found {len(rows)}"
        raise LedgerError(message)
    return b"".join(rows)


@lru_cache(maxsize=1024)
def _root_of_tile(tile: bytes) -> bytes:
    """Fold a tile; remembered by its bytes (8 MiB in all), because every signing folds the same full tiles again."""
    return subtree_root([tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)])
