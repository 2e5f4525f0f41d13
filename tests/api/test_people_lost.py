"""Every write may be lost, and so may its answer; whoever does the same again ends well."""

from __future__ import annotations

from sqlite3 import OperationalError
from typing import cast

import pytest
from fastapi.testclient import TestClient

from storage.testing import Moment
from tests.api.small_office import SmallOffice
from tests.api.somebody import OTHER, OWN, PASSWORD, browser, enrolled, linked, sign_in
from tests.crashes.test_lost_writes import MOMENTS, Fault, spoil_commits
from yihu.wiring import Office


class Spoilt:
    """What `spoil_commits` wants of an office."""

    def __init__(self, office: SmallOffice) -> None:
        self.engine = office.services.engine


def spoil(office: SmallOffice, number: int, moment: Moment) -> Fault:
    fault = Fault(number, moment, lambda: OperationalError("disk I/O error"))
    spoil_commits(cast("Office", Spoilt(office)), fault)
    return fault


@MOMENTS
@pytest.mark.parametrize("number", range(1, 6))
def test_a_link_that_was_used_in_vain_is_used_again(
    office: SmallOffice, stranger: TestClient, moment: Moment, number: int
) -> None:
    """Or it is over because it was not in vain: then the password is the one that was typed."""
    link = linked(office)
    fault = spoil(office, number, moment)
    body = {"link": link.secret, "password": PASSWORD}
    first = stranger.post("/api/links", json=body, headers=OWN).status_code
    again = stranger.post("/api/links", json=body, headers=OWN).status_code

    assert (bool(fault.hit), first) == (True, 503)
    assert again in {200, 410}
    assert sign_in(stranger).status_code == 201
    assert len(office.entries("PASSWORD_SET")) == 1


@MOMENTS
@pytest.mark.parametrize("number", range(1, 6))
def test_a_sign_in_that_broke_off_is_done_again(office: SmallOffice, stranger: TestClient, moment: Moment, number: int) -> None:
    """And the session of which nobody got the secret is of no use to anybody."""
    enrolled(office)
    fault = spoil(office, number, moment)
    first, again = sign_in(stranger), sign_in(stranger)

    assert (bool(fault.hit), first.status_code, again.status_code) == (True, 503, 201)
    assert "set-cookie" not in first.headers
    assert stranger.get("/api/session").status_code == 200


@MOMENTS
@pytest.mark.parametrize("number", range(1, 7))
def test_a_password_change_that_broke_off_leaves_one_password_that_works(
    office: SmallOffice, stranger: TestClient, moment: Moment, number: int
) -> None:
    enrolled(office)
    sign_in(stranger)
    fault = spoil(office, number, moment)
    answer = stranger.put("/api/account/password", json={"password": PASSWORD, "new": OTHER}, headers=OWN)
    works = [sign_in(browser(stranger), each).status_code for each in (PASSWORD, OTHER)]

    assert (bool(fault.hit), answer.status_code) == (True, 503)
    assert sorted(works) == [201, 401]
