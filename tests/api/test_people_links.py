"""One-time links: the only way to a first password, and the way back for whoever forgot theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from storage.errors import LifeCycleError, StaleState
from storage.evidence import Role
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import LOGIN, OTHER, OWN, PASSWORD, accounts_of, enrolled, linked, sign_in


def use(client: TestClient, link: str, password: str = PASSWORD) -> Response:
    return client.post("/api/links", json={"link": link, "password": password}, headers=OWN)


def test_a_link_sets_a_password_with_which_its_owner_signs_in(office: SmallOffice, stranger: TestClient) -> None:
    answer = use(stranger, linked(office).secret)

    assert (answer.status_code, answer.json()) == (200, {"login": LOGIN})
    assert "set-cookie" not in answer.headers
    assert sign_in(stranger).json()["acts"] == ["file", "own", "prove", "read", "request", "upload", "view"]


def test_a_link_works_once(office: SmallOffice, stranger: TestClient) -> None:
    link = linked(office)
    use(stranger, link.secret)
    again = use(stranger, link.secret, OTHER)

    assert (again.status_code, again.json()["type"]) == (410, "/problems/link-over")
    assert sign_in(stranger, OTHER).status_code == 401
    assert len(office.entries("PASSWORD_SET")) == 1


def test_a_link_is_over_after_a_day(office: SmallOffice, stranger: TestClient) -> None:
    link = linked(office)
    office.clock.now += timedelta(hours=24)

    assert use(stranger, link.secret).status_code == 410


def test_a_newer_link_takes_the_place_of_an_older_one(office: SmallOffice, stranger: TestClient) -> None:
    older = linked(office)
    newer = accounts_of(office).link(older.account, actor=OPERATOR)

    assert [use(stranger, each.secret).status_code for each in (older, newer)] == [410, 200]


def test_the_link_of_somebody_who_was_disabled_is_over(office: SmallOffice, stranger: TestClient) -> None:
    link = linked(office)
    accounts_of(office).disable(link.account, reason="离职", actor=OPERATOR)

    assert use(stranger, link.secret).status_code == 410


def test_a_weak_password_uses_nothing_up(office: SmallOffice, stranger: TestClient) -> None:
    """However often somebody proposes one."""
    link = linked(office)
    answers = [use(stranger, link.secret, "Password2026!!") for _ in range(7)]

    assert {(answer.status_code, answer.json()["weakness"]) for answer in answers} == {(422, "common")}
    assert use(stranger, link.secret).status_code == 200


def test_another_site_cannot_use_a_link(office: SmallOffice, stranger: TestClient) -> None:
    link = linked(office)

    assert stranger.post("/api/links", json={"link": link.secret, "password": PASSWORD}).status_code == 403


def test_the_first_administrator_is_made_once(office: SmallOffice) -> None:
    """Until a password is set, a new link replaces the one that got lost; then administrators make accounts."""
    accounts = accounts_of(office)
    lost, found = (accounts.first("admin", actor=OPERATOR) for _ in range(2))
    accounts.use(found.secret, PASSWORD)

    assert lost.account == found.account
    [created] = office.entries("ACCOUNT_CREATED")
    assert created.entry.body == {"role": "security"}
    with pytest.raises(LifeCycleError):
        accounts.first("admin", actor=OPERATOR)


def test_two_people_cannot_have_one_login(office: SmallOffice) -> None:
    """Not even in another case or width."""
    enrolled(office)

    with pytest.raises(StaleState):
        linked(office, "ＺＨＡＮＧ.San")


@pytest.mark.parametrize("login", ["", " ", "a b", "-a", "x" * 41, "a\nb"])
def test_a_login_is_a_short_word(office: SmallOffice, login: str) -> None:
    with pytest.raises(ValueError, match="login"):
        linked(office, login)


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.DOCK])
def test_nobody_signs_in_as_the_program_or_a_dock(office: SmallOffice, role: Role) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        linked(office, role=role)
