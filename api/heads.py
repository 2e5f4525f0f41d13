"""
HEAD wherever there is GET (RFC 9110 §9.1): the same answer without its body.

A route that answers HEAD itself keeps doing so; any other is asked as if for GET. What it would send is not sent, and a stream
without an end is told that nobody listens.
"""

from __future__ import annotations

import asyncio
import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Headed:
    """An application that answers HEAD; *routes* is the one whose routes are known."""

    def __init__(self, app: ASGIApp, routes: FastAPI) -> None:
        self._app, self._own = app, _that_answer_head(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or any(own.match(scope["path"]) for own in self._own):
            await self._app(scope, receive, send)
            return
        told, asked = asyncio.Event(), False

        async def receive_nothing() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await told.wait()
            return {"type": "http.disconnect"}

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                told.set()

        await self._app({**scope, "method": "GET"}, receive_nothing, send_head)


def _that_answer_head(app: FastAPI) -> list[re.Pattern[str]]:
    contexts = [context for context in iter_route_contexts(app.routes) if "HEAD" in (getattr(context, "methods", None) or ())]
    return [compile_path(str(context.path))[0] for context in contexts]
