"""
Whether somebody may see a clip in some form: the one place that decides it.

A role may allow it (`api.roles`); if none does, an approved request of that account for that clip in that form does, until it
ends. A watermarked copy is the review copy in another wrapping, and a still picture less than it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.access.queries import AccessRequest, approval
from api.footage import Wanted
from api.principal import Principal
from api.queries import Engine
from api.roles import Act
from storage.evidence import Subject

_ACTS = {Wanted.REVIEW: Act.VIEW, Wanted.POSTER: Act.VIEW, Wanted.COPY: Act.VIEW, Wanted.ORIGINAL: Act.ORIGINAL}
_ASKED_AS = {Wanted.REVIEW: "review", Wanted.POSTER: "review", Wanted.COPY: "review", Wanted.ORIGINAL: "original"}


@dataclass(frozen=True, slots=True)
class Sight:
    """That somebody may see it, and why."""

    principal: Principal
    """In the role that allows it."""
    request: str | None
    """The approved request it rests on; None where the role suffices."""


def act_for(wanted: Wanted) -> Act:
    """Return what a role must allow to see that without asking."""
    return _ACTS[wanted]


def sight(engine: Engine, principal: Principal, clip: Subject, wanted: Wanted, now: datetime) -> Sight | None:
    """Say why *principal* may see *clip* in that form now, or None where they may not."""
    act = act_for(wanted)
    if principal.may(act):
        return Sight(principal.acting_for(act), None)
    found = approval(engine, principal.subject, clip, _ASKED_AS[wanted], now)
    return None if found is None else Sight(principal, found.id)


def may_decide(principal: Principal, request: AccessRequest) -> bool:
    """Say whether *principal* may approve or deny a request: whoever may approve, but nobody their own."""
    return principal.may(Act.APPROVE) and principal.subject != request.account
