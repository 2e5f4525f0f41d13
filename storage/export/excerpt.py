"""Some entries of the log with everything that proves them, all under one head and read in one view of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from storage.database import reading
from storage.errors import LedgerError, NotFound
from storage.ledger.log import Log
from storage.ledger.proof import format_proof
from storage.ledger.stored import hash_reader, leaves
from storage.ledger.tree import HashReader, consistency_proof, inclusion_proof
from storage.schema import checkpoints, cosignatures, timestamps

__all__ = ["Excerpt", "OlderHead", "ProvedEntry", "take_excerpt"]


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """An entry, byte for byte, and its ``tlog-proof@v1``."""

    seq: int
    leaf: bytes
    proof: str


@dataclass(frozen=True, slots=True)
class OlderHead:
    """An older head with its cosignatures, and the proof that the newer one continues it."""

    size: int
    note: str | None
    """None where the receiver holds it already."""
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Stamped:
    """An authority's reply over the head of *size*, which covers all entries."""

    size: int
    digest: str
    """SHA-256 of the reply."""
    token: bytes

    @property
    def name(self) -> str:
        """Under which name it is published."""
        return f"{self.size:016d}-{self.digest[:16]}.tsr"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Entries of a log under one head."""

    head: str
    """A signed note, with the cosignatures it has."""
    size: int
    is_outside: bool
    """Whether a quorum of witnesses cosigned that head."""
    entries: tuple[ProvedEntry, ...]
    older: tuple[OlderHead, ...]
    stamp: Stamped | None = None

    @property
    def sizes(self) -> list[int]:
        """Of every head that is in it or that the receiver holds: for each he needs a key of its time."""
        return [*(one.size for one in self.older), self.size]


def take_excerpt(engine: Engine, log: Log, numbers: Iterable[int], *, since: Iterable[int] = ()) -> Excerpt:
    """
    Prove the entries *numbers* under the newest head that a quorum cosigned, or the newest there is where that is too old.

    Also that this head continues those of the sizes *since*, which the receiver holds. Raises `LedgerError` where not even the
    newest head covers them all, `NotFound` where nothing was ever signed, and `ValueError` for a size there never was.
    """
    wanted = sorted(set(numbers))
    with reading(engine) as connection:
        head, size, is_outside = _head(connection, log, wanted)
        read = hash_reader(connection, size)
        entries = tuple(_proved(connection, number, head=head, size=size, read=read) for number in wanted)
        stamp = _first_stamp(connection, after=wanted[-1], size=size)
        sizes = {*_first_cosigned(connection, wanted, size=size), *([] if stamp is None else [stamp.size])} - {size}
        older = [_older(connection, log, old, size=size, read=read) for old in sorted(sizes)]
        held = _held(set(since) - sizes, size=size, read=read)
        return Excerpt(head, size, is_outside, entries, (*older, *held), stamp)


def _head(connection: Connection, log: Log, wanted: Sequence[int]) -> tuple[str, int, bool]:
    anchored = log.anchors.newest(connection)
    if anchored is not None and wanted[-1] < anchored[1]:
        return *anchored, True
    note = connection.scalar(select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1))
    if note is None:
        message = f"{log.origin}: nothing was signed yet"
        raise NotFound(message)
    size = log.keys.opened(note, connection).size
    if wanted[-1] >= size:
        message = f"{log.origin}: entry {wanted[-1]} is not under a checkpoint yet (newest covers {size})"
        raise LedgerError(message)
    return log.anchors.dressed(connection, note), size, False


def _proved(connection: Connection, number: int, *, head: str, size: int, read: HashReader) -> ProvedEntry:
    ((_, leaf, _),) = leaves(connection, number, number + 1)
    path = inclusion_proof(number, size, read)
    return ProvedEntry(number, leaf, format_proof(index=number, path=path, checkpoint_note=head))


def _first_stamp(connection: Connection, *, after: int, size: int) -> Stamped | None:
    """Return the first time-stamp over a head that covers everything up to *after*, none larger than *size*."""
    columns = (timestamps.c.size, timestamps.c.digest, timestamps.c.token)
    within = (timestamps.c.size > after, timestamps.c.size <= size)
    row = connection.execute(select(*columns).where(*within).order_by(timestamps.c.size, timestamps.c.digest).limit(1)).first()
    return None if row is None else Stamped(row.size, row.digest, row.token)


def _first_cosigned(connection: Connection, wanted: Sequence[int], *, size: int) -> set[int]:
    """Return the size of the first cosigned head that covers each entry, as far as it is none larger than *size*."""
    within = select(func.min(cosignatures.c.size)).where(cosignatures.c.size <= size)
    found = (connection.scalar(within.where(cosignatures.c.size > number)) for number in wanted)
    return {one for one in found if one is not None}


def _older(connection: Connection, log: Log, old: int, *, size: int, read: HashReader) -> OlderHead:
    note = connection.scalars(select(checkpoints.c.note).where(checkpoints.c.size == old)).one()
    return OlderHead(old, log.anchors.dressed(connection, note), tuple(consistency_proof(old, size, read)))


def _held(since: Iterable[int], *, size: int, read: HashReader) -> Iterator[OlderHead]:
    for old in sorted(since):
        if not 0 < old <= size:
            message = f"a head of {old} entries: expected 1 to {size}"
            raise ValueError(message)
        if old < size:
            yield OlderHead(old, None, tuple(consistency_proof(old, size, read)))
