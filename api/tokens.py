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
    if not name.strip():
        message = "token: expected a name that says whose it is, found none"
        raise ValueError(message)
    account, token = fresh(Kind.ACCOUNT), _PREFIX + secrets.token_urlsafe(_BYTES)
    body = {**grant_json(Grant(role, scope, until)), "token": token_digest(token)}
    custody.record(Entry("TOKEN_ISSUED", account, actor, body=body, personal={"name": name.strip()}))
    return account, token


def revoke_token(custody: Custody, account: Subject, *, actor: Actor) -> Recorded:
    """End an account: its token and every session made with it are refused from now on."""
    return custody.record(Entry("TOKEN_REVOKED", account, actor))


def token_digest(token: str) -> str:
    """Return what is kept of a token, or of a session's secret."""
    return str(Digest(Algorithm.SHA256, hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()))
