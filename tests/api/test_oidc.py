"""Signing in elsewhere: at a real issuer, at one that lies, at one that is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc import jwt

from api.people.identities import Identities, Identity
from api.people.issuers import BACK
from api.people.openid import OpenId, Registered
from storage.errors import StaleState
from storage.evidence import Role, Subject
from storage.rebuild import differences
from tests.api.issuing import CLIENT, SECRET, Issuer, issuing
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import OWN, accounts_of, browser, enrolled, linked, sign_in

START = "/api/session/oidc/start"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as running:
        yield running


@pytest.fixture
def page(office: SmallOffice, issuer: Issuer) -> TestClient:
    """A browser at an office whose people may sign in elsewhere."""
    known = Registered(issuer.url, CLIENT, SECRET, f"http://testserver{BACK}", "统一认证")
    services = replace(office.services, elsewhere=OpenId(known, office.clock))
    return TestClient(replace(office, services=services).app(), raise_server_exceptions=False, follow_redirects=False)


def identities(office: SmallOffice) -> Identities:
    return Identities(office.services.custody, office.services.engine, key=office.services.index_key)


def bound(office: SmallOffice, issuer: Issuer) -> tuple[Subject, Identity]:
    account, identity = linked(office).account, Identity(issuer.url, "u-17")
    identities(office).bind(account, identity, actor=OPERATOR)
    return account, identity


def gone(page: TestClient) -> str:
    answer = page.get(START)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def come_back(page: TestClient, issuer: Issuer) -> Response:
    return page.get(BACK, params=issuer.agrees(gone(page)))


def why(answer: Response) -> str:
    assert answer.status_code == 303
    return str(answer.headers["location"]).removeprefix("/signin?oidc=")


def test_whoever_is_bound_comes_in_and_the_session_is_like_any_other(
    office: SmallOffice, issuer: Issuer, page: TestClient
) -> None:
    account, _ = bound(office, issuer)
    answer = come_back(page, issuer)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert page.get("/api/session").json()["account"] == str(account)
    [entry] = office.entries("SIGNED_IN")
    assert (entry.entry.subject, entry.entry.body["how"]) == (account, "oidc")
    assert page.delete("/api/session", headers=OWN).status_code == 204
    assert page.get("/api/session").status_code == 401


def test_nobody_gets_an_account_by_what_an_issuer_says(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    issuer.claims = {"roles": ["administrator"], "preferred_username": "admin", "email": "zhang.san@office.example"}
    linked(office)

    assert why(come_back(page, issuer)) == "unknown"
    assert len(office.entries("ACCOUNT_CREATED")) == 1
    assert office.entries("SIGNED_IN") == []


def test_claims_give_no_role(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    bound(office, issuer)
    issuer.claims = {"roles": ["administrator"], "groups": ["administrator"]}
    come_back(page, issuer)

    assert page.get("/api/session").json()["role"] == Role.REVIEWER
    assert page.get("/api/accounts").status_code == 403


LIES = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "another"},
    {"aud": [CLIENT, "another"], "azp": "another"},
    {"iss": "https://elsewhere.example"},
    {"exp": 1_700_000_000},
    {"exp": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 17},
    {"iat": 4_000_000_000},
]


@pytest.mark.parametrize("lie", LIES, ids=repr)
def test_a_token_that_is_not_for_us_now_opens_nothing(
    office: SmallOffice, issuer: Issuer, page: TestClient, lie: dict[str, object]
) -> None:
    bound(office, issuer)
    issuer.claims = lie

    assert why(come_back(page, issuer)) == "refused"
    assert office.entries("SIGNED_IN") == []


@pytest.mark.parametrize("how", ["unsigned", "signed_with_the_public_key", "signed_by_another"])
def test_a_token_that_the_issuer_did_not_sign_opens_nothing(
    office: SmallOffice, issuer: Issuer, page: TestClient, how: str
) -> None:
    bound(office, issuer)
    issuer.sign = getattr(issuer, how)

    assert why(come_back(page, issuer)) == "refused"
    assert office.entries("SIGNED_IN") == []


def test_keys_that_the_issuer_changed_count_at_once(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    bound(office, issuer)
    come_back(page, issuer)
    before = issuer.key
    issuer.rotate()

    assert come_back(page, issuer).headers["location"] == "/"
    issuer.sign = lambda said: jwt.encode({"alg": "ES256", "kid": "one"}, said, before)
    assert why(come_back(page, issuer)) == "refused"


def test_an_answer_counts_once(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    bound(office, issuer)
    answer = issuer.agrees(gone(page))
    cookie = page.cookies["yihu_oidc"]
    page.get(BACK, params=answer)
    page.cookies.set("yihu_oidc", cookie)

    assert why(page.get(BACK, params=answer)) == "over"
    again = {**answer, "state": issuer.agrees(gone(page), "other")["state"]}
    assert why(page.get(BACK, params=again)) == "refused"
    assert len(office.entries("SIGNED_IN")) == 1


def test_the_answer_to_another_browser_signs_nobody_in(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    """Otherwise somebody could be made to work under the account of whoever sent them the link."""
    bound(office, issuer)
    answer = issuer.agrees(gone(page))
    victim, busy = browser(page), browser(page)
    busy.get(START, follow_redirects=False)

    assert [why(each.get(BACK, params=answer, follow_redirects=False)) for each in (victim, busy)] == ["over"] * 2
    assert page.get(BACK, params=answer).headers["location"] == "/"


@pytest.mark.parametrize(
    "change",
    [{"iss": "https://elsewhere.example"}, {"code": "invented"}, {"code": None, "error": "access_denied"}],
    ids=["mix-up", "invented", "denied"],
)
def test_what_the_issuer_did_not_say_opens_nothing(
    office: SmallOffice, issuer: Issuer, page: TestClient, change: dict[str, str | None]
) -> None:
    bound(office, issuer)
    told = {name: value for name, value in {**issuer.agrees(gone(page)), **change}.items() if value is not None}

    assert why(page.get(BACK, params=told)) == "refused"


def test_nothing_in_the_address_sends_a_browser_elsewhere(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    bound(office, issuer)
    asked = {"next": "https://evil.example", "redirect_uri": "https://evil.example", "issuer": "https://evil.example"}
    url = str(page.get(START, params=asked).headers["location"])
    answer = page.get(BACK, params={**issuer.agrees(url), **asked})

    assert url.startswith(issuer.url + "/")
    assert "evil" not in url
    assert answer.headers["location"] == "/"


def test_an_issuer_that_is_away_stops_nobody_else(office: SmallOffice, page: TestClient, issuer: Issuer) -> None:
    enrolled(office)
    issuer.about = {"issuer": "https://elsewhere.example"}
    assert why(page.get(START)) == "away"
    issuer.about = {"token_endpoint": "http://elsewhere.example/token"}
    assert why(page.get(START)) == "away"
    closed = Registered("http://127.0.0.1:9", CLIENT, SECRET, f"http://testserver{BACK}")
    services = replace(office.services, elsewhere=OpenId(closed, office.clock))
    other = TestClient(replace(office, services=services).app(), follow_redirects=False)

    assert why(other.get(START)) == "away"
    assert sign_in(other).status_code == 201


def test_an_attempt_is_over_after_a_while(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    bound(office, issuer)
    answer = issuer.agrees(gone(page))
    office.clock.now += timedelta(minutes=11)

    assert why(page.get(BACK, params=answer)) == "over"


@pytest.mark.parametrize("url", ["http://issuer.example", "ftp://127.0.0.1", "issuer.example", ""])
def test_an_issuer_over_plain_http_elsewhere_is_refused(office: SmallOffice, url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        OpenId(Registered(url, CLIENT, SECRET, "http://testserver"), office.clock)


def test_an_identity_belongs_to_one_account_until_it_is_unbound(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    account, identity = bound(office, issuer)
    other = linked(office, "li.si").account
    with pytest.raises(StaleState):
        identities(office).bind(other, identity, actor=OPERATOR)
    with pytest.raises(StaleState):
        identities(office).unbind(other, identity, actor=OPERATOR)
    come_back(page, issuer)
    identities(office).unbind(account, identity, actor=OPERATOR)

    assert page.get("/api/session").status_code == 401
    assert why(come_back(page, issuer)) == "unknown"
    identities(office).bind(other, identity, actor=OPERATOR)
    assert differences(office.services.engine, office.projector, office.vault) == []
    [entry, _] = office.entries("IDENTITY_BOUND")
    assert entry.entry.personal == {"issuer": issuer.url, "subject": "u-17"}
    assert b"u-17" not in office.services.log.leaf(entry.seq)


def test_a_disabled_account_does_not_come_in(office: SmallOffice, issuer: Issuer, page: TestClient) -> None:
    account, _ = bound(office, issuer)
    accounts_of(office).disable(account, reason="离职", actor=OPERATOR)

    assert why(come_back(page, issuer)) == "unknown"


def test_where_nobody_is_asked_no_button_is_offered(stranger: TestClient, page: TestClient) -> None:
    assert stranger.get("/api/session/oidc").json() == {"offered": False, "name": ""}
    assert page.get("/api/session/oidc").json() == {"offered": True, "name": "统一认证"}
    assert why(stranger.get(START, follow_redirects=False)) == "away"
