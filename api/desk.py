"""What one running application keeps beside its `Services`: who signs in, what they watch, how many strangers knocked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from api.access.bulk import Bulk
from api.access.pace import Pace
from api.access.requests import Requests
from api.access.turns import Turns
from api.access.watching import Viewings
from api.landing import Senders
from api.metrics import Metrics
from api.people.accounts import Accounts
from api.people.attempts import Attempts
from api.people.credentials import Credentials
from api.people.queries import is_standing
from api.people.refused import Strangers
from api.people.second_factor import SecondFactor
from api.people.sessions import Sessions
from api.people.signing_in import SigningIn
from api.refusals import Refusals
from api.running import Running
from api.services import Services
from storage import passing
from storage.replays import KEPT, Replays

MOST_STREAMS = 6
"""Of one account at the same time: browsers open no more to one server than that, and each holds a connection."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The services and what passes."""

    services: Services
    viewings: Viewings
    bulk: Bulk
    pace: Pace
    refusals: Refusals
    requests: Requests
    sessions: Sessions
    strangers: Strangers
    accounts: Accounts
    second_factor: SecondFactor
    signing_in: SigningIn
    attempts: Attempts
    credentials: Credentials
    replays: Replays
    turns: Turns = field(default_factory=Turns)
    running: Running = field(default_factory=lambda: Running(1))
    """Requests with a key that are not answered yet, by account and key."""
    streams: Running = field(default_factory=lambda: Running(MOST_STREAMS))
    """Event streams that are followed, by account."""
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
        passing.prepare(services.engine)
        known, clock, rules = (services.custody, services.engine), services.clock, services.signing_in
        sessions, strangers = Sessions(*known, clock, rules), Strangers(clock)
        second_factor = SecondFactor(*known, services.vault, clock, office=services.office_name)
        attempts = Attempts(services.engine, clock, rules, key=services.index_key)
        return cls(
            services,
            viewings=Viewings(*known, clock, lambda digest: is_standing(services.engine, digest, clock())),
            bulk=Bulk(*known, clock, services.access),
            pace=Pace(clock, services.access.a_minute),
            refusals=Refusals(services.custody, clock, services.access.a_minute),
            requests=Requests(*known, clock, services.access),
            sessions=sessions,
            strangers=strangers,
            accounts=Accounts(*known, clock, rules, key=services.index_key),
            second_factor=second_factor,
            signing_in=SigningIn(services.engine, attempts, sessions, second_factor, strangers, key=services.index_key),
            attempts=attempts,
            credentials=Credentials(*known, clock, key=services.index_key),
            replays=Replays(services.engine),
        )

    def tidy(self) -> None:
        """Record what people watched or were refused and who opened too much, and forget what passed."""
        self.refusals.fold()
        self.viewings.fold()
        self.bulk.look_at_everybody()
        self.attempts.forget_old()
        self.sessions.forget_old()
        self.replays.forget_before(self.services.clock() - KEPT)


def desk_of(app: FastAPI) -> Desk:
    """Return the desk of an application that `api.app.create_app` made."""
    desk = app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - create_app put it there
    return desk


async def _desk(request: Request) -> Desk:
    # asynchronous because it waits for nothing: anything else is sent to a thread and back, for every request
    return desk_of(request.app)


AtDesk = Annotated[Desk, Depends(_desk)]
