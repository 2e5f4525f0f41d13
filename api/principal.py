"""Who is asking, as every rule sees them: the one value that a route is given, and that a policy decides by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from api.queries import Account
from api.roles import Act, may
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
    roles: frozenset[Role]
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

    def may(self, act: Act) -> bool:
        """Say whether one of their roles allows *act*."""
        return any(may(role, act) for role in self.roles)

    def acting_for(self, act: Act) -> Principal:
        """Return the same in the role that allows *act*; in the one they have where none does."""
        allowing = [role for role in self.roles if may(role, act)]
        return self if not allowing else replace(self, account=replace(self.account, role=first_of(allowing)))


def first_of(roles: Iterable[Role]) -> Role:
    """Return the role in which somebody acts who has several, where nothing says which: always the same."""
    return min(roles, key=list(Role).index)
