"""
Bytes that arrive: one sender at a time writes, whoever comes later takes over, and what came stays.

A connection over a weak link is often dead long before anybody notices. So asking for the offset, or sending on, ends a sender
that is still there, and a sender that says nothing for half a minute is ended too. However it ends, what came is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request about an upload, as it arrived: who had come to send the same before it, and was not through yet."""

    sender: _Sender
    before: tuple[_Sender, ...]


@dataclass(slots=True)
class Senders:
    """Who is sending what, in the one event loop there is."""

    now: dict[Subject, _Sender] = field(default_factory=dict)
    coming: dict[str, list[_Sender]] = field(default_factory=dict)
    """By the name in the address: those that arrived to send, also those that were not looked at yet."""
    is_closing: bool = False

    @contextmanager
    def arrived(self, name: str, *, sends: bool) -> Iterator[Arrival]:
        """Note, without waiting for anything, that a request about *name* is here; inside, later ones know of it."""
        arrival = Arrival(_Sender(), tuple(self.coming.get(name, ())))
        if not sends:
            yield arrival
            return
        self.coming.setdefault(name, []).append(arrival.sender)
        try:
            yield arrival
        finally:
            self.coming[name].remove(arrival.sender)
            if not self.coming[name]:
                del self.coming[name]

    async def end(self, clip: Subject, arrival: Arrival) -> None:
        """
        Have whoever is sending *clip* end, and wait for that; those that came before *arrival* do not begin any more.

        So an offset that is told afterwards holds until its asker sends: the rest of a dead connection, of which the network
        or we were late to hear, is not written behind their back.
        """
        for earlier in arrival.before:
            earlier.stop.set()
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
    async def turn(self, clip: Subject, arrival: Arrival) -> AsyncIterator[asyncio.Event]:
        """Be the one who sends *clip*; the event says when to end. Raises `InUse` where somebody came later and was heard."""
        await self.end(clip, arrival)
        sender = arrival.sender
        if clip in self.now or sender.stop.is_set():
            message = f"{clip}: somebody else was first"
            raise InUse(message)
        self.now[clip] = sender
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
