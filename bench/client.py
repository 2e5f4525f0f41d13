"""Somebody who uses the API over one connection: signs in, asks, and is not patient with anything but what was expected."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import count
from typing import Any

from bench.big_clip import PASSWORD
from bench.measure import RunFailed

_OWN = {"Content-Type": "application/json", "X-Yihu": "1"}
_TIMEOUT = 120
_NUMBERS = count()


class Client:
    """One connection, and the session that was opened on it."""

    def __init__(self, port: int) -> None:
        self._line = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
        self.headers: dict[str, str] = {}
        """What shows who is asking."""

    def sign_in(self, login: str) -> None:
        """Open a session with `PASSWORD`."""
        self.post("/api/session/password", {"login": login, "password": PASSWORD, "code": ""})

    def viewing(self, clip: str) -> str:
        """Ask for a viewing of *clip* and return where its bytes are."""
        # the same question again would be the same viewing, and record nothing
        return str(
            json.loads(self.post("/api/viewings", {"clip": clip, "reason": f"测量 bench {next(_NUMBERS)}", "what": "review"}))[
                "media"
            ]
        )

    def get(self, path: str) -> bytes:
        """Ask for something that is there."""
        return self._asked("GET", path, None, HTTPStatus.OK)

    def post(self, path: str, what: dict[str, Any]) -> bytes:
        """Make something."""
        return self._asked("POST", path, json.dumps(what).encode(), HTTPStatus.CREATED)

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _asked(self, method: str, path: str, body: bytes | None, expected: HTTPStatus) -> bytes:
        self._line.request(method, path, body, {**self.headers, **(_OWN if body else {})})
        answer = self._line.getresponse()
        said = answer.read()
        if answer.status != expected:
            message = f"{method} {path}: {answer.status} {said[:500].decode(errors='replace')}"
            raise RunFailed(message)
        cookie = answer.getheader("Set-Cookie")
        if cookie is not None:
            self.headers["Cookie"] = cookie.partition(";")[0]
        return said
