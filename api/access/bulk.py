"""
Looking at very many clips: an alarm, once for each account and span of time, for those who supervise.

After every access, and once a minute for all accounts, the distinct clips that somebody opened within that span are counted.
Of two who count at once, one records it: it names the alarm before it, and the second finds that taken.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from api.access import queries
from api.access.rules import AccessRules
from api.queries import Engine
from storage.custody import Custody
from storage.errors import StaleState
from storage.evidence import Actor, Entry, Json, Role, Subject, utc_moment, utc_text


class Bulk:
    """Counts, and raises the alarm."""

    def __init__(self, custody: Custody, engine: Engine, clock: Callable[[], datetime], rules: AccessRules) -> None:
        self._custody, self._engine, self._clock, self._rules = custody, engine, clock, rules

    def look(self, account: Subject) -> None:
        """Record an alarm if *account* opened too many clips and there was none within the span; may be repeated."""
        now = self._clock()
        since = now - self._rules.bulk_within
        opened = queries.clips_opened(self._engine, account, since)
        last = queries.last_alarm(self._engine, account)
        if opened <= self._rules.bulk_clips or (last is not None and utc_moment(last.at) > since):
            return
        body: dict[str, Json] = {
            "before": -1 if last is None else last.seq,
            "clips": opened,
            "most": self._rules.bulk_clips,
            "since": utc_text(since),
        }
        try:
            # the program saw it: who is meant is the subject
            self._custody.record(Entry("BULK_ACCESS", account, Actor(account, Role.SYSTEM), body))
        except StaleState:
            return  # somebody else raised it

    def look_at_everybody(self) -> None:
        """Look at every account that opened too many: whoever died after an access had no time to."""
        since = self._clock() - self._rules.bulk_within
        for account in queries.opening_since(self._engine, since, self._rules.bulk_clips):
            self.look(account)

    def is_blocked(self, account: Subject, clip: Subject) -> bool:
        """Say whether the office opens no further clip for *account* for now; clips that are open already stay so."""
        if not self._rules.bulk_blocks:
            return False
        since = self._clock() - self._rules.bulk_within
        if queries.has_opened(self._engine, account, clip, since):
            return False
        return queries.clips_opened(self._engine, account, since) > self._rules.bulk_clips
