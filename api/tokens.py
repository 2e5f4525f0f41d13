"""
API tokens: 256 random bits that are shown once; only their SHA-256 is kept.

A plain hash is enough here: there is nothing to guess in 256 random bits, unlike in a password.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from api.people.entries import grant_json
from api.policy import EVERYTHING, Grant, Scope
from api.roles import SIGNING_IN
from storage.custody import Custody
from storage.evidence import Actor, Algorithm, Digest, Entry, Kind, Recorded, Role, Subject
from storage.identity import fresh

_PREFIX = "yihu_"
"""So that people and scanners of leaked secrets know one when they see it."""
_BYTES = 32


def issue_token(
    custody: Custody, *, name: str, role: Role, actor: Actor, scope: Scope = EVERYTHING, until: datetime | None = None
) -> tuple[Subject, str]:
    """
    Make an account with a token, and return the token: nobody can show it again.

    Raises `ValueError` for a role that nobody signs in with, or a name that says nothing.
    """
    if role not in SIGNING_IN:
        message = f"token for a {role}: expected one of {', '.join(sorted(SIGNING_IN))}"
        raise ValueError(message)
    token = fresh_token()
    entry = issued(token, name=name, grant=Grant(role, scope, until), actor=actor)
    custody.record(entry)
    return entry.subject, token


def issued(token: str, *, name: str, grant: Grant, actor: Actor, dock: Subject | None = None) -> Entry:
    """Return the entry that makes *token* count, as an account of its own; *dock* says whose credential it is."""
    if not name.strip():
        message = "token: expected a name that says whose it is, found none"
        raise ValueError(message)
    body = {**grant_json(grant), "token": token_digest(token)}
    if dock is not None:
        body["dock"] = str(dock)
    return Entry("TOKEN_ISSUED", fresh(Kind.ACCOUNT), actor, body=body, personal={"name": name.strip()})


def fresh_token() -> str:
    """Make a token that nobody knows yet."""
    return _PREFIX + secrets.token_urlsafe(_BYTES)


def revoke_token(custody: Custody, account: Subject, *, actor: Actor) -> Recorded:
    """End an account: its token and every session made with it are refused from now on."""
    return custody.record(Entry("TOKEN_REVOKED", account, actor))


def token_digest(token: str) -> str:
    """Return what is kept of a token, or of a session's secret."""
    return str(Digest(Algorithm.SHA256, hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()))
