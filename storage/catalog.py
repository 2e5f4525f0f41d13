"""What people and steps ask about clips: plain reads of the projections, as values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, Row, bindparam, func, select

from storage.clips import DEPOSITED, SECURED, clips, derivatives, devices, findings_of
from storage.database import reading
from storage.errors import NotFound
from storage.evidence import Digest, Kind, MediaKind, Subject
from storage.schema import history, subjects
from storage.slices import Slice, Taken, taken

_PAGE = 500

# asked for every file, so they are made once: SQLAlchemy takes longer to put a statement together than to carry it out
_CLIP = select(clips).where(clips.c.clip == bindparam("clip"))
_SAME_PLACE = (
    select(clips)
    .where(clips.c.device == bindparam("device"), clips.c.path == bindparam("path"), clips.c.size == bindparam("size"))
    .order_by(clips.c.secured_seq)
)
_SAME_PLACE_AND_TIME = _SAME_PLACE.where(clips.c.modified_ns == bindparam("modified_ns"))
_KNOWN = select(subjects.c.subject).where(subjects.c.subject == bindparam("subject"))


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as the catalog knows it."""

    subject: Subject
    state: str
    device: Subject
    name: str
    """As the camera called it; ``(erased)`` once the vault no longer tells."""
    kind: MediaKind
    size: int
    blake3: Digest
    sha256: Digest
    segment_root: str
    secured_at: str
    recorded_at: str | None
    """What the camera claims, with the zone its profile assumes; never corrected silently."""
    corrected_at: str | None
    """The same by our clock, where the camera's was measured."""
    uncertainty_ms: int | None
    """How far that may be off; None where nobody knows."""
    event: str | None
    """What all recordings share into which the camera cut one; None where nobody looked."""
    event_part: int | None
    """Which of them it is. A number below 1 is of one that was found later, before the first."""
    object_key: str | None
    object_version: str | None
    manifest_version: str | None
    retained_until: str | None
    duration_ms: int | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derivative:
    """Something made from a clip."""

    kind: str
    bucket: str
    key: str
    version: str
    size: int
    blake3: Digest
    sha256: Digest
    media_type: str
    recipe: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry of a subject's history."""

    seq: int
    type: str
    at: str
    actor: str
    role: str


@dataclass(frozen=True, slots=True)
class EntryLine(HistoryLine):
    """One entry of the whole ledger."""

    subject: str


