"""
Who somebody is elsewhere: an issuer and its name for them, bound to an account here by an administrator.

The entry holds a keyed hash of both, by which the account is found; issuer and subject themselves lie in the vault.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from api.people import entries, queries
from api.people.queries import Person
from api.queries import Engine
from storage.custody import Custody
from storage.evidence import Actor, Subject


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as an issuer calls them: its names are its own, so neither says anything without the other."""

    issuer: str
    subject: str

    def blind(self, key: bytes) -> str:
        """Return the keyed hash by which it is found again."""
        told = f"oidc\0{len(self.issuer)}\0{self.issuer}\0{self.subject}".encode("utf-8", "surrogatepass")
        return hmac.new(key, told, hashlib.sha256).hexdigest()


class Identities:
    """Binds accounts to identities elsewhere."""

    def __init__(self, custody: Custody, engine: Engine, *, key: bytes) -> None:
        self._custody, self._engine, self._key = custody, engine, key

    def bind(self, account: Subject, identity: Identity, *, actor: Actor) -> None:
        """Let *identity* sign in as *account*; raises `StaleState` where it is bound already, to whomever."""
        queries.person(self._engine, account)
        if not identity.issuer.strip() or not identity.subject.strip():
            message = "identity: expected an issuer and a subject"
            raise ValueError(message)
        self._custody.record(entries.identity_bound(account, identity, identity.blind(self._key), actor=actor))

    def unbind(self, account: Subject, identity: Identity, *, actor: Actor) -> None:
        """Let *identity* sign in as *account* no more, and end its sessions; `StaleState` where it is not bound to it."""
        queries.person(self._engine, account)
        self._custody.record(entries.identity_unbound(account, identity.blind(self._key), actor=actor))


def person_bound(engine: Engine, identity: Identity, *, key: bytes) -> Person | None:
    """Return to whom *identity* is bound."""
    return queries.person_with_identity(engine, identity.blind(key))
