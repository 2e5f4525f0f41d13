"""What one running application keeps beside its `Services`: who signs in, what they watch, how many strangers knocked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from api.footage import Viewing
from api.landing import Senders
from api.metrics import Metrics
from api.people.accounts import Accounts
from api.people.attempts import Attempts
from api.people.refused import Strangers
from api.people.second_factor import SecondFactor
from api.people.sessions import Sessions
from api.people.signing_in import SigningIn
from api.services import Services
from api.sessions import IDLE_VIEWING, LONGEST_VIEWING, Passing
from storage import passing


@dataclass(frozen=True, slots=True)
class Desk:
    """The services and what passes."""

    services: Services
    viewings: Passing[Viewing]
    """By pseudonym."""
    sessions: Sessions
    strangers: Strangers
    accounts: Accounts
    second_factor: SecondFactor
    signing_in: SigningIn
    attempts: Attempts
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
            viewings=Passing(clock, longest=LONGEST_VIEWING, idle=IDLE_VIEWING),
            sessions=sessions,
            strangers=strangers,
            accounts=Accounts(*known, clock, rules, key=services.index_key),
            second_factor=second_factor,
            signing_in=SigningIn(services.engine, attempts, sessions, second_factor, strangers, key=services.index_key),
            attempts=attempts,
        )

    def tidy(self) -> None:
        """Forget what passed."""
        self.attempts.forget_old()
        self.sessions.forget_old()


def desk_of(app: FastAPI) -> Desk:
    """Return the desk of an application that `api.app.create_app` made."""
    desk = app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - create_app put it there
    return desk


async def _desk(request: Request) -> Desk:
    # asynchronous because it waits for nothing: anything else is sent to a thread and back, for every request
    return desk_of(request.app)


AtDesk = Annotated[Desk, Depends(_desk)]
