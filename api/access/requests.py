"""
Requests for footage that somebody may not see by their role: asked, decided by somebody else, and over at a time.

Every step is an entry about the clip, and each happens once: of two who decide at the same time, the second is told so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ulid import ULID

from api.access import queries
from api.access.queries import AccessRequest
from api.access.reasons import Why
from api.access.rules import AccessRules
from api.queries import Engine
from storage.custody import Custody
from storage.errors import LifeCycleError, StaleState
from storage.evidence import Actor, Entry, Json, Subject, utc_text


@dataclass(frozen=True, slots=True)
class Requests:
    """Records them. Whoever calls has asked `api.access.seeing` whether that may be."""

    custody: Custody
    engine: Engine
    clock: Callable[[], datetime]
    rules: AccessRules
    at_machine: bool = False
    """Whether whoever decides does it as root of the machine, whom no role lets do that: then each entry says so."""

    def ask(self, clip: Subject, what: str, why: Why, *, actor: Actor) -> tuple[AccessRequest, bool]:
        """Ask, and say whether that is new: a request that is open, and an approval that counts, are returned instead."""
        standing = self._standing(clip, what, actor.who)
        if standing is not None:
            return standing, False
        identifier = str(ULID())
        body: dict[str, Json] = {"request": identifier, "what": what, **why.body}
        try:
            self.custody.record(Entry("ACCESS_REQUESTED", clip, actor, body, why.personal))
        except StaleState:
            standing = self._standing(clip, what, actor.who)  # asked twice at the same moment
            if standing is None:
                raise
            return standing, False
        return queries.request(self.engine, identifier), True

    def approve(self, found: AccessRequest, *, until: datetime, reason: str, actor: Actor) -> None:
        """Let the asker see it until then; raises `LifeCycleError` where that is past or too far away, or it was decided."""
        now = self.clock()
        if not now < until <= now + self.rules.longest_approval:
            message = f"request {found.id}: expected an end between now and {self.rules.longest_approval.days} days from now"
            raise LifeCycleError(message)
        _expect(found, "requested")
        self._decide("ACCESS_APPROVED", found, reason, actor, {"until": utc_text(until)})

    def deny(self, found: AccessRequest, *, reason: str, actor: Actor) -> None:
        """Let the asker not see it; raises `LifeCycleError` where it was decided."""
        _expect(found, "requested")
        self._decide("ACCESS_DENIED", found, reason, actor, {})

    def withdraw(self, found: AccessRequest, *, reason: str, actor: Actor) -> None:
        """End a request or an approval; what is being seen by it now ends as well."""
        _expect(found, "requested", "approved")
        self._decide("ACCESS_WITHDRAWN", found, reason, actor, {})

    def _decide(self, type_: str, found: AccessRequest, reason: str, actor: Actor, more: dict[str, Json]) -> None:
        body: dict[str, Json] = {"account": str(found.account), "request": found.id, **more}
        if self.at_machine:
            body["at"] = "machine"
        self.custody.record(Entry(type_, found.clip, actor, body, {"reason": reason.strip()}))

    def _standing(self, clip: Subject, what: str, account: Subject) -> AccessRequest | None:
        approved = queries.approval(self.engine, account, clip, what, self.clock())
        return approved or queries.open_request(self.engine, account, clip, what)


def state_of(found: AccessRequest, now: datetime) -> str:
    """Return its state as people see it: an approval whose time has passed is over."""
    return "over" if found.state == "approved" and found.until is not None and now >= found.until else found.state


def _expect(found: AccessRequest, *states: str) -> None:
    if found.state not in states:
        message = f"request {found.id}: it is {found.state} already"
        raise LifeCycleError(message)
