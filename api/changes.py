"""
``/api/changes``: what is recorded, as it is recorded, as server-sent events.

An event has the number of its entry as id, so that whoever lost the connection goes on where they were (``Last-Event-ID``):
entries are numbered without gaps in the order in which they are committed, so nothing is missed and nothing comes twice. What
somebody may not see only moves the id on. A stream ends by itself after a minute, with the program, and soon after its session,
its token or the right to read (within ten seconds); browsers come again by themselves and are asked anew who they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api import lines
from api.describing import Responses, problems, raw
from api.desk import AtDesk, Desk
from api.limits import UNKNOWN
from api.principal import Means, Principal, by_token
from api.queries import account_with, entries_recorded
from api.reach.queries import thing
from api.roles import Act
from api.rules import Ruled
from api.signin import allowed
from storage.catalog import EntryLine
from storage.evidence import Kind, Subject
from storage.slices import Slice

router = Ruled(prefix="/api/changes", tags=["changes"])

LONGEST = timedelta(seconds=60)
"""How long one stream lasts."""
BEAT = timedelta(seconds=1)
"""How often it is looked for something new."""
HEARTBEAT = timedelta(seconds=10)
"""How often a comment keeps the connection, and it is asked whether the session still stands, and with which roles."""
_AT_ONCE = 100
_DIGITS = 16
_READABLE = frozenset({Kind.CLIP, Kind.MATTER, Kind.PARTY, Kind.ACTIVITY})
"""Of these it is known to which cases they belong."""
_SAMPLE = 'id: 21\nevent: entry\ndata: {"seq":21,"type":"FILED","subject":"clip:01JD6Z5M3Q8X4T7V9YB2C1D0EF"}\n\n'
_EVENTS: Responses = {200: raw("事件流 · an event stream", "text/event-stream", _SAMPLE)}

MayRead = Annotated[Principal, Depends(allowed(Act.READ))]


def sees(desk: Desk, caller: Principal, line: EntryLine) -> bool:
    """Say whether somebody is told of this entry: whoever may read everything of all, others of what they may read."""
    if caller.decide(Act.READ, UNKNOWN).is_allowed:
        return True
    about = Subject.parse(line.subject)
    known = thing(desk.services.engine, about) if about.kind in _READABLE else None
    return known is not None and caller.decide(Act.READ, known).is_allowed


@router.get(
    "",
    summary="账本的新变化 · What is recorded, as it happens",
    response_class=Response,
    responses={**problems("too-many-streams"), **_EVENTS},
)
async def changes(desk: AtDesk, caller: MayRead, last_event_id: Annotated[str, Header(max_length=100)] = "") -> Response:
    """
    Give every entry after ``Last-Event-ID``, or from now on: events ``entry``.

    Where there never was such a place comes ``reset`` first: read anew whatever is shown.
    """
    name = str(caller.subject)
    if not desk.streams.begin(name):
        raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, "too-many-streams", {"Retry-After": "60"})
    stream = _Stream(desk, caller)
    return _Followed(stream.events(last_event_id), lambda: desk.streams.end(name))


class _Followed(StreamingResponse):
    """A stream that is counted until it ends, however it ends."""

    def __init__(self, events: AsyncIterator[str], ended: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then be counted no more."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


@dataclass(slots=True)
class _Stream:
    desk: Desk
    caller: Principal

    async def events(self, known: str) -> AsyncIterator[str]:
        """Yield events until it is long enough, the program ends, or the caller may no more."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST.total_seconds()
        last = await run_in_threadpool(entries_recorded, self.desk.services.engine) - 1
        after = int(known) if known.isascii() and known.isdigit() and len(known) < _DIGITS else None
        yield f"retry: 1000\nid: {last}\n\n" if not known else "retry: 1000\n\n"
        if known and (after is None or after > last):
            yield f"id: {last}\nevent: reset\ndata: {{}}\n\n"
        elif after is not None:
            last = after
        checked = loop.time()
        while loop.time() < until and not self.desk.closing.is_set():
            found = await run_in_threadpool(self.desk.services.catalog.entries, Slice(_AT_ONCE, last))
            for line in found.items:
                yield await run_in_threadpool(self._event, line)
                last = line.seq
            if loop.time() - checked >= HEARTBEAT.total_seconds():
                if not await run_in_threadpool(self._stands):
                    return
                checked = loop.time()
                yield ":\n\n"
            if found.last is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.desk.closing.wait(), BEAT.total_seconds())

    def _event(self, line: EntryLine) -> str:
        if not sees(self.desk, self.caller, line):
            return f"id: {line.seq}\n\n"
        return f"id: {line.seq}\nevent: entry\ndata: {lines.entries([line])[0].model_dump_json()}\n\n"

    def _stands(self) -> bool:
        """Whether token or session is still good and may read; what was given or withdrawn meanwhile counts from now on."""
        found = _again(self.desk, self.caller)
        if found is None or not found.may(Act.READ):
            return False
        self.caller = found
        return True


def _again(desk: Desk, caller: Principal) -> Principal | None:
    """Return the same caller with what counts by now; asking is no use of the session."""
    if caller.means is Means.SESSION:
        return desk.sessions.again(caller.credential)
    now = desk.services.clock()
    return by_token(account_with(desk.services.engine, caller.credential, now), Means.TOKEN, caller.credential, now)
