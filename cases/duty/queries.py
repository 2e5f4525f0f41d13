"""The questions `cases.duty` asks. Every function reads in the caller's view."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select

from cases.duty.tables import holdings, officer_means
from cases.duty.values import Camera, Filmed, Holding, How, Means, moved
from cases.queries import View
from cases.tables import officers
from storage.clips import clips, devices
from storage.evidence import Kind, Subject, utc_moment
from storage.schema import history
from storage.vault import ERASED


def holdings_of(view: View, device: Subject) -> list[Holding]:
    """Return all holdings of a camera, the oldest first."""
    return _holdings(view, select(holdings).where(holdings.c.device == str(device)))


def holdings_by(view: View, officer: Subject) -> list[Holding]:
    """Return all holdings of an officer, the oldest first."""
    return _holdings(view, select(holdings).where(holdings.c.officer == str(officer)))


def open_holdings(view: View) -> list[Holding]:
    """Return who has which camera now, the longest first."""
    return _holdings(view, select(holdings).where(holdings.c.ended_seq.is_(None), holdings.c.undone_seq.is_(None)))


def cameras(view: View) -> list[Camera]:
    """Return every camera, in the order they were met."""
    rows = view.execute(select(devices).order_by(devices.c.enrolled_seq))
    return [Camera(Subject.parse(row.device, Kind.DEVICE), row.label) for row in rows]


def officers_called(view: View, text: str) -> list[Subject]:
    """Return the officers whose badge or whole name is *text*."""
    found = select(officers.c.officer).where((officers.c.badge == text) | (officers.c.name == text))
    return [Subject.parse(name, Kind.OFFICER) for name in view.scalars(found.order_by(officers.c.registered_seq))]


def badge_of(view: View, officer: Subject) -> str | None:
    """Return the badge of an officer, unless it was erased."""
    return view.scalar(select(officers.c.badge).where(officers.c.officer == str(officer)))


def name_of(view: View, officer: Subject) -> str | None:
    """Return the name of an officer, unless it was erased."""
    return view.scalar(select(officers.c.name).where(officers.c.officer == str(officer)))


def is_erased(view: View, subject: Subject) -> bool:
    """Say whether a subject was erased."""
    found = select(history.c.seq).where(history.c.subject == str(subject), history.c.type == ERASED)
    return view.scalar(found) is not None


def means(view: View, officer: Subject) -> Means | None:
    """Return by what an officer is known."""
    row = view.execute(select(officer_means).where(officer_means.c.officer == str(officer))).first()
    return None if row is None else _means(row)


def officer_with_card(view: View, index: str) -> Subject | None:
    """Return whose card has that blind index."""
    found = view.scalar(select(officer_means.c.officer).where(officer_means.c.card_index == index))
    return None if found is None else Subject.parse(found, Kind.OFFICER)


def filmed(view: View, clip: Subject) -> Filmed | None:
    """Return by which camera a clip was taken, and when."""
    row = view.execute(select(clips).where(clips.c.clip == str(clip))).first()
    if row is None:
        return None
    told = row.corrected_at or row.recorded_at
    start = None if told is None else utc_moment(told)
    end = None if start is None else moved(start, timedelta(milliseconds=row.duration_ms or 0))
    within = timedelta(milliseconds=(row.uncertainty_ms or 0) if row.corrected_at is not None else 0)
    return Filmed(Subject.parse(row.device, Kind.DEVICE), start, end, within)


def last_time(view: View, subject: Subject, type_: str) -> str | None:
    """Return when the newest entry of that type was recorded of a subject."""
    found = select(func.max(history.c.seq)).where(history.c.subject == str(subject), history.c.type == type_)
    return view.scalar(select(history.c.at).where(history.c.seq == found.scalar_subquery()))


def _holdings(view: View, query: Select[Any]) -> list[Holding]:
    return [_holding(row) for row in view.execute(query.order_by(holdings.c.seq))]


def _holding(row: Row[Any]) -> Holding:
    return Holding(
        device=Subject.parse(row.device, Kind.DEVICE),
        seq=row.seq,
        officer=Subject.parse(row.officer, Kind.OFFICER),
        how=How(row.how),
        opened_by=Subject.parse(row.opened_by),
        verdict=row.verdict,
        since=utc_moment(row.since),
        since_claimed=None if row.since_claimed is None else utc_moment(row.since_claimed),
        ended_seq=row.ended_seq,
        ended_by=None if row.ended_by is None else Subject.parse(row.ended_by),
        until=None if row.until is None else utc_moment(row.until),
        until_claimed=None if row.until_claimed is None else utc_moment(row.until_claimed),
        condition=tuple(row.condition.split()),
        undone_seq=row.undone_seq,
    )


def _means(row: Row[Any]) -> Means:
    return Means(
        officer=Subject.parse(row.officer, Kind.OFFICER),
        cameras=row.cameras,
        has_card=row.card_index is not None,
        pin=row.pin,
        wrong=row.pin_wrong,
        locked_until=None if row.pin_until is None else utc_moment(row.pin_until),
    )
