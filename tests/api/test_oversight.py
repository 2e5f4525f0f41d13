"""An audit administrator sees what the other two, and whoever approves, did; and nobody else does."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient

from api.people.identities import Identities, Identity
from storage.evidence import Role, utc_text
from tests.api.conftest import As
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import enrolled


def types(client: TestClient, about: str) -> list[str]:
    answer = client.get("/api/oversight", params={"about": about})
    assert answer.status_code == 200
    return [each["type"] for each in answer.json()]


def test_who_else_may_sign_in_as_somebody_is_seen(office: SmallOffice, as_: As) -> None:
    """A binding is as good as a password."""
    services, account = office.services, enrolled(office)
    identities, identity = (
        Identities(services.custody, services.engine, key=services.index_key),
        Identity("https://issuer.example", "example-1"),
    )
    identities.bind(account, identity, actor=OPERATOR)
    identities.unbind(account, identity, actor=OPERATOR)

    assert types(as_(Role.AUDIT), "accounts")[1:3] == ["IDENTITY_UNBOUND", "IDENTITY_BOUND"]


def test_who_let_whom_see_footage_is_seen(office: SmallOffice, as_: As) -> None:
    clerk, leader, clip = as_(Role.CLERK), as_(Role.LEADER), office.clip(b"original")
    asked = {"clip": str(clip), "what": "original", "reason": "移送需要原件"}
    request = clerk.post("/api/requests", json=asked).json()["request"]
    until = utc_text(office.clock.now + timedelta(hours=1))
    leader.post(f"/api/requests/{request}/approved", json={"until": until, "reason": "同意"})
    clerk.post(f"/api/requests/{request}/withdrawn", json={"reason": "不再需要"})

    assert types(as_(Role.AUDIT), "access") == ["ACCESS_WITHDRAWN", "ACCESS_APPROVED"]
