"""What the catalog knows of offices, parties, matters, activities and filings, as values. A text that was erased is None."""

from __future__ import annotations

from dataclasses import dataclass

from cases.values import ActivityKind, IdKind, MatterKind, PartyKind
from storage.evidence import MediaKind, Stage, Subject, TimeRange


@dataclass(frozen=True, slots=True)
class Office:
    """An enforcement office (执法机关)."""

    subject: Subject
    code: str
    name: str | None
    officers: int
    matters: int


@dataclass(frozen=True, slots=True)
class Officer:
    """An enforcement officer (执法人员)."""

    subject: Subject
    office: Subject
    name: str | None
    badge: str | None
    activities: int


@dataclass(frozen=True, slots=True)
class Party:
    """A regulated person or organisation (当事人): one dossier each."""

    subject: Subject
    kind: PartyKind
    name: str | None
    id_kind: IdKind | None
    id_shown: str | None
    """The number as people may see it: of a resident's only the last four characters."""
    matters: int
    registered_at: str


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter (事项); once it is registered it is a case (案件)."""

    subject: Subject
    kind: MatterKind
    state: str
    stage: Stage | None
    office: Subject
    title: str | None
    number: str | None
    parties: tuple[Subject, ...]
    activities: int
    filings: int
    opened_at: str
    registered_at: str | None
    closed_at: str | None

    @property
    def counts(self) -> bool:
        """Whether footage filed here counts as filed: a matter that needs registration must be registered (A35)."""
        return self.registered_at is not None or not self.kind.needs_registration


@dataclass(frozen=True, slots=True)
class Activity:
    """One act of enforcement (执法活动)."""

    subject: Subject
    matter: Subject
    stage: Stage
    kind: ActivityKind
    title: str | None
    place: str | None
    started_at: str
    ended_at: str | None
    officers: tuple[Subject, ...]
    filings: int


@dataclass(frozen=True, slots=True)
class Filing:
    """A clip, or a part of it, stands in the file of an activity."""

    id: str
    clip: Subject
    activity: Subject
    matter: Subject
    stage: Stage
    range: TimeRange | None
    """The part that concerns the activity; None is the whole clip."""
    filed_at: str
    counts: bool
    """Whether it counts as filed (A35)."""


@dataclass(frozen=True, slots=True)
class ClipLine:
    """What a list says of a clip; `storage.catalog` knows the rest."""

    subject: Subject
    state: str
    kind: MediaKind
    name: str | None
    size: int
    recorded_at: str | None
    """What the camera claims."""
    corrected_at: str | None
    """The same by our clock, where the camera's was measured."""
    uncertainty_ms: int | None
    """How far that may be off; None where nobody knows."""
    secured_at: str
    duration_ms: int | None
    findings: tuple[str, ...]
