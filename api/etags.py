"""
Strong entity tags of what is read as JSON: ``If-None-Match`` is answered 304 where nothing changed.

The tag is a digest of the body and of where the list goes on. The rules of the route are asked first, so a tag tells nobody
anything. Nothing here may be stored by a browser (``no-store``): this is for programs that ask again and again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.ranges import NotModified, decide

UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "未改变 · not modified"}}


class Tagged(APIRoute):
    """A route whose JSON answers carry their tag."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        if "GET" in (options.get("methods") or {"GET"}):
            options["responses"] = {**UNCHANGED, **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request, with the tag of what it answers."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            return tagged(request, response) if request.method == "GET" else response

        return handle


def tagged(request: Request, response: Response) -> Response:
    """Return *response* with its tag, or 304 where the client has it."""
    body = getattr(response, "body", None)
    if response.status_code != HTTPStatus.OK or not isinstance(body, bytes):
        return response
    onward = response.headers.get("link", "")
    tag = response.headers.setdefault("etag", f'"{hashlib.sha256(body + onward.encode()).hexdigest()}"')
    asked = request.headers.get("if-none-match")
    if asked is None or not isinstance(decide({"if-none-match": asked}, size=0, etag=tag, method="GET"), NotModified):
        return response
    kept = {name: response.headers[name] for name in ("link", "vary") if name in response.headers}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**kept, "ETag": tag})
