"""
What holds for every route there is, read from the application itself, so that a new one is looked at without being named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.signin import COOKIE
from storage.evidence import Role, Subject
from tests.api.small_office import OPERATOR, SmallOffice, copied
from tests.api.somebody import OWN, accounts_of, browser, enrolled, sign_in
from tests.api.uploading import OCTETS
from tests.api.whole_api import CHANGING, Route, WholeApi, routes, whole_api

PUBLIC = {
    "/openapi.json",
    "/api/status",
    "/api/session",
    "/api/session/oidc",
    "/api/session/oidc/back",
    "/api/session/oidc/start",
    "/api/session/password",
    "/api/links",
    "/healthz",
    "/readyz",
    "/metrics",
}
"""What strangers may ask, and what asks for a secret in the request itself; pages are looked at elsewhere."""


@pytest.fixture(scope="module")
def api(founded: tuple[SmallOffice, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApi]:
    home = tmp_path_factory.mktemp("every-route")
    office = copied(founded[0], source=founded[1], home=home)
    api = whole_api(office, home)
    enrolled(api.office, "owner", Role.CLERK)
    yield api
    office.services.engine.dispose()


def ask(client: TestClient, api: WholeApi, route: Route, **headers: str) -> Response:
    said = {**OWN, **(OCTETS if "/uploads" in route.path else {}), "Upload-Offset": "0", **headers}
    body = None if route.method not in CHANGING else b"{}"
    return client.request(route.method, api.filled(route.path), headers=said, content=body)


def test_a_stranger_gets_nothing_anywhere_and_leaves_no_entry(api: WholeApi) -> None:
    stranger, before = api.client(), api.entries()
    asked = [route for route in routes(api.app) if route.path not in PUBLIC]
    answers = {str(route): ask(stranger, api, route).status_code for route in asked}

    assert len(answers) > 30
    assert {route: status for route, status in answers.items() if status != 401} == {}
    assert api.entries() == before


def test_head_is_answered_wherever_get_is_and_like_it(api: WholeApi) -> None:
    client, differing = api.client(api.tokens[Role.CLERK]), {}
    for route in routes(api.app):
        if route.method != "GET":
            continue
        path = api.filled(route.path)
        got, head = client.get(path), client.head(path)
        if "/uploads/" not in path and "/docks/" not in path:
            assert head.content == b""
        if (got.status_code, got.headers.get("content-type")) != (head.status_code, head.headers.get("content-type")):
            differing[path] = got.status_code, head.status_code

    assert differing == {}


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "BREW"])
def test_a_method_that_nobody_wrote_down_is_refused_as_a_problem(api: WholeApi, method: str) -> None:
    client, before = api.client(api.tokens[Role.CLERK]), api.entries()
    for route in routes(api.app):
        answer = client.request(method, api.filled(route.path), headers=OWN)
        assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json"), route
        assert "allow" in answer.headers, route
    assert api.entries() == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_makes_another_method_of_one(api: WholeApi, header: str) -> None:
    client, before = api.client(api.tokens[Role.CLERK]), api.entries()
    filing = api.filled("/api/filings/{filing}")

    assert client.post(f"{filing}?_method=DELETE", headers={**OWN, header: "DELETE"}).status_code == 405
    assert client.get("/api/matters", headers={header: "DELETE"}).status_code == 200
    assert api.entries() == before


FOREIGN: dict[str, dict[str, str]] = {
    "no header": {"X-Yihu": ""},
    "another value": {"X-Yihu": "0"},
    "another site": {"Origin": "https://elsewhere.example"},
    "no site": {"Origin": "null"},
    "another scheme": {"Origin": "https://testserver"},
    "another port": {"Origin": "http://testserver:8080"},
    "our name and more": {"Origin": "http://testserver.elsewhere.example"},
    "what a browser says": {"Sec-Fetch-Site": "cross-site"},
    "of a sister": {"Sec-Fetch-Site": "same-site"},
    "a form": {"X-Yihu": "", "Content-Type": "application/x-www-form-urlencoded"},
    "a form of parts": {"X-Yihu": "", "Content-Type": "multipart/form-data; boundary=x"},
    "text": {"X-Yihu": "", "Content-Type": "text/plain"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_page_of_somebody_else_changes_nothing_with_a_cookie(api: WholeApi, headers: dict[str, str]) -> None:
    page = api.page("owner")
    before = api.entries()
    for route in routes(api.app):
        if route.method in CHANGING:
            answer = ask(page, api, route, **headers)
            # where a secret signs in, what is no request at all is said first
            assert answer.status_code in ({403, 422} if route.path in PUBLIC else {403}), route
    assert api.entries() == before
    assert page.get("/api/session").status_code == 200


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_is_read_only_where_it_is_called_json(api: WholeApi, media_type: str) -> None:
    client, before = api.client(api.tokens[Role.CLERK]), api.entries()
    body = f'{{"clip": "{api.ids["clip"][0]}", "reason": "x"}}'
    answer = client.post("/api/viewings", content=body, headers={"Content-Type": media_type})

    assert (answer.status_code, api.entries()) == (422, before)


def test_no_other_site_is_told_that_it_may(api: WholeApi) -> None:
    client = api.client(api.tokens[Role.CLERK])
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "DELETE"}
    for route in routes(api.app):
        for method in ("OPTIONS", "GET"):
            headers = client.request(method, api.filled(route.path), headers=asked).headers
            assert not [name for name in headers if name.lower().startswith("access-control-")], route


def test_what_belongs_to_somebody_else_is_refused_and_each_refusal_is_one_entry(api: WholeApi) -> None:
    """Viewings and uploads: by whoever has the very same role."""
    office, other = api.office, api.client(api.office.token(Role.CLERK)[1])
    upload, mine = api.ids["clip"][1], api.client(api.tokens[Role.CLERK])
    theirs = [route for route in routes(api.app) if "{viewing}" in route.path or route.path.startswith("/api/uploads/{clip}")]
    asked = [route for route in theirs if route.method != "OPTIONS"]
    for route in asked:
        before = len(office.entries("REFUSED"))
        path = api.filled(route.path, clip=upload)
        sent = b'{"ranges": []}' if path.endswith("/watched") else b"stolen!" if route.method in CHANGING else None
        kind = {"Content-Type": "application/json"} if path.endswith("/watched") else OCTETS
        answer = other.request(route.method, path, headers={**kind, **OWN, "Upload-Offset": "0"}, content=sent)
        refused = office.entries("REFUSED")[before:]

        assert answer.status_code == 403, route
        assert [each.entry.body["about"] for each in refused] == [upload if "/uploads/" in path else api.ids["viewing"][0]]
        assert refused[0].entry.personal == {}

    assert len(asked) >= 6
    assert mine.head(f"/api/uploads/{upload}", headers=OCTETS).headers["upload-offset"] == "0"
    assert mine.get(api.filled("/api/viewings/{viewing}/media")).status_code == 200


@pytest.mark.parametrize("end", ["signed out", "disabled", "revoked", "withdrawn", "another session"])
def test_what_a_sign_in_was_good_for_ends_with_it(api: WholeApi, end: str) -> None:
    """A cookie that was kept, and a viewing that was granted, open nothing any more."""
    office, login = api.office, f"ends.{len(end)}.{end[0]}"
    account = enrolled(office, login, Role.CLERK)
    page = api.page(login)
    asked = page.post("/api/viewings", json={"clip": api.ids["clip"][0], "reason": "办案需要"}, headers=OWN)
    media, kept = asked.json()["media"], page.cookies[COOKIE]
    assert page.get(media).status_code == 200
    replayed = _ended(api, end, page, account)
    replayed.cookies.clear()
    if end != "another session":
        replayed.cookies.set(COOKIE, kept)
    else:
        sign_in(replayed, login=login)
    before = api.entries()

    assert replayed.get(media).status_code == (403 if end == "another session" else 401)
    assert api.entries() == before + (end == "another session")


def _ended(api: WholeApi, end: str, page: TestClient, account: Subject) -> TestClient:
    accounts, again = accounts_of(api.office), browser(page)
    if end == "signed out":
        assert page.delete("/api/session", headers=OWN).status_code == 204
    elif end == "disabled":
        accounts.disable(account, reason="离职", actor=OPERATOR)
    elif end == "revoked":
        [mine] = page.get("/api/account").json()["sessions"]
        assert page.delete(f"/api/account/sessions/{mine['session']}", headers=OWN).status_code == 204
    elif end == "withdrawn":
        accounts.withdraw(account, Role.CLERK, actor=OPERATOR)
    return again


def test_what_names_somebody_is_kept_by_no_cache(api: WholeApi) -> None:
    for client in (api.client(), api.client(api.tokens[Role.CLERK]), api.client(api.tokens[Role.ADMINISTRATOR])):
        for route in routes(api.app):
            if route.method == "GET":
                answer = client.get(api.filled(route.path))
                assert "no-store" in answer.headers["cache-control"] or answer.status_code == 304, route
                assert answer.headers["x-content-type-options"] == "nosniff", route
