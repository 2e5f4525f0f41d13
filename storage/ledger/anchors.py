"""
What is held outside: cosignatures, kept for ever, and the newest head that a quorum of witnesses cosigned.

A checkpoint that only our own key signed binds nobody, since our own key can sign another. One that a quorum cosigned cannot be
taken back: whoever goes behind it contradicts somebody under another administrator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select

from storage.database import reading, writing
from storage.errors import LedgerError
from storage.ledger.administrators import Witness
from storage.ledger.checkpoint import VerifierKey
from storage.ledger.cosigning import Cosignature, cosignatures_in
from storage.ledger.logkeys import LogKeys
from storage.ledger.policy import Policy
from storage.schema import checkpoints, cosignatures
from storage.verifier.errors import VerificationError
from storage.witnesses import Quorum, known, policy_for, quorum_now

__all__ = ["Anchors", "cosigners"]

_PAGE = 500


class Anchors:
    """The witnesses of one log, and what they have cosigned."""

    def __init__(self, engine: Engine, keys: LogKeys) -> None:
        self._engine, self._keys = engine, keys

    def witnesses(self) -> list[Witness]:
        """Return all witnesses in the order they were added."""
        with reading(self._engine) as connection:
            return known(connection)

    def quorum(self) -> Quorum:
        """Return what was asked for last."""
        with reading(self._engine) as connection:
            return quorum_now(connection)

    def policy(self) -> Policy | None:
        """
        Return the policy that stands now; None where nobody outside the bureau is a witness.

        Raises `LedgerError` for one that does not fit the witnesses any more: then nothing is held until it is set again.
        """
        with reading(self._engine) as connection:
            return self._policy(connection)

    def last_by(self, key: VerifierKey) -> tuple[int, int] | None:
        """Return size and time (seconds since 1970, its own clock) of the newest head a witness cosigned; None for none."""
        columns = (cosignatures.c.size, cosignatures.c.time)
        mine = select(*columns).where(cosignatures.c.witness == key.vkey).order_by(cosignatures.c.size.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(mine).first()
        return None if row is None else (row.size, row.time)

    def keep(self, note: str, found: Cosignature) -> None:
        """
        Keep a cosignature of the signed checkpoint *note*, verified once more.

        A later one by the same witness over the same head adds nothing. `LedgerError` for one that is wrong, or over a
        checkpoint that this log does not hold.
        """
        size = self._keys.opened(note).size
        if cosignatures_in(note + found.line, [found.key]) != [found]:
            message = f"cosignature by {found.key.name}: it is not one of this checkpoint of {size} entries"
            raise LedgerError(message)
        with writing(self._engine) as connection:
            if connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == size)) != note:
                message = (
                    f"cosignature by {found.key.name}: this database does not hold the checkpoint of {size} entries it is for"
                )
                raise LedgerError(message)
            mine = (cosignatures.c.size == size, cosignatures.c.witness == found.key.vkey)
            if connection.scalar(select(func.count()).select_from(cosignatures).where(*mine)):
                return
            row = {"size": size, "witness": found.key.vkey, "time": found.time, "line": found.line}
            connection.execute(insert(cosignatures).values(row))

    def dressed(self, connection: Connection, note: str) -> str:
        """Return the signed checkpoint *note* with the cosignatures it has by now, in the order of their keys."""
        mine = select(cosignatures.c.line).where(cosignatures.c.size == self._keys.opened(note, connection).size)
        return note + "".join(connection.scalars(mine.order_by(cosignatures.c.witness)))

    def newest(self, connection: Connection) -> tuple[str, int] | None:
        """
        Return the newest head that a quorum cosigned, with its cosignatures, and its size; None where there is none.

        Every signature that counts is verified again.
        """
        policy = self._policy(connection)
        if policy is None:
            return None
        names = {key.vkey: name for name, key in policy.witnesses.items()}
        for size, cosigners in _by_size(connection, fewest=policy.fewest):
            if policy.is_met_by(names[vkey] for vkey in cosigners if vkey in names):
                note = connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == size))
                if note is None or self._keys.opened(note, connection).size != size:
                    message = f"a checkpoint of {size} entries was cosigned that is not stored"
                    raise LedgerError(message)
                whole = self.dressed(connection, note)
                if policy.is_met(found.key for found in cosignatures_in(whole, list(policy.witnesses.values()))):
                    return whole, size
        return None

    def kept(self, *, since: int = 0) -> Iterator[tuple[str, bool]]:
        """Give every kept cosignature of more than *since* entries, in words, and whether it is what it was; for the audit."""
        columns = (cosignatures.c.size, cosignatures.c.witness, cosignatures.c.time, cosignatures.c.line, checkpoints.c.note)
        joined = cosignatures.outerjoin(checkpoints, checkpoints.c.size == cosignatures.c.size)
        # a size below zero is none, and is no part of what was audited before
        new = or_(cosignatures.c.size > since, cosignatures.c.size < 0)
        asked = select(*columns).select_from(joined).where(new).order_by(cosignatures.c.size)
        with reading(self._engine) as connection:
            for row in connection.execute(asked, execution_options={"yield_per": _PAGE}):
                what = f"cosignature of checkpoint {row.size}: it is not one by {row.witness[:80]}"
                yield what, self._is_sound(row)

    def held_by(self, policy: Policy, *, but: Collection[VerifierKey] = ()) -> tuple[int, tuple[str, ...]]:
        """
        Return the size of the newest stored head that *policy*, somebody else's, holds for cosigned, and by whom.

        Keys that are also in *but* do not count. 0 and nobody where there is none. Every signature that counts is verified.
        """
        keys = [key for key in policy.witnesses.values() if key not in but]
        mine = select(cosignatures.c.size).where(cosignatures.c.witness.in_([key.vkey for key in keys])).distinct()
        with reading(self._engine) as connection:
            for size in connection.scalars(mine.order_by(cosignatures.c.size.desc())):
                note = connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == size))
                if note is None:
                    continue  # said by whoever looks at the cosignatures
                by = cosigners(self.dressed(connection, note), policy, keys)
                if by:
                    return int(size), by
        return 0, ()

    def _is_sound(self, row: Any) -> bool:  # noqa: ANN401 - a row of these columns
        try:
            key = VerifierKey.parse(row.witness)
            found = cosignatures_in(f"{row.note}{row.line}", [key])
            return found == [Cosignature(key, row.time, row.line)] and self._keys.opened(row.note).size == row.size
        except (LedgerError, VerificationError):
            return False

    def forgotten(self, held: Iterable[str]) -> Iterator[str]:
        """Say of every cosignature in the *held* heads, which somebody outside kept, whether this database still has it."""
        with reading(self._engine) as connection:
            kept = {(row.size, row.line) for row in connection.execute(select(cosignatures.c.size, cosignatures.c.line))}
        for note in held:
            size = self._keys.opened(note).size
            lines = ((line.split(" ")[1], f"{line}\n") for line in note.partition("\n\n")[2].splitlines())
            missing = [name for name, line in lines if name != self._keys.origin and (size, line) not in kept]
            if missing:
                yield f"checkpoint {size}: the cosignature of {', '.join(missing)} is kept outside, and not here any more"

    def _policy(self, connection: Connection) -> Policy | None:
        try:
            return policy_for(quorum_now(connection), self._keys.newest(connection), known(connection))
        except ValueError as error:
            message = f"the quorum does not fit the witnesses; set it again: {error}"
            raise LedgerError(message) from error


def cosigners(note: str, policy: Policy, keys: Sequence[VerifierKey]) -> tuple[str, ...]:
    """Return the names of those of *keys* that cosigned *note*, if they are a quorum of *policy*, else nobody."""
    found = {one.key for one in cosignatures_in(note, list(keys))}
    return tuple(name for name, key in policy.witnesses.items() if key in found) if policy.is_met(found) else ()


def _by_size(connection: Connection, *, fewest: int) -> Iterable[tuple[int, list[str]]]:
    """Give sizes that at least *fewest* cosigned, largest first, with the keys that did."""
    enough = select(cosignatures.c.size).group_by(cosignatures.c.size).having(func.count() >= fewest)
    rows = connection.execute(
        select(cosignatures.c.size, cosignatures.c.witness)
        .where(cosignatures.c.size.in_(enough))
        .order_by(cosignatures.c.size.desc()),
    )
    for size, group in groupby(rows, key=lambda row: int(row.size)):
        yield size, [row.witness for row in group]
