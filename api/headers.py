"""
What every answer says to a browser, and how much a request may say to us.

The pages load nothing from elsewhere, run no inline script and cannot be framed. A bare ASGI layer, so that streams pass
untouched.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import answer
from api.tus import VERSION

LARGEST_BODY = 64 * 1024
"""Bytes. Nothing that is sent here is large, but for what is meant to be (`api.uploads`), which has limits of its own."""

LARGEST_HEAD = 16 * 1024
"""Bytes of all header fields together; a cookie or a token has a hundred."""
LONGEST_ADDRESS = 4 * 1024
SLOWEST_BODY = 20.0
"""Seconds in which a body that is not an upload has to be here."""

_UPLOADS = "/api/uploads"
_DIGITS = 16
"""Of a length that anybody can mean."""

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "media-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
}

CONTENT_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items())

ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
    "Cache-Control": "no-store",
}


class Guarded:
    """An application whose answers carry the headers above, and whose requests are small."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        is_upload = scope["method"] == "PATCH" and scope["path"].startswith(f"{_UPLOADS}/")
        refused = _oversized(scope) or _refusal(Headers(scope=scope), largest=None if is_upload else LARGEST_BODY)
        if refused is None and not is_upload:
            try:
                receive = await asyncio.wait_for(_received(receive), SLOWEST_BODY)
            except TimeoutError:
                refused = "slow"
        app = self._app if refused is None else answer(Request(scope), refused, headers=_LAST)
        await app(scope, receive, _guarded(scope, send))


def _guarded(scope: Scope, send: Send) -> Send:
    """Send with the headers that every answer carries."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ALWAYS.items():
                headers.setdefault(name, value)
            if scope["scheme"] == "https":
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            if scope["path"].startswith(_UPLOADS):
                headers["Tus-Resumable"] = VERSION
        await send(message)

    return send_guarded


_LAST = {"Connection": "close"}
"""What is refused before its body was read may end elsewhere than we think: nothing after it is answered on that connection."""


async def _received(receive: Receive) -> Receive:
    """Take the whole body, which is small, and return what gives it again: no route waits for whoever sends it."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


def _oversized(scope: Scope) -> str | None:
    if len(scope["raw_path"] or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
        return "address"
    return "headers" if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD else None


def _refusal(headers: Headers, *, largest: int | None) -> str | None:
    """Name the problem with what the request says of its body, if there is one."""
    if sum(len(name) + len(value) for name, value in headers.raw) > LARGEST_HEAD:
        return "head"
    if "transfer-encoding" in headers:
        return "length"
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) < _DIGITS):
        return "length"
    return "too-large" if largest is not None and int(length) > largest else None
