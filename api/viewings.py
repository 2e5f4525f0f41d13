"""
``/api/viewings``: seeing footage, with a reason, on the record.

Asking for a viewing records one ``ACCESSED`` entry, durably; only then is there an id by which bytes can be had, and only for
the session or token that asked. The reason lies in the vault, the ledger commits to it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.describing import Responses, ViewingInPath, problems, raw
from api.desk import AtDesk
from api.footage import Viewing, choose, compare
from api.media import send
from api.models import ViewingGranted, ViewingRequest
from api.repeating import Repeatable
from api.roles import Act
from api.signin import Caller, allowed, refuse
from storage.errors import NotFound
from storage.evidence import Entry, Kind, Subject, utc_text
from storage.identity import fresh

router = APIRouter(prefix="/api/viewings", tags=["viewings"], route_class=Repeatable)

MayView = Annotated[Caller, Depends(allowed(Act.VIEW))]

_MEDIA: Responses = {
    200: raw(
        "全部字节，最后一段在核对 SHA-256 之后发出 · all of it, checked before its last bytes leave", "video/mp4", "(bytes)"
    ),
    206: raw("所要的一段 · the part that was asked for", "video/mp4", "(bytes)"),
    304: {"description": "未改变 · not modified"},
}


@router.post(
    "",
    status_code=201,
    summary="说明理由并查看 · Ask to see footage",
    responses=problems("cross-site", "not-found", "life-cycle", "contradiction"),
)
def ask(asked: ViewingRequest, desk: AtDesk, caller: MayView, response: Response) -> ViewingGranted:
    """Record the access, then grant it: on return the entry is durable, and not one byte has been read."""
    services, clip = desk.services, Subject.parse(asked.clip)
    footage = choose(services.catalog.clip(clip), services.catalog.derivatives(clip), asked.what)
    # what cannot be had is refused before it is recorded as seen
    compare(footage, services.store.describe(footage.name, footage.version))
    viewing = fresh(Kind.VIEWING)
    body = {"viewing": str(viewing), "what": asked.what.value, "sha256": footage.sha256.hex}
    reason = {"reason": asked.reason.strip()}
    recorded = services.custody.record(Entry("ACCESSED", clip, caller.actor, body=body, personal=reason))
    granted = Viewing(clip, caller.account.subject, caller.credential, footage)
    until = desk.viewings.keep(viewing, granted)
    media = f"/api/viewings/{viewing}/media"
    response.headers["Location"] = media
    return ViewingGranted(
        viewing=str(viewing),
        media=media,
        media_type=footage.media_type,
        size=footage.size,
        seq=recorded.seq,
        expires_at=utc_text(until),
    )


@router.get(
    "/{viewing}/media",
    summary="音像字节（支持 Range） · The bytes, with ranges",
    response_class=Response,
    responses={**problems("not-found", "range", "precondition", "contradiction"), **_MEDIA},
)
@router.head("/{viewing}/media", include_in_schema=False)
def media(request: Request, desk: AtDesk, caller: MayView, viewing: ViewingInPath) -> Response:
    """Return the bytes of a viewing to the session or token it was granted to, and to no other."""
    granted = desk.viewings.find(viewing)
    if granted is None:
        message = f"{viewing}: there is no such viewing, or it is over"
        raise NotFound(message)
    if granted.credential != caller.credential:
        refuse(request, desk, caller, Act.VIEW)
    return send(request, desk.services.store, granted.footage)
