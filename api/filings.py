"""``/api/filings``: filing a clip under an activity, and taking it out again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError

from api import lines
from api.describing import problems
from api.desk import AtDesk, Desk
from api.models import FilingLine, FilingRequest
from api.principal import Principal
from api.repeating import Repeatable, told_again
from api.roles import Act
from api.rules import Ruled
from api.signin import allowed, must
from storage.evidence import Subject, TimeRange

router = Ruled(prefix="/api/filings", tags=["filings"], route_class=Repeatable)

MayFile = Annotated[Principal, Depends(allowed(Act.FILE))]
FilingInPath = Annotated[str, Path(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$", examples=["01JD6Z5M3Q8X4T7V9YB2C1D0EF"])]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be filed, and by whom, in the role that allows it."""

    asked: FilingRequest
    caller: Principal


def _may_file(asked: FilingRequest, request: Request, desk: AtDesk, caller: MayFile) -> _Wanted:
    # a rule and no part of the route: whoever sends the same again is asked again
    for named in (asked.clip, asked.activity):
        caller = must(request, desk, caller, Act.FILE, Subject.parse(named))
    return _Wanted(asked, caller)


MayFileThese = Annotated[_Wanted, Depends(_may_file)]


def _filed_before(desk: Desk, entries: range) -> FilingLine | None:
    """Tell the filing that one of those entries made, if it still stands."""
    for leaf in map(desk.services.log.leaf, entries):
        told = json.loads(leaf)
        standing = desk.services.dossiers.filings(Subject.parse(told["sub"]))
        return next((lines.filing(one) for one in standing if one.id == told["body"].get("filing")), None)
    return None


@router.post(
    "",
    status_code=201,
    summary="归入执法活动 · File a clip",
    responses=problems("cross-site", "not-found", "life-cycle", "stale"),
)
@told_again(_filed_before)
def file_clip(desk: AtDesk, _caller: MayFile, wanted: MayFileThese) -> FilingLine:
    """File a clip, or a part of it, under an activity; the same again answers with the filing that stands."""
    services, asked = desk.services, wanted.asked
    clip, activity = Subject.parse(asked.clip), Subject.parse(asked.activity)
    try:
        filing = services.registry.file_clip(clip, activity, range=_range(asked), actor=wanted.caller.actor)
    except ValueError as error:
        # a part that lies beyond the end of the clip, which only the catalog knows
        found = {"type": "range", "loc": ("body", "range"), "msg": "the range lies beyond the clip"}
        raise RequestValidationError([found]) from error
    return next(lines.filing(one) for one in services.dossiers.filings(clip) if one.id == filing)


@router.delete(
    "/{filing}",
    status_code=204,
    summary="移出执法活动 · Take a clip out again",
    response_class=Response,
    responses=problems("cross-site", "not-found", "life-cycle", "stale"),
)
def unfile(filing: FilingInPath, desk: AtDesk, caller: MayFile) -> None:
    """Take the clip out of the activity; the clip itself and its history stay."""
    desk.services.registry.unfile(filing, actor=caller.actor)


def _range(asked: FilingRequest) -> TimeRange | None:
    if asked.range is None:
        return None
    return TimeRange(timedelta(milliseconds=asked.range.start_ms), timedelta(milliseconds=asked.range.end_ms))
