"""An office with one of everything that has a name, and what is left of the names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.tokens import issue_token, revoke_token
from cases.values import ActivityDetails, ActivityKind, IdKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage.audit import Audit
from storage.database import reading
from storage.errors import StillNeeded
from storage.evidence import Role, Stage, Subject
from storage.schema import projections
from tests.crashes.offices import fill, footage, founded, opened, take_in
from tests.servers.postgres_server import Prepared, empty, postgresql, prepared_database
from yihu.erasing import erase
from yihu.wiring import Office, now

__all__ = [
    "Everything",
    "audited",
    "needed",
    "next_year",
    "on_each",
    "postgresql",
    "prepared_database",
    "rows",
    "small",
    "values_left",
]

PERSON = PartyDetails(PartyKind.NATURAL, "甲某某", IdNumber(IdKind.RESIDENT, "000000190001010017"))


def next_year() -> datetime:
    """When no clip is under retention any more."""
    return now() + timedelta(days=400)


@dataclass
class Everything:
    """An office with one of everything that has a name."""

    office: Office
    device: Subject
    filed: Subject
    loose: Subject
    officer: Subject
    party: Subject
    case: Subject
    activity: Subject
    account: Subject
    filing: str

    def later(self) -> Everything:
        """The same a year later, as a new process sees it."""
        self.office.engine.dispose()
        return Everything(**{**vars(self), "office": opened(self.office.home, next_year)})

    def ended(self) -> Everything:
        """The same a year later, with everything closed and revoked."""
        later = self.later()
        later.office.registry.close(self.case, actor=later.office.operator)
        revoke_token(later.office.custody, self.account, actor=later.office.operator)
        return later

    @property
    def erasable(self) -> list[Subject]:
        return [self.device, self.filed, self.loose, self.officer, self.party, self.case, self.activity, self.account]


def everything_in(office: Office, card: Path) -> Everything:
    report = take_in(office, fill(card, footage(2)))
    assert (len(report.secured), report.problems, report.waiting) == (2, (), ())
    registry, actor = office.registry, office.operator
    bureau = registry.add_office("演示局", code="D-1", actor=actor)
    officer = registry.add_officer("演示员", badge="000001", office=bureau, actor=actor)
    party = registry.add_party(PERSON, actor=actor)
    case = registry.register_case(MatterDetails(MatterKind.CASE, "演示", "样1号"), office=bureau, parties=[party], actor=actor)
    start = datetime(2026, 11, 18, 9, tzinfo=UTC)
    details = ActivityDetails(ActivityKind.INQUIRY, "询问", "样例街", start, None, (officer,))
    activity = registry.record_activity(details, matter=case, stage=Stage.INVESTIGATION, actor=actor)
    filed, loose = (clip.subject for clip in office.catalog.clips())
    filing = registry.file_clip(filed, activity, actor=actor)
    account, _ = issue_token(office.custody, name="某人", role=Role.CLERK, actor=actor)
    device = office.catalog.clip(filed).device
    office.log.checkpoint()
    return Everything(office, device, filed, loose, officer, party, case, activity, account, filing)


@pytest.fixture
def on_each(prepared_database: Prepared, tmp_path: Path) -> Iterator[Everything]:
    """On each kind of database."""
    url = prepared_database(empty)
    made = everything_in(founded(tmp_path / "office", "", "[database]", f'url = "{url}"'), tmp_path / "card")
    yield made
    made.office.engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Everything]:
    made = everything_in(founded(tmp_path / "office"), tmp_path / "card")
    yield made
    made.office.engine.dispose()


def rows(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that people query."""
    with reading(office.engine) as connection:
        tables = projections.sorted_tables
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in tables}


def values_left(office: Office, *values: str) -> list[str]:
    """Which of *values* stand in any table that people query."""
    text = repr(rows(office))
    return [value for value in values if value in text]


def audited(office: Office) -> list[str]:
    verdict = Audit(office.engine, office.log, office.projector, office.vault, office.store).run()
    assert verdict.steps[0].checked > 0
    return [f"{step.name}: {finding}" for step in verdict.steps for finding in step.findings]


def needed(office: Office, subject: Subject) -> str:
    with pytest.raises(StillNeeded) as refused:
        erase(office, subject, reason="x")
    return str(refused.value)
