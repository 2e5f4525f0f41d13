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
from api.policy import Grant, why_not_granted
from api.principal import first_of
from api.queries import Engine
from api.roles import SIGNING_IN
from api.tokens import token_digest
from storage.custody import Custody
from storage.errors import LifeCycleError, NotFound, Refused, StaleState
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

    def add(self, typed: str, *, name: str, role: Grant | Role, actor: Actor) -> Link:
        """Make an account and its first link; raises `StaleState` where somebody has the login already."""
        login, person, wanted = login_of(typed), fresh(Kind.ACCOUNT), _possible(role)
        self._check(wanted)
        made = entries.created(person, login=login, name=name.strip() or login, grant=wanted, actor=actor)
        link, entry = self._link(person, actor)
        self._custody.record_all([made, entry])
        return link

    def first(self, typed: str, *, actor: Actor) -> Link:
        """
        Make the first security administrator, or another link for one who never set a password; the one before ends.

        Raises `LifeCycleError` once there is one: then it is they who make accounts.
        """
        now = self._clock()
        everybody = queries.all_people(self._engine)
        administrators = [each for each in everybody if Role.SECURITY in {grant.role for grant in each.counting(now)}]
        if any(person.can_sign_in(now) for person in administrators):
            message = "first account: there is a security administrator, who makes the others"
            raise LifeCycleError(message)
        waiting = [person for person in administrators if person.is_enabled and person.login == login_of(typed)]
        if waiting:
            return self.link(waiting[0].subject, actor=actor)
        return self.add(typed, name=typed, role=Role.SECURITY, actor=actor)

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

    def grant(self, account: Subject, grant: Grant | Role, *, actor: Actor) -> None:
        """
        Give somebody a further role; `StaleState` where they have the very same.

        Raises `Refused`, and records that, where the three administrators would not be separate, or to oneself.
        """
        wanted, person = _possible(grant), queries.person(self._engine, account)
        self._check(wanted)
        why = why_not_granted(person.counting(self._clock()), wanted.role, to=account, by=actor.who)
        if why is not None:
            self._custody.record(entries.not_granted(account, wanted.role, why=why, actor=actor))
            message = f"{account}: {wanted.role} is not given: {why}"
            raise Refused(message)
        self._custody.record(entries.role_granted(account, wanted, actor=actor))

    def _check(self, wanted: Grant) -> None:
        """Raise `NotFound` for what it would cover and is not there, and `LifeCycleError` where it would be over at once."""
        missing = queries.unknown(self._engine, wanted.scope.offices | wanted.scope.matters)
        if missing is not None:
            message = f"{missing}: there is no such {missing.kind}"
            raise NotFound(message)
        if wanted.until is not None and not wanted.counts(self._clock()):
            message = f"grant until {wanted.until:%Y-%m-%d %H:%M}: expected a time to come"
            raise LifeCycleError(message)

    def withdraw(self, account: Subject, role: Role, *, actor: Actor, number: int | None = None) -> None:
        """
        Take a grant away; it counts for the next request already.

        Raises `StaleState` where they have none in that role, or not that *number*; `LifeCycleError` where there are several.
        """
        held = [grant for grant in queries.person(self._engine, account).grants if grant.role is role]
        meant = [grant for grant in held if number in {None, grant.number}]
        if len(meant) > 1:
            message = f"{account}: {role} was given {len(meant)} times: say which, by its number"
            raise LifeCycleError(message)
        if not meant:
            message = f"{account}: it has no such grant of {role}"
            raise StaleState(message)
        self._custody.record(entries.role_withdrawn(account, meant[0], actor=actor))

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
        self._custody.record(entries.password_set(person.subject, kept, link=link, actor=actor_of(person, self._clock())))


def actor_of(person: Person, now: datetime) -> Actor:
    """Return under whom what somebody does with their own account is recorded: in a role that counts, if any does."""
    counting = {grant.role for grant in person.counting(now)}
    return Actor(person.subject, first_of(counting or person.roles or {Role.REVIEWER}))


def _possible(wanted: Grant | Role) -> Grant:
    grant = Grant(wanted) if isinstance(wanted, Role) else wanted
    if grant.role not in SIGNING_IN:
        message = f"role {grant.role}: expected one of {', '.join(sorted(SIGNING_IN))}"
        raise ValueError(message)
    return grant


def _no_such_link() -> NotFound:
    return NotFound("link: nobody made this one, or it was used, or it is over")
