"""A small real office that files: a database, a log with its key, a vault, custody over the life cycles of clips and cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cases import moves
from cases.dossier import Dossiers
from cases.projections import projection
from cases.registry import Registry
from cases.values import ActivityDetails, ActivityKind, IdKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage import clips, rebuild
from storage.custody import Custody
from storage.database import connect, migrate, writing
from storage.evidence import Actor, Entry, Json, Kind, Role, Stage, Subject, TimeRange
from storage.identity import fresh
from storage.ledger.keys import FileSigner
from storage.ledger.log import Log
from storage.lifecycle import LifeCycle
from storage.projecting import Projector
from storage.vault import Vault, load_key, make_key
from tests.servers.postgres_server import Prepared, postgresql, prepared_database

__all__ = ["postgresql", "prepared_database"]

ORIGIN = "office.example/yihu/cases"
INDEX_KEY = b"i" * 32
DOCK = Actor(fresh(Kind.DOCK), Role.DOCK)
CLERK = Actor(fresh(Kind.ACCOUNT), Role.CLERK)
MORNING = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)

PERSON = PartyDetails(PartyKind.NATURAL, "甲某某", IdNumber(IdKind.RESIDENT, "000000190001010017"))
SHOP = PartyDetails(PartyKind.ORGANISATION, "示例县无名小吃店", IdNumber(IdKind.CREDIT, "0000000000000000XR"))


@dataclass
class Clock:
    """A clock that goes on by itself."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=7)
        return self.now


@dataclass
class SmallOffice:
    """Everything a test of `cases` needs."""

    engine: Engine
    log: Log
    vault: Vault
    projector: Projector
    custody: Custody
    registry: Registry
    dossiers: Dossiers
    office: Subject
    officers: tuple[Subject, ...]

    def clip(self, name: str = "现场检查.mp4") -> Subject:
        """A clip that has just become ours."""
        return self.custody.record(_secured(name)).entry.subject

    def rendered(self, duration_ms: int) -> Subject:
        """A clip whose length is known."""
        clip = self.clip()
        original: Json = {"k": f"clips/{clip.id}/original", "ver": "1", "until": "2027-11-21T01:30:00.000Z"}
        deposited = Entry("DEPOSITED", clip, DOCK, {"original": original, "manifest": {"ver": "1"}})
        derived = Entry("DERIVED", clip, DOCK, {"facts": {"duration_ms": duration_ms}, "findings": [], "outputs": []})
        self.custody.record_all([deposited, derived])
        return clip

    def case(self, *parties: Subject, title: str = "未亮照经营", number: str | None = None) -> Subject:
        """A registered case."""
        details = MatterDetails(MatterKind.CASE, title, number)
        return self.registry.register_case(details, office=self.office, parties=parties, actor=CLERK)

    def matter(self, kind: MatterKind, parties: Sequence[Subject] = (), number: str | None = None) -> Subject:
        """A matter that is open and no registered case."""
        details = MatterDetails(kind, "日常检查", number)
        return self.registry.open_matter(details, office=self.office, parties=parties, actor=CLERK)

    def activity(self, matter: Subject, stage: Stage = Stage.INVESTIGATION, *, title: str = "现场检查") -> Subject:
        """An on-site inspection by both officers."""
        details = ActivityDetails(
            kind=ActivityKind.ON_SITE_INSPECTION,
            title=title,
            place="示例路 1 号",
            started_at=MORNING,
            ended_at=MORNING + timedelta(minutes=40),
            officers=self.officers,
        )
        return self.registry.record_activity(details, matter=matter, stage=stage, actor=CLERK)

    def file(self, clip: Subject, activity: Subject, part: TimeRange | None = None) -> str:
        """File a clip as the clerk does."""
        return self.registry.file_clip(clip, activity, range=part, actor=CLERK)

    def erase(self, subject: Subject) -> None:
        """Destroy what the vault knows of *subject*, and make the catalog again."""
        with writing(self.engine) as connection:
            self.vault.erase(connection, subject)
        rebuild.rebuild(self.engine, self.projector, self.vault)

    def differences(self) -> list[rebuild.Difference]:
        """What an honest replay finds."""
        return rebuild.differences(self.engine, self.projector, self.vault)


def prepare(url: str) -> None:
    """Make the tables of a ledger of clips and cases."""
    engine = connect(url)
    migrate(engine)
    rebuild.rebuild(engine, _projector(), Vault(b"-" * 32, log=ORIGIN))
    engine.dispose()


@pytest.fixture
def county(prepared_database: Prepared, tmp_path: Path) -> Iterator[SmallOffice]:
    """An office with two officers, on each kind of database."""
    make_key(tmp_path / "vault.key")
    engine = connect(prepared_database(prepare))
    vault, projector = Vault(load_key(tmp_path / "vault.key"), log=ORIGIN), _projector()
    custody = Custody(engine, projector, vault, log=ORIGIN, clock=Clock())
    registry = Registry(custody, engine, index_key=INDEX_KEY)
    office = registry.add_office("示例县综合执法队", code="EX-01", actor=CLERK)
    badges = (("乙某", "EX0001"), ("丙某", "EX0002"))
    yield SmallOffice(
        engine=engine,
        log=Log(engine, FileSigner.generate(tmp_path / "log.pem", name=ORIGIN)),
        vault=vault,
        projector=projector,
        custody=custody,
        registry=registry,
        dossiers=Dossiers(engine, index_key=INDEX_KEY),
        office=office,
        officers=tuple(registry.add_officer(name, badge=badge, office=office, actor=CLERK) for name, badge in badges),
    )
    engine.dispose()


def seconds(start: float, end: float) -> TimeRange:
    """A part of a clip."""
    return TimeRange(timedelta(seconds=start), timedelta(seconds=end))


def _projector() -> Projector:
    return Projector(LifeCycle([*clips.MOVES, *moves.MOVES]), [clips.project, projection(INDEX_KEY)])


def _secured(name: str) -> Entry:
    content: Json = {
        "size": 3,
        "blake3": "blake3:" + "1" * 64,
        "sha256": "sha256:" + "2" * 64,
        "seg": {"n": 1, "size": 1 << 20, "root": "3" * 64},
    }
    body: dict[str, Json] = {
        "device": str(Subject(Kind.DEVICE, "0" * 32)),
        "manifest": 0,
        "kind": "video",
        "modified_ns": "1763600000000000000",
        "content": content,
    }
    return Entry("SECURED", fresh(Kind.CLIP), DOCK, body, {"file": {"path": name.encode().hex(), "name": name}})
