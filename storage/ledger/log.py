"""
The log: stored leaves under a signed tree head.

The log signs only what it has read back: before a checkpoint, every leaf since the last one is read again from the database,
parsed strictly, hashed and compared, and the tree it extends must have the root that was signed last time. A silent bit flip in
a stored leaf ended a public certificate log in 2022; here it ends one checkpoint, with a message that names the leaf.

Signing goes: everything is read and the note is signed; the note is put into the cell (`storage.ledger.cell`), which is the
moment it becomes *the* head; it is written into the database, and only then seen by anybody. A crash after the second step is
made good by the same lines that do the third one every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, insert, select

from storage.database import reading, writing
from storage.errors import LedgerError, NotFound, StaleState
from storage.ledger.anchors import Anchors
from storage.ledger.cell import Cell
from storage.ledger.checkpoint import Checkpoint, Sm2Line
from storage.ledger.keys import Signer
from storage.ledger.leaf import Leaf
from storage.ledger.logkeys import LogKeys, Look
from storage.ledger.proof import format_proof
from storage.ledger.recovery import Lost, continues, is_given_up, newest_recovery
from storage.ledger.stored import count, hash_reader, leaves, read_tile
from storage.ledger.tiles import TILE_WIDTH, encode_entries
from storage.ledger.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    verify_consistency,
)
from storage.schema import checkpoints, tiles
from storage.verifier.errors import VerificationError

__all__ = ["Log", "count", "hash_reader", "leaves"]


class Log:
    """One append-only log in one database."""

    def __init__(
        self, engine: Engine, *signers: Signer, cell: Cell | None = None, sm2: Sm2Line | None = None, look: Look | None = None
    ) -> None:
        self._engine = engine
        self._cell = cell
        self.keys = LogKeys(engine, signers, sm2=sm2, look=look)
        self.origin = self.keys.origin
        self.anchors = Anchors(engine, self.keys)

    @property
    def vkey(self) -> str:
        """The public half of the newest key, to be handed to strangers."""
        return self.keys.newest().vkey

    @property
    def cell(self) -> Cell | None:
        """The rollback lock, for whoever wants to know where it is; only the log writes to it."""
        return self._cell

    def checkpoint(self) -> str:
        """
        Return a signed checkpoint that covers every leaf recorded so far, making it if need be.

        Raises `LedgerError`, and signs nothing, where the stored leaves do not continue what was signed before.
        """
        with writing(self._engine) as connection, _translated():
            held = self._settled(connection)
            size = count(connection)
            note, last = self._last(connection)
            if note is not None and last.size == size:
                return note
            signed = self._signed(connection, last, size)
            # the head of an empty log is signed for whoever asks and never kept: it proves nothing
            if size:
                self._commit(connection, held, signed)
                # a crash from here on is made good by the next call, which finds this head in the cell
                self._apply(connection, signed)
        return signed

    def confirm(self) -> None:
        """
        Return only if the stored leaves continue the head in the cell: to be asked before anything is recorded.

        Raises `LedgerError` naming both sizes for a database that was put back from a backup, and for a second copy of it.
        """
        if self._cell is None:
            return
        # first the cell: what it covers was committed before, so the view of the database opened next has it
        head = self.keys.opened(self._held(self._cell))
        with reading(self._engine) as connection, _translated():
            self._refuse_unless_continued(connection, head)

    def lock(self) -> None:
        """Put the newest head into the cell for the first time; `StaleState` if it holds one."""
        if self._cell is None:
            message = f"{self.origin}: no cell is set"
            raise NotFound(message)
        newest = self.latest()
        self._cell.create(newest or self.keys.sign(Checkpoint(self.origin, 0, EMPTY_ROOT)))

    def lost(self, *, start: int, end: int) -> Lost:
        """Return the lost range, checked: the head in the cell covers it and the database does not continue that head."""
        head = self.keys.opened(self._held(self._cell)) if self._cell is not None else None
        with reading(self._engine) as connection, _translated():
            stored = count(connection)
            if head is None or continues(head, size=stored, read=hash_reader(connection, stored)):
                message = f"{self.origin}: nothing is lost, the {stored} stored leaves continue what was signed last"
                raise LedgerError(message)
            lost = Lost(start, end, head, is_recorded=is_given_up(connection, head))
            if not lost.is_recorded:
                lost.refuse_unless(signed=self._last(connection)[1].size, stored=stored)
        return lost

    def latest(self) -> str | None:
        """Return the newest signed checkpoint, or None when nothing was ever signed."""
        with reading(self._engine) as connection:
            return self._last(connection)[0]

    def newest(self) -> str | None:
        """Return the newest checkpoint with the cosignatures it has by now, or None when nothing was ever signed."""
        with reading(self._engine) as connection:
            note, _ = self._last(connection)
            return None if note is None else self.anchors.dressed(connection, note)

    def anchored_size(self) -> int:
        """Return how many entries are under a checkpoint that a quorum of witnesses cosigned: what is held outside."""
        with reading(self._engine) as connection, _translated():
            found = self.anchors.newest(connection)
        return 0 if found is None else found[1]

    def is_anchored(self, index: int) -> bool:
        """Say whether entry *index* is held outside: what clearing, disposal and export wait for."""
        return index < self.anchored_size()

    def proof(self, index: int) -> str:
        """
        Return a ``tlog-proof@v1`` of the leaf at *index*; `LedgerError` if no checkpoint covers it.

        It is under the newest checkpoint that a quorum cosigned, or the newest there is where that does not cover it yet.
        """
        with reading(self._engine) as connection, _translated():
            note, last = self._last(connection)
            if note is None or not 0 <= index < last.size:
                message = f"{self.origin}: entry {index} is not under a checkpoint yet (newest covers {last.size})"
                raise LedgerError(message)
            anchored = self.anchors.newest(connection)
            whole, size = anchored if anchored and index < anchored[1] else (self.anchors.dressed(connection, note), last.size)
            path = inclusion_proof(index, size, hash_reader(connection, size))
            return format_proof(index=index, path=path, checkpoint_note=whole)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the RFC 6962 proof that the tree of *old* leaves is a prefix of the tree of *new* leaves."""
        with reading(self._engine) as connection:
            if not 0 < old <= new <= count(connection):
                message = f"{self.origin}: no consistency proof from {old} to {new} leaves, {count(connection)} are stored"
                raise LedgerError(message)
            return consistency_proof(old, new, hash_reader(connection, new))

    def tile(self, level: int, index: int, width: int) -> bytes:
        """Return *width* hashes of a C2SP tile; raises `LedgerError` beyond the newest checkpoint."""
        with reading(self._engine) as connection, _translated():
            _note, last = self._last(connection)
            if (index * TILE_WIDTH + width) << (8 * level) > last.size:
                message = f"{self.origin}: tile {level}/{index} of {width} hashes is beyond the newest checkpoint ({last.size})"
                raise LedgerError(message)
            return read_tile(connection, level, index, width)

    def bundle(self, index: int, width: int) -> bytes:
        """Return *width* entries as a C2SP bundle; raises `LedgerError` beyond the newest checkpoint."""
        first = index * TILE_WIDTH
        with reading(self._engine) as connection:
            _note, last = self._last(connection)
            if first + width > last.size:
                message = f"bundle {index} of {width} entries is beyond the newest checkpoint ({last.size})"
                raise LedgerError(message)
            return encode_entries(raw for _, raw, _ in leaves(connection, first, first + width))

    def continues(self, head: Checkpoint) -> bool:
        """Say whether the stored leaves begin with those that *head* covers."""
        with reading(self._engine) as connection:
            size = count(connection)
            return continues(head, size=size, read=hash_reader(connection, size))

    def recovered_at(self) -> int | None:
        """Return the number of the last ``RECOVERED`` entry, or None."""
        with reading(self._engine) as connection:
            return newest_recovery(connection)

    def leaf(self, index: int) -> bytes:
        """Return the exact bytes of a leaf."""
        with reading(self._engine) as connection:
            return next(iter(leaves(connection, index, index + 1)))[1]

    def _last(self, connection: Connection) -> tuple[str | None, Checkpoint]:
        note = connection.scalar(select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1))
        if note is None:
            return None, Checkpoint(self.origin, 0, root_at(0, hash_reader(connection, 0)))
        return note, self.keys.opened(note, connection)

    def _held(self, cell: Cell) -> str:
        held = cell.read()
        if held is None:
            message = (
                f"{self.origin}: the cell {cell} is empty; 'yihu log lock' makes it, knowing that this database is the newest"
            )
            raise NotFound(message)
        return held

    def _settled(self, connection: Connection) -> str | None:
        """Return what the cell holds, after making database and cell agree about the newest head."""
        if self._cell is None:
            return None
        held = self._held(self._cell)
        head = self.keys.opened(held, connection)
        self._refuse_unless_continued(connection, head)
        note, last = self._last(connection)
        if head.size > last.size and not is_given_up(connection, head):
            self._apply(connection, held)
        if note is not None and last.size > head.size:
            # the cell is the older one: it was put back from a backup, or set up again
            self._commit(connection, held, note)
            return note
        return held

    def _refuse_unless_continued(self, connection: Connection, head: Checkpoint) -> None:
        size = count(connection)
        if continues(head, size=size, read=hash_reader(connection, size)) or is_given_up(connection, head):
            return
        message = (
            f"{self.origin}: the {size} stored leaves do not continue the checkpoint of {head.size} that was signed last: "
            "the database was put back from a backup, or another copy of it has signed"
        )
        raise LedgerError(message)

    def _signed(self, connection: Connection, last: Checkpoint, size: int) -> str:
        reader = hash_reader(connection, size)
        if not continues(last, size=size, read=reader):
            message = f"{self.origin}: the {size} stored leaves do not extend the signed checkpoint of {last.size}"
            raise LedgerError(message)
        self._reread(connection, last.size, size)
        fresh = Checkpoint(self.origin, size, root_at(size, reader))
        if last.size:
            path = consistency_proof(last.size, size, reader)
            verify_consistency(old_size=last.size, old_root=last.root, new_size=size, new_root=fresh.root, path=path)
        return self.keys.sign(fresh, connection)

    def _commit(self, connection: Connection, held: str | None, note: str) -> None:
        """Make *note* the newest head there is."""
        if self._cell is None or held is None:
            return
        try:
            self._cell.replace(held, note)
        except StaleState as error:
            size = self.keys.opened(held, connection).size
            message = f"{self.origin}: another copy of this log has signed after {size}; nothing is given out"
            raise LedgerError(message) from error

    def _apply(self, connection: Connection, note: str) -> None:
        head, (_, last) = self.keys.opened(note, connection), self._last(connection)
        _keep_full_tiles(connection, last.size, head.size)
        connection.execute(insert(checkpoints).values(size=head.size, note=note))

    def _reread(self, connection: Connection, start: int, end: int) -> None:
        for seq, raw, stored in leaves(connection, start, end):
            leaf = Leaf.decode(raw)
            if leaf_hash(raw) != stored or leaf.seq != seq or leaf.log != self.origin:
                message = f"{self.origin}: stored leaf {seq} is not the one that was recorded; nothing was signed"
                raise LedgerError(message)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except VerificationError as error:
        raise LedgerError(str(error)) from error


def _keep_full_tiles(connection: Connection, old: int, new: int) -> None:
    level, old_full, new_full = 0, old // TILE_WIDTH, new // TILE_WIDTH
    while new_full > old_full:
        for index in range(old_full, new_full):
            hashes = read_tile(connection, level, index, TILE_WIDTH)
            connection.execute(insert(tiles).values(level=level, tile=index, hashes=hashes))
        level, old_full, new_full = level + 1, old_full // TILE_WIDTH, new_full // TILE_WIDTH
