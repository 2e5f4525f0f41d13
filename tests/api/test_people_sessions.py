"""Sessions: they outlive the program, and end at once when somebody says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.people.rules import Rules
from api.signin import COOKIE
from storage.evidence import Role
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import OTHER, OWN, PASSWORD, accounts_of, browser, enrolled, restarted, sign_in


@pytest.fixture
def page(office: SmallOffice, stranger: TestClient) -> TestClient:
    """A browser in which somebody has just signed in."""
    enrolled(office)
    assert sign_in(stranger).status_code == 201
    return stranger


def is_in(client: TestClient) -> bool:
    return client.get("/api/session").status_code == 200


def test_a_session_outlives_the_program(office: SmallOffice, page: TestClient) -> None:
    later = restarted(office)
    later.cookies.set(COOKIE, page.cookies[COOKIE])

    assert is_in(later)


def test_a_session_that_nobody_uses_ends(office: SmallOffice, page: TestClient) -> None:
    office.clock.now += Rules().idle

    assert not is_in(page)


def test_a_session_that_is_used_lasts_until_its_longest_time(office: SmallOffice, page: TestClient) -> None:
    """The last use is known after a restart too."""
    step, lasted = Rules().idle - timedelta(minutes=2), timedelta(0)
    while lasted + step < Rules().longest:
        office.clock.now += step
        lasted += step
        assert is_in(page)
        later = restarted(office)
        later.cookies.set(COOKIE, page.cookies[COOKIE])
        page = later
    office.clock.now += Rules().longest - lasted

    assert not is_in(page)


def test_where_the_last_use_was_forgotten_a_session_ends_early_and_not_late(office: SmallOffice, page: TestClient) -> None:
    office.clock.now += timedelta(minutes=50)
    assert is_in(page)
    with office.services.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM session_seen")
    office.clock.now += timedelta(minutes=15)

    assert not is_in(page)


def test_a_disabled_account_ends_its_sessions_at_once_and_for_good(office: SmallOffice, page: TestClient) -> None:
    account = enrolled(office, "other")
    other = browser(page)
    sign_in(other, login="other")
    accounts_of(office).disable(account, reason="离职", actor=OPERATOR)
    answers = [is_in(other)]
    accounts_of(office).enable(account, reason="复职", actor=OPERATOR)

    assert [*answers, is_in(other)] == [False, False]
    assert sign_in(other, login="other").status_code == 201


def test_ones_own_sessions_are_listed_and_any_of_them_is_ended(office: SmallOffice, page: TestClient) -> None:
    lost = browser(page)
    sign_in(lost)
    listed = page.get("/api/account").json()["sessions"]
    [other] = [each["session"] for each in listed if not each["this"]]

    assert page.delete(f"/api/account/sessions/{other}", headers=OWN).status_code == 204
    assert (is_in(lost), is_in(page)) == (False, True)
    assert page.delete(f"/api/account/sessions/{other}", headers=OWN).status_code == 404
    [ended] = office.entries("SESSION_ENDED")
    assert ended.entry.body == {"session": f"sha256:{other}", "why": "revoked"}


def test_a_session_of_somebody_else_is_not_ended(office: SmallOffice, page: TestClient) -> None:
    enrolled(office, "other")
    other = browser(page)
    sign_in(other, login="other")
    [mine] = page.get("/api/account").json()["sessions"]

    assert other.delete(f"/api/account/sessions/{mine['session']}", headers=OWN).status_code == 404
    assert is_in(page)


def test_what_the_list_says_of_a_session_opens_none(page: TestClient) -> None:
    [mine] = page.get("/api/account").json()["sessions"]
    spy = browser(page)
    for value in (mine["session"], f"sha256:{mine['session']}"):
        spy.cookies.set(COOKIE, value)
        assert not is_in(spy)


def test_another_password_ends_every_session_but_leaves_this_browser_signed_in(office: SmallOffice, page: TestClient) -> None:
    lost = browser(page)
    sign_in(lost)
    before = page.cookies[COOKIE]
    answer = page.put("/api/account/password", json={"password": PASSWORD, "new": OTHER}, headers=OWN)

    assert answer.status_code == 204
    assert (is_in(page), is_in(lost), page.cookies[COOKIE] != before) == (True, False, True)
    assert [sign_in(browser(page), each).status_code for each in (PASSWORD, OTHER)] == [401, 201]


def test_a_password_is_changed_only_by_whoever_knows_it(office: SmallOffice, page: TestClient) -> None:
    """And guessing it there counts like guessing it at the door."""
    change = {"password": "wrong password", "new": OTHER}
    answers = [page.put("/api/account/password", json=change, headers=OWN).status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]
    assert sign_in(browser(page)).status_code == 429


def test_a_weak_password_takes_nobodys_place(office: SmallOffice, page: TestClient) -> None:
    answer = page.put("/api/account/password", json={"password": PASSWORD, "new": "zhang.san 2026"}, headers=OWN)

    assert (answer.status_code, answer.json()["weakness"]) == (422, "name")
    assert is_in(page)


def test_a_token_has_no_password_and_no_list(office: SmallOffice, page: TestClient) -> None:
    client = browser(page)
    client.headers["Authorization"] = f"Bearer {office.token(Role.CLERK)[1]}"

    assert client.get("/api/account").status_code == 404
