"""Nothing that opens anything gets into a log, into a table, into a leaf or into an answer that did not ask for it."""

from __future__ import annotations

import logging

import pyotp
import pytest
import structlog
from fastapi.testclient import TestClient

from api.signin import COOKIE
from storage.database import reading
from storage.errors import StorageUnavailable
from storage.evidence import Role
from storage.ledger.log import count, leaves
from tests.api.small_office import SmallOffice
from tests.api.somebody import LOGIN, OTHER, OWN, PASSWORD, linked, restarted, sign_in


def whole_day(office: SmallOffice, client: TestClient) -> list[str]:
    """Everything somebody does with their account; returns what must be nowhere."""
    link, token = linked(office), office.token(Role.CLERK)[1]
    client.post("/api/links", json={"link": link.secret, "password": PASSWORD}, headers=OWN)
    client.post("/api/links", json={"link": link.secret, "password": PASSWORD}, headers=OWN)
    sign_in(client, "a wrong password of mine")
    sign_in(client)
    secrets = [link.secret, token, PASSWORD, OTHER, "a wrong password of mine", client.cookies[COOKIE]]
    secret = client.post("/api/account/totp", json={"password": PASSWORD}, headers=OWN).json()["secret"]
    code = pyotp.TOTP(secret).at(office.clock.now)
    codes = client.put("/api/account/totp", json={"code": code}, headers=OWN).json()["codes"]
    client.put("/api/account/password", json={"password": PASSWORD, "new": OTHER}, headers=OWN)
    secrets.append(client.cookies[COOKIE])
    sign_in(client, OTHER, code=codes[0])
    client.post("/api/session", json={"token": token}, headers=OWN)
    client.post("/api/session/password", content=f'{{"login": "{PASSWORD}", "password": 7}}', headers=OWN)
    return [*secrets, secret, *codes, client.cookies[COOKIE]]


def test_a_whole_day_leaves_no_secret_in_logs_tables_or_leaves(
    office: SmallOffice, stranger: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("yihu").warning("this is heard")
    with structlog.testing.capture_logs() as lines:
        secrets = whole_day(office, stranger)
    with reading(office.services.engine) as connection:
        raw = b"".join(leaf for _seq, leaf, _ in leaves(connection, 0, count(connection))).decode()
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        rows = "".join(repr(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in tables)  # noqa: S608

    assert len(secrets) > 15
    assert sum(line["event"] == "request" for line in lines) == 10
    assert "this is heard" in caplog.text
    assert LOGIN in rows
    assert "SIGNED_IN" in raw
    assert LOGIN not in raw
    for secret in secrets:
        assert secret not in caplog.text + repr(lines)
        assert secret not in rows + raw


def test_a_fault_in_the_middle_logs_no_secret(
    office: SmallOffice, stranger: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the foreseen kind nor a bug, whose traceback goes to the log."""
    caplog.set_level(logging.DEBUG)
    link = linked(office)
    with structlog.testing.capture_logs() as lines:
        for error in (StorageUnavailable("unplugged"), RuntimeError("a bug")):

            def breaking(*_args: object, error: Exception = error, **_kwargs: object) -> None:
                raise error

            monkeypatch.setattr("api.people.accounts.hashed_password", breaking)
            answer = stranger.post("/api/links", json={"link": link.secret, "password": PASSWORD}, headers=OWN)
            assert answer.status_code in {500, 503}
            assert link.secret not in answer.text
            assert PASSWORD not in answer.text

    assert [line["event"] for line in lines] == ["request failed", "request", "request", "request broke"]
    assert {line["route"] for line in lines if line["event"] == "request"} == {"/api/links"}
    text = repr(lines) + caplog.text
    assert link.secret not in text
    assert PASSWORD not in text


def test_what_is_wrong_with_a_request_is_said_without_repeating_it(office: SmallOffice, stranger: TestClient) -> None:
    answer = stranger.post("/api/session/password", json={"login": LOGIN, "password": [PASSWORD]}, headers=OWN)

    assert answer.status_code == 422
    assert PASSWORD not in answer.text
    assert restarted(office).get("/api/session").status_code == 401
