"""
The second factor: one-time codes of a telephone, and recovery codes for whoever loses it.

The secret lies sealed in the vault and in no table that people query. A code counts once: its half minute is kept with the
sign-in, and neither it nor one before it counts again. Recovery codes are shown once, and each counts once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import segno

from api.people import entries, queries
from api.people.accounts import actor_of
from api.people.queries import Person
from api.queries import Engine
from api.sessions import Passing
from storage import totp
from storage.custody import Custody
from storage.errors import LedgerError, NotFound
from storage.evidence import Json
from storage.vault import Vault

_TO_CONFIRM = timedelta(minutes=10)
_DIGITS = re.compile(r"[0-9 ]{6,9}")


@dataclass(frozen=True, slots=True)
class Offered:
    """A secret that a telephone may take; it counts once a code of it was shown."""

    secret: str
    uri: str

    @property
    def picture(self) -> list[str]:
        """The address as a QR code, a row of 0 and 1 for each line; made here, so that the secret goes nowhere else."""
        return ["".join(map(str, row)) for row in segno.make_qr(self.uri, error="m").matrix]


class SecondFactor:
    """Sets, asks for and removes second factors. Safe to call from many threads."""

    def __init__(self, custody: Custody, engine: Engine, vault: Vault, clock: Callable[[], datetime], *, office: str) -> None:
        self._custody, self._engine, self._vault, self._clock, self._office = custody, engine, vault, clock, office
        self._offered: Passing[str] = Passing(clock, longest=_TO_CONFIRM, idle=_TO_CONFIRM)

    def offer(self, person: Person, credential: str) -> Offered:
        """Make a secret for the telephone of *person*, at this session; nothing is asked for yet."""
        secret = totp.fresh_secret()
        self._offered.keep(credential, secret)
        return Offered(secret, totp.uri_of(secret, login=person.login or "", office=self._office))

    def confirm(self, person: Person, credential: str, code: str) -> tuple[str, ...] | None:
        """Ask for codes from now on, if *code* is one, and return the recovery codes; None where it is not."""
        secret = self._offered.find(credential)
        if secret is None:
            message = f"{person.subject}: no second factor was offered at this session, or too long ago"
            raise NotFound(message)
        step = totp.matching_step(secret, code, self._clock())
        if step is None:
            return None
        codes = totp.fresh_recovery_codes()
        digests = [totp.recovery_digest(each) for each in codes]
        self._custody.record(
            entries.totp_set(person.subject, secret, step=step, recovery=digests, actor=actor_of(person, self._clock()))
        )
        self._offered.drop(credential)
        return codes

    def remove(self, person: Person) -> None:
        """Ask for codes no more; raises `StaleState` where none are asked for."""
        self._custody.record(entries.totp_removed(person.subject, actor=actor_of(person, self._clock())))

    def proof(self, person: Person, code: str) -> dict[str, Json] | None:
        """Return what a sign-in with *code* uses up, so that it counts once; None where it is no code of theirs."""
        assert person.totp_seq is not None  # noqa: S101 - whoever asks has looked
        if _DIGITS.fullmatch(code):
            step = totp.matching_step(self._secret(person.totp_seq), code, self._clock())
            return None if step is None else {"step": step}
        digest = totp.recovery_digest(code)
        return {"recovery": digest} if queries.is_unused(self._engine, person.subject, digest, person.totp_seq) else None

    def codes_left(self, person: Person) -> int:
        """Return how many recovery codes are left."""
        return 0 if person.totp_seq is None else queries.codes_left(self._engine, person.subject, person.totp_seq)

    def _secret(self, seq: int) -> str:
        secret = queries.sealed_in(self._engine, self._vault, seq).get("secret")
        if not isinstance(secret, str):
            message = f"entry {seq}: the secret of a second factor is not in the vault"
            raise LedgerError(message)
        return secret
