"""
Keeping what people remember, so that whoever steals the database alone cannot try it out.

Kept is a hash by Argon2id (RFC 9106) with 64 MiB, in its usual notation. A secret that is not in the database goes into it:
with it every guess costs a tenth of a second, and without it none can be tried at all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_SALT, _LENGTH = 16, 32
_ITERATIONS, _LANES, _MEMORY_KIB = 3, 1, 64 * 1024
_AT_ONCE = threading.BoundedSemaphore(4)
"""Each takes 64 MiB: many who guess at once must not fill the memory."""


def hashed(secret: str, *, key: bytes) -> str:
    """Return what is kept of *secret*: a hash with a fresh salt that says nothing to whoever has not *key*."""
    kept = Argon2id(
        salt=os.urandom(_SALT),
        length=_LENGTH,
        iterations=_ITERATIONS,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
        secret=key,
    )
    with _AT_ONCE:
        return kept.derive_phc_encoded(_raw(secret))


def is_right(secret: str, kept: str, *, key: bytes) -> bool:
    """Say whether *secret* is the one of which *kept* was made."""
    try:
        with _AT_ONCE:
            Argon2id.verify_phc_encoded(_raw(secret), kept, secret=key)
    except InvalidKey:
        return False
    return True


def hash_of_nothing() -> str:
    """Return what looks like a hash and is of no secret: comparing with it takes as long as with any other."""
    salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (_SALT, _LENGTH))
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_ITERATIONS},p={_LANES}${salt}${digest}"


def key_for(purpose: bytes, key: bytes) -> bytes:
    """Derive from *key* one for a purpose, so that a PIN is never compared with a password."""
    return hmac.new(key, purpose, hashlib.sha256).digest()


def _raw(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")
