"""Pseudonyms: fresh ones, and keyed ones by which the same thing is found again without naming it."""

from __future__ import annotations

import hashlib
import hmac

from ulid import ULID

from storage.evidence import Kind, Subject


def fresh(kind: Kind) -> Subject:
    """Return a pseudonym nobody has used, sortable by the time it was made."""
    return Subject(kind, str(ULID()))


def blind_index(key: bytes, *, domain: str, value: str) -> str:
    """
    Return 32 hexadecimal digits that equal values share and that nobody without *key* can compute or search.

    Used in projections and for device pseudonyms, never for personal values in leaves.
    """
    return hmac.new(key, f"{domain}\0{value}".encode(), hashlib.sha256).hexdigest()[:32]


def found_again(key: bytes, kind: Kind, claim: str) -> Subject:
    """Return the pseudonym that the thing making *claim* (a serial number, a volume id) always has here."""
    return Subject(kind, blind_index(key, domain=kind, value=claim))
