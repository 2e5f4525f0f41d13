"""
PINs: a few digits that are easily guessed, kept so that whoever steals the database alone cannot try them out.

Kept is a hash by Argon2id (RFC 9106) with 64 MiB, in its usual notation. A secret that is not in the database goes into it:
with it every PIN that is tried costs a tenth of a second, and without it none can be tried at all.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from itertools import pairwise

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_PIN = re.compile(r"[0-9]{4,12}")
_SALT, _LENGTH = 16, 32
_ITERATIONS, _LANES, _MEMORY_KIB = 3, 1, 64 * 1024


def check_pin(pin: str) -> None:
    """Refuse what is no PIN, or the first that everybody tries; the `ValueError` does not repeat it."""
    if not _PIN.fullmatch(pin):
        message = "PIN: expected 4 to 12 digits"
        raise ValueError(message)
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        message = "PIN: expected no row of digits like 1111 or 1234"
        raise ValueError(message)


def hashed_pin(pin: str, *, key: bytes) -> str:
    """Return what is kept of *pin*: a hash with a fresh salt that says nothing to whoever has not *key*."""
    kept = Argon2id(
        salt=os.urandom(_SALT),
        length=_LENGTH,
        iterations=_ITERATIONS,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
        secret=_secret(key),
    )
    return kept.derive_phc_encoded(pin.encode())


def is_right_pin(pin: str, kept: str, *, key: bytes) -> bool:
    """Say whether *pin* is the one of which *kept* was made."""
    try:
        Argon2id.verify_phc_encoded(pin.encode("utf-8", "surrogatepass"), kept, secret=_secret(key))
    except InvalidKey:
        return False
    return True


def _secret(key: bytes) -> bytes:
    return hmac.new(key, b"pin", hashlib.sha256).digest()
