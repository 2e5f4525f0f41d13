"""Whether cameras were rightly cleared: gone through once more by the rules of `storage.verifier.clearings`, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, select

from storage.audit.words import Said
from storage.database import reading
from storage.ledger.stored import count, hash_reader
from storage.ledger.tree import root_at
from storage.schema import cosignatures, entries, history
from storage.verifier.clearings import (
    AUTHORISED,
    CLEARED,
    Authorised,
    Clearings,
    Known,
    authorised,
    closed,
    heads_in,
    named_clips,
)
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import LeafRecord, read_leaf

__all__ = ["clearing_faults"]


def clearing_faults(engine: Engine, *, start: int = 0) -> tuple[int, list[str]]:
    """
    Return how many entries about clearing there are from number *start* on, and what is wrong with them.

    Each authorisation may name only clips of its camera that were deposited before, under a head of this log that somebody
    cosigned; each ``CLEARED`` closes the one that is open.
    """
    with reading(engine) as view:
        return _faults(view, start)


def _faults(view: Connection, start: int) -> tuple[int, list[str]]:
    checked = 0
    wrong: list[str] = []
    for leaf in _entries_of(view, start):
        checked += 1
        try:
            if leaf.type == AUTHORISED:
                _authorised(view, leaf)
                wrong += _not_outside(view, leaf)
            else:
                closed(leaf, _open_before(view, leaf))
        except VerificationError as error:
            wrong.append(Said("{reason}", reason=error))
    return checked, wrong


def _authorised(view: Connection, leaf: LeafRecord) -> None:
    before = _open_before(view, leaf)
    if before is not None:
        message = "entry {index}: {subject} has an authorisation to clear that is open, entry {open}"
        raise VerificationError(message, index=leaf.seq, subject=leaf.subject, open=before.seq)
    authorised(leaf, _known(view, leaf))
    for head in heads_in([leaf]):
        head.verify({head.size: root_at(head.size, hash_reader(view, count(view)))})


def _not_outside(view: Connection, leaf: LeafRecord) -> Iterator[str]:
    for head in heads_in([leaf]):
        if view.scalar(select(cosignatures.c.size).where(cosignatures.c.size == head.size).limit(1)) is None:
            template = "entry {index}: nobody outside cosigned the checkpoint of {size} entries it names"
            yield Said(template, index=leaf.seq, size=head.size)


def _known(view: Connection, leaf: LeafRecord) -> dict[str, Known]:
    told = Clearings()
    about = [f"clip:{clip}" for clip in named_clips(leaf)]
    wanted = select(entries.c.leaf).join(history, history.c.seq == entries.c.seq).order_by(entries.c.seq)
    wanted = wanted.where(history.c.subject.in_(about), history.c.type.in_(("SECURED", "DEPOSITED")))
    for raw in view.scalars(wanted):
        told.concerns(read_leaf(raw))
    return told.known


def _open_before(view: Connection, leaf: LeafRecord) -> Authorised | None:
    """Return the authorisation that is open when *leaf* comes: the entry about clearing before it, if that is one."""
    mine = (history.c.subject == leaf.subject, history.c.type.in_((AUTHORISED, CLEARED)), history.c.seq < leaf.seq)
    wanted = select(entries.c.leaf).join(history, history.c.seq == entries.c.seq)
    raw = view.scalar(wanted.where(*mine).order_by(history.c.seq.desc()).limit(1))
    before = None if raw is None else read_leaf(raw)
    if before is None or before.type != AUTHORISED:
        return None
    return Authorised(before.seq, frozenset(named_clips(before)))


def _entries_of(view: Connection, start: int) -> Iterator[LeafRecord]:
    wanted = select(entries.c.leaf).join(history, history.c.seq == entries.c.seq).order_by(entries.c.seq)
    for raw in view.scalars(wanted.where(history.c.type.in_((AUTHORISED, CLEARED)), history.c.seq >= start)):
        yield read_leaf(raw)
