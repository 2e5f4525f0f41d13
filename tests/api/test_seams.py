"""Where the parts meet: what one of them allows, the others do not give away."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.desk import desk_of
from api.policy import EVERYTHING, Grant, Scope
from api.refusals import Refusals
from api.tokens import issue_token
from cases.values import ActivityDetails, ActivityKind, MatterDetails, MatterKind
from storage.errors import StorageUnavailable
from storage.evidence import Actor, Role, Stage, Subject
from storage.testing import Moment
from tests.api.asking_for import let
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import OWN, accounts_of, enrolled, sign_in
from tests.api.test_people_lost import spoil
from tests.crashes.test_lost_writes import MOMENTS

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd"}


def holding(office: SmallOffice, client: TestClient, role: Role, scope: Scope = EVERYTHING) -> TestClient:
    """Somebody with a token for *scope*, at the application that *client* sees."""
    _, token = issue_token(office.services.custody, name="岗", role=role, actor=OPERATOR, scope=scope)
    return TestClient(client.app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {token}"})


def another_case(office: SmallOffice, number: str = "示执立〔2026〕7号") -> tuple[Subject, Subject]:
    """A case of another office, and an activity of it."""
    registry = office.services.registry
    elsewhere = registry.add_office("另一示例所", code="DEMO-2", actor=OPERATOR)
    matter = registry.register_case(
        MatterDetails(MatterKind.CASE, "另案", number), office=elsewhere, parties=[office.party], actor=OPERATOR
    )
    details = ActivityDetails(ActivityKind.OTHER, "检查", "示例路", office.clock())
    activity = registry.record_activity(details, matter=matter, stage=Stage.INITIATION, actor=OPERATOR)
    return matter, activity


def test_who_reads_what_is_filed_is_listed_nothing_else(office: SmallOffice, stranger: TestClient) -> None:
    """A publicity liaison: neither in the list of clips, nor in the stream, nor a party that is in no case."""
    filed, unfiled = office.clip(b"filed"), office.secure(b"unfiled")
    liaison = holding(office, stranger, Role.PUBLICITY)

    assert liaison.get(f"/api/clips/{unfiled}").status_code == 403
    assert [each["clip"]["clip"] for each in liaison.get("/api/clips").json()] == [str(filed)]
    clerk = holding(office, stranger, Role.CLERK)
    assert {each["clip"]["clip"] for each in clerk.get("/api/clips").json()} == {str(filed), str(unfiled)}


def test_a_case_one_may_not_see_is_no_reason_and_its_number_is_not_told(office: SmallOffice, stranger: TestClient) -> None:
    clip = office.clip(b"footage")
    matter, activity = another_case(office)
    office.services.registry.file_clip(clip, activity, actor=OPERATOR)
    handler = holding(office, stranger, Role.HANDLER, Scope.of([office.matter]))
    asked = {"clip": str(clip), "matter": str(matter)}

    answers = [
        handler.post("/api/requests", json={**asked, "what": "original"}),
        handler.post("/api/viewings", json=asked),
        handler.post("/api/copies", json=asked),
    ]

    assert [each.status_code for each in answers] == [409] * 3
    assert office.entries("ACCESS_REQUESTED") == office.entries("ACCESSED") == office.entries("COPY_ASKED") == []
    assert handler.post("/api/viewings", json={**asked, "matter": str(office.matter)}).status_code == 201


def test_an_approval_ends_with_the_grant_that_covered_the_clip(office: SmallOffice, stranger: TestClient) -> None:
    """Whoever was given another case meanwhile keeps nothing of the first."""
    clip, account = office.clip(b"original", review=b"review"), enrolled(office, role=Role.HANDLER)
    matter, _ = another_case(office)
    accounts = accounts_of(office)
    accounts.grant(account, Grant(Role.REVIEWER, Scope.of([office.matter])), actor=OPERATOR)
    accounts.grant(account, Grant(Role.REVIEWER, Scope.of([matter])), actor=OPERATOR)
    accounts.withdraw(account, Role.HANDLER, actor=OPERATOR)
    sign_in(stranger)
    stranger.headers.update(OWN)
    let(office, stranger, clip)
    asked = {"clip": str(clip), "what": "original", "reason": "移送需要"}
    media = stranger.post("/api/viewings", json=asked).json()["media"]
    assert stranger.get(media).content == b"original"

    first = office.entries("ROLE_GRANTED")[0].seq
    accounts.withdraw(account, Role.REVIEWER, actor=OPERATOR, number=first)

    assert [stranger.get(media).status_code, stranger.post("/api/viewings", json=asked).status_code] == [403, 403]


def test_what_was_refused_under_a_key_is_done_once_it_is_allowed(office: SmallOffice, stranger: TestClient) -> None:
    account, clip = enrolled(office, role=Role.AUDITOR), office.secure(b"footage")
    matter, _ = another_case(office)
    accounts = accounts_of(office)
    accounts.grant(account, Grant(Role.HANDLER, Scope.of([matter])), actor=OPERATOR)
    sign_in(stranger)
    asked = {"clip": str(clip), "activity": str(office.activity)}
    refused = stranger.post("/api/filings", json=asked, headers={**OWN, **KEY})

    accounts.grant(account, Role.HANDLER, actor=OPERATOR)
    again = stranger.post("/api/filings", json=asked, headers={**OWN, **KEY})

    assert (refused.status_code, again.status_code) == (403, 201)
    assert len(office.entries("FILED")) == 1


def test_a_role_refused_under_a_key_is_refused_again(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office, "admin", Role.SECURITY)
    account = enrolled(office, "other", Role.HANDLER)
    sign_in(stranger, login="admin")
    given = [
        stranger.post(f"/api/accounts/{account}/roles", json={"role": "audit"}, headers={**OWN, **KEY}).status_code
        for _ in range(2)
    ]

    assert given == [403, 403]
    assert len(office.entries("REFUSED")) == 2


@pytest.mark.parametrize("path", ["/api/filings", "/api/viewings"])
def test_what_is_repeated_after_a_right_was_withdrawn_is_refused(office: SmallOffice, stranger: TestClient, path: str) -> None:
    """The rule comes before what was answered the first time."""
    account, clip = enrolled(office, role=Role.HANDLER), office.clip(b"footage")
    matter, _ = another_case(office)
    accounts = accounts_of(office)
    accounts.grant(account, Grant(Role.HANDLER, Scope.of([matter])), actor=OPERATOR)
    sign_in(stranger)
    asked = {"clip": str(clip), "activity": str(office.activity), "reason": "办案需要"}
    wanted = {name: asked[name] for name in ("clip", "activity" if path == "/api/filings" else "reason")}
    first = stranger.post(path, json=wanted, headers={**OWN, **KEY})
    everything = accounts_number(office, account)

    accounts.withdraw(account, Role.HANDLER, actor=OPERATOR, number=everything)

    assert first.status_code in {200, 201}
    assert stranger.post(path, json=wanted, headers={**OWN, **KEY}).status_code == 403
    assert len(office.entries("REFUSED")) == 1


def accounts_number(office: SmallOffice, account: Subject) -> int:
    """The number of the grant with which the account was made."""
    return next(each.seq for each in office.entries("ACCOUNT_CREATED") if each.entry.subject == account)


def test_very_many_refusals_of_one_account_become_one_entry_with_their_number(
    office: SmallOffice, stranger: TestClient
) -> None:
    """A hostile client fills no disk, and what it tried stays told."""
    auditor, other = (holding(office, stranger, Role.AUDITOR) for _ in range(2))
    still = office.clock.now.replace(second=0)
    most = office.services.access.a_minute
    for _ in range(most + 5):
        office.clock.now = still
        assert auditor.get("/api/oversight").status_code == 403
    office.clock.now = still
    assert other.get("/api/oversight").status_code == 403
    assert len(office.entries("REFUSED")) == most + 1
    assert isinstance(stranger.app, FastAPI)

    for _ in range(2):
        desk_of(stranger.app).tidy()

    assert len(office.entries("REFUSED")) == most + 2
    last = office.entries("REFUSED")[-1].entry
    assert (last.actor.role, last.body["times"], last.body["act"]) == (Role.AUDITOR, 5, "oversee")
    assert last.body["route"] == "GET /api/oversight"


@MOMENTS
def test_refusals_that_could_not_be_recorded_stay_counted(office: SmallOffice, moment: Moment) -> None:
    """Also of somebody who was disabled meanwhile; where only the answer was lost, they are told twice."""
    account = enrolled(office, role=Role.AUDITOR)
    refusals = Refusals(office.services.custody, lambda: office.clock.now, 0)
    actor = Actor(account, Role.AUDITOR)
    refusals.record(actor, {"act": "oversee", "route": "GET /api/oversight"})
    accounts_of(office).disable(account, reason="离职", actor=OPERATOR)
    fault = spoil(office, 1, moment)

    with pytest.raises(StorageUnavailable):
        refusals.fold()
    refusals.fold()

    assert fault.hit
    assert [each.entry.body["times"] for each in office.entries("REFUSED")] == ([1] if moment == "before" else [1, 1])
    refusals.fold()
    assert len(office.entries("REFUSED")) <= 2
