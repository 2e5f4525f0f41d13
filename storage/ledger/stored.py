"""
Reading leaves and tree hashes out of the database, in the caller's transaction.

What is read is believed, as `storage.ledger.tree` says of every reader; `Growing` believes no kept tile, `computed_tile` only
those one level below.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import Connection, func, select

from storage.errors import LedgerError
from storage.ledger.tiles import TILE_WIDTH, TileName, tile_hash_reader
from storage.ledger.tree import HashReader
from storage.schema import entries, tiles
from storage.verifier.merkle import HASH_BYTES, Frontier, subtree_root

__all__ = ["Growing", "computed_tile", "count", "hash_reader", "leaves", "read_tile"]

_PAGE = 1024


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


class Growing:
    """
    The tree as it grows, from the stored leaf hashes alone: asked for one size after another, it reads each hash once.

    It begins with the frontier of *start* leaves, which is believed.
    """

    def __init__(self, connection: Connection, start: Frontier) -> None:
        self._connection, self._frontier = connection, start

    def root_at(self, size: int) -> bytes | None:
        """Return the root of the first *size* leaves; None where there are not so many, or where it has gone past that."""
        while self._frontier.size < size:
            hashes = self._next(min(size - self._frontier.size, _PAGE))
            if not hashes:
                return None
            self._frontier = self._frontier.extend(hashes)
        return self._frontier.root() if self._frontier.size == size else None

    def _next(self, wanted: int) -> list[bytes]:
        start = self._frontier.size
        page = select(entries.c.hash).where(entries.c.seq >= start, entries.c.seq < start + wanted).order_by(entries.c.seq)
        hashes = [bytes(value) for value in self._connection.scalars(page)]
        return hashes if len(hashes) == wanted else []


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
    return _computed(connection, level, index, width)


def computed_tile(connection: Connection, level: int, index: int) -> bytes:
    """Return the hashes of a full tile from the leaf hashes or the kept tiles one level below; refuses an impossible one."""
    TileName(level, index, TILE_WIDTH)
    return _computed(connection, level, index, TILE_WIDTH)


def _computed(connection: Connection, level: int, index: int, width: int) -> bytes:
    first = index * TILE_WIDTH
    if level:
        kept = _kept(connection, level - 1, first, width)
        tiles_below = (
            kept.get(place) or read_tile(connection, level - 1, place, TILE_WIDTH) for place in range(first, first + width)
        )
        return b"".join(map(_root_of_tile, tiles_below))
    rows = connection.scalars(
        select(entries.c.hash).where(entries.c.seq >= first, entries.c.seq < first + width).order_by(entries.c.seq),
    ).all()
    if len(rows) != width:
        message = f"tile 0/{index}: expected {width} leaf hashes, found {len(rows)}"
        raise LedgerError(message)
    return b"".join(rows)


def _kept(connection: Connection, level: int, first: int, count: int) -> dict[int, bytes]:
    """Return those of *count* neighbouring tiles that are kept, by their place, with one question."""
    wanted = select(tiles.c.tile, tiles.c.hashes).where(
        tiles.c.level == level, tiles.c.tile >= first, tiles.c.tile < first + count
    )
    return {row.tile: bytes(row.hashes[: TILE_WIDTH * HASH_BYTES]) for row in connection.execute(wanted)}


@lru_cache(maxsize=1024)
def _root_of_tile(tile: bytes) -> bytes:
    """Fold a tile; remembered by its bytes (8 MiB in all), because every signing folds the same full tiles again."""
    return subtree_root([tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)])
