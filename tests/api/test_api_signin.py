"""Signing in: a token, or a cookie that was got for one, and what other sites cannot do with it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api.people.rules import Rules
from api.signin import COOKIE
from api.tokens import revoke_token
from storage.evidence import Role
from tests.api.small_office import OPERATOR, SmallOffice

OWN = {"X-Yihu": "1"}


@pytest.fixture
def page(office: SmallOffice, stranger: TestClient) -> TestClient:
    """A browser in which somebody has just signed in."""
    answer = stranger.post("/api/session", json={"token": office.token(Role.CLERK)[1]}, headers=OWN)
    assert answer.status_code == 201
    return stranger


def test_a_token_is_exchanged_for_a_cookie_that_scripts_and_other_sites_cannot_use(
    office: SmallOffice, stranger: TestClient
) -> None:
    token = office.token(Role.CLERK)[1]

    answer = stranger.post("/api/session", json={"token": token}, headers=OWN)

    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert token.lower() not in cookie
    assert answer.json()["role"] == "clerk"


def test_over_https_the_cookie_is_for_https_alone(office: SmallOffice, stranger: TestClient) -> None:
    with TestClient(stranger.app, base_url="https://testserver") as secure:
        answer = secure.post("/api/session", json={"token": office.token(Role.CLERK)[1]}, headers=OWN)

    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_with_the_cookie_everything_is_read(page: TestClient) -> None:
    assert page.get("/api/matters").status_code == 200


@pytest.mark.parametrize("token", ["", "yihu_wrong", "x" * 300])
def test_a_wrong_token_is_refused_and_counted(office: SmallOffice, stranger: TestClient, token: str) -> None:
    answer = stranger.post("/api/session", json={"token": token}, headers=OWN)

    assert answer.status_code in {401, 422}
    assert "set-cookie" not in answer.headers
    assert office.entries("REFUSED") == []


def test_a_request_that_another_site_could_send_changes_nothing(office: SmallOffice, page: TestClient) -> None:
    """A form on another site can send the cookie (where SameSite fails), but not the header."""
    clip = office.clip(b"footage")

    answer = page.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"})

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site")
    assert office.entries("ACCESSED") == []


def test_another_site_cannot_sign_somebody_in(office: SmallOffice, stranger: TestClient) -> None:
    assert stranger.post("/api/session", json={"token": office.token(Role.CLERK)[1]}).status_code == 403


def test_our_own_page_may_change_things(office: SmallOffice, page: TestClient) -> None:
    clip = office.clip(b"footage")

    assert page.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"}, headers=OWN).status_code == 201


def test_signing_out_ends_the_session_for_whoever_has_the_cookie(page: TestClient) -> None:
    secret = page.cookies[COOKIE]
    page.delete("/api/session", headers=OWN)
    page.cookies.set(COOKIE, secret)

    assert page.get("/api/session").status_code == 401


def test_a_session_lasts_a_working_day(office: SmallOffice, page: TestClient) -> None:
    office.clock.now += Rules().longest

    assert page.get("/api/session").status_code == 401


def test_a_revoked_token_ends_its_sessions_at_once(office: SmallOffice, stranger: TestClient) -> None:
    account, token = office.token(Role.CLERK)
    stranger.post("/api/session", json={"token": token}, headers=OWN)
    revoke_token(office.services.custody, account, actor=OPERATOR)

    assert stranger.get("/api/session").status_code == 401


def test_a_viewing_of_one_session_is_of_no_use_in_another(office: SmallOffice, page: TestClient) -> None:
    """Even of the same person: what was granted at one desk is not watched at another."""
    account, token = office.token(Role.REVIEWER)
    first, second = TestClient(page.app), TestClient(page.app)
    for client in (first, second):
        client.post("/api/session", json={"token": token}, headers=OWN)
    granted = first.post("/api/viewings", json={"clip": str(office.clip(b"footage")), "reason": "办案需要"}, headers=OWN)

    assert first.get(granted.json()["media"]).status_code == 200
    assert second.get(granted.json()["media"]).status_code == 403
    assert [recorded.entry.subject for recorded in office.entries("REFUSED")] == [account]


def test_somebody_is_told_who_they_are_and_what_they_may(page: TestClient) -> None:
    person = page.get("/api/session").json()

    assert (person["role"], person["name"]) == ("clerk", "测试岗")
    assert person["acts"] == ["file", "own", "prove", "read", "request", "upload", "view", "watch"]
