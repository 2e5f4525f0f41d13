"""How much a request may be, how slow, and from where: what is beyond is refused in one form."""

from __future__ import annotations

import socket
import time

import pytest
from fastapi.testclient import TestClient

from api import headers
from tests.api.small_office import SmallOffice
from tests.api.uploading import served
from yihu.patience import Patience
from yihu.web import Manner, running


@pytest.mark.parametrize(
    ("path", "more", "status", "slug"),
    [
        ("/api/matters?x=" + "a" * 4096, {}, 414, "address"),
        ("/api/" + "a" * 4096, {}, 414, "address"),
        ("/api/matters", {"X-Long": "a" * 16_400}, 431, "headers"),
        ("/api/matters", {f"X-{number}": "a" * 200 for number in range(90)}, 431, "headers"),
    ],
    ids=["query", "path", "one header", "many headers"],
)
def test_what_is_too_long_is_refused(clerk: TestClient, path: str, more: dict[str, str], status: int, slug: str) -> None:
    answer = clerk.get(path, headers=more)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"a":' * 10_000, b'{"clip":' + b"[" * 30_000 + b"]" * 30_000 + b"}"])
def test_json_however_deep_is_invalid_and_no_fault_of_ours(clerk: TestClient, body: bytes) -> None:
    answer = clerk.post("/api/filings", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_other_origin_is_ever_let_in(clerk: TestClient, method: str) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for path in ("/api/matters", "/api/filings", "/api/session"):
        answer = clerk.request(method, path, headers=asked)

        assert [name for name in answer.headers if name.startswith("access-control-")] == [], path


def test_every_answer_carries_the_headers_that_close_it(office: SmallOffice, clerk: TestClient) -> None:
    for path in ("/api/status", "/api/matters", "/nowhere", f"/api/clips/{office.clip(b'x')}/history", "/api/matters?cursor=x"):
        found = clerk.get(path).headers

        assert found["cache-control"] == "no-store", path
        assert {name: found[name] for name in headers.ALWAYS} == headers.ALWAYS, path
        assert "strict-transport-security" not in found, path


def test_over_https_a_browser_is_told_to_stay_there(office: SmallOffice) -> None:
    answer = TestClient(office.app(), base_url="https://yihu.example").get("/api/status")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_body_that_does_not_come_is_not_waited_for(office: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "SLOWEST_BODY", 0.2)
    head = b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
    with served(office.app()) as url, socket.create_connection(_place(url), timeout=10) as link:
        link.sendall(head)

        assert link.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /api/sta", b"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\nGET /"],
    ids=["nothing", "a head", "a second one"],
)
def test_who_does_not_end_what_they_begin_is_hung_up_on(office: SmallOffice, begun: bytes) -> None:
    how = Manner(patience=Patience(head=0.3))
    with (
        running(office.app(), host="127.0.0.1", port=0, how=how) as server,
        socket.create_connection(_place(server.url)) as link,
    ):
        link.settimeout(10)
        link.sendall(begun)
        before = time.monotonic()
        while link.recv(4096):
            pass
        waited = time.monotonic() - before

    assert waited < 4


def _place(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)
