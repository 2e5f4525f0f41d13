"""Who writes an upload when several ask at once: whoever came before a question about the offset does not begin after it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from api.landing import Senders
from storage.errors import InUse
from storage.evidence import Kind
from storage.identity import fresh


def test_a_sender_that_came_before_the_question_does_not_begin_after_it() -> None:
    """Its request may still be looked at while the offset is told; what it would write then, nobody would know of."""
    clip, senders, begun = fresh(Kind.CLIP), Senders(), []

    async def story() -> None:
        with (
            senders.arrived(str(clip), sends=True) as stale,
            senders.arrived(str(clip), sends=False) as question,
            senders.arrived(str(clip), sends=True) as later,
        ):
            await senders.end(clip, question)
            for name, arrival in (("stale", stale), ("later", later)):
                with suppress(InUse):
                    async with senders.turn(clip, arrival):
                        begun.append(name)

    asyncio.run(story())

    assert begun == ["later"]
    assert senders.coming == {}


def test_of_two_senders_the_later_one_writes() -> None:
    clip, senders, begun = fresh(Kind.CLIP), Senders(), []

    async def send(name: str) -> None:
        with senders.arrived(str(clip), sends=True) as arrival, suppress(InUse):
            async with senders.turn(clip, arrival) as stop:
                begun.append(name)
                await asyncio.wait_for(stop.wait(), 10)

    async def story() -> None:
        first = asyncio.create_task(send("first"))
        await asyncio.sleep(0)
        second = asyncio.create_task(send("second"))
        await first
        senders.close()
        await second

    asyncio.run(story())

    assert begun == ["first", "second"]
    assert (senders.now, senders.coming) == ({}, {})
