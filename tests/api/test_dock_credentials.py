"""What a dock shows when it sends over the network: what it may, what it may not, and what shows when it was stolen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.people.credentials import Credentials
from api.people.sessions import Came
from api.tokens import fresh_token, issue_token, revoke_token
from storage.errors import LifeCycleError
from storage.evidence import Kind, Role, Subject
from storage.identity import fresh
from storage.rebuild import differences
from tests.api.small_office import DOCK, OPERATOR, SmallOffice
from tests.api.somebody import OWN
from tests.api.uploading import OCTETS, announced, receiving

MAY = {("post", "/api/uploads"), ("get", "/api/docks/events"), ("get", "/api/session")}
OPEN = {("get", "/api/status"), ("post", "/api/session"), ("post", "/api/session/password"), ("delete", "/api/session")}
OPEN |= {("post", "/api/links"), ("get", "/api/session/oidc")}


def credentials(office: SmallOffice) -> Credentials:
    return Credentials(office.services.custody, office.services.engine, office.services.clock, key=office.services.index_key)


def enrolled(office: SmallOffice, *, dock: Subject = DOCK.who) -> tuple[Subject, str]:
    token = fresh_token()
    return credentials(office).enrol(token, name="一号站", dock=dock, actor=OPERATOR), token


def holding(client: TestClient, token: str) -> TestClient:
    made = TestClient(client.app, raise_server_exceptions=False)
    made.headers["Authorization"] = f"Bearer {token}"
    return made


def test_a_dock_sends_footage_under_its_own_name(office: SmallOffice, tmp_path: Path) -> None:
    account, token = enrolled(office)
    sender = holding(TestClient(receiving(office, tmp_path / "spool").app()), token)
    where = sender.post("/api/uploads", headers=announced(5, what="footage")).headers["location"]
    answer = sender.patch(where, content=b"bytes", headers={**OCTETS, "Upload-Offset": "0"})

    assert answer.status_code == 204
    [secured] = office.entries("SECURED")
    assert (secured.entry.actor.who, secured.entry.actor.role) == (account, Role.DOCK)
    [issued] = office.entries("TOKEN_ISSUED")
    assert issued.entry.body["dock"] == str(DOCK.who)


def test_a_dock_may_do_nothing_else_on_any_route(office: SmallOffice, stranger: TestClient) -> None:
    """Read from the description of the API itself, so that a new route is looked at too."""
    clip = str(office.clip(b"footage"))
    values = {"clip": clip, "matter": str(office.matter), "party": str(office.party), "seq": "0", "tile": "0/000.p/1"}
    values |= {"viewing": f"viewing:{clip[5:]}", "filing": clip[5:]}
    values |= {"account": f"account:{clip[5:]}", "session": "0" * 64, "role": "clerk"}
    values |= {"request_id": clip[5:], "copy": clip[5:]}
    dock = holding(stranger, enrolled(office)[1])
    described = stranger.get("/openapi.json").json()["paths"]
    routes = {(method, path) for path, methods in described.items() for method in methods} - MAY - OPEN
    routes = {route for route in routes if not route[1].startswith("/api/uploads")}
    before = len(office.entries("FILED")), len(office.entries("ACCESSED"))
    answers = {route: dock.request(route[0], route[1].format(**values), headers=OWN).status_code for route in routes}

    assert len(routes) > 40
    assert set(answers.values()) == {403}
    assert len(office.entries("REFUSED")) == len(routes)
    assert (len(office.entries("FILED")), len(office.entries("ACCESSED"))) == before


def test_a_dock_opens_no_session(office: SmallOffice, stranger: TestClient) -> None:
    answer = stranger.post("/api/session", json={"token": enrolled(office)[1]}, headers=OWN)

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_credential_that_comes_from_elsewhere_shows(office: SmallOffice) -> None:
    account, token = enrolled(office)
    office.app()  # which makes the tables of what passes
    known = credentials(office)
    for address in ("192.0.2.7", "192.0.2.7", "198.51.100.9", "192.0.2.7"):
        assert known.find(token, Came(address)) is not None

    assert known.addresses(account, office.vault) == ["192.0.2.7", "198.51.100.9"]
    entries = office.entries("TOKEN_CAME")
    assert len(entries) == 2
    assert all(b"192.0.2" not in office.services.log.leaf(each.seq) for each in entries)


def test_a_credential_is_exchanged_in_one_moment(office: SmallOffice, stranger: TestClient) -> None:
    account, token = enrolled(office)
    other = fresh_token()
    new = credentials(office).exchange(account, other, actor=OPERATOR)

    answers = [holding(stranger, each).get("/api/docks/events").status_code for each in (token, other)]
    assert answers == [401, 503]  # of no dock is anything known here, but it was let in
    [shown] = credentials(office).of_docks()
    assert (shown.account.subject, shown.account.dock) == (new, DOCK.who)
    assert differences(office.services.engine, office.projector, office.vault) == []


def test_a_revoked_credential_is_refused_and_counted(office: SmallOffice, stranger: TestClient) -> None:
    account, token = enrolled(office)
    revoke_token(office.services.custody, account, actor=OPERATOR)

    assert holding(stranger, token).post("/api/uploads", headers=announced(5)).status_code == 401
    assert stranger.app.state.desk.strangers.count == 1  # type: ignore[attr-defined]
    enrolled(office)  # and the dock may be given another


def test_a_dock_has_one_credential(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    enrolled(office, dock=fresh(Kind.DOCK))

    with pytest.raises(LifeCycleError):
        enrolled(office)


def test_a_token_counts_until_its_time_is_over_and_so_do_its_sessions(office: SmallOffice, stranger: TestClient) -> None:
    until = office.clock.now + timedelta(minutes=40)
    _, token = issue_token(office.services.custody, name="测试岗", role=Role.CLERK, actor=OPERATOR, until=until)
    client = holding(stranger, token)
    stranger.post("/api/session", json={"token": token}, headers=OWN)
    before = [each.get("/api/session").status_code for each in (client, stranger)]
    [shown] = credentials(office).all()
    office.clock.now = until

    assert before == [200, 200]
    assert shown.account.until is not None
    assert shown.last_used is not None
    assert [each.get("/api/session").status_code for each in (client, stranger)] == [401, 401]
