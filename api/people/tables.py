"""
People with an account: their life cycle, their tables, and what each entry changes in them.

====================  =================  =========================================================  ==================
entry                 moves              body                                                       personal
====================  =================  =========================================================  ==================
``ACCOUNT_CREATED``   (new) → active     role                                                       login, name
``ROLE_GRANTED``      stays (active)     role; offices, matters and until when, where limited
``ROLE_WITHDRAWN``    stays (active)     role, number of the entry that gave it
``LINK_MADE``         stays (active)     SHA-256 of the link (256 random bits), until when
``PASSWORD_SET``      stays (active)     how (link, change), SHA-256 of the link                    password (hash)
``TOTP_SET``          stays (active)     step of the first code, digests of the recovery codes      secret
``TOTP_REMOVED``      stays (active)
``SIGNED_IN``         stays (active)     SHA-256 of the session, how, step or recovery code         address, browser
``SESSION_ENDED``     stays              SHA-256 of the session, why
``IDENTITY_BOUND``    stays (active)     keyed hash of issuer and subject                           issuer, subject
``IDENTITY_UNBOUND``  stays              the same; sessions opened before end
``ACCOUNT_DISABLED``  active → disabled                                                             reason
``ACCOUNT_ENABLED``   disabled → active                                                             reason
``SIGN_INS_REFUSED``  (log) stays        how often since when, for which reasons, accounts named
====================  =================  =========================================================  ==================

A password that is set, and an account that is disabled, ends every session opened before. What must not happen twice (a link, a
code, the end of a session) is a row that the second one does not find any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Table, Text, delete, insert, update

from api.tables import ACTIVE, REVOKED, accounts, scope_in
from storage.evidence import Kind, Recorded, utc_text
from storage.lifecycle import UNBORN, move
from storage.projecting import Change
from storage.schema import projections

DISABLED = "disabled"
_WHILE_ACTIVE = (
    "ROLE_GRANTED",
    "ROLE_WITHDRAWN",
    "LINK_MADE",
    "PASSWORD_SET",
    "TOTP_SET",
    "TOTP_REMOVED",
    "SIGNED_IN",
    "IDENTITY_BOUND",
)

MOVES = (
    move(Kind.ACCOUNT, "ACCOUNT_CREATED", UNBORN, ACTIVE),
    *(move(Kind.ACCOUNT, type_, ACTIVE) for type_ in _WHILE_ACTIVE),
    move(Kind.ACCOUNT, "SESSION_ENDED", f"{ACTIVE}|{DISABLED}|{REVOKED}"),
    move(Kind.ACCOUNT, "IDENTITY_UNBOUND", f"{ACTIVE}|{DISABLED}"),
    move(Kind.ACCOUNT, "ACCOUNT_DISABLED", ACTIVE, DISABLED),
    move(Kind.ACCOUNT, "ACCOUNT_ENABLED", DISABLED, ACTIVE),
    move(Kind.LOG, "SIGN_INS_REFUSED", "running"),
)

people_roles = Table(
    "people_roles",
    projections,
    Column("account", Text, primary_key=True),
    Column("granted_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("role", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("until", Text, nullable=False),
    # the same twice is refused here; without an end it is the empty one
    Index("people_roles_once", "account", "role", "scope", "until", unique=True),
)

identities = Table(
    "identities",
    projections,
    Column("identity", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("bound_seq", BigInteger, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    projections,
    Column("account", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("set_seq", BigInteger, nullable=False),
    Column("used_seq", BigInteger),
)

sessions = Table(
    "sessions",
    projections,
    Column("session", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("opened_seq", BigInteger, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("ended_seq", BigInteger),
    Index("sessions_account", "account"),
)


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about somebody who signs in changes."""
    changes = _PROJECTIONS.get(recorded.entry.type)
    return () if changes is None else changes(recorded)


