"""Where sign-in, roles and requests meet: in which role somebody acts, how often, and whose list is full."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.access import queries
from api.policy import EVERYTHING, Grant, Scope
from api.tokens import issue_token
from storage.evidence import Role
from tests.api.conftest import As
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import OWN, accounts_of, enrolled, sign_in


def test_a_sign_in_is_recorded_in_a_role_that_counts(office: SmallOffice, stranger: TestClient) -> None:
    """Not in one that is over, which comes before it in the list of roles."""
    account, accounts = enrolled(office, role=Role.AUDITOR), accounts_of(office)
    until = office.clock.now + timedelta(minutes=1)
    accounts.grant(account, Grant(Role.CLERK, EVERYTHING, until), actor=OPERATOR)
    office.clock.now = until
    assert sign_in(stranger).status_code == 201
    assert stranger.delete("/api/session", headers=OWN).status_code == 204

    for type_ in ("SIGNED_IN", "SESSION_ENDED"):
        assert [each.entry.actor.role for each in office.entries(type_)] == [Role.AUDITOR]


def test_a_token_signs_in_so_often_in_a_minute(office: SmallOffice, stranger: TestClient) -> None:
    """It costs no hash, and each time is an entry."""
    app = replace(office, services=replace(office.services, access=replace(office.services.access, a_minute=2))).app()
    client, (_, token) = TestClient(app), office.token(Role.CLERK)
    still = office.clock.now.replace(second=0)
    answers = []
    for _ in range(4):
        office.clock.now = still
        answers.append(client.post("/api/session", json={"token": token}, headers=OWN).status_code)

    assert answers == [201, 201, 429, 429]
    assert len(office.entries("SIGNED_IN")) == 2
    office.clock.now = still + timedelta(minutes=1)
    assert client.post("/api/session", json={"token": token}, headers=OWN).status_code == 201


def test_requests_that_others_decide_push_nobodys_out_of_the_list(
    office: SmallOffice, stranger: TestClient, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer ones about clips of no case, which a leader of this office does not decide."""
    monkeypatch.setattr(queries, "_PAGE", 2)
    clip, clerk = office.clip(b"of the office"), as_(Role.CLERK)
    others = []
    for number in range(5):
        original = b"nobody's %d" % number
        others.append(office.secure(original))
        office.deposit(others[-1], original)
    for each in (clip, *others):
        asked = {"clip": str(each), "what": "original", "reason": "移送需要原件"}
        assert clerk.post("/api/requests", json=asked).status_code == 201
    scope = Scope.of([office.office])
    _, token = issue_token(office.services.custody, name="岗", role=Role.LEADER, actor=OPERATOR, scope=scope)
    leader = TestClient(stranger.app, headers={"Authorization": f"Bearer {token}"})

    assert [each["clip"] for each in leader.get("/api/requests").json()] == [str(clip)]
