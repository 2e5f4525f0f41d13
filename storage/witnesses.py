"""
The witnesses of this log and the quorum it waits for, as entries: whoever changes them is in the ledger himself.

===================  =======  ================  ================================================================
entry                subject  moves             body
===================  =======  ================  ================================================================
``WITNESS_ADDED``    log      stays             name, verifier key, administrator, whether that is our own bureau
``WITNESS_REMOVED``  log      stays             name
``QUORUM_SET``       log      stays             how many administrators outside the bureau, or lines of a policy
===================  =======  ================  ================================================================

Names and administrators are organisations and stand in the clear: a stranger must see that somebody outside is among them.
Where a witness answers (its URL) says something about networks and lies in the vault.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Table, Text, delete, insert, select

from storage.errors import LedgerError
from storage.evidence import Actor, Entry, Json, Kind, Recorded, Subject
from storage.ledger.administrators import Witness, refuse_weak, standard_policy
from storage.ledger.policy import Policy
from storage.lifecycle import move
from storage.projecting import Change
from storage.schema import projections
from storage.verifier.errors import VerificationError
from storage.verifier.keys import VerifierKey

__all__ = ["MOVES", "Quorum", "added", "known", "policy_for", "project", "quorum_now", "quorum_set", "removed"]

ADDED, REMOVED, QUORUM = "WITNESS_ADDED", "WITNESS_REMOVED", "QUORUM_SET"
MOVES = tuple(move(Kind.LOG, type_, "running") for type_ in (ADDED, REMOVED, QUORUM))

witnesses = Table(
    "witnesses",
    projections,
    Column("name", Text, primary_key=True),
    Column("vkey", Text, nullable=False, unique=True),
    Column("administrator", Text, nullable=False),
    Column("is_ours", Boolean, nullable=False),
    Column("url", Text),
    Column("added_seq", BigInteger, nullable=False),
)

quorums = Table(
    "quorums",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("least", BigInteger),
    Column("lines", Text),
)


def added(witness: Witness, *, log: Subject, actor: Actor) -> Entry:
    """Return the entry by which *witness* is asked from now on."""
    body: dict[str, Json] = {
        "name": witness.name,
        "vkey": witness.key.vkey,
        "administrator": witness.administrator,
        "ours": witness.is_ours,
    }
    return Entry(ADDED, log, actor, body, {} if witness.url is None else {"url": witness.url})


def removed(name: str, *, log: Subject, actor: Actor) -> Entry:
    """Return the entry by which the witness called *name* counts no more."""
    return Entry(REMOVED, log, actor, {"name": name})


def quorum_set(quorum: Quorum, *, log: Subject, actor: Actor) -> Entry:
    """Return the entry that asks for *quorum* from now on."""
    if quorum.lines is None:
        return Entry(QUORUM, log, actor, {"least": quorum.least})
    return Entry(QUORUM, log, actor, {"lines": list[Json](quorum.lines.splitlines())})


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about witnesses changes."""
    body: Any = recorded.entry.body
    match recorded.entry.type:
        case "WITNESS_ADDED":
            row = {"name": body["name"], "vkey": body["vkey"], "administrator": body["administrator"], "is_ours": body["ours"]}
            yield Change(
                insert(witnesses).values(**row, url=recorded.entry.personal.get("url"), added_seq=recorded.seq),
            )
        case "WITNESS_REMOVED":
            yield Change(delete(witnesses).where(witnesses.c.name == body["name"]))
        case "QUORUM_SET":
            lines = body.get("lines")
            text = None if lines is None else "".join(f"{line}\n" for line in lines)
            yield Change(insert(quorums).values(seq=recorded.seq, least=body.get("least"), lines=text))


def known(connection: Connection) -> list[Witness]:
    """Return all witnesses in the order they were added; raises `LedgerError` where a row is none."""
    rows = connection.execute(select(witnesses).order_by(witnesses.c.added_seq)).all()
    try:
        return [
            Witness(row.name, VerifierKey.parse(row.vkey), row.administrator, is_ours=bool(row.is_ours), url=row.url)
            for row in rows
        ]
    except (ValueError, VerificationError) as error:
        message = f"witnesses: {error}"
        raise LedgerError(message) from error


@dataclass(frozen=True, slots=True)
class Quorum:
    """What was asked for: so many administrators outside the bureau, or the group and quorum lines of a policy file."""

    least: int = 1
    lines: str | None = None


def quorum_now(connection: Connection) -> Quorum:
    """Return the quorum that was set last; one administrator where none ever was."""
    row = connection.execute(select(quorums).order_by(quorums.c.seq.desc()).limit(1)).first()
    if row is None:
        return Quorum()
    return Quorum(lines=row.lines) if row.lines is not None else Quorum(least=row.least)


def policy_for(quorum: Quorum, log: VerifierKey, witnesses_now: Sequence[Witness]) -> Policy | None:
    """
    Return the policy that asks these witnesses for *quorum*; None where nobody outside the bureau is among them.

    Raises `ValueError` where the quorum does not fit the witnesses, or is weak.
    """
    if all(witness.is_ours for witness in witnesses_now):
        return None
    if quorum.lines is None:
        return standard_policy(log, witnesses_now, least=quorum.least)
    keys = {witness.name: witness.key for witness in witnesses_now}
    policy = Policy.parse(Policy((log,), keys).text().removesuffix("quorum none\n") + quorum.lines)
    refuse_weak(policy, witnesses_now)
    return policy
