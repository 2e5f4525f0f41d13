"""
Tokens that programs show, and among them the credential of each dock: who holds it, when it was used, from where it came.

A dock's credential is a token in the role of a dock: it may send footage and follow the board, opens no session, and names the
dock. From which addresses it came is recorded, once for each: whoever stole one and uses it elsewhere shows.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from api.people.addresses import place_of
from api.people.queries import sealed_in
from api.people.sessions import Came
from api.policy import Grant
from api.principal import Means, Principal, by_token
from api.queries import Account, Engine, account_with, all_accounts, places_of
from api.tokens import issued, token_digest
from storage.custody import Custody
from storage.errors import LifeCycleError, NotFound, StaleState
from storage.evidence import Actor, Entry, Role, Subject
from storage.passing import Seen, token_seen
from storage.vault import Vault

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shown:
    """What lists say of a token."""

    account: Account
    last_used: datetime | None
    """To the minute; None where nobody knows."""


class Credentials:
    """Finds, makes and ends what programs show. Safe to call from many threads."""

    def __init__(self, custody: Custody, engine: Engine, clock: Callable[[], datetime], *, key: bytes) -> None:
        self._custody, self._engine, self._clock, self._key = custody, engine, clock, key
        self._seen = Seen(engine, token_seen)

    def find(self, token: str, came: Came) -> Principal | None:
        """Return whose *token* it is, if it counts; that it was used is noted, and of a dock's from where."""
        now, digest = self._clock(), token_digest(token)
        account = account_with(self._engine, digest, now)
        if account is None:
            return None
        self._seen.now(digest, now, self._seen.last(digest) or _NEVER)
        if account.role is Role.DOCK:
            self._came(account, came)
        return by_token(account, Means.TOKEN, digest, now)

    def enrol(self, token: str, *, name: str, dock: Subject, actor: Actor, until: datetime | None = None) -> Subject:
        """Let *token* count as the credential of *dock*; `LifeCycleError` where it has one, which is exchanged or revoked."""
        if any(each.account.dock == dock for each in self.of_docks()):
            message = f"{dock}: it has a credential"
            raise LifeCycleError(message)
        entry = issued(token, name=name, grant=Grant(Role.DOCK, until=until), actor=actor, dock=dock)
        self._custody.record(entry)
        return entry.subject

    def exchange(self, account: Subject, token: str, *, actor: Actor) -> Subject:
        """Let *token* count in place of the credential *account*, which counts no more from the same moment."""
        before = self._standing(account)
        new = issued(token, name=before.name, grant=Grant(Role.DOCK, until=before.until), actor=actor, dock=before.dock)
        self._custody.record_all([Entry("TOKEN_REVOKED", account, actor), new])
        return new.subject

    def of_docks(self) -> list[Shown]:
        """Return the credentials of docks that were not revoked, the oldest first."""
        return [each for each in self.all() if each.account.role is Role.DOCK]

    def all(self) -> list[Shown]:
        """Return all tokens that were not revoked, the oldest first."""
        return [Shown(each, self._seen.last(each.token)) for each in all_accounts(self._engine)]

    def addresses(self, account: Subject, vault: Vault) -> list[str]:
        """Return from where it came, in the order of the first time."""
        seqs = places_of(self._engine, account).values()
        return [str(sealed_in(self._engine, vault, seq).get("address", "(erased)")) for seq in seqs]

    def _standing(self, account: Subject) -> Account:
        for each in self.of_docks():
            if each.account.subject == account:
                return each.account
        message = f"{account}: no dock has such a credential"
        raise NotFound(message)

    def _came(self, account: Account, came: Came) -> None:
        place = hmac.new(self._key, b"came\0" + place_of(came.address).encode(), hashlib.sha256).hexdigest()
        if place in places_of(self._engine, account.subject):
            return
        actor = Actor(account.subject, account.role)
        try:
            self._custody.record(Entry("TOKEN_CAME", account.subject, actor, {"from": place}, {"address": came.address[:60]}))
        except StaleState:
            return  # another request of it said so
