"""Requests that are made to hurt: bodies, names in paths, names of people, hosts. all faults of the request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.signin import COOKIE
from storage.evidence import Role
from tests.api.small_office import SmallOffice, copied
from tests.api.somebody import LOGIN, OWN, enrolled
from tests.api.uploading import OCTETS
from tests.api.whole_api import CHANGING, WholeApi, routes, whole_api


@pytest.fixture(scope="module")
def api(founded: tuple[SmallOffice, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApi]:
    home = tmp_path_factory.mktemp("hostile")
    office = copied(founded[0], source=founded[1], home=home)
    api = whole_api(office, home)
    enrolled(api.office, "owner", Role.CLERK)
    yield api
    office.services.engine.dispose()


BOMBS: dict[str, bytes] = {
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"clip":' * 7_000,
    "a huge number": b'{"clip": ' + b"9" * 60_000 + b"}",
    "a huge exponent": b'{"clip": 1e999999999}',
    "no number": b'{"clip": NaN, "reason": Infinity}',
    "a lone surrogate": b'{"login": "\\ud800", "password": "\\udfff", "clip": "\\ud800", "reason": "\\ud800"}',
    "bytes that are no text": b'{"login": "\xff\xfe", "password": "x"}',
    "nul": b'{"login": "\\u0000", "password": "\\u0000", "link": "\\u0000", "token": "\\u0000"}',
    "a list": b"[]",
    "nothing": b"null",
    "a gzip": b"\x1f\x8b\x08\x00" + bytes(60_000),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_body_made_to_hurt_is_a_fault_of_the_request(api: WholeApi, bomb: bytes) -> None:
    """Sent to everything that reads one, by somebody who may; nothing of it is said again."""
    clients = [api.client(api.tokens[role]) for role in (Role.CLERK, Role.SECURITY)] + [api.client()]
    headers = {**OWN, "Content-Type": "application/json", "Content-Encoding": "gzip" if bomb[:1] == b"\x1f" else "identity"}
    for route in routes(api.app):
        if route.method in CHANGING and "/uploads" not in route.path:
            for client in clients:
                answer = client.request(route.method, api.filled(route.path), content=bomb, headers=headers)
                assert answer.status_code < 500, (route, answer.text)
                assert b"9" * 40 not in answer.content, route


NAMES = [
    "%2e%2e", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..\\..\\windows", "..%5c..%5cx",
    "%00", "clip%00.mp4", "%c0%ae%c0%ae%c0%afetc", "%252e%252e%252f", "%0d%0aSet-Cookie:%20a=b", "a" * 3_000, "%ff%fe",
    "٣", "-1", "%20",
    "9" * 400, "1e9", "0x10", "null", "clip:../../etc/passwd", ";id", "'%20OR%201=1--", "%F0%9F%98%80",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:20])
def test_a_name_in_a_path_leads_nowhere_else(api: WholeApi, name: str) -> None:
    client, before = api.client(api.tokens[Role.CLERK]), api.office.entries("REFUSED")
    for route in routes(api.app):
        if "{" in route.path and route.method in {"GET", "DELETE", "POST", "HEAD"}:
            answer = client.request(route.method, re.sub(r"\{.*?\}", lambda _: name, route.path), headers={**OWN, **OCTETS})
            assert 400 <= answer.status_code < 500, route
            assert "root:" not in answer.text, route
            assert "set-cookie" not in answer.headers, route
    later = api.office.entries("REFUSED")[len(before) :]
    assert all("about" not in each.entry.body and set(each.entry.body) == {"act", "route"} for each in later)


def test_two_accounts_do_not_look_alike(api: WholeApi) -> None:
    """Neither by letters of other scripts that look like ours, nor by width, case or a sign that is not seen."""
    client = api.client(api.tokens[Role.SECURITY])

    def made(login: str) -> int:
        return client.post("/api/accounts", json={"login": login, "role": "clerk"}).status_code

    alike = [
        "zhаng.li",
        "zhang.lı",
        "zhäng.li",
        "ｚhаng.li",
        "ζhang.li",
        "zhang.li\u200b",
        "zhang\u00ad.li",
        "zhang.l١",
        "\u202ezhang.li",
    ]
    assert [made("zhang.li"), made("张李"), made("བཀྲ".replace("\u0fb2", ""))] == [201] * 3
    assert {login: made(login) for login in alike} == dict.fromkeys(alike, 422)
    assert [made("ＺＨＡＮＧ.li"), made(" Zhang.Li "), made("zhang.ｌi")] == [409] * 3
    assert made(LOGIN) == 201


def test_a_role_that_nobody_signs_in_with_is_given_to_nobody(api: WholeApi) -> None:
    client = api.client(api.tokens[Role.SECURITY])
    grant = api.filled("/api/accounts/{account}/roles")

    assert client.post("/api/accounts", json={"login": "a.dock", "role": "dock"}).status_code == 422
    assert client.post(grant, json={"role": "system"}).status_code == 422


@pytest.mark.parametrize(
    "host", ["[", "elsewhere.example", "a b", "testserver@elsewhere.example", "测试", "x" * 3_000, "testserver:99999999"]
)
def test_what_stands_in_host_changes_nothing(api: WholeApi, host: str) -> None:
    """No answer is built from it, and a page under another name is no page of ours."""
    page = api.page("owner")
    cookie = f"{COOKIE}={page.cookies[COOKIE]}".encode()
    headers = [(b"Host", host.encode()), (b"Cookie", cookie), (b"Origin", b"http://testserver"), (b"X-Yihu", b"1")]
    answer = page.get("/api/matters", headers=headers)
    changed = page.post(api.filled("/api/viewings"), json={"clip": api.ids["clip"][0], "reason": "x"}, headers=headers)

    assert (answer.status_code, changed.status_code) == (200, 403)
    assert "elsewhere" not in answer.text + repr(answer.headers) + changed.text + repr(changed.headers)
