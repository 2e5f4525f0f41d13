"""The time-stamps of an office: whom it asks, how often, and how much of the ledger was stamped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import urllib3

from storage.errors import StorageUnavailable
from storage.evidence import Kind
from storage.identity import found_again
from storage.ledger.stamping import Stamped, Stamping
from storage.ledger.timestamp import over_http
from storage.timestamps import standing_in
from yihu.settings import SettingsError
from yihu.wiring import Office

__all__ = ["Stamper", "ask_authority", "one_connection", "roots_of", "stamping_of", "standing"]


def stamping_of(office: Office) -> Stamping:
    """Return how time-stamps are asked for, verified and recorded here; raises `SettingsError` where no roots are set."""
    roots = roots_of(office)
    if roots is None:
        message = "ledger.tsa_roots: set the file with the root certificates of your time-stamping authority"
        raise SettingsError(message)
    log = found_again(office.index_key, Kind.LOG, office.log.origin)
    return Stamping(office.engine, office.log, office.custody, roots, log, office.dock, office.clock)


def roots_of(office: Office) -> bytes | None:
    """Return the certificates of the authorities that are believed, None where none are set."""
    named = office.settings.ledger.tsa_roots
    if named is None:
        return None
    try:
        return (office.home / named).read_bytes()
    except OSError as error:
        message = f"ledger.tsa_roots: {office.home / named}: {error.strerror or error}"
        raise SettingsError(message) from error


def ask_authority(office: Office, pool: urllib3.PoolManager) -> Stamped | None:
    """Have the newest head stamped; None where nothing happened since the last time. `SettingsError` where nobody is set."""
    if not office.settings.ledger.tsa:
        message = "ledger.tsa: set the URL of your time-stamping authority, or use a stick (yihu timestamp export)"
        raise SettingsError(message)
    return stamping_of(office).ask(over_http(office.settings.ledger.tsa, pool))


def one_connection() -> urllib3.PoolManager:
    """Return a way out for a command that asks once."""
    return urllib3.PoolManager(maxsize=1)


@dataclass
class Stamper:
    """Asks as often as is set, and sooner where the authority was away."""

    office: Office
    pool: urllib3.PoolManager = field(default_factory=one_connection)
    not_before: float = 0

    def __call__(self) -> None:
        """Ask if it is time, and say so if that cannot be done."""
        now = time.monotonic()
        if now < self.not_before or self.office.log.latest() is None:
            return
        self.not_before = now + self.office.settings.ledger.timestamp_seconds
        try:
            ask_authority(self.office, self.pool)
        except StorageUnavailable:
            self.not_before = now
            raise


def standing(office: Office) -> dict[str, object]:
    """Say how much was stamped last and when, how much is signed, and whether something waits to be stamped."""
    now = standing_in(office.engine)
    return {
        "stamped": now.stamped,
        "time": now.time or None,
        "count": now.count,
        "signed": now.signed,
        "waiting": now.is_waiting,
        "authority": office.settings.ledger.tsa or None,
    }
