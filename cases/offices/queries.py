"""Questions about offices and officers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from cases.queries import View
from cases.records import Office, Officer
from cases.tables import matters, officers, offices
from storage.evidence import Kind, Subject


def all_offices(view: View) -> list[Office]:
    """Return every office, in the order of registration."""
    return [_office(row) for row in view.execute(select(offices).order_by(offices.c.registered_seq))]


def office_with_code(view: View, code: str) -> Office | None:
    """Return the office with that code."""
    row = view.execute(select(offices).where(offices.c.code == code)).first()
    return None if row is None else _office(row)


def names_of(view: View, things: Sequence[str]) -> dict[Subject, str]:
    """Return the codes of offices and the numbers of matters among *things*."""
    coded = select(offices.c.office, offices.c.code).where(offices.c.office.in_(things))
    numbered = select(matters.c.matter, matters.c.number).where(matters.c.matter.in_(things), matters.c.number.is_not(None))
    return {Subject.parse(thing): name for query in (coded, numbered) for thing, name in view.execute(query)}


def all_officers(view: View) -> list[Officer]:
    """Return every officer, in the order of registration."""
    return [_officer(row) for row in view.execute(select(officers).order_by(officers.c.registered_seq))]


def officer_with_badge(view: View, badge: str) -> Officer | None:
    """Return the officer with that badge."""
    row = view.execute(select(officers).where(officers.c.badge == badge)).first()
    return None if row is None else _officer(row)


def _office(row: Row[Any]) -> Office:
    return Office(Subject.parse(row.office, Kind.OFFICE), row.code, row.name, row.officers, row.matters)


def _officer(row: Row[Any]) -> Officer:
    office = Subject.parse(row.office, Kind.OFFICE)
    return Officer(Subject.parse(row.officer, Kind.OFFICER), office, row.name, row.badge, row.activities)
