"""
Accounts of people: made, given roles, disabled; and the one-time links by which a password is set.

Nobody but its owner ever knows a password: whoever makes an account, or helps somebody who forgot theirs, hands over a link. It
is 256 random bits of which only the digest is kept, counts for a while, and once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.people import entries, queries
from api.people.logins import login_of
from api.people.queries import Person
from api.people.rules import Rules
from api.principal import first_of
from api.queries import Engine
from api.roles import SIGNING_IN
from api.tokens import token_digest
from storage.custody import Custody
from storage.errors import LifeCycleError, NotFound, StaleState
from storage.evidence import Actor, Entry, Kind, Role, Subject
from storage.identity import fresh
from storage.passwords import check_password, hashed_password

_PREFIX = "yihu_link_"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Link:
    """What is handed over, once."""

    account: Subject
    secret: str
    until: datetime


class Accounts:
    """Makes and changes accounts. Safe to call from many threads."""

    def __init__(self, custody: Custody, engine: Engine, clock: Callable[[], datetime], rules: Rules, *, key: bytes) -> None:
        self._custody, self._engine, self._clock, self._rules, self._key = custody, engine, clock, rules, key

    def add(self, typed: str, *, name: str, role: Role, actor: Actor) -> Link:
        """Make an account and its first link; raises `StaleState` where somebody has the login already."""
        login, person = login_of(typed), fresh(Kind.ACCOUNT)
        made = entries.created(person, login=login, name=name.strip() or login, role=_signing_in(role), actor=actor)
        link, entry = self._link(person, actor)
        self._custody.record_all([made, entry])
        return link

    def first(self, typed: str, *, actor: Actor) -> Link:
        """
        Make the first administrator, or another link for one who never set a password; the link before it counts no more.

        Raises `LifeCycleError` once there is an administrator: then it is they who make accounts.
        """
        administrators = [person for person in queries.all_people(self._engine) if Role.ADMINISTRATOR in person.roles]
        if any(person.can_sign_in for person in administrators):
            message = "first account: there is an administrator, who makes the others"
            raise LifeCycleError(message)
        waiting = [person for person in administrators if person.is_enabled and person.login == login_of(typed)]
        if waiting:
            return self.link(waiting[0].subject, actor=actor)
        return self.add(typed, name=typed, role=Role.ADMINISTRATOR, actor=actor)

    def link(self, account: Subject, *, actor: Actor) -> Link:
        """Make a link by which a password may be set once; the one before it counts no more."""
        queries.person(self._engine, account)
        link, entry = self._link(account, actor)
        self._custody.record(entry)
        return link

    def use(self, secret: str, password: str) -> Person:
        """
        Set the password of whom the link is for, and end their sessions.

        Raises `NotFound` for a link that nobody made, that was used or is over, and `WeakPassword` for what is refused as one.
        """
        digest = token_digest(secret)
        person = queries.person_with_link(self._engine, digest)
        if person is None or not person.is_enabled or person.link_until is None or self._clock() >= person.link_until:
            raise _no_such_link()
        check_password(password, login=person.login or "")
        try:
            self._set_password(person, password, link=digest)
        except StaleState as error:  # somebody used it meanwhile
            raise _no_such_link() from error
        return person

    def change_password(self, person: Person, password: str) -> None:
        """Set another password for somebody who has shown the one before, and end their sessions."""
        check_password(password, login=person.login or "")
        self._set_password(person, password, link=None)

    def grant(self, account: Subject, role: Role, *, actor: Actor) -> None:
        """Give somebody a further role; `StaleState` where they have it."""
        queries.person(self._engine, account)
        self._custody.record(entries.role_granted(account, _signing_in(role), actor=actor))

    def withdraw(self, account: Subject, role: Role, *, actor: Actor) -> None:
        """Take a role away; it counts for the next request already. Raises `StaleState` where they have it not."""
        queries.person(self._engine, account)
        self._custody.record(entries.role_withdrawn(account, role, actor=actor))

    def disable(self, account: Subject, *, reason: str, actor: Actor) -> None:
        """Let somebody sign in no more; sessions and links end at once."""
        queries.person(self._engine, account)
        self._custody.record(entries.disabled(account, reason=reason, actor=actor))

    def enable(self, account: Subject, *, reason: str, actor: Actor) -> None:
        """Let somebody sign in again, with the password they had."""
        queries.person(self._engine, account)
        self._custody.record(entries.enabled(account, reason=reason, actor=actor))

    def _link(self, account: Subject, actor: Actor) -> tuple[Link, Entry]:
        link = Link(account, _PREFIX + secrets.token_urlsafe(_BYTES), self._clock() + self._rules.link_lasts)
        return link, entries.link_made(account, token_digest(link.secret), until=link.until, actor=actor)

    def _set_password(self, person: Person, password: str, *, link: str | None) -> None:
        kept = hashed_password(password, key=self._key)
        self._custody.record(entries.password_set(person.subject, kept, link=link, actor=actor_of(person)))


def actor_of(person: Person) -> Actor:
    """Return under whom what somebody does with their own account is recorded."""
    return Actor(person.subject, first_of(person.roles or {Role.REVIEWER}))


def _signing_in(role: Role) -> Role:
    if role not in SIGNING_IN:
        message = f"role {role}: expected one of {', '.join(sorted(SIGNING_IN))}"
        raise ValueError(message)
    return role


def _no_such_link() -> NotFound:
    return NotFound("link: nobody made this one, or it was used, or it is over")
