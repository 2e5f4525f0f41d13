"""
``/api/viewings``: seeing footage, with a reason, on the record.

Asking for a viewing records one ``ACCESSED`` entry, durably; only then is there an id by which bytes can be had, and only for
the session or token that asked. The reason lies in the vault, the ledger commits to it. Asking the same again while it is not
over gives the same viewing and no second entry. The player says what it played, and at the end one ``WATCHED`` entry tells it
(`api.access.watching`).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.access.copying import footage_of_copy, owned
from api.access.models import ViewingRequest, WatchedReport
from api.access.reasons import why
from api.access.seeing import Sight, sight
from api.access.watching import is_whole
from api.describing import Responses, ViewingInPath, problems, raw
from api.desk import AtDesk, Desk
from api.footage import Footage, Wanted, choose, compare
from api.media import send
from api.models import ViewingGranted
from api.principal import Principal
from api.repeating import Repeatable
from api.roles import Act
from api.rules import Ruled
from api.sessions import LONGEST_VIEWING
from api.signin import allowed_here, refuse
from storage.errors import NotFound
from storage.evidence import Entry, Kind, Subject, utc_text
from storage.identity import blind_index, fresh
from storage.open_viewings import OpenViewing

router = Ruled(prefix="/api/viewings", tags=["viewings"], route_class=Repeatable)

MayView = Annotated[Principal, Depends(allowed_here(Act.VIEW))]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What somebody wants to see, and by what they may."""

    asked: ViewingRequest
    seen: Sight


def _sees(asked: ViewingRequest, request: Request, desk: AtDesk, caller: MayView) -> _Wanted:
    # a rule and no part of the route: whoever sends the same again is asked again
    seen = sight(request, desk, caller, Subject.parse(asked.clip), asked.what)
    if asked.copy_ is not None:
        owned(asked.copy_, request, desk, caller)
    return _Wanted(asked, seen)


Sees = Annotated[_Wanted, Depends(_sees)]

_MEDIA: Responses = {
    200: raw(
        "全部字节，最后一段在核对 SHA-256 之后发出 · all of it, checked before its last bytes leave", "video/mp4", "(bytes)"
    ),
    206: raw("所要的一段 · the part that was asked for", "video/mp4", "(bytes)"),
    304: {"description": "未改变 · not modified"},
}
_AGAIN: Responses = {
    200: {"description": "同一次查看，仍在进行 · the same viewing, which is not over", "model": ViewingGranted}
}


@router.post(
    "",
    status_code=201,
    summary="说明理由并查看 · Ask to see footage",
    responses={**problems("cross-site", "not-found", "life-cycle", "contradiction", "too-many", "bulk"), **_AGAIN},
)
def ask(request: Request, desk: AtDesk, caller: MayView, wanted: Sees, response: Response) -> ViewingGranted:
    """Record the access, then grant it: on return the entry is durable, and not one byte has been read."""
    asked, clip = wanted.asked, Subject.parse(wanted.asked.clip)
    words = f"{caller.credential} {asked.model_dump_json()}"
    name = blind_index(desk.services.index_key, domain="viewing", value=words)
    with desk.turns.of(name):
        standing = desk.viewings.standing(name)
        if standing is None:
            standing = _grant(asked, clip, request, desk, wanted.seen, name)
        else:
            response.status_code = HTTPStatus.OK
    desk.bulk.look(caller.subject)
    footage = _footage(desk, standing)
    response.headers["Location"] = media = f"/api/viewings/{standing.viewing}/media"
    return ViewingGranted(
        viewing=str(standing.viewing),
        media=media,
        media_type=footage.media_type,
        size=footage.size,
        seq=standing.accessed,
        expires_at=utc_text(standing.until),
    )


