"""
One server: who asks it, what is repeated, and what is never done.

A request is repeated where that cannot do anything twice: reading, or a write under an ``Idempotency-Key``. The token goes to
the one server that was named: redirections are not followed. Plain HTTP is refused but to this machine.
"""

from __future__ import annotations

import ipaddress
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.util import Timeout, parse_url

from storage.errors import YihuError
from yihu.client.problems import ServerAway, ServerSaysNo, problem_of
from yihu.language import is_chinese

_TRIES = 4
_LARGEST = 64 << 20
"""Bytes of an answer that is read into memory; footage is not."""
_LONGEST_WAIT = 30.0
_TIMEOUT = Timeout(connect=10.0, read=60.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is as it should be."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - parsed into values by whoever asked
        """Return what it says; raises `ServerSaysNo` where that is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            message = "the server answered something else than JSON"
            raise ServerSaysNo(message) from error


@dataclass(frozen=True)
class Server:
    """A server and who asks it."""

    address: str
    token: str = field(repr=False)
    ca: Path | None = None
    """Certificates of those who may vouch for the server, such as the CA of the office; None takes those of this machine."""
    wait: Callable[[float], None] = time.sleep
    pool: urllib3.PoolManager = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what would send the token in the clear; raises `ValueError`."""
        url = parse_url(self.address)
        if url.scheme not in {"http", "https"} or url.host is None or url.path not in {None, "", "/"} or url.query or url.auth:
            message = "server: expected https://NAME or https://NAME:PORT"
            raise ValueError(message)
        if url.scheme == "http" and not _is_here(url.host):
            message = f"server {url.host}: the token would go over the network in the clear: use https"
            raise ValueError(message)
        if not (self.token.isascii() and self.token.isprintable() and self.token):
            message = "token: expected the one line that yihu token add printed"
            raise ValueError(message)
        object.__setattr__(self, "address", f"{url.scheme}://{url.netloc}")
        object.__setattr__(self, "pool", _pool(self.ca))

    def get(self, path: str, **query: str | int) -> Answer:
        """Read something; an interruption is tried again."""
        return self.ask("GET", path, query=query)

    def write(self, method: str, path: str, body: object = None) -> Answer:
        """Change something, under a key of its own so that trying again cannot do it twice."""
        raw = None if body is None else json.dumps(body).encode()
        headers = {"Idempotency-Key": str(uuid.uuid4()), **({} if raw is None else {"Content-Type": "application/json"})}
        return self.ask(method, path, headers=headers, body=raw)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Ask until there is an answer, a few times at most. To be used for what may be asked again."""
        for left in reversed(range(_TRIES)):
            try:
                return self.once(method, path, query=query, headers=headers, body=body)
            except ServerAway as error:
                if not left:
                    raise
                self.wait(min(_LONGEST_WAIT, error.after or 2.0 ** (_TRIES - 1 - left)))
        raise AssertionError  # pragma: no cover - the last try answers or raises

    def once(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Ask once; raises what `yihu.client.problems` says."""
        with self.opened(method, path, query=query, headers=headers, body=body) as response:
            raw = _read(response)
            return Answer(response.status, response.headers, raw)

    @contextmanager
    def opened(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Ask once, and hold the answer while its body is read."""
        said = {"Authorization": f"Bearer {self.token}", "Accept-Language": "zh" if is_chinese() else "en", **(headers or {})}
        fields = {name: str(value) for name, value in (query or {}).items()}
        url = self.address + path + (f"?{urlencode(fields)}" if fields else "")
        with _translated(self.address):
            response = self.pool.request(method, url, body=body, headers=said, redirect=False, preload_content=False)
            try:
                if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                    raise _problem(response)
                yield response
            finally:
                # what was not read to its end is of no use to the next request
                response.close()


def _pool(ca: Path | None) -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=2, timeout=_TIMEOUT, retries=False, ca_certs=None if ca is None else str(ca))


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    raw = response.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        message = f"the server answered more than {_LARGEST} bytes"
        raise ServerSaysNo(message)
    return raw


def _problem(response: urllib3.BaseHTTPResponse) -> YihuError:
    problem = problem_of(response.status, response.read(1 << 16))
    after = response.headers.get("Retry-After", "")
    if isinstance(problem, ServerAway) and after.isascii() and after.isdigit():
        problem.after = float(after)
    return problem


@contextmanager
def _translated(address: str) -> Iterator[None]:
    try:
        yield
    except urllib3.exceptions.SSLError as error:
        message = f"{address}: its certificate is not one that we trust; name the CA of the office by --ca"
        raise ServerSaysNo(message) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        message = f"{address}: no answer: {type(error).__name__}"
        raise ServerAway(message) from error


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
