"""Somebody who was allowed what their role does not show."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient

from api.access.reasons import Why
from api.access.requests import Requests
from api.access.rules import AccessRules
from storage.evidence import Actor, Kind, Role, Subject
from tests.api.small_office import OPERATOR, SmallOffice


def let(office: SmallOffice, client: TestClient, clip: Subject, what: str = "original") -> str:
    """Let whoever *client* is see that clip in that form for an hour, and return the number of the request."""
    services = office.services
    requests = Requests(services.custody, services.engine, services.clock, AccessRules())
    account = Subject.parse(client.get("/api/session").json()["account"], Kind.ACCOUNT)
    found, _is_new = requests.ask(clip, what, Why({}, {"reason": "移送需要"}), actor=Actor(account, Role.CLERK))
    requests.approve(found, until=office.clock() + timedelta(hours=1), reason="同意", actor=OPERATOR)
    return found.id