class Catalog:
    """Answers questions from the projections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def clip(self, subject: Subject) -> Clip:
        """Return the clip; raises `NotFound`."""
        with reading(self._engine) as connection:
            row = connection.execute(_CLIP, {"clip": str(subject)}).first()
        if row is None:
            message = f"{subject}: there is no such clip"
            raise NotFound(message)
        return _clip(row)

    def clips(self, states: Sequence[str] = ()) -> list[Clip]:
        """Return the clips in one of *states* (all if none are given), the oldest first."""
        query = select(clips).order_by(clips.c.secured_seq)
        if states:
            query = query.where(clips.c.state.in_(states))
        with reading(self._engine) as connection:
            return [_clip(row) for row in connection.execute(query)]

    def each_clip(self, *, since: int = 0) -> Iterator[Clip]:
        """Yield the clips that an entry from number *since* on is about, the oldest first, a page in memory at a time."""
        after, touched = -1, select(history.c.subject).where(history.c.seq >= since)
        while True:
            page = select(clips).where(clips.c.secured_seq > after).order_by(clips.c.secured_seq).limit(_PAGE)
            with reading(self._engine) as connection:
                rows = connection.execute(page.where(clips.c.clip.in_(touched)) if since else page).all()
            yield from map(_clip, rows)
            if not rows:
                return
            after = rows[-1].secured_seq

    def unfinished(self) -> list[Clip]:
        """Return the clips that a later step still has to move: the list of work is always derived, never kept."""
        return self.clips([SECURED, DEPOSITED])

    def met_before(self, device: Subject, path: bytes, *, size: int, modified_ns: int | None = None) -> list[Clip]:
        """Return clips that came from the same place on the same camera with that size (and that time, if given)."""
        place = {"device": str(device), "path": path, "size": size}
        with reading(self._engine) as connection:
            if modified_ns is None:
                return [_clip(row) for row in connection.execute(_SAME_PLACE, place)]
            return [_clip(row) for row in connection.execute(_SAME_PLACE_AND_TIME, {**place, "modified_ns": str(modified_ns)})]

    def newest_of(self, device: Subject, most: int = 1000) -> list[Clip]:
        """Return the clips that came from a camera last, the newest first."""
        query = select(clips).where(clips.c.device == str(device)).order_by(clips.c.secured_seq.desc()).limit(most)
        with reading(self._engine) as connection:
            return [_clip(row) for row in connection.execute(query)]

    def segments_of(self, event: str) -> list[Clip]:
        """Return the recordings of one event, in order: those into which the camera cut it, whenever each became ours."""
        query = select(clips).where(clips.c.event == event).order_by(clips.c.event_part, clips.c.secured_seq)
        with reading(self._engine) as connection:
            return [_clip(row) for row in connection.execute(query)]

    def derivatives(self, subject: Subject) -> dict[str, Derivative]:
        """Return the newest derivative of each kind."""
        query = select(derivatives).where(derivatives.c.clip == str(subject)).order_by(derivatives.c.seq)
        with reading(self._engine) as connection:
            return {row.kind: _derivative(row) for row in connection.execute(query)}

    def all_derivatives(self, subject: Subject) -> list[Derivative]:
        """Return every derivative there ever was, in order."""
        query = select(derivatives).where(derivatives.c.clip == str(subject)).order_by(derivatives.c.seq, derivatives.c.kind)
        with reading(self._engine) as connection:
            return [_derivative(row) for row in connection.execute(query)]

    def history(self, subject: Subject) -> list[HistoryLine]:
        """Return every entry about *subject*, in order."""
        query = select(history).where(history.c.subject == str(subject)).order_by(history.c.seq)
        with reading(self._engine) as connection:
            return [HistoryLine(r.seq, r.type, r.at, r.actor, r.role) for r in connection.execute(query)]

    def entries(self, part: Slice, subject: Subject | None = None) -> Taken[EntryLine]:
        """Return a part of all entries, or of those about *subject*."""
        query = select(history) if subject is None else select(history).where(history.c.subject == str(subject))
        with reading(self._engine) as connection:
            found = taken(connection, query, history.c.seq, part)
        return Taken(tuple(EntryLine(r.seq, r.type, r.at, r.actor, r.role, r.subject) for r in found.items), found.last)

    def recorded_at(self, seq: int) -> str | None:
        """Return when entry number *seq* was recorded, None if there is none yet."""
        with reading(self._engine) as connection:
            return connection.scalar(select(history.c.at).where(history.c.seq == seq))

    def is_known(self, subject: Subject) -> bool:
        """Say whether any entry is about *subject*."""
        with reading(self._engine) as connection:
            return connection.scalar(_KNOWN, {"subject": str(subject)}) is not None

    def counts(self) -> dict[str, int]:
        """Return how many clips are in each state, and how many cameras are known."""
        with reading(self._engine) as connection:
            found = {row[0]: row[1] for row in connection.execute(select(clips.c.state, func.count()).group_by(clips.c.state))}
            found["devices"] = connection.scalar(select(func.count()).select_from(devices)) or 0
        return found


def _clip(row: Row[tuple[object, ...]]) -> Clip:
    return Clip(
        subject=Subject.parse(row.clip, Kind.CLIP),
        state=row.state,
        device=Subject.parse(row.device, Kind.DEVICE),
        name=row.name if row.name is not None else "(erased)",
        kind=MediaKind(row.kind),
        size=row.size,
        blake3=Digest.parse(row.blake3),
        sha256=Digest.parse(row.sha256),
        segment_root=row.segment_root,
        secured_at=row.secured_at,
        recorded_at=row.recorded_at,
        corrected_at=row.corrected_at,
        uncertainty_ms=row.uncertainty_ms,
        event=row.event,
        event_part=row.event_part,
        object_key=row.object_key,
        object_version=row.object_version,
        manifest_version=row.manifest_version,
        retained_until=row.retained_until,
        duration_ms=row.duration_ms,
        findings=findings_of(row),
    )


def _derivative(row: Row[tuple[object, ...]]) -> Derivative:
    return Derivative(
        kind=row.kind,
        bucket=row.object_bucket,
        key=row.object_key,
        version=row.object_version,
        size=row.size,
        blake3=Digest.parse(row.blake3),
        sha256=Digest.parse(row.sha256),
        media_type=row.media_type,
        recipe=row.recipe,
    )
