"""``/api/requests``: asking for what a role does not show, and deciding it; ``/api/alarms``: who looked at very much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated

from fastapi import Depends, Path, Request, Response

from api.access import queries
from api.access.models import AccessAsked, AccessLine, AlarmLine, Approval, Because, moment_of
from api.access.pace import TOO_MANY
from api.access.queries import AccessRequest
from api.access.reasons import why
from api.access.requests import state_of
from api.access.seeing import decides
from api.describing import Responses, problems
from api.desk import AtDesk, Desk
from api.paging import MOST
from api.people.queries import sealed_in
from api.principal import Principal
from api.queries import name_of
from api.roles import Act
from api.rules import Ruled
from api.signin import allowed, allowed_here, must, refuse
from storage.errors import YihuError
from storage.evidence import Subject, utc_text

router = Ruled(tags=["requests"])

MayAsk = Annotated[Principal, Depends(allowed_here(Act.REQUEST))]
MayApprove = Annotated[Principal, Depends(allowed_here(Act.APPROVE))]
Identified = Annotated[
    str,
    Path(
        pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        examples=["01JD6Z5M3Q8X4T7V9YB2C1D0EF"],
        description="申请编号 · number of the request",
    ),
]
_DECIDED = problems("cross-site", "not-found", "life-cycle", "stale")
_AGAIN: Responses = {200: {"description": "已有同样的申请 · the same was asked already", "model": AccessLine}}


@router.post(
    "/api/requests",
    status_code=201,
    summary="申请查看 · Ask for an original, or to see at all",
    responses={**problems("cross-site", "not-found", "life-cycle", "stale", "too-many"), **_AGAIN},
)
def ask(asked: AccessAsked, request: Request, desk: AtDesk, caller: MayAsk, response: Response) -> AccessLine:
    """Record the request; whoever may decide it sees it from now on. The same again, while it is open, is the same request."""
    services, clip = desk.services, Subject.parse(asked.clip)
    caller = must(request, desk, caller, Act.REQUEST, clip)
    if queries.undecided_of(services.engine, caller.subject) >= services.access.open_requests:
        raise TOO_MANY
    desk.pace.take(caller.subject)
    reason = why(services, caller, clip, asked.reason, asked.matter)
    found, is_new = desk.requests.ask(clip, asked.what, reason, actor=caller.actor)
    if not is_new:
        response.status_code = 200
    return _line(desk, caller, found)


@router.get("/api/requests", summary="我的申请与待我审批 · My requests, and those that wait for me", responses=problems())
def listed(desk: AtDesk, caller: MayAsk) -> list[AccessLine]:
    """List the caller's own requests, and for whoever may decide, those that nobody has decided and those that count."""
    engine, now = desk.services.engine, desk.services.clock()
    # as many as a list holds of those that one may decide: others cannot push them out
    others = (queries.undecided(engine), queries.standing_approvals(engine, now)) if caller.may(Act.APPROVE) else ()
    mine = queries.requests_of(engine, caller.subject)
    waiting = [found for each in others for found in islice(_decided_by(desk, caller, each), MOST)]
    return [_line(desk, caller, found) for found in [*waiting, *mine]]


@router.post(
    "/api/requests/{request_id}/approved",
    status_code=204,
    summary="批准 · Approve until a time",
    response_class=Response,
    responses=_DECIDED,
)
def approve(asked: Approval, request_id: Identified, request: Request, desk: AtDesk, caller: MayApprove) -> None:
    """Let the asker, and nobody else, see that clip in that form until then."""
    found = queries.request(desk.services.engine, request_id)
    actor = _deciding(request, desk, caller, found).actor
    desk.requests.approve(found, until=moment_of(asked.until), reason=asked.reason, actor=actor)


@router.post(
    "/api/requests/{request_id}/denied",
    status_code=204,
    summary="不批准 · Deny",
    response_class=Response,
    responses=_DECIDED,
)
def deny(asked: Because, request_id: Identified, request: Request, desk: AtDesk, caller: MayApprove) -> None:
    """Say no, with a reason."""
    found = queries.request(desk.services.engine, request_id)
    desk.requests.deny(found, reason=asked.reason, actor=_deciding(request, desk, caller, found).actor)


@router.post(
    "/api/requests/{request_id}/withdrawn",
    status_code=204,
    summary="撤回 · Withdraw a request or an approval",
    response_class=Response,
    responses=_DECIDED,
)
def withdraw(asked: Because, request_id: Identified, request: Request, desk: AtDesk, caller: MayAsk) -> None:
    """End it: whoever asked may, and whoever may decide."""
    found = queries.request(desk.services.engine, request_id)
    if found.account == caller.subject:
        actor = caller.acting_for(Act.REQUEST).actor
    else:
        actor = _deciding(request, desk, caller, found).actor
    desk.requests.withdraw(found, reason=asked.reason, actor=actor)


@router.get(
    "/api/alarms",
    summary="大量查看告警 · Who opened very many clips",
    responses=problems(),
    dependencies=[Depends(allowed(Act.ALARMS))],
)
def alarms(desk: AtDesk) -> list[AlarmLine]:
    """List the newest alarms, for those who supervise."""
    engine = desk.services.engine
    return [
        AlarmLine(
            seq=each.seq,
            account=str(each.account),
            name=name_of(engine, each.account),
            at=each.at,
            since=each.since,
            clips=each.clips,
            most=each.most,
        )
        for each in queries.alarms(engine)
    ]


def _decided_by(desk: Desk, caller: Principal, found: Iterable[AccessRequest]) -> Iterator[AccessRequest]:
    return (each for each in found if decides(desk, caller, each).is_allowed)


def _deciding(request: Request, desk: Desk, caller: Principal, found: AccessRequest) -> Principal:
    """Return *caller* in the role that lets them decide it; refuse, on the record, where none does."""
    decision = decides(desk, caller, found)
    if decision.grant is None:
        refuse(request, desk, caller, Act.APPROVE, about=found.clip, why=decision.why_not)
    return caller.acting_as(decision.grant.role)


def _line(desk: Desk, caller: Principal, found: AccessRequest) -> AccessLine:
    services = desk.services
    return AccessLine.model_validate(
        {
            "request": found.id,
            "clip": str(found.clip),
            "what": found.what,
            "matter": None if found.matter is None else str(found.matter),
            "reason": reason_of(desk, found),
            "state": state_of(found, services.clock()),
            "account": str(found.account),
            "name": name_of(services.engine, found.account),
            "mine": found.account == caller.subject,
            "may_decide": decides(desk, caller, found).is_allowed,
            "requested_at": found.requested_at,
            "requested_seq": found.requested_seq,
            "decided_by": None if found.decided_by is None else str(found.decided_by),
            "decided_at": found.decided_at,
            "until": None if found.until is None else utc_text(found.until),
        }
    )


def reason_of(desk: Desk, found: AccessRequest) -> str | None:
    """Return why somebody asked, as long as the vault tells."""
    try:
        told = sealed_in(desk.services.engine, desk.services.vault, found.requested_seq).get("reason")
    except YihuError:
        return None
    return told if isinstance(told, str) else None
