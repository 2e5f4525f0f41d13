"""
How often somebody may be wrong: per account and per address, counted in the database by `limits`.

An attempt is counted before anything is looked at and given back when it was right, so that many at once get no more tries than
one after the other. A name that nobody has is counted like any other: whoever tries names is told nothing by being locked out.
Names and addresses are counted under a keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from math import ceil

from limits import RateLimitItemPerSecond
from limits.strategies import FixedWindowRateLimiter
from starlette.exceptions import HTTPException

from api.people.addresses import place_of
from api.people.rules import Rules
from api.queries import Engine
from storage.passing import Counters


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody who tries, as they are counted."""

    account: str
    address: str


class Attempts:
    """Counts attempts, durably; safe to call from many threads and processes."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], rules: Rules, *, key: bytes) -> None:
        self._counters, self._clock, self._key = Counters(engine, clock), clock, key
        self._limiter = FixedWindowRateLimiter(self._counters)
        seconds = int(rules.locked.total_seconds())
        self._by_account = RateLimitItemPerSecond(rules.attempts, seconds, "account")
        self._by_address = RateLimitItemPerSecond(rules.per_address, seconds, "address")

    def begin(self, account: str, address: str) -> Attempt:
        """Count an attempt at *account* from *address*; raises a 429 where there were too many."""
        attempt = Attempt(self._hidden(account), self._hidden(place_of(address)))
        # an address that tried too often does not lock accounts of others any more
        may = self._limiter.hit(self._by_address, attempt.address) and self._limiter.hit(self._by_account, attempt.account)
        if not may:
            raise self._locked(attempt)
        return attempt

    def was_right(self, attempt: Attempt) -> None:
        """Begin anew for the account, and give the address its attempt back: others behind it may be guessing."""
        self._limiter.clear(self._by_account, attempt.account)
        self._give_back(self._by_address, attempt.address)

    def was_not_wrong(self, attempt: Attempt) -> None:
        """Give an attempt back that decided nothing yet."""
        self._give_back(self._by_account, attempt.account)
        self._give_back(self._by_address, attempt.address)

    def forget_old(self) -> None:
        """Forget counts whose time is over, so that whoever invents names does not fill the table."""
        self._counters.reset()

    def _give_back(self, item: RateLimitItemPerSecond, name: str) -> None:
        self._limiter.hit(item, name, cost=-1)

    def _locked(self, attempt: Attempt) -> HTTPException:
        places = ((self._by_address, attempt.address), (self._by_account, attempt.account))
        until = max(self._counters.get_expiry(item.key_for(name)) for item, name in places)
        wait = max(1, ceil(until - self._clock().timestamp()))
        return HTTPException(HTTPStatus.TOO_MANY_REQUESTS, "locked-out", {"Retry-After": str(wait)})

    def _hidden(self, text: str) -> str:
        return hmac.new(self._key, b"attempt\0" + text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
