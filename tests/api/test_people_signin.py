"""Signing in with a password: what the browser is given, and what another site or another browser can do with it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api.signin import COOKIE
from storage.evidence import Role
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import LOGIN, OWN, PASSWORD, accounts_of, browser, enrolled, sign_in


def flags(header: str) -> set[str]:
    return {part.partition("=")[0] for part in header.lower().split("; ")[1:]} | {header.partition("=")[0]}


def test_over_https_the_cookie_is_of_this_host_alone(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    with browser(stranger, base="https://testserver") as page:
        header = sign_in(page).headers["set-cookie"]
        assert page.get("/api/session").status_code == 200

    assert flags(header) == {"__Host-yihu_session", "httponly", "samesite", "secure", "path", "max-age"}
    assert "samesite=strict" in header.lower()
    assert "path=/;" in header.lower()


def test_over_http_scripts_and_other_sites_do_not_get_the_cookie(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)

    assert flags(sign_in(stranger).headers["set-cookie"]) == {COOKIE, "httponly", "samesite", "path", "max-age"}


def test_a_cookie_that_plain_http_could_have_set_is_worth_nothing_over_https(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    sign_in(stranger)
    page = browser(stranger, base="https://testserver")
    page.cookies.set(COOKIE, stranger.cookies[COOKIE])

    assert page.get("/api/session").status_code == 401


def test_a_session_that_somebody_was_given_before_never_becomes_theirs(office: SmallOffice, stranger: TestClient) -> None:
    """Fixation: neither a value out of thin air nor the session of somebody else is taken over at sign-in."""
    enrolled(office)
    enrolled(office, "attacker")
    attacker = browser(stranger)
    sign_in(attacker, login="attacker")
    for planted in ("chosen-by-somebody-else", attacker.cookies[COOKIE]):
        victim = browser(stranger)
        victim.cookies.set(COOKIE, planted)
        given = sign_in(victim).cookies[COOKIE]
        spy = browser(stranger)
        spy.cookies.set(COOKIE, planted)

        assert given != planted
        assert spy.get("/api/session").status_code == 401


def test_signing_in_again_ends_the_session_before(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    sign_in(stranger)
    before = stranger.cookies[COOKIE]
    sign_in(stranger)
    other = browser(stranger)
    other.cookies.set(COOKIE, before)

    assert other.get("/api/session").status_code == 401
    assert [recorded.entry.body["why"] for recorded in office.entries("SESSION_ENDED")] == ["replaced"]


FOREIGN = [
    {},
    {**OWN, "Sec-Fetch-Site": "cross-site"},
    {**OWN, "Sec-Fetch-Site": "same-site"},
    {**OWN, "Origin": "https://elsewhere.example"},
    {**OWN, "Origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=["no header", "cross-site", "same-site", "origin", "no origin"])
def test_a_request_of_another_site_signs_nobody_in_and_changes_nothing(
    office: SmallOffice, stranger: TestClient, headers: dict[str, str]
) -> None:
    enrolled(office)
    body = {"login": LOGIN, "password": PASSWORD}
    refused = stranger.post("/api/session/password", json=body, headers=headers)
    sign_in(stranger)
    change = stranger.put("/api/account/password", json={"password": PASSWORD, "new": "x" * 20}, headers=headers)

    assert [(each.status_code, each.json()["type"]) for each in (refused, change)] == [(403, "/problems/cross-site")] * 2


def test_a_request_of_our_own_page_is_taken(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    ours = {**OWN, "Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}

    answer = stranger.post("/api/session/password", json={"login": LOGIN, "password": PASSWORD}, headers=ours)

    assert answer.status_code == 201


def test_a_sign_in_is_an_entry_and_from_where_lies_in_the_vault(office: SmallOffice, stranger: TestClient) -> None:
    account = enrolled(office)
    stranger.headers["User-Agent"] = "x" * 1000
    sign_in(stranger)

    [signed_in] = office.entries("SIGNED_IN")
    assert (signed_in.entry.subject, signed_in.entry.actor.who) == (account, account)
    assert signed_in.entry.body.keys() == {"how", "session"}
    assert signed_in.entry.personal == {"address": "testclient", "browser": "x" * 200}


def test_somebody_acts_in_the_role_that_allows_it(office: SmallOffice, stranger: TestClient) -> None:
    """An auditor who is a handler too sees footage as a handler, and no more once that was withdrawn."""
    account = enrolled(office, role=Role.AUDITOR)
    clip = {"clip": str(office.clip(b"footage")), "reason": "办案需要"}
    sign_in(stranger)
    answers = [stranger.post("/api/viewings", json=clip, headers=OWN).status_code]
    accounts_of(office).grant(account, Role.HANDLER, actor=OPERATOR)
    answers.append(stranger.post("/api/viewings", json=clip, headers=OWN).status_code)
    accounts_of(office).withdraw(account, Role.HANDLER, actor=OPERATOR)
    answers.append(stranger.post("/api/viewings", json=clip, headers=OWN).status_code)

    assert answers == [403, 201, 403]
    assert [recorded.entry.actor.role for recorded in office.entries("ACCESSED")] == [Role.HANDLER]
    assert [recorded.entry.actor.role for recorded in office.entries("REFUSED")] == [Role.AUDITOR] * 2


def test_administrators_make_accounts_and_others_are_refused_on_the_record(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office, "admin", Role.SECURITY)
    enrolled(office)
    page, other = browser(stranger), browser(stranger)
    sign_in(page, login="admin")
    sign_in(other)
    made = page.post("/api/accounts", json={"login": "li.si", "name": "样例", "role": "clerk"}, headers=OWN).json()
    link = made["link"].partition("#")[2]
    place = f"/api/accounts/{made['account']}"

    assert stranger.post("/api/links", json={"link": link, "password": PASSWORD}, headers=OWN).json() == {"login": "li.si"}
    assert other.get("/api/accounts").status_code == 403
    assert [each.entry.body["act"] for each in office.entries("REFUSED")] == ["administer"]
    assert page.post(f"{place}/roles", json={"role": "auditor"}, headers=OWN).status_code == 204
    assert page.delete(f"{place}/roles/clerk", headers=OWN).status_code == 204
    assert page.post(f"{place}/disabled", json={"reason": "离职"}, headers=OWN).status_code == 204
    assert page.post(f"{place}/link", headers=OWN).status_code == 409
    [line] = [each for each in page.get("/api/accounts").json() if each["login"] == "li.si"]
    assert (line["roles"], line["enabled"], line["has_password"]) == (["auditor"], False, True)
    assert page.post(f"{place}/enabled", json={"reason": "复职"}, headers=OWN).status_code == 204
    assert sign_in(stranger, login="li.si").status_code == 201
