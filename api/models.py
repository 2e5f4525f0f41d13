"""
What goes over the wire: requests that check themselves, answers that say where each word comes from.

Every model carries an example that is valid by itself; the OpenAPI description shows them, and a test reads them back.
Pseudonyms are written as in the ledger (``clip:01J…``), times as in its leaves, durations in whole milliseconds.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api import samples
from api.samples import Sample, pattern
from cases.values import MatterKind, PartyKind
from storage.evidence import Kind, MediaKind, Role, Stage

LEDGER_NUMBERS = 2**53 - 1
"""The largest number a leaf may hold, and so the largest entry number anybody can mean."""


def shown(sample: Sample) -> ConfigDict:
    """Say what a model looks like when it is used."""
    return ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [sample]})


class Status(BaseModel):
    """什么程序在应答。What program answers."""

    model_config = shown(samples.STATUS)
    name: str
    version: str


class Problem(BaseModel):
    """RFC 9457：出了什么问题。What went wrong."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        json_schema_extra={"examples": [samples.PROBLEM]},
    )
    type: str
    title: str
    status: int
    detail: str


class SignIn(BaseModel):
    """用 API 令牌登录。Sign in with an API token."""

    model_config = shown(samples.SIGN_IN)
    token: Annotated[str, Field(min_length=1, max_length=200)]


class SignedIn(BaseModel):
    """当前登录者。Who is signed in."""

    model_config = shown(samples.SIGNED_IN)
    account: str
    role: Role
    name: str
    acts: list[str]
    """What this role may do; a page shows no button that would be refused."""


class PartyLine(BaseModel):
    """当事人（一户）。A party, as lists show it."""

    model_config = shown(samples.PARTY_LINE)
    party: str
    kind: PartyKind
    name: str | None
    """null once it was erased."""
    id_shown: str | None
    """Of a resident's number only the last four characters."""
    matters: int


class MatterLine(BaseModel):
    """事项或案件。A matter; a case once it is registered."""

    model_config = shown(samples.MATTER_LINE)
    matter: str
    kind: MatterKind
    title: str | None
    number: str | None
    state: str
    stage: Stage | None
    office: str
    parties: list[str]
    activities: int
    filings: int
    opened_at: str
    registered_at: str | None
    closed_at: str | None


class ActivityLine(BaseModel):
    """执法活动。An act of enforcement."""

    model_config = shown(samples.ACTIVITY_LINE)
    activity: str
    matter: str
    stage: Stage
    kind: str
    title: str | None
    place: str | None
    started_at: str
    ended_at: str | None
    officers: list[str]


class Range(BaseModel):
    """片段：从 start_ms 到 end_ms（不含）。A part of a clip, from its beginning, the end not included."""

    model_config = shown(samples.RANGE)
    start_ms: Annotated[int, Field(ge=0, le=LEDGER_NUMBERS)]
    end_ms: Annotated[int, Field(gt=0, le=LEDGER_NUMBERS)]

    @model_validator(mode="after")
    def _forwards(self) -> Range:
        if self.start_ms >= self.end_ms:
            message = "expected start_ms < end_ms"
            raise ValueError(message)
        return self


class FilingLine(BaseModel):
    """归入记录。A clip, or a part of it, in the file of an activity."""

    model_config = shown(samples.FILING_LINE)
    filing: str
    clip: str
    activity: str
    matter: str
    stage: Stage
    range: Range | None
    """null is the whole clip."""
    filed_at: str
    counts: bool
    """Footage filed to a case that is not registered does not count as filed yet."""


class ClipLine(BaseModel):
    """音像记录。A clip, as lists show it."""

    model_config = shown(samples.CLIP_LINE)
    clip: str
    state: str
    kind: MediaKind
    name: str | None
    size: int
    recorded_at: str | None
    """What the camera claims; its clock may be wrong."""
    corrected_at: str | None
    """The same by our clock, where the camera's was measured."""
    uncertainty_ms: int | None
    """How far that may be off; null where nobody knows."""
    secured_at: str
    duration_ms: int | None
    findings: list[str]
    sha256: str
    shows: list[str]
    """Which derivatives there are of it."""


class FiledClip(BaseModel):
    """一个音像记录及其归入记录。A clip and where it is filed, among those asked for."""

    model_config = shown(samples.FILED_CLIP)
    clip: ClipLine
    filings: list[FilingLine]


class StageFile(BaseModel):
    """一个环节及其执法活动。A stage of a matter with its activities."""

    model_config = shown(samples.STAGE_FILE)
    stage: Stage
    activities: list[ActivityLine]


class MatterFile(BaseModel):
    """事项（案件），按五个环节。A matter, by its five stages."""

    model_config = shown(samples.MATTER_FILE)
    matter: MatterLine
    parties: list[PartyLine]
    stages: list[StageFile]


class DossierWhole(BaseModel):
    """一户档案。Everything about one party; each clip stands in it once, with all its filings."""

    model_config = shown(samples.DOSSIER_WHOLE)
    party: PartyLine
    matters: list[MatterLine]
    clips: list[FiledClip]


class Made(BaseModel):
    """派生件。Something made from a clip."""

    model_config = shown(samples.MADE)
    kind: str
    media_type: str
    size: int
    blake3: str
    sha256: str
    recipe: str


class ClipWhole(BaseModel):
    """一个音像记录的全部事实。All that is known of one clip."""

    model_config = shown(samples.CLIP_WHOLE)
    clip: str
    state: str
    kind: MediaKind
    name: str
    size: int
    recorded_at: str | None
    """What the camera claims; its clock may be wrong."""
    corrected_at: str | None
    """The same by our clock, where the camera's was measured."""
    uncertainty_ms: int | None
    secured_at: str
    duration_ms: int | None
    findings: list[str]
    device: str
    blake3: str
    sha256: str
    segment_root: str
    """Root of the digests of its 1 MiB segments (RFC 6962)."""
    retained_until: str | None
    derivatives: list[Made]
    filings: list[FilingLine]


class HistoryLine(BaseModel):
    """一条流转记录。One entry of a clip's history."""

    model_config = shown(samples.HISTORY_LINE)
    seq: int
    type: str
    at: str
    actor: str
    role: Role
    entry: str
    """Where the exact bytes of the entry are."""
    proof: str
    """Where a proof to carry away is."""


class ViewingGranted(BaseModel):
    """查看许可。A viewing that was granted and recorded."""

    model_config = shown(samples.VIEWING_GRANTED)
    viewing: str
    media: str
    """Where the bytes are, for this session or token alone."""
    media_type: str
    size: int
    seq: int
    """Number of the ACCESSED entry."""
    expires_at: str
    """At the latest; fifteen minutes without a request end it too."""


class FilingRequest(BaseModel):
    """把音像记录归入执法活动。File a clip under an activity."""

    model_config = shown(samples.FILING_REQUEST)
    clip: Annotated[str, Field(pattern=pattern(Kind.CLIP))]
    activity: Annotated[str, Field(pattern=pattern(Kind.ACTIVITY))]
    range: Range | None = None
    """null files the whole clip."""


class Consistency(BaseModel):
    """RFC 6962 一致性证明。That the log of *old* entries is a prefix of the log of *new* entries."""

    model_config = shown(samples.CONSISTENCY)
    old: int
    new: int
    path: list[str]
    """Hashes in base64, in the order of RFC 6962 §2.1.2."""
