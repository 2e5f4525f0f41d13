"""Originals only by approved request: asked, decided by somebody else, for one person, one clip, one form, until a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from storage.evidence import Role, Subject, utc_text
from storage.testing import Moment
from tests.api.conftest import As
from tests.api.small_office import SmallOffice
from tests.api.test_people_lost import spoil
from tests.crashes.test_lost_writes import MOMENTS

Line = dict[str, object]


def want(client: TestClient, clip: Subject, what: str = "original") -> Response:
    return client.post("/api/requests", json={"clip": str(clip), "what": what, "reason": "移送需要原件"})


def decide(client: TestClient, found: object, how: str, **more: str) -> int:
    return client.post(f"/api/requests/{found}/{how}", json={"reason": "理由", **more}).status_code


def until(office: SmallOffice, hours: float = 1) -> str:
    return utc_text(office.clock.now + timedelta(hours=hours))


def view(client: TestClient, clip: Subject, what: str = "original") -> Response:
    return client.post("/api/viewings", json={"clip": str(clip), "what": what, "reason": "移送需要原件"})


def lines(client: TestClient) -> list[Line]:
    found: list[Line] = client.get("/api/requests").json()
    return found


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_no_role_has_an_original_without_asking(office: SmallOffice, as_: As, role: Role) -> None:
    clip = office.clip(b"original", review=b"review")

    assert view(as_(role), clip).status_code == 403
    assert len(office.entries("REFUSED")) == 1
    assert office.entries("ACCESSED") == []


def test_an_approval_gives_one_clip_to_one_account_in_one_form_until_it_ends(office: SmallOffice, as_: As) -> None:
    clerk, leader, other = as_(Role.CLERK), as_(Role.LEADER), as_(Role.CLERK)
    clip, another = (office.clip(raw, review=b"review") for raw in (b"original", b"another"))
    request = want(clerk, clip).json()["request"]
    assert decide(leader, request, "approved", until=until(office)) == 204

    granted = view(clerk, clip)

    assert clerk.get(granted.json()["media"]).content == b"original"
    assert office.entries("ACCESSED")[0].entry.body["request"] == request
    assert [view(clerk, another).status_code, view(other, clip).status_code, view(leader, clip).status_code] == [403] * 3
    office.clock.now += timedelta(hours=1)
    assert [line["state"] for line in lines(clerk)] == ["over"]
    assert view(clerk, clip).status_code == 403


def test_nobody_decides_their_own_request_and_trying_is_an_entry(office: SmallOffice, as_: As) -> None:
    leader, clip = as_(Role.LEADER), office.clip(b"original")
    request = want(leader, clip).json()["request"]

    assert decide(leader, request, "approved", until=until(office)) == decide(leader, request, "denied") == 403
    assert [recorded.entry.body["about"] for recorded in office.entries("REFUSED")] == [str(clip)] * 2
    assert office.entries("ACCESS_APPROVED") == office.entries("ACCESS_DENIED") == []


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_may_not_approve_decides_nothing(office: SmallOffice, as_: As, role: Role) -> None:
    clerk, clip = as_(Role.CLERK), office.clip(b"original")
    request, other = want(clerk, clip).json()["request"], as_(role)

    answers = [decide(other, request, "approved", until=until(office)), decide(other, request, "denied")]
    answers.append(decide(other, request, "withdrawn"))

    assert answers == [403] * 3
    assert len(office.entries("REFUSED")) == 3


def test_what_waits_is_seen_by_who_may_decide_and_by_who_asked(office: SmallOffice, as_: As) -> None:
    clerk, leader, other = as_(Role.CLERK), as_(Role.LEADER), as_(Role.CLERK)
    want(clerk, office.clip(b"original"))

    assert [(line["mine"], line["may_decide"], line["reason"]) for line in lines(leader)] == [(False, True, "移送需要原件")]
    assert [(line["mine"], line["may_decide"], line["state"]) for line in lines(clerk)] == [(True, False, "requested")]
    assert lines(other) == []


def test_the_reasons_lie_in_the_vault_and_never_in_a_leaf(office: SmallOffice, as_: As) -> None:
    clerk, leader = as_(Role.CLERK), as_(Role.LEADER)
    decide(leader, want(clerk, office.clip(b"original")).json()["request"], "denied")

    for type_ in ("ACCESS_REQUESTED", "ACCESS_DENIED"):
        [recorded] = office.entries(type_)
        assert recorded.entry.personal.keys() == {"reason"}
        assert str(recorded.entry.personal["reason"]).encode() not in office.services.log.leaf(recorded.seq)


def test_the_same_asked_again_is_the_same_request(office: SmallOffice, as_: As) -> None:
    clerk, leader, clip = as_(Role.CLERK), as_(Role.LEADER), office.clip(b"original")
    first, again = want(clerk, clip), want(clerk, clip)
    decide(leader, first.json()["request"], "approved", until=until(office))
    approved = want(clerk, clip)
    office.clock.now += timedelta(hours=2)
    later = want(clerk, clip)

    assert [each.status_code for each in (first, again, approved, later)] == [201, 200, 200, 201]
    assert first.json()["request"] == again.json()["request"] == approved.json()["request"] != later.json()["request"]
    assert len(office.entries("ACCESS_REQUESTED")) == 2


def test_what_is_decided_is_decided(office: SmallOffice, as_: As) -> None:
    clerk, leader, clip = as_(Role.CLERK), as_(Role.LEADER), office.clip(b"original")
    request = want(clerk, clip).json()["request"]

    assert [decide(leader, request, "approved", until=until(office)) for _ in range(2)] == [204, 409]
    assert [decide(leader, request, how) for how in ("denied", "withdrawn", "withdrawn")] == [409, 204, 409]
    assert len(office.entries("ACCESS_APPROVED")) == 1


@pytest.mark.parametrize("hours", [-1, 0, 31 * 24])
def test_an_approval_ends_and_not_in_the_past(office: SmallOffice, as_: As, hours: float) -> None:
    request = want(as_(Role.CLERK), office.clip(b"original")).json()["request"]

    assert decide(as_(Role.LEADER), request, "approved", until=until(office, hours)) == 409
    assert office.entries("ACCESS_APPROVED") == []


@pytest.mark.parametrize("who", ["asker", "leader"])
def test_an_approval_that_is_withdrawn_gives_nothing_any_more(office: SmallOffice, as_: As, who: str) -> None:
    """Not even to a viewing that is open."""
    clerk, leader, clip = as_(Role.CLERK), as_(Role.LEADER), office.clip(b"original")
    request = want(clerk, clip).json()["request"]
    decide(leader, request, "approved", until=until(office))
    media = view(clerk, clip).json()["media"]

    assert decide({"asker": clerk, "leader": leader}[who], request, "withdrawn") == 204
    assert view(clerk, clip).status_code == clerk.get(media).status_code == 403


def test_a_request_nobody_made_is_not_found_and_no_refusal(office: SmallOffice, as_: As) -> None:
    leader = as_(Role.LEADER)
    answers = [decide(leader, "01JD6Z5M3Q8X4T7V9YB2C1D0EF", how) for how in ("denied", "withdrawn")]

    assert answers == [404, 404]
    assert office.entries("REFUSED") == []


def test_one_account_cannot_heap_up_requests(office: SmallOffice, as_: As) -> None:
    rules = replace(office.services.access, open_requests=2)
    app = replace(office, services=replace(office.services, access=rules)).app()
    clerk = TestClient(app, headers=dict(as_(Role.CLERK).headers))
    clips = [office.clip(bytes([number])) for number in range(3)]

    assert [want(clerk, clip).status_code for clip in clips] == [201, 201, 429]


@MOMENTS
@pytest.mark.parametrize("how", ["ask", "approved", "denied", "withdrawn"])
def test_a_step_that_broke_off_is_done_again(office: SmallOffice, as_: As, moment: Moment, how: str) -> None:
    clerk, leader, clip = as_(Role.CLERK), as_(Role.LEADER), office.clip(b"original")
    request = "" if how == "ask" else want(clerk, clip).json()["request"]

    def step() -> int:
        if how == "ask":
            return want(clerk, clip).status_code
        return decide(leader, request, how, **({"until": until(office)} if how == "approved" else {}))

    fault = spoil(office, 1, moment)
    first, again = step(), step()

    assert (bool(fault.hit), first) == (True, 503)
    assert again in {200, 201, 204, 409}
    type_ = f"ACCESS_{'REQUESTED' if how == 'ask' else how.upper()}"
    assert len(office.entries(type_)) == 1
