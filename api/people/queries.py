"""What is known of people who sign in, and of their sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from api.people.tables import identities, people_roles, recovery_codes, sessions
from api.policy import Grant, Scope, separated
from api.queries import Engine, account_with
from api.tables import accounts
from storage.database import reading
from storage.errors import NotFound
from storage.evidence import Json, Kind, Role, Subject, utc_moment
from storage.ledger.log import leaves
from storage.rebuild import recorded_entry
from storage.schema import subjects
from storage.slices import Slice, Taken, taken
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    subject: Subject
    login: str | None
    name: str | None
    grants: tuple[Grant, ...]
    """Those that were not withdrawn, the oldest first; some may be over."""
    password: str | None
    """Its hash; None as long as none was set."""
    link: str | None
    link_until: datetime | None
    totp_seq: int | None
    """The entry that holds the secret of the second factor."""
    is_enabled: bool
    sessions_after: int

    @property
    def roles(self) -> frozenset[Role]:
        """Every role that was given, over or not."""
        return frozenset(grant.role for grant in self.grants)

    def counting(self, now: datetime) -> tuple[Grant, ...]:
        """Return the grants that count."""
        return separated(grant for grant in self.grants if grant.counts(now))

    def can_sign_in(self, now: datetime) -> bool:
        """Say whether a password may open a session."""
        return self.is_enabled and self.password is not None and bool(self.counting(now))


@dataclass(frozen=True, slots=True)
class Session:
    """A session that nobody ended; whether it is still good is asked by `api.people.sessions`."""

    digest: str
    account: Subject
    how: str
    opened_at: datetime


def person_called(engine: Engine, login: str) -> Person | None:
    """Return who signs in by that name."""
    return _person(engine, accounts.c.login == login)


def person_with_link(engine: Engine, link: str) -> Person | None:
    """Return for whom a link was made."""
    return _person(engine, accounts.c.link == link)


def person_with_identity(engine: Engine, identity: str) -> Person | None:
    """Return to whom an identity elsewhere is bound."""
    bound = select(identities.c.account).where(identities.c.identity == identity).scalar_subquery()
    return _person(engine, accounts.c.account == bound)


def person(engine: Engine, account: Subject) -> Person:
    """Return somebody; raises `NotFound`."""
    found = _person(engine, accounts.c.account == str(account))
    if found is None:
        message = f"{account}: there is no such person with an account"
        raise NotFound(message)
    return found


def all_people(engine: Engine) -> list[Person]:
    """Return everybody with an account, the oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(select(accounts).where(accounts.c.token_sha256.is_(None)).order_by(accounts.c.issued_seq))
        return [_read(connection, row) for row in rows.all()]


def people_part(engine: Engine, part: Slice) -> Taken[Person]:
    """Return a part of everybody with an account, in the order in which the accounts were made."""
    with reading(engine) as connection:
        found = taken(connection, select(accounts).where(accounts.c.token_sha256.is_(None)), accounts.c.issued_seq, part)
        return Taken(tuple(_read(connection, row) for row in found.items), found.last)


def standing_session(engine: Engine, digest: str) -> tuple[Session, Person | None] | None:
    """Return a session that nobody ended and whose account stands; with the person, if it is not a token's."""
    with reading(engine) as connection:
        row = connection.execute(_standing().where(sessions.c.session == digest)).first()
        if row is None:
            return None
        who = _read(connection, row) if row.token_sha256 is None else None
        return _session(row), who


def login_of(engine: Engine, account: Subject) -> str | None:
    """Return by what name somebody signs in; None for a token."""
    found = _person(engine, accounts.c.account == str(account))
    return None if found is None else found.login


def is_standing(engine: Engine, digest: str, now: datetime) -> bool:
    """Say whether a session or a token of that digest still stands."""
    return standing_session(engine, digest) is not None or account_with(engine, digest, now) is not None


def standing_sessions(engine: Engine, account: Subject) -> list[Session]:
    """Return the sessions of somebody that nobody ended, the newest first."""
    with reading(engine) as connection:
        mine = _standing().where(sessions.c.account == str(account)).order_by(sessions.c.opened_seq.desc())
        return [_session(row) for row in connection.execute(mine)]


def is_unused(engine: Engine, account: Subject, code: str, set_seq: int) -> bool:
    """Say whether a recovery code is one of those that were shown at *set_seq*, and was not used."""
    mine = recovery_codes.c.account == str(account), recovery_codes.c.code == code, recovery_codes.c.set_seq == set_seq
    with reading(engine) as connection:
        found = connection.scalar(select(recovery_codes.c.code).where(*mine, recovery_codes.c.used_seq.is_(None)))
    return found is not None


def codes_left(engine: Engine, account: Subject, set_seq: int) -> int:
    """Return how many recovery codes were not used."""
    mine = recovery_codes.c.account == str(account), recovery_codes.c.set_seq == set_seq
    with reading(engine) as connection:
        return len(connection.execute(select(recovery_codes).where(*mine, recovery_codes.c.used_seq.is_(None))).all())


def sealed_in(engine: Engine, vault: Vault, seq: int) -> dict[str, Json]:
    """Return the personal values of the entry *seq*, as far as the vault still tells."""
    with reading(engine) as connection:
        for found, raw, _stored in leaves(connection, seq, seq + 1):
            return dict(recorded_entry(connection, vault, found, raw).entry.personal)
    return {}


def _standing() -> Any:  # noqa: ANN401 - a question of SQLAlchemy
    joined = sessions.join(accounts, accounts.c.account == sessions.c.account)
    still = accounts.c.sessions_after.is_(None) | (sessions.c.opened_seq > accounts.c.sessions_after)
    good = sessions.c.ended_seq.is_(None), accounts.c.revoked_seq.is_(None), accounts.c.disabled_seq.is_(None), still
    mine = [column for column in sessions.c if column.name != "account"]
    return select(accounts, *mine).select_from(joined).where(*good)


def _person(engine: Engine, condition: Any) -> Person | None:  # noqa: ANN401 - a condition of SQLAlchemy
    with reading(engine) as connection:
        row = connection.execute(select(accounts).where(condition, accounts.c.token_sha256.is_(None))).first()
        return None if row is None else _read(connection, row)


def _read(connection: Connection, row: Row[Any]) -> Person:
    mine = select(people_roles).where(people_roles.c.account == row.account).order_by(people_roles.c.granted_seq)
    return Person(
        subject=Subject.parse(row.account, Kind.ACCOUNT),
        login=row.login,
        name=row.name,
        grants=tuple(map(_grant, connection.execute(mine))),
        password=row.password,
        link=row.link,
        link_until=None if row.link_until is None else utc_moment(row.link_until),
        totp_seq=row.totp_seq,
        is_enabled=row.disabled_seq is None,
        sessions_after=row.sessions_after,
    )


def _grant(row: Row[Any]) -> Grant:
    until = utc_moment(row.until) if row.until else None
    return Grant(Role(row.role), Scope.parse(row.scope), until, row.granted_seq)


def _session(row: Row[Any]) -> Session:
    return Session(row.session, Subject.parse(row.account, Kind.ACCOUNT), row.how, utc_moment(row.opened_at))


def unknown(engine: Engine, wanted: Iterable[Subject]) -> Subject | None:
    """Return the first of *wanted* that nobody recorded, or None."""
    with reading(engine) as connection:
        for subject in sorted(wanted, key=str):
            if connection.scalar(select(subjects.c.subject).where(subjects.c.subject == str(subject))) is None:
                return subject
    return None
