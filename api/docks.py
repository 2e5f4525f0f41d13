"""
``/api/docks/events``: what happens at the bays of the dock, as server-sent events.

The dock tells it on a Unix socket, a line of JSON for each update; those lines are the contract and are passed on as they are.
An event has the id ``START-NUMBER``, so that a browser which lost its connection goes on where it was (``Last-Event-ID``). A
stream ends by itself after a minute and the browser comes again: an account that was closed sees no more than that.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response, StreamingResponse

from api.describing import Responses, problems, raw
from api.desk import AtDesk
from api.roles import Act
from api.signin import allowed
from storage.errors import StorageUnavailable

router = APIRouter(prefix="/api/docks", tags=["docks"])

LONGEST = timedelta(seconds=60)
"""How long one stream lasts."""
_RETRY_MS = 1_000
_LONGEST_LINE = 4 << 20
_SAMPLE = 'id: 5f2c9a01-7\nevent: change\ndata: {"change":{"number":7,"is_over":false,"bay":{"name":"1","status":"safe"}}}\n\n'
_EVENTS: Responses = {200: raw("事件流 · an event stream", "text/event-stream", _SAMPLE)}


@router.get(
    "/events",
    summary="采集站各接口的实时状态 · What happens at the bays of the dock",
    response_class=Response,
    responses={**problems(), **_EVENTS},
    dependencies=[Depends(allowed(Act.BOARD))],
)
async def events(desk: AtDesk, last_event_id: Annotated[str, Header(max_length=100)] = "") -> StreamingResponse:
    """Give the whole board first, then every change: events ``picture``, ``change``, ``heartbeat``. 503 where no dock runs."""
    start, _, number = last_event_id.rpartition("-")
    after = int(number) if number.isascii() and number.isdigit() else -1
    reader, writer = await _connected(desk.services.board)
    writer.write(json.dumps({"start": start, "after": after}).encode() + b"\n")
    return StreamingResponse(
        _relayed(reader, writer, start, desk.closing), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _connected(board: Path | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if board is None:
        message = "no dock is known here"
        raise StorageUnavailable(message)
    try:
        directory = os.open(board.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:  # by way of its directory, since an address has room for 107 bytes only
            address = f"/proc/self/fd/{directory}/{board.name}"
            return await asyncio.open_unix_connection(address, limit=_LONGEST_LINE)
        finally:
            os.close(directory)
    except OSError as error:
        message = f"no dock answers: {error.strerror or error}"
        raise StorageUnavailable(message) from error


async def _relayed(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, start: str, closing: asyncio.Event
) -> AsyncIterator[str]:
    """Pass lines on as events until the dock hangs up, it is long enough, or the program ends."""
    loop = asyncio.get_running_loop()
    ending = asyncio.create_task(_hung_up(reader, closing))
    until = loop.time() + LONGEST.total_seconds()
    yield f"retry: {_RETRY_MS}\n\n"
    try:
        while line := await asyncio.wait_for(reader.readline(), until - loop.time()):
            text = line.decode().rstrip("\n")
            ((kind, said),) = json.loads(text).items()
            start = said.get("start", start)
            known = "" if kind == "heartbeat" else f"id: {start}-{said['number']}\n"
            yield f"{known}event: {kind}\ndata: {text}\n\n"
    except (TimeoutError, OSError, ValueError):
        return  # long enough, hung up, or no line of a dock: the browser comes again
    finally:
        ending.cancel()
        writer.close()


async def _hung_up(reader: asyncio.StreamReader, closing: asyncio.Event) -> None:
    """Once the program ends, let it look as if the dock had hung up."""
    await closing.wait()
    reader.feed_eof()
