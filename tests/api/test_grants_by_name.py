"""Whoever gives roles may not list offices or matters: grants name them by code and number, and are read that way."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from cases.records import Matter
from cases.values import MatterDetails, MatterKind
from storage.evidence import Kind, Role
from storage.identity import fresh
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import OWN, enrolled, sign_in

NEVER = {"office_codes": ["A99"]}, {"matter_numbers": ["样立〔2026〕99号"]}


def _numbered(office: SmallOffice) -> Matter:
    return next(each for each in office.services.dossiers.matters() if each.subject == office.matter)


def _code(office: SmallOffice) -> str:
    return office.services.dossiers.offices()[0].code


def test_a_grant_names_offices_by_code_and_matters_by_number(office: SmallOffice, stranger: TestClient) -> None:
    """The ledger holds pseudonyms, as for any grant; lists say both."""
    enrolled(office, "admin", Role.SECURITY)
    other = enrolled(office, "other", Role.HANDLER)
    sign_in(stranger, login="admin")
    number, code = _numbered(office).number, _code(office)
    asked = {"role": "reviewer", "office_codes": [code], "matter_numbers": [number]}

    assert stranger.post(f"/api/accounts/{other}/roles", json=asked, headers=OWN).status_code == 204
    [granted] = office.entries("ROLE_GRANTED")
    assert (granted.entry.body["offices"], granted.entry.body["matters"]) == ([str(office.office)], [str(office.matter)])
    [line] = [each for each in stranger.get("/api/accounts").json() if each["login"] == "other"]
    assert [each["scope"] for each in line["grants"]] == [[], [code, number]]


@pytest.mark.parametrize("scope", NEVER, ids=["code", "number"])
def test_what_is_not_there_is_said_by_its_place_and_nothing_is_given(
    office: SmallOffice, stranger: TestClient, scope: dict[str, list[str]]
) -> None:
    enrolled(office, "admin", Role.SECURITY)
    other = enrolled(office, "other", Role.HANDLER)
    sign_in(stranger, login="admin")
    [field] = scope
    person = {"role": "handler", "login": "li.si", **scope}
    answers = [
        stranger.post(f"/api/accounts/{other}/roles", json={"role": "reviewer", **scope}, headers=OWN),
        stranger.post("/api/accounts", json=person, headers=OWN),
    ]

    assert [(each.status_code, each.json()["fields"][0]["at"]) for each in answers] == [(422, ["body", field, "0"])] * 2
    assert office.entries("ROLE_GRANTED") == []
    assert "li.si" not in {each["login"] for each in stranger.get("/api/accounts").json()}


def test_a_number_that_two_offices_gave_names_no_single_matter(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office, "admin", Role.SECURITY)
    other = enrolled(office, "other", Role.HANDLER)
    registry, number = office.services.registry, _numbered(office).number
    elsewhere = registry.add_office("另所", code="B02", actor=OPERATOR)
    details = MatterDetails(MatterKind.CASE, "另案", number)
    registry.register_case(details, office=elsewhere, parties=[office.party], actor=OPERATOR)
    sign_in(stranger, login="admin")
    asked = {"role": "reviewer", "matter_numbers": [number]}

    assert stranger.post(f"/api/accounts/{other}/roles", json=asked, headers=OWN).status_code == 422


def test_an_account_is_not_made_with_a_role_over_what_is_not_there_or_that_is_over(
    office: SmallOffice, stranger: TestClient
) -> None:
    enrolled(office, "admin", Role.SECURITY)
    sign_in(stranger, login="admin")
    wrong = {"matters": [str(fresh(Kind.MATTER))]}, {"until": "2020-01-01T00:00:00Z"}
    answers = [
        stranger.post("/api/accounts", json={"login": "li.si", "role": "reviewer", **each}, headers=OWN).status_code
        for each in wrong
    ]

    assert answers == [404, 409]
    assert [each["login"] for each in stranger.get("/api/accounts").json()] == ["admin"]
