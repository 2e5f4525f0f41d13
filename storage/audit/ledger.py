"""Whether the ledger is what was recorded and signed: leaves, heads, tiles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import Connection, func, select

from storage.audit.scope import Scope
from storage.audit.scratch import LastEntries
from storage.audit.steps import Step
from storage.audit.words import Said
from storage.database import reading
from storage.errors import LedgerError, StorageUnavailable
from storage.ledger.leaf import LARGEST_LEAF
from storage.ledger.stored import Growing, computed_tile, hash_reader, leaves
from storage.ledger.tiles import TILE_HEIGHT, TILE_WIDTH
from storage.ledger.tree import frontier_at
from storage.schema import checkpoints, entries, history, tiles
from storage.verifier.chain import Chain
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import read_leaf
from storage.verifier.merkle import Frontier

__all__ = ["heads", "log", "tiles_of"]

_PAGE = 500


def log(scope: Scope, step: Step) -> Iterator[str]:
    """Every leaf is strictly one, stands at its number, hashes to its stored hash, and is linked; the clock goes on."""
    if scope.broken is not None:
        yield Said("the audit cannot go on from the checkpoint it was given: {reason}", reason=scope.broken)
    if not scope.size:
        yield Said("there is no entry: nothing was verified")
    with closing(LastEntries()) as last, reading(scope.engine) as connection:
        chain = _chain(scope, connection, last)
        for seq, raw, stored in leaves(connection, scope.since, scope.size):
            step.count()
            yield from _entry(chain, seq, raw, bytes(stored))
        for seq in connection.scalars(select(entries.c.seq).where(entries.c.seq < 0).limit(_PAGE)):
            yield Said("entry {index}: there is no such number", index=seq)


def _entry(chain: Chain, seq: int, raw: bytes, stored: bytes) -> Iterator[str]:
    try:
        leaf = read_leaf(raw)
    except VerificationError as error:
        yield Said("entry {index}: {reason}", index=seq, reason=error)
        return
    if leaf.hash != stored:
        yield Said("entry {index}: it does not hash to what was recorded beside it", index=seq)
    if len(raw) > LARGEST_LEAF:
        yield Said("entry {index}: longer than an entry may be", index=seq)
    try:
        chain.follow(leaf, index=seq)
    except VerificationError as error:
        yield Said("{reason}", reason=error)


def _chain(scope: Scope, connection: Connection, last: LastEntries) -> Chain:
    if not scope.since:
        return Chain(scope.log.origin, last=last)
    before = connection.scalar(select(entries.c.leaf).where(entries.c.seq == scope.since - 1))
    time = "" if before is None else read_leaf(before).at
    return Chain(scope.log.origin, last=_Earlier(connection, scope.since, last), time=time)


class _Earlier:
    """Last entries, looked up in the catalog where the subject has none among the new ones."""

    def __init__(self, connection: Connection, since: int, last: LastEntries) -> None:
        self._connection, self._since, self._last = connection, since, last

    def get(self, subject: str, /) -> tuple[int, bytes] | None:
        return self._last.get(subject) or self._before(subject)

    def _before(self, subject: str) -> tuple[int, bytes] | None:
        earlier = select(func.max(history.c.seq)).where(history.c.subject == subject, history.c.seq < self._since)
        row = self._connection.execute(select(entries.c.seq, entries.c.hash).where(entries.c.seq == earlier.scalar_subquery()))
        found = row.first()
        return None if found is None else (found.seq, bytes(found.hash))

    def __setitem__(self, subject: str, last: tuple[int, bytes], /) -> None:
        self._last[subject] = last


def heads(scope: Scope, step: Step) -> Iterator[str]:
    """Every stored checkpoint is signed by the log and has the root of its entries; the cell contradicts none."""
    if scope.began is not None:
        # proved when the scope was taken: nothing later would be looked at from here on otherwise
        step.count()
        step.remark("the tree of the first {size} entries still has the root it had", size=scope.since)
    with reading(scope.engine) as connection:
        tree = Growing(connection, _start(scope, connection))
        newest = 0
        for size, note in _checkpoints(connection, scope.since):
            step.count()
            newest = size
            yield from _head(scope, tree, size, note)
        scope.root = tree.root_at(scope.size) or b""
    if not max(newest, scope.since):
        yield Said("there is no checkpoint: nothing is signed")
    elif scope.size > max(newest, scope.since):
        step.remark("{count} entries are not signed yet", count=scope.size - max(newest, scope.since))
    yield from _cell(scope, step)


def _head(scope: Scope, tree: Growing, size: int, note: str) -> Iterator[str]:
    try:
        checkpoint = scope.opened(note)
    except LedgerError as error:
        yield Said("checkpoint {size}: {reason}", size=size, reason=error)
        return
    if checkpoint.size != size or tree.root_at(size) != checkpoint.root:
        yield Said("checkpoint {size}: the stored entries do not have the root it signs", size=size)


def _checkpoints(connection: Connection, since: int) -> Iterator[tuple[int, str]]:
    after = since or -1
    while True:
        page = select(checkpoints).where(checkpoints.c.size > after).order_by(checkpoints.c.size).limit(_PAGE)
        rows = connection.execute(page).all()
        for row in rows:
            yield row.size, row.note
        if not rows:
            return
        after = rows[-1].size


def _start(scope: Scope, connection: Connection) -> Frontier:
    # read from tiles, which are believed only because the root over them is the one that was audited
    return frontier_at(scope.since, hash_reader(connection, scope.since)) if scope.since else Frontier()


def _cell(scope: Scope, step: Step) -> Iterator[str]:
    if scope.log.cell is None:
        step.remark("no rollback lock is set")
        return
    try:
        step.count()
        scope.log.confirm()
    except StorageUnavailable as error:
        yield Said("the rollback lock cannot be reached: {reason}", reason=error)
    except LedgerError as error:
        yield Said("{reason}", reason=error)


def tiles_of(scope: Scope, step: Step) -> Iterator[str]:
    """Every kept tile holds the hashes of what is below it, and none is missing that a signed head has made full."""
    with reading(scope.engine) as connection:
        newest = connection.scalar(select(func.max(checkpoints.c.size)).where(checkpoints.c.size <= scope.size)) or 0
        level = 0
        while newest >> TILE_HEIGHT * (level + 1) or _kept(connection, level):
            full = range(scope.since >> TILE_HEIGHT * (level + 1), newest >> TILE_HEIGHT * (level + 1))
            yield from _row(connection, level, full, step)
            level += 1
        beyond = select(tiles.c.level, tiles.c.tile).where((tiles.c.level < 0) | (tiles.c.level >= level)).limit(_PAGE)
        for row in connection.execute(beyond):
            yield Said("tile {level}/{index}: no signed head has such a tile", level=row.level, index=row.tile)
    if not step.checked:
        step.remark("so few entries are new that no tile has become full (one holds {width})", width=TILE_WIDTH)


def _row(connection: Connection, level: int, full: range, step: Step) -> Iterator[str]:
    for index in full:
        step.count()
        kept = connection.scalar(select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.tile == index))
        if kept is None:
            yield Said("tile {level}/{index}: missing", level=level, index=index)
        elif kept != computed_tile(connection, level, index):
            yield Said("tile {level}/{index}: it does not hold the hashes of what is below it", level=level, index=index)
    outside = (tiles.c.tile < 0) | (tiles.c.tile >= full.stop)
    for index in connection.scalars(select(tiles.c.tile).where(tiles.c.level == level, outside).limit(_PAGE)):
        yield Said("tile {level}/{index}: no signed head has such a tile", level=level, index=index)


def _kept(connection: Connection, level: int) -> bool:
    return connection.scalar(select(tiles.c.tile).where(tiles.c.level == level).limit(1)) is not None
