"""The server as `yihu serve` runs it, over real sockets, and clients that are slow, many, or that say what no browser says."""

from __future__ import annotations

import re
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import requests

from api.pages import packaged
from storage.evidence import Role
from tests.api.conftest import founded
from tests.api.small_office import SmallOffice, copied
from tests.api.uploading import announced
from tests.api.whole_api import WholeApi, whole_api
from yihu.patience import Patience
from yihu.web import Manner, running

__all__ = ["founded"]

PATIENCE = Patience(head=0.6, body=0.4, least=64, reader=0.6, connections=30)
FILM = bytes(24 << 20)


class Served(NamedTuple):
    """A server, and the office behind it."""

    api: WholeApi
    url: str
    film: str
    """Where a film can be had that is larger than what any socket takes at once."""

    @property
    def token(self) -> str:
        return self.api.tokens[Role.CLERK]

    def dialled(self) -> socket.socket:
        link = socket.create_connection((urlsplit(self.url).hostname, urlsplit(self.url).port), timeout=10)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def is_well(self) -> bool:
        return requests.get(f"{self.url}/api/status", timeout=5).status_code == 200

    def answers(self) -> bool:
        try:
            return self.is_well()
        except requests.ConnectionError:
            return False

    def said(self, text: bytes) -> bytes:
        """Everything that is answered to *text* until the server hangs up, which it does after a while."""
        with self.dialled() as link:
            with suppress(ConnectionError):  # it may hang up before it has heard all
                link.sendall(text)
            return _all(link)