def _created(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    row = {
        "account": str(entry.subject),
        "login": entry.personal.get("login"),
        "name": entry.personal.get("name"),
        "sessions_after": recorded.seq,
        "totp_step": 0,
        "issued_seq": recorded.seq,
    }
    yield Change(insert(accounts).values(**row))
    yield _granted(recorded)


def _granted(recorded: Recorded) -> Change:
    body = recorded.entry.body
    row = {
        "account": str(recorded.entry.subject),
        "granted_seq": recorded.seq,
        "role": body["role"],
        "scope": scope_in(body),
        "until": body.get("until", ""),
    }
    return Change(insert(people_roles).values(**row))


def _withdrawn(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    mine = [people_roles.c.account == str(entry.subject), people_roles.c.role == entry.body["role"]]
    # before grants had numbers there was one for each role
    mine += [people_roles.c.granted_seq == entry.body["grant"]] if "grant" in entry.body else []
    yield Change(delete(people_roles).where(*mine))


def _link_made(recorded: Recorded) -> Iterable[Change]:
    body = recorded.entry.body
    yield _of_person(recorded, link=body["link"], link_until=body["until"])


def _password_set(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    # a link that somebody else used, or that a newer one took the place of, is not found
    seen = [accounts.c.link == entry.body["link"]] if "link" in entry.body else []
    kept = entry.personal.get("password")
    yield _of_person(recorded, *seen, password=kept, link=None, link_until=None, sessions_after=recorded.seq)


def _totp_set(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    yield _of_person(recorded, totp_seq=recorded.seq, totp_step=body["step"])
    for code in body["recovery"]:
        row = {"account": str(recorded.entry.subject), "code": code, "set_seq": recorded.seq}
        yield Change(insert(recovery_codes).values(**row))


def _totp_removed(recorded: Recorded) -> Iterable[Change]:
    yield _of_person(recorded, accounts.c.totp_seq.is_not(None), totp_seq=None)


def _signed_in(recorded: Recorded) -> Iterable[Change]:
    entry, body = recorded.entry, recorded.entry.body
    row = {
        "session": body["session"],
        "account": str(entry.subject),
        "how": body["how"],
        "opened_seq": recorded.seq,
        "opened_at": utc_text(recorded.at),
    }
    yield Change(insert(sessions).values(**row))
    if "step" in body:
        # of two who come with the same code, the second does not find the step it had
        yield _of_person(recorded, accounts.c.totp_step < body["step"], totp_step=body["step"])
    if "recovery" in body:
        mine = recovery_codes.c.account == str(entry.subject), recovery_codes.c.code == body["recovery"]
        unused = update(recovery_codes).where(*mine, recovery_codes.c.used_seq.is_(None))
        yield Change(unused.values(used_seq=recorded.seq))


def _session_ended(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    mine = sessions.c.session == entry.body["session"], sessions.c.account == str(entry.subject)
    yield Change(update(sessions).where(*mine, sessions.c.ended_seq.is_(None)).values(ended_seq=recorded.seq))


def _identity_bound(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    row = {"identity": entry.body["identity"], "account": str(entry.subject), "bound_seq": recorded.seq}
    yield Change(insert(identities).values(**row))


def _identity_unbound(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    mine = identities.c.identity == entry.body["identity"], identities.c.account == str(entry.subject)
    yield Change(delete(identities).where(*mine))
    yield _of_person(recorded, sessions_after=recorded.seq)


def _disabled(recorded: Recorded) -> Iterable[Change]:
    yield _of_person(recorded, disabled_seq=recorded.seq, link=None, link_until=None, sessions_after=recorded.seq)


def _enabled(recorded: Recorded) -> Iterable[Change]:
    yield _of_person(recorded, disabled_seq=None)


def _of_person(recorded: Recorded, *seen: Any, **values: object) -> Change:  # noqa: ANN401 - conditions of SQLAlchemy
    mine = accounts.c.account == str(recorded.entry.subject)
    return Change(update(accounts).where(mine, *seen).values(**values))


_PROJECTIONS: dict[str, Callable[[Recorded], Iterable[Change]]] = {
    "ACCOUNT_CREATED": _created,
    "ROLE_GRANTED": lambda recorded: [_granted(recorded)],
    "ROLE_WITHDRAWN": _withdrawn,
    "LINK_MADE": _link_made,
    "PASSWORD_SET": _password_set,
    "TOTP_SET": _totp_set,
    "TOTP_REMOVED": _totp_removed,
    "SIGNED_IN": _signed_in,
    "SESSION_ENDED": _session_ended,
    "IDENTITY_BOUND": _identity_bound,
    "IDENTITY_UNBOUND": _identity_unbound,
    "ACCOUNT_DISABLED": _disabled,
    "ACCOUNT_ENABLED": _enabled,
}
