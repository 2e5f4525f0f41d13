"""
Rows that nothing accounts for.

A replay looks at the rows that leaves speak of, and at no others: a value slipped into the vault, a leaf before the first, or a
tile that was taken away would stay unseen. Here everything permanent that hangs on leaves is held against them the other way
round, row by row.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, exists, func, select

from storage.ledger.leaf import Leaf
from storage.ledger.stored import count
from storage.ledger.tiles import TILE_WIDTH
from storage.schema import checkpoints, entries, tiles, vault, vault_keys
from storage.vault import ERASED

__all__ = ["strays"]


def strays(connection: Connection) -> Iterator[str]:
    """Say of every row that is too many, or missing where one must be, what it is; `LedgerError` for a leaf that is none."""
    yield from _leaves(connection)
    yield from _tiles(connection)
    yield from _values(connection)
    yield from _keys(connection)


def _leaves(connection: Connection) -> Iterator[str]:
    stored = connection.scalar(select(func.count()).select_from(entries)) or 0
    if stored != count(connection):
        yield f"{stored} leaves are stored where {count(connection)} have a place"


def _tiles(connection: Connection) -> Iterator[str]:
    found = {(row.level, row.tile) for row in connection.execute(select(tiles.c.level, tiles.c.tile))}
    # kept in the transaction that keeps the checkpoint, so neither is ever there without the other
    expected = set(_full_tiles(connection.scalar(select(func.max(checkpoints.c.size))) or 0))
    for level, tile in sorted(found ^ expected, key=str):
        wrong = "missing" if (level, tile) in expected else "there is no such tile"
        yield f"tile {level}/{tile}: {wrong}"


def _full_tiles(size: int) -> Iterator[tuple[int, int]]:
    level, full = 0, size // TILE_WIDTH
    while full:
        yield from ((level, tile) for tile in range(full))
        level, full = level + 1, full // TILE_WIDTH


def _values(connection: Connection) -> Iterator[str]:
    columns = (vault.c.seq, vault.c.field, vault.c.subject, entries.c.leaf)
    joined = vault.outerjoin(entries, entries.c.seq == vault.c.seq)
    for row in connection.execute(select(*columns).select_from(joined).order_by(vault.c.seq)):
        leaf = None if row.leaf is None else Leaf.decode(row.leaf)
        if leaf is None or row.field not in dict(leaf.commitments):
            yield f"vault: no leaf commits to a value {row.field!r} of entry {row.seq}"
        elif row.subject != _owner(leaf):
            yield f"vault: value {row.field!r} of entry {row.seq} lies under {row.subject}, it should lie under {_owner(leaf)}"


def _owner(leaf: Leaf) -> str:
    """Return whose key seals the values of an entry: its subject's, but why that was erased is confided to whoever did it."""
    return leaf.actor if leaf.type == ERASED else leaf.subject


def _keys(connection: Connection) -> Iterator[str]:
    used = exists().where(vault.c.subject == vault_keys.c.subject)
    # an empty row holds the place of a destroyed key, whether there were values or not; `storage.erasure` looks at those
    for subject in connection.scalars(select(vault_keys.c.subject).where(~used, vault_keys.c.wrapped != b"")):
        yield f"vault: a data key of {subject}, of whom no value is kept"
