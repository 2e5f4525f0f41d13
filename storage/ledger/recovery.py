"""
Whether the stored leaves continue what was signed last, and the one entry by which a log goes on that lost some of them.

A database put back from an old backup does not hold entries that were signed, perhaps published and cosigned. They are gone, or
lie in the published log; this log cannot go on as if nothing had happened. ``RECOVERED`` names the lost range and the head that
was signed over it. Once it is recorded, that head no longer has to be continued: the entry is the permission, so that a crash
between recording it and signing changes nothing. Nobody outside forgets: a witness that cosigned the lost head keeps refusing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from storage.errors import LedgerError
from storage.evidence import Actor, Entry, Json, Kind, Subject
from storage.ledger.leaf import Leaf
from storage.ledger.tree import HashReader, root_at
from storage.lifecycle import move
from storage.schema import entries, history
from storage.verifier.checkpoint import Checkpoint

__all__ = ["MOVES", "RECOVERED", "Lost", "continues", "is_given_up", "newest_recovery"]

RECOVERED = "RECOVERED"
MOVES = (move(Kind.LOG, RECOVERED, "running"),)


@dataclass(frozen=True, slots=True)
class Lost:
    """Entries from *start* up to, not including, *end* that *head* covers and that are not stored any more."""

    start: int
    end: int
    head: Checkpoint
    is_recorded: bool = False
    """Whether an entry of this log has given that head up already."""

    def entry(self, log: Subject, actor: Actor, *, reason: str) -> Entry:
        """Return the entry that gives them up; the reason may name somebody and goes into the vault."""
        body: dict[str, Json] = {"lost": {"from": self.start, "to": self.end}, "head": _named(self.head)}
        return Entry(RECOVERED, log, actor, body, {"reason": reason})

    def refuse_unless(self, *, signed: int, stored: int) -> None:
        """
        Return only if the range is what may be lost: from somewhere after what the database holds *signed* to the end.

        Raises `LedgerError` naming what was expected.
        """
        if self.end != self.head.size or not signed <= self.start <= min(stored, self.end):
            lowest, highest = signed, min(stored, self.head.size)
            expected = f"{lowest}:{self.head.size}" if lowest == highest else f"{lowest}…{highest}:{self.head.size}"
            message = f"lost range: expected {expected}, found {self.start}:{self.end}"
            raise LedgerError(message)


def continues(head: Checkpoint, *, size: int, read: HashReader) -> bool:
    """Say whether the tree of *size* leaves that *read* gives hashes of begins with the one of *head*."""
    return head.size <= size and root_at(head.size, read) == head.root


def is_given_up(connection: Connection, head: Checkpoint) -> bool:
    """Say whether a recorded ``RECOVERED`` names this very *head*."""
    return any(Leaf.decode(raw).body.get("head") == _named(head) for raw in connection.scalars(_recoveries(entries.c.leaf)))


def newest_recovery(connection: Connection) -> int | None:
    """Return the number of the last ``RECOVERED`` entry, or None in a log that never lost anything."""
    seq: int | None = connection.scalar(_recoveries(entries.c.seq).limit(1))
    return seq


def _recoveries(column: Column[Any]) -> Select[tuple[Any]]:
    return (
        select(column)
        .join(history, history.c.seq == entries.c.seq)
        .where(history.c.type == RECOVERED)
        .order_by(entries.c.seq.desc())
    )


def _named(head: Checkpoint) -> dict[str, Json]:
    return {"size": head.size, "root": head.root.hex()}