def _grant(asked: ViewingRequest, clip: Subject, request: Request, desk: Desk, seen: Sight, name: str) -> OpenViewing:
    services, caller = desk.services, seen.principal
    copy = asked.copy_
    footage = _chosen(desk, clip, asked.what, copy, caller.subject)
    # what cannot be had is refused before it is recorded as seen
    compare(footage, services.store.describe(footage.name, footage.version))
    reason = why(services, caller, clip, asked.reason, asked.matter)
    if desk.bulk.is_blocked(caller.subject, clip):
        _hold_back(request, desk, caller, clip)
    desk.pace.take(caller.subject)
    viewing, now = fresh(Kind.VIEWING), services.clock()
    body = {"viewing": str(viewing), "what": asked.what.value, "sha256": footage.sha256.hex, **reason.body}
    body |= {key: value for key, value in (("request", seen.request), ("copy", copy)) if value is not None}
    recorded = services.custody.record(Entry("ACCESSED", clip, caller.actor, body=body, personal=reason.personal))
    granted = OpenViewing(
        viewing=viewing,
        asked=name,
        accessed=recorded.seq,
        clip=clip,
        actor=caller.actor,
        credential=caller.credential,
        what=asked.what.value,
        copy=copy,
        sha256=footage.sha256.hex,
        size=footage.size,
        until=now + LONGEST_VIEWING,
        last=now,
    )
    desk.viewings.keep(granted)
    return granted


def _hold_back(request: Request, desk: Desk, caller: Principal, clip: Subject) -> None:
    route = f"{request.method} {request.scope['route'].path}"
    desk.refusals.record(caller.actor, {"act": "bulk", "route": route, "about": str(clip)})
    raise HTTPException(HTTPStatus.FORBIDDEN, "bulk")


def _chosen(desk: Desk, clip: Subject, what: Wanted, copy: str | None, account: Subject) -> Footage:
    if copy is not None:
        return footage_of_copy(desk, clip, copy, account)
    catalog = desk.services.catalog
    return choose(catalog.clip(clip), catalog.derivatives(clip), what)


def _footage(desk: Desk, one: OpenViewing) -> Footage:
    """Return what was granted; where something else took its place meanwhile, that is no part of this viewing."""
    found = _chosen(desk, one.clip, Wanted(one.what), one.copy, one.actor.who)
    if found.sha256.hex != one.sha256:
        message = f"{one.viewing}: what it was granted for was made anew"
        raise NotFound(message)
    return found


@router.get(
    "/{viewing}/media",
    summary="音像字节（支持 Range） · The bytes, with ranges",
    response_class=Response,
    responses={**problems("not-found", "range", "precondition", "contradiction"), **_MEDIA},
)
@router.head("/{viewing}/media", include_in_schema=False)
def media(request: Request, desk: AtDesk, caller: MayView, viewing: ViewingInPath) -> Response:
    """Return the bytes of a viewing to the session or token it was granted to, and to no other; of a copy, once."""
    granted = _mine(request, desk, caller, viewing)
    if granted.copy is not None and is_whole(granted):
        message = f"{viewing}: the copy was fetched already"
        raise NotFound(message)

    def sent(start: int, end: int) -> None:
        desk.viewings.sent(viewing, (start, end))

    return send(request, desk.services.store, _footage(desk, granted), sent)


@router.post(
    "/{viewing}/watched",
    status_code=204,
    summary="报告已播放时段 · Say what was played",
    response_class=Response,
    responses=problems("cross-site", "not-found"),
)
def watched(report: WatchedReport, request: Request, desk: AtDesk, caller: MayView, viewing: ViewingInPath) -> None:
    """Note what the player played; the entry comes at the end, once."""
    _mine(request, desk, caller, viewing)
    desk.viewings.played(viewing, [(part.start_ms, part.end_ms) for part in report.ranges])
    if report.over:
        desk.viewings.close(viewing)


def _mine(request: Request, desk: Desk, caller: Principal, viewing: Subject) -> OpenViewing:
    granted = desk.viewings.find(viewing)
    if granted is None:
        message = f"{viewing}: there is no such viewing, or it is over"
        raise NotFound(message)
    if granted.credential != caller.credential:
        refuse(request, desk, caller, Act.VIEW)
    # what was allowed may be no more
    sight(request, desk, caller, granted.clip, Wanted(granted.what))
    return granted
