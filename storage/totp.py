"""
One-time codes by RFC 6238 as `pyotp` computes them, and recovery codes for whoever loses the telephone.

A code is worth something once: `matching_step` tells which half minute it is of, and whoever calls it keeps that number.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import pyotp

STEP_SECONDS = 30
_DRIFT = (0, -1, 1)
"""Steps a telephone's clock may be off."""
_CODES, _LETTERS, _GROUP = 10, 16, 4
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without what looks alike on paper; sixteen of them are 80 random bits, which nobody guesses."""


def fresh_secret() -> str:
    """Return 160 random bits as telephones want them."""
    return pyotp.random_base32()


def uri_of(secret: str, *, login: str, office: str) -> str:
    """Return the address that telephones read from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=office)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return of which step the *code* is, if of any near *now*."""
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    typed = "".join(code.split()).encode()
    near = [step + drift for drift in _DRIFT]
    # every step is compared, so that how long it takes does not tell which was nearly right
    right = [each for each in near if secrets.compare_digest(totp.at(each * STEP_SECONDS).encode(), typed)]
    return right[0] if right else None


def fresh_recovery_codes() -> tuple[str, ...]:
    """Make the codes; they are shown once."""
    return tuple(_grouped("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))) for _ in range(_CODES))


def recovery_digest(code: str) -> str:
    """Return what is kept of a recovery code, however it was typed."""
    plain = "".join(each for each in code.upper() if each.isalnum())
    return "sha256:" + hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))
