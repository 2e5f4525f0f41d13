"""
What is known of an object, as far as `api.policy` asks: one question for what is filed, one more for what is not.

Each function returns None for what nobody recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from api.policy import Thing
from api.queries import Engine
from cases.duty.tables import holdings
from cases.tables import activities, filings, matter_parties, matters, officers, parties
from storage.clips import clips
from storage.database import reading
from storage.evidence import Kind, Subject
from storage.schema import history

# made once: putting a statement together takes longer than carrying it out
_FILED = activities.join(matters, matters.c.matter == activities.c.matter).join(
    filings, filings.c.activity == activities.c.activity
)
_OF_CLIP = (
    select(matters.c.matter, matters.c.office)
    .select_from(_FILED)
    .where(filings.c.clip == bindparam("it"), filings.c.unfiled_seq.is_(None))
)
_HOLDER = (
    select(officers.c.office)
    .select_from(holdings.join(officers, officers.c.officer == holdings.c.officer))
    .where(holdings.c.device == clips.c.device, holdings.c.seq <= clips.c.secured_seq, holdings.c.undone_seq.is_(None))
    .order_by(holdings.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_UNFILED = select(clips.c.clip, _HOLDER.label("office")).where(clips.c.clip == bindparam("it"))
_OF_MATTER = select(matters.c.matter, matters.c.office).where(matters.c.matter == bindparam("it"))
_OF_PARTY = (
    select(matters.c.matter, matters.c.office)
    .select_from(matter_parties.join(matters, matters.c.matter == matter_parties.c.matter))
    .where(matter_parties.c.party == bindparam("it"))
)
_PARTY = select(parties.c.party).where(parties.c.party == bindparam("it"))
_OF_ACTIVITY = (
    select(matters.c.matter, matters.c.office)
    .select_from(activities.join(matters, matters.c.matter == activities.c.matter))
    .where(activities.c.activity == bindparam("it"))
)
_OF_FILING = select(matters.c.matter, matters.c.office).select_from(_FILED).where(filings.c.filing == bindparam("it"))


def thing(engine: Engine, subject: Subject) -> Thing | None:
    """Return what is known of a clip, matter, activity, party or account; None where nobody recorded it."""
    if subject.kind is Kind.ACCOUNT:
        return Thing(owner=subject)
    with reading(engine) as view:
        return _ASKED[subject.kind](view, str(subject))


def thing_of_filing(engine: Engine, identifier: str) -> Thing | None:
    """Return the matter and office of a filing, whether it stands or not."""
    with reading(engine) as view:
        return _joined(view.execute(_OF_FILING, {"it": identifier}))


def _clip(view: Connection, name: str) -> Thing | None:
    filed = _joined(view.execute(_OF_CLIP, {"it": name}))
    if filed is not None:
        return filed
    row = view.execute(_UNFILED, {"it": name}).first()
    if row is None:
        return None
    return Thing() if row.office is None else Thing(offices=frozenset({Subject.parse(row.office)}))


def _matter(view: Connection, name: str) -> Thing | None:
    return _joined(view.execute(_OF_MATTER, {"it": name}))


def _activity(view: Connection, name: str) -> Thing | None:
    return _joined(view.execute(_OF_ACTIVITY, {"it": name}))


def _party(view: Connection, name: str) -> Thing | None:
    found = _joined(view.execute(_OF_PARTY, {"it": name}))
    return found or (None if view.scalar(_PARTY, {"it": name}) is None else Thing())


_ASKED: dict[Kind, Callable[[Connection, str], Thing | None]] = {
    Kind.CLIP: _clip,
    Kind.MATTER: _matter,
    Kind.ACTIVITY: _activity,
    Kind.PARTY: _party,
}


def _joined(rows: Iterable[Row[Any]]) -> Thing | None:
    found = [(Subject.parse(row.matter), Subject.parse(row.office)) for row in rows]
    if not found:
        return None
    return Thing(frozenset(matter for matter, _ in found), frozenset(office for _, office in found))


def newest(engine: Engine, types: Sequence[str], *, before: int, most: int) -> list[int]:
    """Return the numbers of the newest entries of these *types* before that number, the newest first."""
    mine = history.c.type.in_(types), history.c.seq < before
    with reading(engine) as view:
        return list(view.scalars(select(history.c.seq).where(*mine).order_by(history.c.seq.desc()).limit(most)))
