"""
Sessions: kept by the server, by the digest of a secret that only the browser has.

Opening and ending one are entries, so a session outlives a restart and who was in is known. It ends when somebody ends it, when
the account is disabled or gets another password, after the longest time, and when nobody used it for a while. Every sign-in
makes a new secret: one that somebody was given before, by whoever, never becomes a session.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.people import entries, queries
from api.people.queries import Session
from api.people.rules import Rules
from api.principal import Means, Principal, by_token, first_of
from api.queries import Account, Engine, account_of_token
from api.tokens import token_digest
from storage.custody import Custody
from storage.errors import NotFound, StaleState
from storage.evidence import Actor, Json, Subject
from storage.passing import Seen


@dataclass(frozen=True, slots=True)
class Came:
    """From where somebody came, and with what; what a browser says of itself is cut short."""

    address: str
    browser: str = ""

    def as_json(self) -> dict[str, Json]:
        """Return what is confided to the vault."""
        return {"address": self.address[:60], "browser": self.browser[:200]}


class Sessions:
    """Opens, finds and ends sessions. Safe to call from many threads."""

    def __init__(self, custody: Custody, engine: Engine, clock: Callable[[], datetime], rules: Rules) -> None:
        self._custody, self._engine, self._clock, self.rules = custody, engine, clock, rules
        self._seen = Seen(engine)

    def open(self, actor: Actor, *, how: str, came: Came, proof: Mapping[str, Json] | None = None) -> str:
        """
        Open a session and return its secret, which nobody can show again.

        Raises `StaleState` where the *proof*, a code that counts once, was used meanwhile.
        """
        secret = secrets.token_urlsafe(32)
        entry = entries.signed_in(token_digest(secret), how=how, proof=proof or {}, came=came.as_json(), actor=actor)
        self._custody.record(entry)
        return secret

    def find(self, secret: str) -> Principal | None:
        """Return whose session it is, if it is still good; being asked for keeps it from idling."""
        return self._of(token_digest(secret), is_use=True)

    def again(self, digest: str) -> Principal | None:
        """Return whose session it is, if it is still good, with what counts by now; asking does not count as using it."""
        return self._of(digest, is_use=False)

    def _of(self, digest: str, *, is_use: bool) -> Principal | None:
        found = queries.standing_session(self._engine, digest)
        if found is None or not self._is_good(found[0], is_use=is_use):
            return None
        session, person = found
        now = self._clock()
        if person is None:
            return by_token(account_of_token(self._engine, session.account, now), Means.SESSION, session.digest, now)
        grants = person.counting(now)
        if not grants:
            return None
        account = Account(person.subject, first_of(grant.role for grant in grants), person.name or "(erased)")
        return Principal(account, grants, Means.SESSION, session.digest)

    def now(self) -> datetime:
        """Return the time by which grants and sessions end."""
        return self._clock()

    def of(self, account: Subject) -> list[Session]:
        """Return the sessions of somebody that are good, the newest first."""
        standing = queries.standing_sessions(self._engine, account)
        return [each for each in standing if not self._is_over(each, self._last(each))]

    def end(self, account: Subject, digest: str, *, why: str, actor: Actor) -> None:
        """End a session of *account*; raises `NotFound` where there is none that is good. Twice is found out."""
        if all(each.digest != digest for each in queries.standing_sessions(self._engine, account)):
            message = f"{account}: it has no such session"
            raise NotFound(message)
        try:
            self._custody.record(entries.session_ended(account, digest, why=why, actor=actor))
        except StaleState:
            return  # somebody else ended it
        self._seen.forget(digest)

    def forget_old(self) -> None:
        """Forget when sessions were last used that are over by now."""
        self._seen.forget_before(self._clock() - self.rules.longest)

    def _is_good(self, session: Session, *, is_use: bool) -> bool:
        last = self._last(session)
        if self._is_over(session, last):
            return False
        if is_use:
            self._seen.now(session.digest, self._clock(), last)
        return True

    def _is_over(self, session: Session, last: datetime) -> bool:
        now = self._clock()
        return now >= session.opened_at + self.rules.longest or now >= last + self.rules.idle

    def _last(self, session: Session) -> datetime:
        # where nobody knows any more, it was not used since it was opened
        return max(session.opened_at, self._seen.last(session.digest) or session.opened_at)
