"""Who is asking, as every rule sees them: the one value that a route is given, and that a policy decides by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from api.policy import Decision, Grant, Scope, Thing, decide, within
from api.queries import Account
from api.roles import Act, may, needs_approval
from storage.evidence import Actor, Role, Subject


class Means(StrEnum):
    """By what somebody is known."""

    TOKEN = "token"  # noqa: S105 - the word, not one
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody we know, and by what we know them."""

    account: Account
    """Who, and the role in which they act; of several the one that allows what they do."""
    grants: tuple[Grant, ...]
    """Those that count at this moment."""
    means: Means
    credential: str
    """Digest of the token or of the session's secret: names it, and is of no use to whoever reads it."""

    @property
    def subject(self) -> Subject:
        """Their pseudonym."""
        return self.account.subject

    @property
    def actor(self) -> Actor:
        """Under whom their acts are recorded."""
        return Actor(self.account.subject, self.account.role)

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that count at this moment."""
        return frozenset(grant.role for grant in self.grants)

    def may(self, act: Act) -> bool:
        """Say whether one of their roles allows *act*, to something."""
        return any(may(role, act) for role in self.roles)

    def may_unasked(self, act: Act) -> bool:
        """Say whether one of their roles allows *act* to something without anybody's approval: what pages offer."""
        return any(may(role, act) and not needs_approval(role, act) for role in self.roles)

    def decide(self, act: Act, thing: Thing | None = None) -> Decision:
        """Say whether they may do *act* to *thing*, or to nothing in particular."""
        return decide(self.grants, act, thing, asking=self.subject)

    def within(self, act: Act) -> Scope:
        """Return to what lists are limited."""
        return within(self.grants, act)

    def acting_as(self, role: Role) -> Principal:
        """Return the same in that role."""
        return replace(self, account=replace(self.account, role=role))

    def acting_for(self, act: Act) -> Principal:
        """Return the same in the role that allows *act*; in the one they have where none does."""
        allowing = [role for role in self.roles if may(role, act)]
        return self if not allowing else self.acting_as(first_of(allowing))


def by_token(account: Account | None, means: Means, credential: str, now: datetime) -> Principal | None:
    """Return who holds a token, or a session made with one; None where it is over."""
    if account is None:
        return None
    grant = Grant(account.role, Scope.parse(account.scope), account.until)
    return Principal(account, (grant,), means, credential) if grant.counts(now) else None


def first_of(roles: Iterable[Role]) -> Role:
    """Return the role in which somebody acts who has several, where nothing says which: always the same."""
    return min(roles, key=list(Role).index)
