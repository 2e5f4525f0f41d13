"""What one audit looks at: which log, how many entries of it, and from which of them on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from storage.database import reading
from storage.errors import LedgerError
from storage.ledger.checkpoint import Checkpoint, VerifierKey
from storage.ledger.log import Log
from storage.ledger.recovery import continues
from storage.ledger.stored import count, hash_reader
from storage.schema import checkpoints

__all__ = ["Scope", "looked_at", "note_in"]


@dataclass(slots=True)
class Scope:
    """A log at one moment; entries that are recorded while the audit goes on are for the next one."""

    engine: Engine
    log: Log
    size: int
    since: int = 0
    """How many entries an earlier audit answers for; proved to be the same ones."""
    began: Checkpoint | None = None
    """The head of that audit."""
    broken: str | None = None
    """Why the head that was to be gone on from could not be; then everything is looked at."""
    root: bytes = b""
    """The root of all `size` entries, once it was computed."""

    @property
    def keys(self) -> set[VerifierKey]:
        """Every key the log ever had."""
        return {term.key for term in self.log.keys.all()}

    def opened(self, note: str) -> Checkpoint:
        """Return the checkpoint if a key of this log signed it that is valid at its size; `LedgerError` if not."""
        return self.log.keys.opened(note)

    def newest_head(self) -> str | None:
        """Return the newest signed checkpoint of these entries, with the cosignatures it has by now."""
        with reading(self.engine) as connection:
            newest = select(func.max(checkpoints.c.size)).where(checkpoints.c.size <= self.size).scalar_subquery()
            note = connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == newest))
            return None if note is None else self.log.anchors.dressed(connection, note)


def looked_at(engine: Engine, log: Log, since: str | None) -> Scope:
    """Return what there is to audit; *since* is the checkpoint that an earlier audit ended with."""
    with reading(engine) as connection:
        scope = Scope(engine, log, count(connection))
        if since is None:
            return scope
        try:
            head = scope.opened(since)
        except LedgerError as error:
            scope.broken = str(error)
            return scope
        if not continues(head, size=scope.size, read=hash_reader(connection, scope.size)):
            scope.broken = f"the {scope.size} stored entries do not begin with the {head.size} that were audited before"
            return scope
    scope.since, scope.began = head.size, head
    return scope


def note_in(text: str) -> str:
    """
    Return the signed checkpoint in a file as auditors keep them; `ValueError` where there is none.

    The checkpoint itself (a scanner may have added an empty line at its end), a ``tlog-proof``, or what a witness was asked.
    """
    whole = text.replace("\r\n", "\n").rstrip("\n") + "\n"
    first, _, rest = whole.partition("\n\n")
    note = rest if first.startswith(("old ", "c2sp.org/tlog-proof@")) else whole
    if "\n\n\u2014 " not in note:
        message = "expected a signed checkpoint, a proof or a request to a witness"
        raise ValueError(message)
    return note
