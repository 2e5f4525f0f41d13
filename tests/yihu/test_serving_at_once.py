"""An answer is on its way when it is written, and does not wait until what was sent before it is acknowledged."""

from __future__ import annotations

import socket
from typing import Any

import httpx2
from starlette.types import Receive, Scope, Send

from yihu.web import running


async def _says_whether_it_waits(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    cycle: Any = receive
    line = cycle.__self__.transport.get_extra_info("socket")
    waits = not line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"waits" if waits else b"at once"})


def test_small_answers_are_sent_at_once() -> None:
    """Else each takes 40 ms on a connection that is used again: the head is not acknowledged before the body has come."""
    with running(_says_whether_it_waits, host="127.0.0.1", port=0) as server:
        assert httpx2.get(server.url).text == "at once"
