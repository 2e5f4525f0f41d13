"""The policy by itself: what grants add up to, when they end, and what is never given together."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.policy import EVERYTHING, Grant, Scope, Thing, decide, separated, why_not_granted, within
from api.roles import ADMINISTRATORS, SIGNING_IN, TABLE, Act
from api.tokens import issue_token
from cases.values import MatterDetails, MatterKind
from storage.errors import NotFound, Refused, StaleState
from storage.evidence import Kind, Role
from storage.identity import fresh
from storage.rebuild import rebuild
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import OWN, accounts_of, enrolled, sign_in

ME, OFFICES, MATTERS = fresh(Kind.ACCOUNT), [fresh(Kind.OFFICE) for _ in range(3)], [fresh(Kind.MATTER) for _ in range(3)]
SEES = {Act.VIEW, Act.ORIGINAL}

scopes = st.builds(Scope.of, st.lists(st.sampled_from([*OFFICES, *MATTERS]), max_size=4))
grants = st.lists(st.builds(Grant, st.sampled_from(sorted(SIGNING_IN)), scopes), max_size=4)
things = st.builds(Thing, st.frozensets(st.sampled_from(MATTERS)), st.frozensets(st.sampled_from(OFFICES)))


@given(grants, grants, st.sampled_from(sorted(set(Act) - {Act.INTERFERENCE})), things)
def test_a_further_grant_takes_nothing_away(held: list[Grant], more: list[Grant], act: Act, thing: Thing) -> None:
    """But for the register of interference, which whoever has a hand in the matter does not read."""
    if decide(held, act, thing, asking=ME).is_allowed:
        assert decide([*held, *more], act, thing, asking=ME).is_allowed


@given(grants, st.sampled_from(sorted(Act)), things)
def test_what_is_refused_has_a_reason_and_what_is_allowed_a_grant(held: list[Grant], act: Act, thing: Thing) -> None:
    decision = decide(held, act, thing, asking=ME)

    assert (decision.grant is None) == (decision.why_not is not None)
    assert decision.grant is None or decision.grant in held


@given(scopes)
def test_a_scope_is_read_as_it_was_written(scope: Scope) -> None:
    assert Scope.parse(scope.text) == scope


def test_a_list_without_a_grant_is_not_everything() -> None:
    with pytest.raises(ValueError, match="nothing allows"):
        within([Grant(Role.SECURITY)], Act.READ)


def test_a_scope_is_made_of_offices_and_matters_alone() -> None:
    with pytest.raises(ValueError, match="expected offices and matters"):
        Scope.of([fresh(Kind.PARTY)])


def test_no_administrator_sees_footage_or_records() -> None:
    assert all(not (SEES | {Act.READ, Act.FILE}) & TABLE[role].keys() for role in ADMINISTRATORS)


def test_nobody_is_two_administrators_nor_one_beside_anything_else() -> None:
    together = {
        (one, other)
        for one, other in product(SIGNING_IN, repeat=2)
        if one != other and why_not_granted([Grant(one)], other, to=ME, by=fresh(Kind.ACCOUNT)) is None
    }

    assert together == {(one, other) for one, other in product(SIGNING_IN - ADMINISTRATORS, repeat=2) if one != other}
    assert why_not_granted([], Role.AUDITOR, to=ME, by=ME) == "self"


def test_beside_an_administrators_role_nothing_counts() -> None:
    """Where an older ledger, or two at the same moment, gave both."""
    both = (Grant(Role.HANDLER), Grant(Role.SECURITY), Grant(Role.AUDIT))

    assert separated(both) == (Grant(Role.SECURITY),)
    assert separated(both[:1]) == both[:1]


def test_the_register_of_interference_is_for_supervisors_without_a_hand_in_the_matter() -> None:
    thing = Thing(frozenset(MATTERS[:1]), frozenset(OFFICES[:1]))
    supervisor, handler = Grant(Role.SUPERVISOR), Grant(Role.HANDLER, Scope.of(OFFICES[:1]))
    elsewhere = Grant(Role.HANDLER, Scope.of(OFFICES[1:2]))
    may = {role for role in SIGNING_IN if decide([Grant(role)], Act.INTERFERENCE, thing, asking=ME).is_allowed}

    assert may == {Role.SUPERVISOR}
    assert decide([supervisor, handler], Act.INTERFERENCE, thing, asking=ME).why_not == "inside"
    assert decide([supervisor, elsewhere], Act.INTERFERENCE, thing, asking=ME).is_allowed


def test_a_grant_that_is_over_counts_for_nothing_at_the_next_request(office: SmallOffice, stranger: TestClient) -> None:
    account = enrolled(office, role=Role.AUDITOR)
    until = office.clock.now + timedelta(minutes=10)
    accounts_of(office).grant(account, Grant(Role.HANDLER, Scope.of([office.matter]), until), actor=OPERATOR)
    clip = {"clip": str(office.clip(b"footage")), "reason": "办案需要"}
    sign_in(stranger)
    media = stranger.post("/api/viewings", json=clip, headers=OWN).json()["media"]
    answers = [stranger.get(media).status_code]
    office.clock.now = until

    answers += [stranger.get(media).status_code, stranger.post("/api/viewings", json=clip, headers=OWN).status_code]
    assert answers == [200, 403, 403]
    [line] = [grant for grant in stranger.get("/api/account").json()["person"]["grants"] if grant["role"] == "handler"]
    assert (line["over"], line["matters"]) == (True, [str(office.matter)])


def test_a_token_ends_at_its_time(office: SmallOffice, stranger: TestClient) -> None:
    until = office.clock.now + timedelta(hours=1)
    _, token = issue_token(office.services.custody, name="岗", role=Role.AUDITOR, actor=OPERATOR, scope=EVERYTHING, until=until)
    stranger.headers["Authorization"] = f"Bearer {token}"
    answers = [stranger.get("/api/matters").status_code]
    office.clock.now = until

    assert [*answers, stranger.get("/api/matters").status_code] == [200, 401]


def test_the_security_administrator_gives_roles_to_others_and_what_must_not_be_is_refused_on_the_record(
    office: SmallOffice, stranger: TestClient
) -> None:
    admin, other = enrolled(office, "admin", Role.SECURITY), enrolled(office, "other", Role.HANDLER)
    sign_in(stranger, login="admin")
    wanted = {"role": "reviewer", "matters": [str(office.matter)], "until": "2026-12-31T00:00:00Z"}
    given = [
        stranger.post(f"/api/accounts/{other}/roles", json=each, headers=OWN).status_code
        for each in (wanted, wanted, {"role": "audit"}, {"role": "system"}, {**wanted, "until": "2020-01-01T00:00:00Z"})
    ]

    assert given == [204, 409, 403, 422, 409]
    assert stranger.post(f"/api/accounts/{admin}/roles", json={"role": "auditor"}, headers=OWN).status_code == 403
    assert [each.entry.body["why"] for each in office.entries("REFUSED")] == ["separation", "self"]
    [granted] = office.entries("ROLE_GRANTED")
    assert granted.entry.body == {**wanted, "until": "2026-12-31T00:00:00.000Z"}
    assert stranger.delete(f"/api/accounts/{other}/roles/reviewer?grant={granted.seq}", headers=OWN).status_code == 204


def test_each_grant_is_withdrawn_by_its_number_and_the_catalog_made_again_is_the_same(office: SmallOffice) -> None:
    accounts, account = accounts_of(office), enrolled(office, role=Role.REVIEWER)
    accounts.grant(account, Grant(Role.REVIEWER, Scope.of([office.matter])), actor=OPERATOR)
    number = office.entries("ROLE_GRANTED")[0].seq
    with pytest.raises(NotFound):
        accounts.grant(account, Grant(Role.REVIEWER, Scope.of([fresh(Kind.MATTER)])), actor=OPERATOR)
    with pytest.raises(Refused):
        accounts.grant(account, Role.AUDIT, actor=OPERATOR)
    accounts.withdraw(account, Role.REVIEWER, actor=OPERATOR, number=number)
    with pytest.raises(StaleState):
        accounts.withdraw(account, Role.REVIEWER, actor=OPERATOR, number=number)
    rebuild(office.services.engine, office.projector, office.vault)
    accounts.withdraw(account, Role.REVIEWER, actor=OPERATOR)

    assert next(each.entry.body["grant"] for each in office.entries("ROLE_WITHDRAWN")) == number


def test_lists_hold_what_may_be_seen_and_nothing_else(office: SmallOffice, stranger: TestClient) -> None:
    """Somebody of another organisation with one case, beside a case of the same party that is none of theirs."""
    registry = office.services.registry
    clip = office.clip(b"footage")
    other = registry.register_case(
        MatterDetails(MatterKind.CASE, "另案", "示执立〔2026〕9号"),
        office=office.office,
        parties=[office.party],
        actor=OPERATOR,
    )
    scope = Scope.of([other])
    _, token = issue_token(office.services.custody, name="岗", role=Role.REVIEWER, actor=OPERATOR, scope=scope)
    stranger.headers["Authorization"] = f"Bearer {token}"

    assert [each["matter"] for each in stranger.get("/api/matters").json()] == [str(other)]
    assert [each["party"] for each in stranger.get("/api/parties?q=示例").json()] == [str(office.party)]
    dossier = stranger.get(f"/api/parties/{office.party}/dossier").json()
    assert ([each["matter"] for each in dossier["matters"]], dossier["clips"]) == ([str(other)], [])
    assert stranger.get(f"/api/clips/{clip}").status_code == 403
    assert stranger.get(f"/api/clips/{fresh(Kind.CLIP)}").status_code == 404
