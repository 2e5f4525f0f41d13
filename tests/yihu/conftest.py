"""One small real office with everything in it that can be tampered with."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cases.values import ActivityDetails, ActivityKind, MatterDetails, MatterKind, PartyDetails, PartyKind
from ingest.tools import find_tools
from storage.audit import Audit, Verdict
from storage.evidence import MediaKind, Stage, TimeRange
from storage.segments import SEGMENT_SIZE
from tests.crashes.offices import fill, founded, take_in
from yihu.footage import Medium, Scene, record
from yihu.founding import found
from yihu.wiring import Office

LONG = hashlib.shake_128(b"long").digest(5 * SEGMENT_SIZE + 7)
"""The bytes of a clip of six segments."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An office with clips of every kind, filed under a case."""

    office: Office

    def audit(self) -> Verdict:
        """Look at everything, with nothing remembered from before."""
        office = Office.open(self.office.home / "yihu.toml")
        try:
            return Audit(office.engine, office.log, office.projector, office.vault, office.store).run()
        finally:
            office.engine.dispose()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Really encoded footage, taken in by the real pipeline."""
    root = tmp_path_factory.mktemp("filled")
    card = root / "card" / "DCIM"
    card.mkdir(parents=True)
    record(card / "0001.MP4", medium=Medium.H264, scene=Scene(1), tools=find_tools(None))
    (card / "现场.TXT").write_bytes(b"a note")
    (card / "EMPTY.MP4").touch()
    office = found(root / "office", name="演示局", log="office.example/yihu/tamper")
    report = office.pipeline().ingest(card.parent, device="DEMO-1")
    assert (len(report.secured), report.problems, report.waiting) == (3, (), ())
    _file(office)
    office.log.checkpoint()
    return Filled(office)


def _file(office: Office) -> None:
    registry, actor = office.registry, office.operator
    bureau = registry.add_office("演示局", code="D-1", actor=actor)
    officer = registry.add_officer("演示员", badge="000001", office=bureau, actor=actor)
    party = registry.add_party(PartyDetails(PartyKind.ORGANISATION, "样例商铺"), actor=actor)
    case = registry.register_case(MatterDetails(MatterKind.CASE, "演示", "样1号"), office=bureau, parties=[party], actor=actor)
    start = datetime(2026, 11, 18, 9, tzinfo=UTC)
    details = ActivityDetails(
        ActivityKind.ON_SITE_INSPECTION, "现场检查", "样例街", start, start + timedelta(hours=1), (officer,)
    )
    act = registry.record_activity(details, matter=case, stage=Stage.INVESTIGATION, actor=actor)
    video = next(clip.subject for clip in office.catalog.clips() if clip.kind is MediaKind.VIDEO)
    registry.file_clip(video, act, range=TimeRange(timedelta(0), timedelta(milliseconds=500)), actor=actor)
    registry.unfile(registry.file_clip(video, act, actor=actor), actor=actor)


@pytest.fixture(scope="module")
def office_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a clip of six segments and a case it is filed under, signed."""
    root = tmp_path_factory.mktemp("template")
    office = founded(root / "office")
    take_in(office, fill(root / "card", {b"long.MP4": LONG, b"short.MP4": b"short"}))
    _file(office)
    office.log.checkpoint()
    office.engine.dispose()
    return office.home


@pytest.fixture
def office(office_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    shutil.copytree(office_template, tmp_path / "office")
    made = Office.open(tmp_path / "office" / "yihu.toml")
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()
