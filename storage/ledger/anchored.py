"""What somebody outside holds, entry by entry: each read again and proved to lie under the head that a quorum cosigned."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from storage.database import reading
from storage.errors import LedgerError
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.log import Log, hash_reader, leaves
from storage.ledger.tree import inclusion_proof, leaf_hash
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import LeafRecord, read_leaf
from storage.verifier.merkle import verify_inclusion

__all__ = ["Outside"]


@dataclass(frozen=True, slots=True)
class Outside:
    """What is held outside of one log, in one database."""

    engine: Engine
    log: Log

    def head(self) -> Checkpoint | None:
        """Return the newest head that a quorum of witnesses cosigned, its signatures verified again; None without one."""
        try:
            with reading(self.engine) as connection:
                found = self.log.anchors.newest(connection)
                return None if found is None else self.log.keys.opened(found[0], connection)
        except VerificationError as error:
            raise LedgerError(str(error)) from error

    def entry(self, head: Checkpoint, index: int) -> LeafRecord:
        """Return entry *index* as it is stored now, proved to be under *head*; `LedgerError` where it is not."""
        try:
            with reading(self.engine) as connection:
                raw = next((raw for _, raw, _ in leaves(connection, index, index + 1)), b"")
                path = inclusion_proof(index, head.size, hash_reader(connection, head.size))
            verify_inclusion(leaf_hash(raw), index=index, size=head.size, path=path, root=head.root)
            return read_leaf(raw)
        except (VerificationError, ValueError) as error:
            message = f"entry {index}: not proved to be under the checkpoint of {head.size} entries: {error}"
            raise LedgerError(message) from error