@pytest.fixture(scope="module")
def served(founded: tuple[SmallOffice, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served")
    office = copied(founded[0], source=founded[1], home=home)
    api = whole_api(office, home, packaged())
    film = str(office.clip(FILM))
    with running(api.app, host="127.0.0.1", port=0, how=Manner(patience=PATIENCE)) as server:
        headers = {"Authorization": f"Bearer {api.tokens[Role.CLERK]}"}
        asked = {"clip": film, "reason": "办案需要"}
        media = requests.post(f"{server.url}/api/viewings", json=asked, headers=headers, timeout=10).json()["media"]
        yield Served(api, server.url, media)
    office.services.engine.dispose()


def hung_up(link: socket.socket, trickle: Callable[[], bytes] = lambda: b"") -> float:
    """Trickle on until the server hangs up, and return the seconds that took."""
    began = time.monotonic()
    link.settimeout(0.05)
    while time.monotonic() - began < 10:
        try:
            if piece := trickle():
                link.sendall(piece)
            if not link.recv(1 << 16):
                return time.monotonic() - began
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - began
    pytest.fail("the server waits for ever")


HEAD = b"GET /api/status HTTP/1.1\r\nHost: x\r\nX: "
BODY = b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"
DONE = b"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "trickle"),
    [(b"", b""), (b"GET", b""), (HEAD, b"x"), (BODY, b""), (BODY, b" "), (DONE, b""), (DONE + b"G", b"G")],
    ids=["silent", "half a line", "slow head", "half a body", "slow body", "idle", "slow second head"],
)
def test_a_client_that_does_not_get_on_is_not_waited_for(served: Served, begun: bytes, trickle: bytes) -> None:
    with served.dialled() as link:
        link.sendall(begun)
        assert hung_up(link, lambda: trickle) < 6
    assert served.is_well()


def test_a_sender_that_gets_on_slowly_is_waited_for(served: Served) -> None:
    """Longer than any of it may take in silence."""
    headers = {"Authorization": f"Bearer {served.token}"}
    size = 400
    begun = requests.post(f"{served.url}/api/uploads", headers={**headers, **announced(size)}, timeout=10)
    head = (
        f"PATCH {begun.headers['location']} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
        f"Content-Length: {size}\r\nConnection: close\r\n\r\n"
    )
    with served.dialled() as link:
        link.sendall(head.encode())
        link.settimeout(0.1)
        for _ in range(size // 40 - 1):
            link.sendall(bytes(40))
            with pytest.raises(TimeoutError):
                link.recv(1)
        link.settimeout(10)
        link.sendall(bytes(40))
        assert link.recv(1 << 16).startswith(b"HTTP/1.1 204")


def test_whoever_takes_nothing_of_a_film_is_let_go_and_holds_no_memory(served: Served) -> None:
    ask = f"GET {served.film} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.token}\r\n\r\n".encode()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ExitStack() as stack:
        links = [stack.enter_context(served.dialled()) for _ in range(12)]
        for link in links:
            link.sendall(ask)
        wait = time.monotonic() + PATIENCE.reader + 0.5
        while time.monotonic() < wait:
            assert served.is_well()
        # each was cut before the end: what is read now is what the sockets still held
        assert all(len(_all(link)) < len(FILM) for link in links)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def _all(link: socket.socket) -> bytes:
    heard = bytearray()
    with suppress(ConnectionResetError):
        while piece := link.recv(1 << 20):
            heard += piece
    return bytes(heard)


def test_of_too_many_connections_those_that_say_nothing_give_way(served: Served) -> None:
    with ExitStack() as stack:
        for _ in range(3 * PATIENCE.connections):
            stack.enter_context(served.dialled())
        for _ in range(5):
            assert served.is_well()


def test_where_everybody_is_being_answered_whoever_comes_is_turned_away(served: Served) -> None:
    """And is taken again once there is room: nobody who is at work loses their connection to a crowd."""
    patience = Patience(head=30, body=30, connections=8)
    with running(served.api.app, host="127.0.0.1", port=0, how=Manner(patience=patience)) as server, ExitStack() as stack:
        full = served._replace(url=server.url)
        busy = [stack.enter_context(full.dialled()) for _ in range(patience.connections)]
        for link in busy:
            link.sendall(BODY.replace(b"\r\n\r\n{", b"\r\nExpect: 100-continue\r\n\r\n"))
            assert link.recv(1000).startswith(b"HTTP/1.1 100")
        for _ in range(3):
            with full.dialled() as newcomer:
                assert hung_up(newcomer) < 5
        for link in busy:
            link.close()
        until = time.monotonic() + 10
        while not full.answers():
            assert time.monotonic() < until


def statuses(heard: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.1 ([0-9]{3})", heard)]


POST = b"POST /api/session HTTP/1.1\r\nHost: x\r\nX-Yihu: 1\r\nContent-Type: application/json\r\n"
NEXT = b"GET /api/matters HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "smuggled",
    {
        "both lengths": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
        "both, the other way": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n0\r\n\r\n" + NEXT,
        "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + NEXT,
        "a list of lengths": POST + b"Content-Length: 0, 40\r\n\r\n" + NEXT,
        "a length with a sign": POST + b"Content-Length: +0\r\n\r\n" + NEXT,
        "no number": POST + b"Content-Length: 0x0\r\n\r\n" + NEXT,
        "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + NEXT,
        "not quite chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
        "a blank before the colon": POST + b"Content-Length : 40\r\n\r\n" + NEXT,
        "a folded line": POST + b"X: y\r\n Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
        "a bare CR": POST + b"X: y\rContent-Length: 40\r\n\r\n" + NEXT,
        "NUL": POST + b"X: \0\r\n\r\n" + NEXT,
        "too large, not read": POST + b"Content-Length: 99999999\r\n\r\n" + NEXT,
        "no host": b"GET /api/matters HTTP/1.1\r\n\r\n" + NEXT,
        "two hosts": b"GET /api/matters HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + NEXT,
        "a huge head": b"GET /api/status HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n" + NEXT,
        "many heads": b"GET /api/status HTTP/1.1\r\nHost: x\r\n" + b"a:b\r\n" * 20_000 + b"\r\n" + NEXT,
        "a huge line": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT,
        "no HTTP": b"\x16\x03\x01\x02\x00\x01" + bytes(600),
        "not ASCII": "GET /案 HTTP/1.1\r\nHost: x\r\n\r\n".encode() + NEXT,
    }.items(),
    ids=lambda pair: pair[0],
)
def test_where_a_request_ends_is_never_in_doubt(served: Served, smuggled: tuple[str, bytes]) -> None:
    """It is refused, and what follows on the same connection is not answered at all."""
    heard = served.said(smuggled[1])

    assert len(statuses(heard)) <= 1, heard
    assert all(400 <= status < 600 and status != 500 for status in statuses(heard)), heard
    assert b"Traceback" not in heard
    assert b"uvicorn" not in heard.lower()
    assert served.is_well()


def test_lines_that_end_with_a_lone_LF_are_one_request(served: Served) -> None:  # noqa: N802
    assert statuses(served.said(b"GET /api/status HTTP/1.1\nHost: x\nConnection: close\n\n")) in ([200], [400])


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/assets/../../pyproject.toml",
        "/assets/..%2f..%2fpyproject.toml",
        "/assets/%2e%2e/%2e%2e/pyproject.toml",
        "/assets/%252e%252e/x",
        "/assets/..\\..\\pyproject.toml",
        "/assets/..%5c..%5cpyproject.toml",
        "/assets/%00",
        "/assets/%c0%ae%c0%ae/x",
        "/assets//etc/passwd",
        "/assets/" + "a/" * 2_000,
        "//elsewhere.example/assets/x",
        "/log/tile/..%2f..%2fyihu.toml",
        "http://elsewhere.example/etc/passwd",
    ],
    ids=lambda path: path[:30],
)
def test_no_address_leads_out_of_what_is_served(served: Served, path: str) -> None:
    """As it is written on the wire: no client has tidied it up."""
    heard = served.said(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    assert statuses(heard) in ([404], [400], [401]), heard
    assert b"root:" not in heard
    assert b"[project]" not in heard
    assert b"elsewhere.example" not in heard


RANGES = {
    "many": "bytes=" + ",".join(f"{start}-{start + 1}" for start in range(0, 2000, 2)),
    "overlapping": "bytes=" + ",".join(["0-"] * 1500),
    "negative": "bytes=--5",
    "none": "bytes=-0",
    "huge": "bytes=" + "9" * 18 + "-",
    "more than huge": "bytes=0-" + "9" * 4_000,
    "backwards": "bytes=5-1",
}


@pytest.mark.parametrize("asked", RANGES.values(), ids=RANGES)
def test_no_range_makes_more_work_than_the_film_itself(served: Served, asked: str) -> None:
    openings = len(served.api.office.store.openings)
    headers = {"Authorization": f"Bearer {served.token}", "Range": asked}
    with requests.get(served.url + served.film, headers=headers, stream=True, timeout=10) as answer:
        assert answer.status_code in {200, 416}
        assert "multipart" not in answer.headers["content-type"]
        assert int(answer.headers["content-length"]) <= len(FILM)
    assert len(served.api.office.store.openings) <= openings + 1
