"""HEAD where only GET was written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import Response, StreamingResponse

from api.heads import Headed


def test_a_stream_without_an_end_ends_at_once_for_head() -> None:
    """Whoever asks only for the head does not leave something behind that runs on."""
    app, ended = FastAPI(), []

    @app.get("/events")
    async def events() -> Response:
        async def endless() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"data: x\n\n"
                    await asyncio.sleep(0)
            finally:
                ended.append("stream")

        return StreamingResponse(endless(), media_type="text/event-stream")

    answer = TestClient(Headed(app, routes=app)).head("/events")

    assert (answer.status_code, answer.content, ended) == (200, b"", ["stream"])
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_a_route_that_answers_head_itself_is_left_alone() -> None:
    app = FastAPI()

    @app.get("/film")
    def film() -> Response:
        return Response(b"bytes")

    @app.head("/film")
    def of_film() -> Response:
        return Response(headers={"X-Own": "1"})

    assert TestClient(Headed(app, routes=app)).head("/film").headers["x-own"] == "1"
    assert TestClient(Headed(app, routes=app)).get("/film").content == b"bytes"
