"""What one running application keeps beside its `Services`: who is signed in, what they watch, how many strangers knocked."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.footage import Viewing
from api.landing import Senders
from api.metrics import Metrics
from api.services import Services
from api.sessions import IDLE_VIEWING, LONGEST_SESSION, LONGEST_VIEWING, Passing


class Tally:
    """Counts, from many threads; anonymous refusals are counted and never written, or anybody could grow the ledger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        """Count one more."""
        with self._lock:
            self.count += 1


@dataclass(frozen=True, slots=True)
class Desk:
    """The services and what passes."""

    services: Services
    sessions: Passing[str]
    """By the digest of the cookie: the digest of the token it stands for."""
    viewings: Passing[Viewing]
    """By pseudonym."""
    strangers: Tally = field(default_factory=Tally)
    senders: Senders = field(default_factory=Senders)
    metrics: Metrics = field(default_factory=Metrics)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """That the program ends: what has no end of its own ends now."""

    def close(self) -> None:
        """End what has no end of its own; to be called in the loop of the server."""
        self.closing.set()
        self.senders.close()

    @classmethod
    def of(cls, services: Services) -> Desk:
        """Set up an empty desk."""
        sessions: Passing[str] = Passing(services.clock, longest=LONGEST_SESSION, idle=LONGEST_SESSION)
        viewings: Passing[Viewing] = Passing(services.clock, longest=LONGEST_VIEWING, idle=IDLE_VIEWING)
        return cls(services, sessions, viewings)


def _desk(request: Request) -> Desk:
    desk = request.app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - create_app put it there
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
