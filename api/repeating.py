"""
``Idempotency-Key``: a write that may be sent again, designed to be checked against draft-ietf-httpapi-idempotency-key-header.

A router with ``route_class=Repeatable`` takes the header on whatever changes something. The same key with the same request by
the same account gives the same answer and makes no second entry, also where the server died between entry and answer. Rules
come first: whoever repeats a request is asked who they are and whether they still may. Only what succeeded is remembered.

An answer that shows a secret once is not written down; neither is one that was lost with its server, where it cannot be told
from the ledger (`told_again`). Then a repeated request is answered ``done-already`` with the numbers of its entries.
"""

from __future__ import annotations

import functools
import hmac
import json
import secrets
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.describing import problems, together
from api.desk import Desk, desk_of
from api.etags import Tagged
from api.people.models import LinkMade, RecoveryCodes, SecondFactorOffered
from api.principal import Principal
from api.problems import answer
from storage.replays import Done, Key, under

Endpoint: TypeAlias = Callable[..., Any]
Again: TypeAlias = Callable[[Desk, range], object]

NO_CONTENT = HTTPStatus.NO_CONTENT.value
REPLAYED = "Idempotency-Replayed"
HEADER = "Idempotency-Key"
LONGEST_KEY = 100
_PATTERN = r"^[!-~]{1,100}$"
_HARMLESS = {"GET", "HEAD", "OPTIONS"}
_KEPT_HEADERS = ("content-type", "location", "etag", "link")
_SHOWN_ONCE = (LinkMade, SecondFactorOffered, RecoveryCodes)
_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "同一请求可安全重发的键 · a key under which the same request may be sent again",
    "schema": {"type": "string", "pattern": _PATTERN, "maxLength": LONGEST_KEY},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}


@dataclass(slots=True)
class _Asked:
    """One request with a key, from its beginning to its answer."""

    request: Request
    desk: Desk
    key: str
    digest: str
    held: tuple[str, str] | None = None
    """Account and key, as long as no other request may have them."""
    taken: Key | None = None


_AGAIN: dict[Endpoint, Again] = {}
_ASKED: ContextVar[_Asked | None] = ContextVar("asked", default=None)


class Repeatable(Tagged):
    """A route whose writes may be sent again under a key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        if set(options.get("methods") or {"GET"}) & _HARMLESS:
            super().__init__(path, endpoint, **options)
            return
        more = problems("busy", "done-already", "key-reused", everywhere=False)
        options["responses"] = together(options.get("responses") or {}, more)
        options["openapi_extra"] = {**(options.get("openapi_extra") or {}), "parameters": [_PARAMETER]}
        super().__init__(path, _once(endpoint, options.get("status_code")), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request, and keeps the answer where it came with a key."""
        handler, shown_once = super().get_route_handler(), self.response_model in _SHOWN_ONCE

        async def handle(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method in _HARMLESS:
                return await handler(request)
            asked = _Asked(request, desk_of(request.app), _checked(key), "")
            asked.digest = _digest(asked.desk, request, await request.body())
            token = _ASKED.set(asked)
            try:
                response = await handler(request)
                if asked.taken is not None and not shown_once and response.status_code < HTTPStatus.BAD_REQUEST:
                    await run_in_threadpool(_keep, asked.desk, asked.taken, response)
                return response
            finally:
                if asked.held is not None:
                    asked.desk.running.end(asked.held)
                _ASKED.reset(token)

        return handle


def told_again(again: Again) -> Callable[[Endpoint], Endpoint]:
    """Say how the answer of a route is told from its entries, for whoever repeats a request whose answer was lost."""

    def registered(endpoint: Endpoint) -> Endpoint:
        _AGAIN[endpoint] = again
        return endpoint

    return registered


def _once(endpoint: Endpoint, status: int | None) -> Endpoint:
    """Let *endpoint* run at most once for each key; whoever asks was let in by its rule before."""
    again = (lambda _desk, _entries: Response(status_code=NO_CONTENT)) if status == NO_CONTENT else _AGAIN.get(endpoint)

    @functools.wraps(endpoint)
    def run(**given: Any) -> Any:  # noqa: ANN401 - what the endpoint takes and gives
        asked = _ASKED.get()
        caller = next((value for value in given.values() if isinstance(value, Principal)), None)
        if asked is None or caller is None:
            return endpoint(**given)
        done = _begun(asked, str(caller.subject))
        if done is not None:
            return _given_again(asked, done, again)
        assert asked.taken is not None  # noqa: S101 - _begun took it
        with under(asked.taken):
            return endpoint(**given)

    return run


def _begun(asked: _Asked, account: str) -> Done | None:
    """Return what was done under the key before; where nothing was, take the key."""
    if not asked.desk.running.begin((account, asked.key)):
        raise HTTPException(HTTPStatus.CONFLICT, "busy", {"Retry-After": "1"})
    asked.held = (account, asked.key)
    done = asked.desk.replays.find(account, asked.key)
    if done is None:
        asked.taken = Key(account, asked.key, asked.digest, secrets.token_hex(8), asked.desk.services.clock())
    return done


def _given_again(asked: _Asked, done: Done, again: Again | None) -> object:
    if not hmac.compare_digest(done.request, asked.digest):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "key-reused")
    if done.status is not None:
        return Response(done.body, done.status, {**json.loads(done.headers), REPLAYED: "true"})
    told = None if again is None else again(asked.desk, done.entries)
    return answer(asked.request, "done-already", entries=list(done.entries)) if told is None else told


def _keep(desk: Desk, key: Key, response: Response) -> None:
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    desk.replays.answered(key, response.status_code, json.dumps(kept), bytes(response.body))


def _checked(key: str) -> str:
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() and " " not in key):
        found = {"type": "key", "loc": ("header", HEADER.lower()), "msg": "expected 1 to 100 printable ASCII characters"}
        raise RequestValidationError([found])
    return key


def _digest(desk: Desk, request: Request, body: bytes) -> str:
    # under a key of ours: what was sent may be a password
    whole = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    return hmac.digest(desk.services.index_key, b"yihu replay/1\n" + whole, "sha256").hex()
