"""
How long a connection may take, and how many there may be: what uvicorn leaves open.

Whoever opens connections and says nothing, says it a byte at a time, or never reads what they are sent holds them, and a server
has only so many. A head must be here within a while however slowly its bytes come, a body must get on, and whoever is sent
something must take some of it. Where there are too many connections, the one gives way that has waited for its head the
longest; one whose request is being answered never does, and where all are, whoever comes is turned away.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits of one server."""

    head: float = 15.0
    """Seconds until all of the head of a request must be here."""
    body: float = 60.0
    """Seconds in which some of a body must come; a sender of footage that falls silent is ended earlier (`api.landing`)."""
    least: int = 1024
    """Bytes of a body that are some of it, unless they are the last."""
    reader: float = 300.0
    """Seconds after which a client that takes nothing is taken to be gone; a film that somebody paused is asked for again."""
    connections: int = 500
    """Most that are open at a time, of the 1024 files that a process may usually open."""


class Waiting:
    """Connections of one server that have sent no whole head yet, the longest waiting first."""

    def __init__(self) -> None:
        self._them: dict[PatientProtocol, None] = {}

    def add(self, connection: PatientProtocol) -> None:
        """Begin to wait."""
        self._them[connection] = None

    def drop(self, connection: PatientProtocol) -> None:
        """Wait no more; twice is fine."""
        self._them.pop(connection, None)

    def make_room(self) -> bool:
        """Let the one go that waits the longest, and say whether any did."""
        longest = next(iter(self._them), None)
        if longest is not None:
            longest.give_up()
        return longest is not None


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to waiting."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        patience: Patience,
        waiting: Waiting,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._patience, self._waiting = patience, waiting
        self._for_head: asyncio.TimerHandle | None = None
        self._for_body: asyncio.TimerHandle | None = None
        self._for_reader: asyncio.TimerHandle | None = None
        self._came = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Wait for a first head."""
        super().connection_made(transport)
        is_one_too_many = len(self.connections) > self._patience.connections
        if is_one_too_many and not self._waiting.make_room():
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for timer in (self._for_head, self._for_body, self._for_reader):
            if timer is not None:
                timer.cancel()
        self._waiting.drop(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._came += len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        """See whether a head is whole by now."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._has_head()

    def on_response_complete(self) -> None:
        """Wait for the next head; bytes that trickle in do not make that longer."""
        self._await_head()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for somebody who does not read."""
        super().pause_writing()
        self._for_reader = self.loop.call_later(self._patience.reader, self.give_up)

    def resume_writing(self) -> None:
        """They read."""
        if self._for_reader is not None:
            self._for_reader.cancel()
        super().resume_writing()

    def give_up(self) -> None:
        """Cut the connection; what is under way sees a client that went away."""
        self._waiting.drop(self)
        self.transport.abort()

    def _await_head(self) -> None:
        self._stop(self._for_head)
        self._stop(self._for_body)
        self._waiting.add(self)
        self._for_head = self.loop.call_later(self._patience.head, self.give_up)

    def _has_head(self) -> None:
        self._stop(self._for_head)
        self._waiting.drop(self)
        self._stop(self._for_body)
        self._came = 0
        self._for_body = self.loop.call_later(self._patience.body, self._look_at_body)

    def _look_at_body(self) -> None:
        if self.cycle.response_complete or not self.cycle.more_body:
            return
        # where we have not read on, it is we who are slow
        if self._came < self._patience.least and not self.flow.read_paused:
            self.give_up()
            return
        self._came = 0
        self._for_body = self.loop.call_later(self._patience.body, self._look_at_body)

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def patient(patience: Patience | None = None) -> type[asyncio.Protocol]:
    """Return the protocol of one server, as uvicorn takes it."""
    waiting, limits = Waiting(), patience or Patience()

    return cast("type[asyncio.Protocol]", partial(PatientProtocol, patience=limits, waiting=waiting))
