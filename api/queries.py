"""Reads for the routes: the table of this room, and what lists want to know of many clips at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Engine, Row, Select, select

from api.tables import accounts, token_places
from storage.clips import clips, derivatives
from storage.database import reading
from storage.evidence import Kind, Role, Subject, utc_moment, utc_text
from storage.ledger.log import count, leaves

__all__ = [
    "Account",
    "Engine",
    "account_of_token",
    "account_with",
    "all_accounts",
    "derivatives_of",
    "digests_of",
    "entries_recorded",
    "leaves_between",
    "name_of",
    "places_of",
]

_VARIABLES = 500
"""Bound values in one statement; databases have limits."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in."""

    subject: Subject
    role: Role
    name: str
    """``(erased)`` once the vault no longer tells."""
    scope: str = ""
    """What a token covers; see `api.tables.scope_in`."""
    until: datetime | None = None
    """Until when it counts, if not for ever."""
    dock: Subject | None = None
    """Whose credential it is, if a dock's."""
    token: str = ""
    """Digest of its token."""


def account_with(engine: Engine, token_sha256: str, now: datetime) -> Account | None:
    """Return the account whose token has that digest, unless it was revoked or its time is over."""
    standing = accounts.c.token_sha256 == token_sha256, accounts.c.revoked_seq.is_(None), _is_not_over(now)
    with reading(engine) as connection:
        row = connection.execute(select(accounts).where(*standing)).first()
    return None if row is None else _account(row)


def account_of_token(engine: Engine, account: Subject, now: datetime) -> Account | None:
    """Return the account of a token, unless it was revoked or its time is over."""
    mine = accounts.c.account == str(account), accounts.c.role.is_not(None)
    standing = *mine, accounts.c.revoked_seq.is_(None), _is_not_over(now)
    with reading(engine) as connection:
        row = connection.execute(select(accounts).where(*standing)).first()
    return None if row is None else _account(row)


def all_accounts(engine: Engine) -> list[Account]:
    """Return the tokens that are not revoked, the oldest first."""
    standing = select(accounts).where(accounts.c.role.is_not(None), accounts.c.revoked_seq.is_(None))
    standing = standing.order_by(accounts.c.issued_seq)
    with reading(engine) as connection:
        return [_account(row) for row in connection.execute(standing)]


def _account(row: Row[Any]) -> Account:
    return Account(
        Subject.parse(row.account, Kind.ACCOUNT),
        Role(row.role),
        row.name if row.name is not None else "(erased)",
        row.scope or "",
        None if row.until is None else utc_moment(row.until),
        dock=None if row.dock is None else Subject.parse(row.dock, Kind.DOCK),
        token=row.token_sha256,
    )


def _is_not_over(now: datetime) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy
    return accounts.c.until.is_(None) | (accounts.c.until > utc_text(now))


def places_of(engine: Engine, account: Subject) -> dict[str, int]:
    """Return from where a credential came (keyed hashes), each with the entry that says it first."""
    mine = select(token_places).where(token_places.c.account == str(account)).order_by(token_places.c.seq)
    with reading(engine) as connection:
        return {row.place: row.seq for row in connection.execute(mine)}


def name_of(engine: Engine, account: Subject) -> str | None:
    """Return what somebody is called, as long as the vault tells."""
    with reading(engine) as connection:
        return connection.scalar(select(accounts.c.name).where(accounts.c.account == str(account)))


def entries_recorded(engine: Engine) -> int:
    """Return how many entries the ledger has."""
    with reading(engine) as connection:
        return count(connection)


def leaves_between(engine: Engine, start: int, end: int) -> list[bytes]:
    """Return the exact bytes of the leaves from *start* up to *end*; raises `LedgerError` at a gap."""
    with reading(engine) as connection:
        return [raw for _seq, raw, _stored in leaves(connection, start, end)]


def digests_of(engine: Engine, wanted: Sequence[Subject]) -> dict[Subject, str]:
    """Return the SHA-256 of each of those clips."""
    return {_clip(row.clip): row.sha256 for row in _about(engine, select(clips.c.clip, clips.c.sha256), clips.c.clip, wanted)}


def derivatives_of(engine: Engine, wanted: Sequence[Subject]) -> dict[Subject, list[str]]:
    """Return which kinds of derivatives there are of each of those clips."""
    found: dict[Subject, set[str]] = {clip: set() for clip in wanted}
    for row in _about(engine, select(derivatives.c.clip, derivatives.c.kind), derivatives.c.clip, wanted):
        found[_clip(row.clip)].add(row.kind)
    return {clip: sorted(kinds) for clip, kinds in found.items()}


def _about(engine: Engine, query: Select[Any], column: Column[str], wanted: Sequence[Subject]) -> Iterator[Row[Any]]:
    names = [str(subject) for subject in wanted]
    with reading(engine) as connection:
        for start in range(0, len(names), _VARIABLES):
            yield from connection.execute(query.where(column.in_(names[start : start + _VARIABLES])))


def _clip(name: str) -> Subject:
    return Subject.parse(name, Kind.CLIP)
