"""
Whether somebody may see a clip in some form: the one place that decides it.

The policy decides (`api.policy`): a grant that covers the clip may allow it, or an approved request of that account for that
clip in that form, until it ends. A watermarked copy is the review copy in another wrapping, and a still picture less than it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import Request

from api.access.queries import AccessRequest, approval
from api.desk import Desk
from api.footage import Wanted
from api.policy import Decision
from api.principal import Principal
from api.reach.queries import thing
from api.roles import Act, Relation
from api.signin import refuse
from storage.errors import NotFound
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


def sight(request: Request, desk: Desk, caller: Principal, clip: Subject, wanted: Wanted) -> Sight:
    """
    Return by what *caller* may see *clip* in that form now.

    Where they may not, that is recorded and `Refused` raised; `NotFound` where nobody recorded such a clip.
    """
    services, act = desk.services, _ACTS[wanted]
    known = thing(services.engine, clip)
    if known is None:
        message = f"{clip}: there is no such clip"
        raise NotFound(message)
    by_role = caller.decide(act, known)
    if by_role.grant is not None:
        return Sight(caller.acting_as(by_role.grant.role), None)
    found = approval(services.engine, caller.subject, clip, _ASKED_AS[wanted], services.clock())
    decision = by_role if found is None else caller.decide(act, replace(known, is_approved=True))
    if found is None or decision.grant is None:
        refuse(request, desk, caller, act, about=clip, why=decision.why_not)
    return Sight(caller.acting_as(decision.grant.role), found.id)


def decides(desk: Desk, caller: Principal, asked: AccessRequest) -> Decision:
    """Decide whether *caller* may approve or deny a request: by a grant that covers the clip, and nobody their own."""
    if caller.subject == asked.account:
        return Decision(None, Relation.SELF, "self")
    return caller.decide(Act.APPROVE, thing(desk.services.engine, asked.clip))
