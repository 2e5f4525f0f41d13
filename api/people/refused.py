"""
Counting strangers who are refused: one entry a minute says how many, so that nobody can grow the ledger at will.

What is counted is kept in memory and recorded by a thread of the server, never by the request itself: an answer takes as long
for a name that somebody has as for one that nobody has. What was counted in the last minute before a power cut is lost.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.people import entries
from storage.custody import Custody
from storage.evidence import Actor, Subject

EVERY = timedelta(minutes=1)
_ACCOUNTS = 20
"""Accounts that one entry names; more are told as their number alone."""


@dataclass(slots=True)
class Strangers:
    """What strangers were refused; counted from many threads."""

    clock: Callable[[], datetime]
    count: int = 0
    """All of them, since the program started."""
    _since: datetime | None = None
    _reasons: Counter[str] = field(default_factory=Counter)
    _accounts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, reason: str = "signed-out", account: Subject | None = None) -> None:
        """Count one more, and whose account they named, if somebody's."""
        with self._lock:
            self.count += 1
            self._since = self._since or self.clock()
            self._reasons[reason] += 1
            if account is not None and (str(account) in self._accounts or len(self._accounts) < _ACCOUNTS):
                self._accounts[str(account)] += 1

    def record(self, custody: Custody, log: Subject, actor: Actor) -> None:
        """Record what was counted since the last time, if anything; where that fails it stays counted."""
        with self._lock:
            since, reasons, accounts = self._since, Counter(self._reasons), Counter(self._accounts)
        if since is None:
            return
        custody.record(entries.sign_ins_refused(log, since=since, reasons=reasons, accounts=accounts, actor=actor))
        with self._lock:
            self._reasons, self._accounts = self._reasons - reasons, self._accounts - accounts
            self._since = self.clock() if self._reasons else None
