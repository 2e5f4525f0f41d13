"""Requests for footage, as the command line knows them."""

from __future__ import annotations

from dataclasses import dataclass

from api.access import queries
from api.access.queries import AccessRequest
from api.access.requests import Requests, state_of
from api.people.queries import sealed_in
from api.queries import name_of
from storage.evidence import utc_text
from yihu.wiring import Office


@dataclass(frozen=True, slots=True)
class Told:
    """A request with what the vault tells of it."""

    request: AccessRequest
    state: str
    name: str | None
    reason: str | None

    def row(self) -> dict[str, object]:
        """Return the same for programs."""
        found = self.request
        return {
            "request": found.id,
            "clip": str(found.clip),
            "what": found.what,
            "matter": None if found.matter is None else str(found.matter),
            "state": self.state,
            "account": str(found.account),
            "name": self.name,
            "reason": self.reason,
            "requested_at": found.requested_at,
            "decided_by": None if found.decided_by is None else str(found.decided_by),
            "until": None if found.until is None else utc_text(found.until),
        }


def requests_of(office: Office) -> Requests:
    """Return what records requests and decisions; they say that they were made at the machine."""
    return Requests(office.custody, office.engine, office.clock, office.settings.access.rules, at_machine=True)


def found(office: Office, identifier: str) -> AccessRequest:
    """Return one request; raises `NotFound`."""
    return queries.request(office.engine, identifier)


def all_told(office: Office) -> list[Told]:
    """Return the newest requests."""
    return [_told(office, each) for each in queries.all_requests(office.engine)]


def _told(office: Office, each: AccessRequest) -> Told:
    reason = sealed_in(office.engine, office.vault, each.requested_seq).get("reason")
    name = name_of(office.engine, each.account)
    return Told(each, state_of(each, office.clock()), name, reason if isinstance(reason, str) else None)
