"""
``/api/copies``: a copy to take away, with the name of whoever asked in the picture.

Asking records why; the copy is made beside the server (`storage.copies` says who does what), and its state can be asked for.
It is fetched by a viewing (``what`` = ``copy``), once for each, and only by whoever asked.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel, Field
from ulid import ULID

from api.access.models import WithReason
from api.access.pace import TOO_MANY
from api.access.reasons import why
from api.access.seeing import sight
from api.describing import Responses, problems
from api.desk import AtDesk, Desk
from api.footage import Footage, Wanted, choose
from api.models import shown
from api.people.queries import login_of
from api.principal import Principal
from api.roles import Act
from api.rules import Ruled
from api.samples import Sample, example
from api.signin import allowed_here, refuse
from storage import copies
from storage.copies import Copies, Copy
from storage.errors import LifeCycleError, NotFound
from storage.evidence import Json, Kind, Subject, utc_text
from storage.objects import Bucket, ObjectName

router = Ruled(prefix="/api/copies", tags=["copies"])

MayView = Annotated[Principal, Depends(allowed_here(Act.VIEW))]
_LINE_LENGTH = 30
_LINE: Sample = {
    "copy": "01JD6Z5M3Q8X4T7V9YB2C1D0EF",
    "clip": example(Kind.CLIP),
    "state": "made",
    "asked_at": "2026-11-21T14:35:07.000Z",
    "size": 12_345,
    "sha256": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "until": "2026-11-22T14:35:07.000Z",
}
CopyInPath = Annotated[
    str,
    Path(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$", examples=[_LINE["copy"]], description="副本编号 · number of the copy"),
]


class CopyAsked(WithReason):
    """要一份带水印的副本。A copy to take away, and why."""

    model_config = shown({"clip": example(Kind.CLIP), "reason": "听证会出示", "matter": None})


class CopyLine(BaseModel):
    """一份副本。A copy."""

    model_config = shown(_LINE)
    copy_: Annotated[str, Field(alias="copy")]
    clip: str
    state: Literal["asked", "made", "failed", "removed"]
    asked_at: str
    size: int | None
    sha256: str | None
    until: str | None
    """Until when it can be fetched; then it is removed."""


_AGAIN: Responses = {200: {"description": "已有这样一份 · there is one already", "model": CopyLine}}


@router.post(
    "",
    status_code=202,
    summary="要一份带水印的副本 · Ask for a copy to take away",
    responses={**problems("cross-site", "not-found", "life-cycle", "too-many", "bulk"), **_AGAIN},
)
def ask(asked: CopyAsked, request: Request, desk: AtDesk, caller: MayView, response: Response) -> CopyLine:
    """Record the wish; on return it is durable, and the copy is being made. One that stands already is returned instead."""
    services, clip = desk.services, Subject.parse(asked.clip)
    seen = sight(request, desk, caller, clip, Wanted.COPY)
    review = choose(services.catalog.clip(clip), services.catalog.derivatives(clip), Wanted.REVIEW)
    if not review.media_type.startswith("video/"):
        message = f"{clip}: there is no picture to write a name into"
        raise LifeCycleError(message)
    known = Copies(services.engine)
    with desk.turns.of(f"copies of {caller.subject}"):
        standing = known.standing(caller.subject, clip)
        if standing is not None:
            response.status_code = 200
            return _line(standing)
        if known.open_of(caller.subject) >= services.access.open_copies:
            raise TOO_MANY
        desk.pace.take(caller.subject)
        reason, identifier = why(services, caller, clip, asked.reason, asked.matter), str(ULID())
        body = {"review": review.sha256.hex, **reason.body}
        personal: dict[str, Json] = {**reason.personal, "mark": _mark(desk, seen.principal, identifier)}
        services.custody.record(copies.asked(clip, identifier, body=body, personal=personal, actor=seen.principal.actor))
    return _line(known.one(identifier))


@router.get("", summary="我的副本 · My copies", responses=problems())
def mine(desk: AtDesk, caller: MayView) -> list[CopyLine]:
    """List the copies of the caller, the newest first."""
    return [_line(each) for each in Copies(desk.services.engine).of(caller.subject)]


@router.get("/{copy}", summary="副本的状态 · How far a copy is", responses=problems("not-found"))
def one(copy: CopyInPath, request: Request, desk: AtDesk, caller: MayView) -> CopyLine:
    """Say how far it is, to whoever asked for it."""
    return _line(owned(copy, request, desk, caller))


def owned(copy: str, request: Request, desk: Desk, caller: Principal) -> Copy:
    """Return a copy of the caller's; another's is refused, and that is recorded."""
    found = Copies(desk.services.engine).one(copy)
    if found.account != caller.subject:
        refuse(request, desk, caller, Act.VIEW, about=found.clip)
    return found


def footage_of_copy(desk: Desk, clip: Subject, copy: str, account: Subject) -> Footage:
    """Return the object that a copy of *account* lies in; raises `NotFound` where there is none, or none any more."""
    found = Copies(desk.services.engine).one(copy)
    placed = found.placed
    if (found.clip, found.account, found.state) != (clip, account, copies.MADE) or placed is None:
        message = f"copy {copy}: it is {found.state}"
        raise NotFound(message)
    if desk.services.clock() >= placed.until:
        message = f"copy {copy}: its time is over"
        raise NotFound(message)
    name = ObjectName(Bucket(placed.bucket), placed.key)
    told = placed.version, placed.size, placed.sha256, placed.blake3, placed.media_type
    return Footage(name, *told, f"{copy}.mp4")


def _mark(desk: Desk, caller: Principal, identifier: str) -> list[Json]:
    """Return what is to stand in the picture: the office, who, when by whose clock, and which copy."""
    services = desk.services
    login = login_of(services.engine, caller.subject)
    who = caller.account.name if login is None else f"{caller.account.name}（{login}）"
    lines = [services.office_name, who, utc_text(services.clock()), identifier]
    plain = ("".join(character if character.isprintable() else " " for character in line) for line in lines)
    return [line[at : at + _LINE_LENGTH] for line in plain for at in range(0, min(len(line), 90), _LINE_LENGTH)]


def _line(found: Copy) -> CopyLine:
    placed = found.placed
    return CopyLine.model_validate(
        {
            "copy": found.id,
            "clip": str(found.clip),
            "state": found.state,
            "asked_at": found.asked_at,
            "size": None if placed is None else placed.size,
            "sha256": None if placed is None else str(placed.sha256),
            "until": None if placed is None else utc_text(placed.until),
        }
    )
