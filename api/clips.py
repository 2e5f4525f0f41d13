"""
``/api/clips``: what is known of one clip, its custody history, and its poster.

A poster is one small still, made for lists. Asking for it needs the same right as watching, but is not recorded as
``ACCESSED``: a list of two hundred clips would write two hundred entries that say only that somebody looked at a list. Watching
or listening, and every byte of an original, is recorded (`api.viewings`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from api import lines
from api.access.seeing import sight
from api.describing import ClipInPath, Responses, problems, raw
from api.desk import AtDesk
from api.etags import Tagged
from api.footage import Wanted, choose
from api.limits import limits
from api.media import send
from api.models import ClipWhole, FiledClip, HistoryLine
from api.paging import LISTED, AtPage
from api.principal import Principal
from api.roles import Act
from api.rules import Ruled
from api.services import lists_of
from api.signin import allowed, allowed_here
from storage.errors import NotFound

router = Ruled(prefix="/api/clips", route_class=Tagged, tags=["clips"])

MayRead = Annotated[Principal, Depends(allowed(Act.READ))]
MayView = Annotated[Principal, Depends(allowed_here(Act.VIEW))]
_POSTER: Responses = {200: raw("一帧静态图像 · one still picture", "image/jpeg", "(JPEG)")}


@router.get(
    "",
    summary="音像记录 · Clips",
    responses={**problems(), **LISTED},
)
def all_clips(desk: AtDesk, caller: MayRead, page: AtPage) -> list[FiledClip]:
    """Return the clips, the newest first, each with where it is filed; what is filed nowhere for whoever may see all."""
    found = lists_of(desk.services).clips(page.slice(newest_first=True), limits(caller, Act.READ))
    page.lead_on(found.last)
    return lines.filed_clips(desk.services.engine, found.items)


@router.get(
    "/{clip}",
    summary="一个音像记录 · One clip",
    responses=problems("not-found"),
)
def one_clip(desk: AtDesk, caller: MayRead, clip: ClipInPath) -> ClipWhole:
    """Return facts, digests, derivatives, findings and filings of one clip."""
    services = desk.services
    found = services.catalog.clip(clip)
    filings = services.dossiers.filings(clip, limits(caller, Act.READ))
    return lines.clip(found, services.catalog.derivatives(clip).values(), filings)


@router.get(
    "/{clip}/history",
    summary="流转记录 · Custody history",
    responses={**problems("not-found"), **LISTED},
    dependencies=[Depends(allowed(Act.READ))],
)
def history_of(desk: AtDesk, page: AtPage, clip: ClipInPath) -> list[HistoryLine]:
    """Return the entries about the clip, in order, with where the proof of each is."""
    if not desk.services.catalog.is_known(clip):
        message = f"{clip}: there is no such clip"
        raise NotFound(message)
    found = desk.services.catalog.entries(page.slice(), clip)
    page.lead_on(found.last)
    return lines.history(found.items)


@router.get(
    "/{clip}/poster",
    summary="封面图 · Poster",
    response_class=Response,
    responses={**problems("not-found", "life-cycle", "range", "precondition"), **_POSTER},
)
@router.head("/{clip}/poster", include_in_schema=False)
def poster(request: Request, desk: AtDesk, caller: MayView, clip: ClipInPath) -> Response:
    """Return one still picture of the clip; not recorded as access (see the documentation)."""
    sight(request, desk, caller, clip, Wanted.POSTER)
    catalog = desk.services.catalog
    return send(request, desk.services.store, choose(catalog.clip(clip), catalog.derivatives(clip), Wanted.POSTER))
