"""The questions `cases` asks its tables. Every function reads in the view of the caller's view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, func, or_, select

from cases.records import Activity, ClipLine, Filing, Matter, Party
from cases.tables import activities, activity_officers, filings, matter_parties, matters, parties
from cases.values import ActivityKind, IdKind, MatterKind, PartyKind
from storage.clips import clips, findings_of
from storage.evidence import Kind, MediaKind, Stage, Subject, TimeRange
from storage.schema import subjects

Database: TypeAlias = Engine
"""Where answers come from: what `storage.database.connect` returns."""

View: TypeAlias = Connection
"""One consistent view of it: what `storage.database.reading` yields."""

Where: TypeAlias = ColumnElement[bool]
"""A condition that limits a question; made by the ``of_…`` and ``in_…`` functions below."""

_LIVE = filings.c.unfiled_seq.is_(None)
_COUNTS = or_(
    matters.c.registered_seq.is_not(None),
    matters.c.kind.not_in([kind.value for kind in MatterKind if kind.needs_registration]),
)


def unknown(view: View, wanted: Iterable[Subject]) -> Subject | None:
    """Return the first of *wanted* that nobody recorded, or None."""
    for subject in wanted:
        if view.scalar(select(subjects.c.subject).where(subjects.c.subject == str(subject))) is None:
            return subject
    return None


def party(view: View, subject: Subject) -> Party | None:
    """Return one party."""
    row = view.execute(select(parties).where(parties.c.party == str(subject))).first()
    return None if row is None else _party(row)


def parties_where(view: View, *conditions: Where) -> list[Party]:
    """Return parties in the order of registration."""
    return [_party(row) for row in view.execute(select(parties).where(*conditions).order_by(parties.c.registered_seq))]


def parties_of(view: View, matter: Subject) -> list[Party]:
    """Return the parties of one matter, in the order of registration."""
    mine = select(parties).join(matter_parties, matter_parties.c.party == parties.c.party)
    mine = mine.where(matter_parties.c.matter == str(matter)).order_by(parties.c.registered_seq)
    return [_party(row) for row in view.execute(mine)]


def party_with_index(view: View, index: str) -> Party | None:
    """Return the party whose id number has that blind index."""
    row = view.execute(select(parties).where(parties.c.id_index == index)).first()
    return None if row is None else _party(row)


def named_like(text: str, *, indexes: Sequence[str]) -> Where:
    """Limit a question to the parties whose name holds *text* or whose id number has one of the blind *indexes*."""
    return or_(parties.c.name.icontains(text, autoescape=True), parties.c.id_index.in_(indexes))


def with_a_matter(conditions: Sequence[Where]) -> list[Where]:
    """Limit a question to the parties that have a matter under the *conditions*; nothing limits it without any."""
    if not conditions:
        return []
    joined = select(matter_parties.c.party).join(matters, matters.c.matter == matter_parties.c.matter)
    return [parties.c.party.in_(joined.where(*conditions))]


def matters_where(view: View, *conditions: Where) -> list[Matter]:
    """Return matters in the order they were opened."""
    joined: dict[str, list[Subject]] = defaultdict(list)
    links = select(matter_parties).join(matters, matters.c.matter == matter_parties.c.matter)
    order = (matter_parties.c.joined_seq, matter_parties.c.party)
    for row in view.execute(links.where(*conditions).order_by(*order)):
        joined[row.matter].append(Subject.parse(row.party, Kind.PARTY))
    rows = view.execute(select(matters).where(*conditions).order_by(matters.c.opened_seq))
    return [_matter(row, joined[row.matter]) for row in rows]


def matter(view: View, subject: Subject) -> Matter | None:
    """Return one matter."""
    return next(iter(matters_where(view, matters.c.matter == str(subject))), None)


def matter_with_number(view: View, office: Subject, number: str) -> Matter | None:
    """Return the matter of *office* with that number."""
    return next(iter(matters_where(view, matters.c.office == str(office), matters.c.number == number)), None)


def of_matter(subject: Subject) -> Where:
    """Limit a question to one matter."""
    return matters.c.matter == str(subject)


def with_number(number: str) -> Where:
    """Limit a question to matters with that number."""
    return matters.c.number == number


def of_party(subject: Subject) -> Where:
    """Limit a question to the matters of one party."""
    mine = select(matter_parties.c.matter).where(matter_parties.c.party == str(subject))
    return matters.c.matter.in_(mine)


def within(offices: Sequence[str], named: Sequence[str]) -> Where:
    """Limit a question to the matters of some offices, and to some matters by name."""
    return or_(matters.c.office.in_(offices), matters.c.matter.in_(named))


def in_any() -> Where:
    """Limit a question to what is in some matter, whichever."""
    return matters.c.matter.is_not(None)


def in_stage(stage: Stage) -> Where:
    """Limit a question to the activities of one stage."""
    return activities.c.stage == stage.value


def of_clip(subject: Subject) -> Where:
    """Limit a question to the filings of one clip."""
    return filings.c.clip == str(subject)


def activities_where(view: View, *conditions: Where) -> list[Activity]:
    """Return activities in the order they started."""
    named: dict[str, list[Subject]] = defaultdict(list)
    links = select(activity_officers).join(activities, activities.c.activity == activity_officers.c.activity)
    order = (activity_officers.c.activity, activity_officers.c.place)
    for row in view.execute(_in_matters(links).where(*conditions).order_by(*order)):
        named[row.activity].append(Subject.parse(row.officer, Kind.OFFICER))
    chosen = _in_matters(select(activities)).where(*conditions)
    rows = view.execute(chosen.order_by(activities.c.started_at, activities.c.recorded_seq))
    return [_activity(row, named[row.activity]) for row in rows]


def activity(view: View, subject: Subject) -> Activity | None:
    """Return one activity."""
    return next(iter(activities_where(view, activities.c.activity == str(subject))), None)


def filings_where(view: View, *conditions: Where) -> list[Filing]:
    """Return live filings in the order they were made."""
    chosen = select(filings, activities.c.matter, activities.c.stage, _COUNTS.label("counts"))
    chosen = _in_matters(chosen.join(activities, activities.c.activity == filings.c.activity))
    rows = view.execute(chosen.where(_LIVE, *conditions).order_by(filings.c.filed_seq))
    return [_filing(row) for row in rows]


def filing(view: View, identifier: str) -> Filing | None:
    """Return one filing, if it is live."""
    return next(iter(filings_where(view, filings.c.filing == identifier)), None)


def was_filed(view: View, identifier: str) -> bool:
    """Say whether there ever was a filing with that identifier."""
    return view.scalar(select(filings.c.filing).where(filings.c.filing == identifier)) is not None


def filing_like(view: View, clip: Subject, act: Subject, part: tuple[int, int] | None) -> Filing | None:
    """Return the live filing of that part (in milliseconds; None is the whole) of *clip* to the activity *act*."""
    start, end = (-1, -1) if part is None else part
    same = (func.coalesce(filings.c.start_ms, -1) == start, func.coalesce(filings.c.end_ms, -1) == end)
    return next(iter(filings_where(view, of_clip(clip), filings.c.activity == str(act), *same)), None)


def clips_filed(view: View, *conditions: Where) -> list[ClipLine]:
    """Return each clip that has a live filing under the *conditions*, once, the oldest first."""
    return clips_where(view, filed(*conditions))


def filed(*conditions: Where) -> Where:
    """Limit a question about clips to those with a live filing under the *conditions*."""
    chosen = _in_matters(select(filings.c.clip).join(activities, activities.c.activity == filings.c.activity))
    return clips.c.clip.in_(chosen.where(_LIVE, *conditions))


def clips_not_filed(view: View) -> list[ClipLine]:
    """Return each clip without a filing that counts (A35), the oldest first."""
    counted = _in_matters(select(filings.c.clip).join(activities, activities.c.activity == filings.c.activity))
    return clips_where(view, clips.c.clip.not_in(counted.where(_LIVE, _COUNTS)))


def clip(view: View, subject: Subject) -> ClipLine | None:
    """Return one clip."""
    return next(iter(clips_where(view, clips.c.clip == str(subject))), None)


def clips_where(view: View, *conditions: Where) -> list[ClipLine]:
    """Return clips, the oldest first."""
    return [_clip(row) for row in view.execute(select(clips).where(*conditions).order_by(clips.c.secured_seq))]


def _in_matters(query: Select[Any]) -> Select[Any]:
    return query.join(matters, matters.c.matter == activities.c.matter)


def _party(row: Row[Any]) -> Party:
    return Party(
        subject=Subject.parse(row.party, Kind.PARTY),
        kind=PartyKind(row.kind),
        name=row.name,
        id_kind=None if row.id_kind is None else IdKind(row.id_kind),
        id_shown=row.id_shown,
        matters=row.matters,
        registered_at=row.registered_at,
    )


def _matter(row: Row[Any], joined: Sequence[Subject]) -> Matter:
    return Matter(
        subject=Subject.parse(row.matter, Kind.MATTER),
        kind=MatterKind(row.kind),
        state=row.state,
        stage=None if row.stage is None else Stage(row.stage),
        office=Subject.parse(row.office, Kind.OFFICE),
        title=row.title,
        number=row.number,
        parties=tuple(joined),
        activities=row.activities,
        filings=row.filings,
        opened_at=row.opened_at,
        registered_at=row.registered_at,
        closed_at=row.closed_at,
    )


def _activity(row: Row[Any], named: Sequence[Subject]) -> Activity:
    return Activity(
        subject=Subject.parse(row.activity, Kind.ACTIVITY),
        matter=Subject.parse(row.matter, Kind.MATTER),
        stage=Stage(row.stage),
        kind=ActivityKind(row.kind),
        title=row.title,
        place=row.place,
        started_at=row.started_at,
        ended_at=row.ended_at,
        officers=tuple(named),
        filings=row.filings,
    )


def _filing(row: Row[Any]) -> Filing:
    whole = row.start_ms is None
    return Filing(
        id=row.filing,
        clip=Subject.parse(row.clip, Kind.CLIP),
        activity=Subject.parse(row.activity, Kind.ACTIVITY),
        matter=Subject.parse(row.matter, Kind.MATTER),
        stage=Stage(row.stage),
        range=None if whole else TimeRange(timedelta(milliseconds=row.start_ms), timedelta(milliseconds=row.end_ms)),
        filed_at=row.filed_at,
        counts=bool(row.counts),
    )


def _clip(row: Row[Any]) -> ClipLine:
    return ClipLine(
        subject=Subject.parse(row.clip, Kind.CLIP),
        state=row.state,
        kind=MediaKind(row.kind),
        name=row.name,
        size=row.size,
        recorded_at=row.recorded_at,
        corrected_at=row.corrected_at,
        uncertainty_ms=row.uncertainty_ms,
        secured_at=row.secured_at,
        duration_ms=row.duration_ms,
        findings=findings_of(row),
    )
