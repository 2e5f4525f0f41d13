"""
What every answer says to a browser, and how much a request may say to us.

The pages load nothing from elsewhere, run no inline script and cannot be framed. A bare ASGI layer, so that streams pass
untouched.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import answer
from api.tus import VERSION

LARGEST_BODY = 64 * 1024
"""Bytes. Nothing that is sent here is large, but for what is meant to be (`api.uploads`), which has limits of its own."""

LARGEST_HEAD = 16 * 1024
"""Bytes of headers. A server stops reading at about as many, but not where all of them come at once."""

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

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(_UPLOADS):
                    headers["Tus-Resumable"] = VERSION
            await send(message)

        is_upload = scope["method"] == "PATCH" and scope["path"].startswith(f"{_UPLOADS}/")
        is_long = len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LARGEST_HEAD
        refused = "head" if is_long else _refusal(Headers(scope=scope), largest=None if is_upload else LARGEST_BODY)
        # what follows such a head is not read, so it must not be taken for the next request either
        app = self._app if refused is None else answer(Request(scope), refused, headers={"Connection": "close"})
        await app(scope, receive, send_guarded)


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
