"""What goes over the wire about access: viewings, what was watched, requests, alarms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from api.footage import Wanted
from api.models import Range, shown
from api.samples import RANGE, VIEWING_REQUEST, Sample, example, pattern
from storage.evidence import Kind

_REQUEST = "01JD6Z5M3Q8X4T7V9YB2C1D0EF"
_AT = "2026-11-21T14:35:07.000Z"
_REASON = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
_LINE: Sample = {
    "request": _REQUEST,
    "clip": example(Kind.CLIP),
    "what": "original",
    "matter": None,
    "reason": "移送需要原件",
    "state": "approved",
    "account": example(Kind.ACCOUNT),
    "name": "样例员",
    "mine": True,
    "may_decide": False,
    "requested_at": _AT,
    "requested_seq": 21,
    "decided_by": example(Kind.ACCOUNT),
    "decided_at": _AT,
    "until": "2026-11-22T14:35:07.000Z",
}

Why = Annotated[str, Field(min_length=1, max_length=200, pattern=_REASON)]
"""Goes into the vault; the ledger commits to it."""
Clip = Annotated[str, Field(pattern=pattern(Kind.CLIP))]
Matter = Annotated[str, Field(pattern=pattern(Kind.MATTER))]
Identifier = Annotated[str, Field(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]


class WithReason(BaseModel):
    """A clip, and why: in words, or by the case that it is for."""

    clip: Clip
    reason: Why | None = None
    """Goes into the vault; the ledger commits to it. May be left out where a case is named."""
    matter: Matter | None = None
    """The case it is for; the clip must be filed to it, and then the case is the reason."""

    @model_validator(mode="after")
    def _has_a_reason(self) -> WithReason:
        if self.reason is None and self.matter is None:
            message = "expected a reason, or the case that is the reason"
            raise ValueError(message)
        return self


class ViewingRequest(WithReason):
    """要看什么，为什么看。What somebody wants to see, and why."""

    model_config = shown({**VIEWING_REQUEST, "matter": None, "copy": None})
    what: Wanted = Wanted.REVIEW
    copy_: Annotated[Identifier | None, Field(alias="copy")] = None
    """Which watermarked copy, where ``what`` is ``copy``."""

    @model_validator(mode="after")
    def _names_the_copy(self) -> ViewingRequest:
        if (self.what is Wanted.COPY) != (self.copy_ is not None):
            message = "expected a copy exactly where what is copy"
            raise ValueError(message)
        return self


class WatchedReport(BaseModel):
    """播放器报告的已播放时段。What the player says was played."""

    model_config = shown({"ranges": [RANGE], "over": False})
    ranges: Annotated[list[Range], Field(max_length=200)]
    """As `HTMLMediaElement.played` tells; what lies outside the clip is not believed."""
    over: bool = False
    """Whether the viewing ends with this."""


class AccessAsked(WithReason):
    """申请查看本人角色无权直接查看的音像。Ask for footage that one may not see by one's role."""

    model_config = shown({"clip": example(Kind.CLIP), "reason": "移送需要原件", "matter": None, "what": "original"})
    what: Literal["review", "original"]


class AccessLine(BaseModel):
    """一份申请。A request, as lists show it."""

    model_config = shown(_LINE)
    request: str
    clip: str
    what: Literal["review", "original"]
    matter: str | None
    reason: str | None
    """null once it was erased."""
    state: Literal["requested", "approved", "over", "denied", "withdrawn"]
    account: str
    name: str | None
    mine: bool
    may_decide: bool
    requested_at: str
    requested_seq: int
    decided_by: str | None
    decided_at: str | None
    until: str | None
    """Until when an approval counts."""


class Approval(BaseModel):
    """批准，至某时为止。Let somebody see it until then."""

    model_config = shown({"until": "2026-11-22T14:35:07Z", "reason": "同意"})
    until: AwareDatetime
    reason: Why


class Because(BaseModel):
    """理由。Why."""

    model_config = shown({"reason": "与本案无关"})
    reason: Why


class AlarmLine(BaseModel):
    """短时间内大量查看。That somebody opened very many clips."""

    model_config = shown(
        {
            "seq": 21,
            "account": example(Kind.ACCOUNT),
            "name": "样例员",
            "at": _AT,
            "since": "2026-11-21T13:35:07.000Z",
            "clips": 51,
            "most": 50,
        }
    )
    seq: int
    account: str
    name: str | None
    at: str
    since: str
    clips: int
    most: int


def moment_of(until: datetime) -> datetime:
    """Return the moment as leaves can hold it: whole milliseconds."""
    return until.replace(microsecond=until.microsecond // 1000 * 1000)
