"""
Bytes that arrive: one sender at a time writes, whoever comes later takes over, and what came stays.

A connection over a weak link is often dead long before anybody notices. So asking for the offset, or sending on, ends a sender
that is still there, and a sender that says nothing for half a minute is ended too. However it ends, what came is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from anyio import CancelScope
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from storage.errors import InUse
from storage.evidence import Subject
from storage.upload import Upload

PIECE = 512 * 1024
"""Bytes that are handed to the disk at a time, and all that is held of one sender."""
SILENCE = 30.0
"""Seconds after which a sender that says nothing is taken to be gone."""
_GIVING_WAY = 10.0


@dataclass(slots=True)
class _Sender:
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Senders:
    """Who is sending what, in the one event loop there is."""

    now: dict[Subject, _Sender] = field(default_factory=dict)
    is_closing: bool = False

    async def end(self, clip: Subject) -> None:
        """Have whoever is sending *clip* end, and wait for that."""
        sender = self.now.get(clip)
        if sender is None:
            return
        sender.stop.set()
        try:
            await asyncio.wait_for(sender.ended.wait(), _GIVING_WAY)
        except TimeoutError as error:
            message = f"{clip}: its other sender does not give way"
            raise InUse(message) from error

    def close(self) -> None:
        """Have all of them end; those that come are ended at once. For the end of the program."""
        self.is_closing = True
        for sender in list(self.now.values()):
            sender.stop.set()

    @asynccontextmanager
    async def turn(self, clip: Subject) -> AsyncIterator[asyncio.Event]:
        """Be the one who sends *clip*; the event says when to end."""
        await self.end(clip)
        if clip in self.now:
            message = f"{clip}: somebody else was first"
            raise InUse(message)
        sender = self.now[clip] = _Sender()
        if self.is_closing:
            sender.stop.set()
        try:
            yield sender.stop
        finally:
            del self.now[clip]
            sender.ended.set()


async def land(request: Request, upload: Upload, stop: asyncio.Event, *, offset: int) -> bool:
    """Write the body of *request* to *upload* and say whether *offset* was the right one; on return what came is durable."""
    stack = ExitStack()
    try:
        await run_in_threadpool(stack.enter_context, upload.alone())
        if await run_in_threadpool(lambda: upload.offset) != offset:
            return False
        if offset == upload.announced.size:
            return True
        writer = await run_in_threadpool(stack.enter_context, upload.writing())
        async for piece in _pieces(request, stop):
            await run_in_threadpool(writer.absorb, piece)
        return True
    finally:
        with CancelScope(shield=True):
            await run_in_threadpool(stack.close)


async def _pieces(request: Request, stop: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield what comes until it ends, breaks off, falls silent or is told to stop."""
    held, chunks, stopping = bytearray(), request.stream(), asyncio.create_task(stop.wait())
    try:
        while (chunk := await _next(chunks, stopping)) is not None:
            held += chunk
            if len(held) >= PIECE:
                yield bytes(held)
                held.clear()
    finally:
        stopping.cancel()
    if held:
        yield bytes(held)


async def _next(chunks: AsyncIterator[bytes], stopping: asyncio.Task[Literal[True]]) -> bytes | None:
    coming = asyncio.create_task(_one(chunks))
    try:
        both: list[asyncio.Task[bytes | None] | asyncio.Task[Literal[True]]] = [coming, stopping]
        await asyncio.wait(both, timeout=SILENCE, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not coming.done():
            coming.cancel()
    return coming.result() if coming.done() and not coming.cancelled() else None


async def _one(chunks: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(chunks, None)
    except ClientDisconnect:
        return None
