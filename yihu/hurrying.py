"""A server that does not wait for ever: whoever begins a request and does not end its head in time is hung up on."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 20.0
"""Seconds for the head of a request, which is one packet or two. Bodies have limits of their own (`api.headers`)."""
LARGEST_HEAD = 32 * 1024


class Hurrying(H11Protocol):
    """The protocol of uvicorn, which alone would keep a connection for as long as nothing whole comes."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*given, **named)
        self._hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn narrows it
        """Begin to wait."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came; what is whole ends the wait."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Begin to wait again: the next request may have begun to come already."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    @property
    def _is_waiting(self) -> bool:
        return self.conn.their_state is h11.IDLE and getattr(self.cycle, "response_complete", True)

    def _watch(self) -> None:
        if not self._is_waiting:
            self._stop()
        elif self._hurry is None:
            self._hurry = self.loop.call_later(PATIENCE, self._too_slow)

    def _stop(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def _too_slow(self) -> None:
        self._hurry = None
        if self._is_waiting:
            self.transport.close()
