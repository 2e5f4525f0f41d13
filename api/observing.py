"""
One line of log and one count for each request, of what cannot name anybody.

The template of the route, the method, the status, the time, and a number by which a person can ask for this very line. Never
what stood in the address, in a header or in a body: those hold names, tokens and names of files.
"""

from __future__ import annotations

import secrets
import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics, known

REQUEST_ID = "X-Request-Id"
_BROKE_OFF = 499
"""What is logged for a client that was gone before it was answered."""

log = structlog.get_logger("yihu.requests")


class Observed:
    """An application whose requests are logged and counted."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, began, status = secrets.token_hex(8), time.perf_counter(), _BROKE_OFF

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)[REQUEST_ID] = number
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            seconds = time.perf_counter() - began
            route, method = template(scope), known(scope["method"])
            self._metrics.count(method, route, status, seconds)
            log.info("request", id=number, method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def template(scope: Scope) -> str:
    """Return the route as it was written down, never as it was asked for."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "(none)"
