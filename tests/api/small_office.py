"""A small real office: SQLite, a folder store, every room, one party with a case, and clips put in the way docks put them."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI

import api.access.tables
import api.people.tables
import api.tables
import cases.moves
from api.app import create_app
from api.queries import Engine
from api.services import Services
from api.tokens import issue_token
from cases.dossier import Dossiers
from cases.projections import projection
from cases.registry import Registry
from cases.values import ActivityDetails, ActivityKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage import clips, copies, rebuild
from storage.catalog import Catalog
from storage.custody import Custody
from storage.database import connect, migrate, reading
from storage.evidence import Actor, Entry, Json, Kind, Recorded, Role, Stage, Subject
from storage.folder import FolderStore
from storage.identity import found_again, fresh
from storage.ledger.keys import FileSigner
from storage.ledger.log import Log
from storage.lifecycle import LifeCycle
from storage.objects import Bucket, ObjectName, Readable, Stored, deposit
from storage.projecting import Projector
from storage.promise import Promise
from storage.vault import Vault

ORIGIN = "office.example/yihu/api"
INDEX_KEY = b"i" * 32
DOCK = Actor(fresh(Kind.DOCK), Role.DOCK)
OPERATOR = Actor(fresh(Kind.ACCOUNT), Role.ADMINISTRATOR)
CAMERA = found_again(INDEX_KEY, Kind.DEVICE, "DEMO-0001")
RESIDENT = "11010519491231002X"
"""The example number of the standard; nobody's."""


@dataclass
class Clock:
    """A clock that the test moves; it never stands still."""

    now: datetime = datetime(2026, 11, 21, 8, 30, 0, 123000, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return a moment a little later than the last."""
        self.now += timedelta(milliseconds=7)
        return self.now


@dataclass
class WatchedStore:
    """The folder store, with every opening written down, and a way to be away."""

    store: FolderStore
    openings: list[tuple[str, int, int | None]] = field(default_factory=list)
    fault: Exception | None = None
    ends_early: bool = False

    def describe(self, name: ObjectName, version: str | None = None) -> Stored:
        """Describe, unless away."""
        if self.fault is not None:
            raise self.fault
        return self.store.describe(name, version)

    def open(
        self, name: ObjectName, *, version: str, start: int = 0, end: int | None = None
    ) -> AbstractContextManager[Readable]:
        """Open, unless away."""
        return self._open(name, version=version, start=start, end=end)

    @contextmanager
    def _open(self, name: ObjectName, *, version: str, start: int, end: int | None) -> Iterator[Readable]:
        if self.fault is not None:
            raise self.fault
        self.openings.append((name.key, start, end))
        given = end - 1 if self.ends_early and end is not None else end
        with self.store.open(name, version=version, start=start, end=given) as reader:
            yield reader


@dataclass
class SmallOffice:
    """Everything the API works with, and the party, case and activity that stand in it."""

    services: Services
    store: WatchedStore
    clock: Clock
    projector: Projector
    vault: Vault
    office: Subject
    party: Subject
    matter: Subject
    activity: Subject
    operator: Actor = OPERATOR

    def app(self, pages: Path | None = None) -> FastAPI:
        """Make the application over this office."""
        return create_app(self.services, pages=pages)

    def token(self, role: Role, name: str = "测试岗") -> tuple[Subject, str]:
        """Issue a token."""
        return issue_token(self.services.custody, name=name, role=role, actor=OPERATOR)

    def entries(self, type_: str) -> list[Recorded]:
        """Return every recorded entry of that type, with what the vault tells."""
        with reading(self.services.engine) as connection:
            every = rebuild.recorded_entries(connection, self.vault)
            return [recorded for recorded in every if recorded.entry.type == type_]

    def secure(self, original: bytes, *, name: str = "现场 检查.mp4", kind: str = "video") -> Subject:
        """Make a clip ours; it is not in the store yet."""
        clip = fresh(Kind.CLIP)
        promise = Promise.of_bytes(original)
        content: dict[str, Json] = {
            "size": len(original),
            "blake3": str(promise.blake3),
            "sha256": str(promise.sha256),
            "seg": {"n": -(-len(original) >> 20), "size": 1 << 20, "root": hashlib.sha256(original).hexdigest()},
        }
        body: dict[str, Json] = {
            "device": str(CAMERA),
            "manifest": 0,
            "kind": kind,
            "modified_ns": "1763600000000000000",
            "recorded_at": "2026-11-21T06:35:07.000Z",
            "content": content,
        }
        file: dict[str, Json] = {"path": f"DCIM/{name}".encode().hex(), "name": name}
        self.services.custody.record(Entry("SECURED", clip, DOCK, body, {"file": file}))
        return clip

    def deposit(self, clip: Subject, original: bytes) -> None:
        """Put a secured clip into the store."""
        stored = self._put(Bucket.EVIDENCE, f"clips/{clip.id}/original", original, "application/octet-stream")
        manifest = self._put(Bucket.EVIDENCE, f"clips/{clip.id}/manifest", b"{}", "application/json")
        body: dict[str, Json] = {
            "original": {"k": stored.name.key, "ver": stored.version, "until": "2029-11-21T08:30:00.000Z"},
            "manifest": {"ver": manifest.version},
        }
        self.services.custody.record(Entry("DEPOSITED", clip, DOCK, body))

    def render(
        self,
        clip: Subject,
        *,
        review: bytes | None,
        poster: bytes | None,
        duration_ms: int | None = 6000,
        findings: tuple[str, ...] = (),
    ) -> None:
        """Add the derivatives of a deposited clip."""
        outputs: list[Json] = []
        if review is not None:
            outputs.append(self._derived(clip, "review", review, "video/mp4"))
        if poster is not None:
            outputs.append(self._derived(clip, "poster", poster, "image/jpeg"))
        facts: dict[str, Json] = {} if duration_ms is None else {"duration_ms": duration_ms}
        body: dict[str, Json] = {"facts": facts, "findings": list(findings), "outputs": outputs}
        self.services.custody.record(Entry("DERIVED", clip, DOCK, body))

    def clip(
        self, original: bytes, *, review: bytes | None = None, poster: bytes | None = None, name: str = "现场 检查.mp4"
    ) -> Subject:
        """Put a whole clip in: secured, deposited, rendered, filed to the activity."""
        clip = self.secure(original, name=name)
        self.deposit(clip, original)
        self.render(clip, review=original if review is None else review, poster=poster)
        self.services.registry.file_clip(clip, self.activity, actor=OPERATOR)
        return clip

    def _derived(self, clip: Subject, kind: str, data: bytes, media_type: str) -> Json:
        stored = self._put(Bucket.INDEX, f"clips/{clip.id}/{kind}-1", data, media_type)
        return {
            "kind": kind,
            "obj": {"b": stored.name.bucket.value, "k": stored.name.key, "ver": stored.version},
            "size": stored.size,
            "blake3": str(stored.blake3),
            "sha256": str(stored.sha256),
            "media_type": media_type,
            "recipe": f"{kind}/test-1",
            "recipe_digest": "sha256:" + "0" * 64,
        }

    def _put(self, bucket: Bucket, key: str, data: bytes, media_type: str) -> Stored:
        promise = Promise.of_bytes(data)
        name = ObjectName(bucket, key)
        return deposit(self.store.store, name, lambda: io.BytesIO(data), promise, retain_until=None, media_type=media_type)


def found(home: Path) -> SmallOffice:
    """Make the office in an empty directory."""
    FileSigner.generate(home / "log.pem", name=ORIGIN)
    engine = connect(f"sqlite:///{home}/yihu.db")
    migrate(engine)
    small = _opened(home, engine)
    rebuild.rebuild(engine, small.projector, small.vault)
    camera = Entry("DEVICE_ENROLLED", CAMERA, DOCK, {"identified_by": "named"}, {"label": "DEMO-0001"})
    small.services.custody.record(camera)
    return _with_a_case(small)


def copied(small: SmallOffice, *, source: Path, home: Path) -> SmallOffice:
    """Open a copy of an office that lies in *source* and that nobody has open, in *home*."""
    shutil.copytree(source, home, dirs_exist_ok=True)
    opened = _opened(home, connect(f"sqlite:///{home}/yihu.db"))
    return replace(opened, office=small.office, party=small.party, matter=small.matter, activity=small.activity)


def _opened(home: Path, engine: Engine) -> SmallOffice:
    clock = Clock()
    vault = Vault(b"v" * 32, log=ORIGIN)
    rooms = (clips, copies, api.tables, api.people.tables, api.access.tables)
    moves = (*cases.moves.MOVES, *(move for room in rooms for move in room.MOVES))
    projector = Projector(LifeCycle(moves), (projection(INDEX_KEY), *(room.project for room in rooms)))
    signer = FileSigner.load(home / "log.pem", name=ORIGIN)
    custody = Custody(engine, projector, vault, log=ORIGIN, clock=clock)
    store = WatchedStore(FolderStore(home / "store", clock=clock))
    services = Services(
        engine=engine,
        custody=custody,
        catalog=Catalog(engine),
        registry=Registry(custody, engine, index_key=INDEX_KEY),
        dossiers=Dossiers(engine, index_key=INDEX_KEY),
        log=Log(engine, signer),
        store=store,
        clock=clock,
        log_origin=ORIGIN,
        index_key=INDEX_KEY,
        vault=vault,
    )
    return SmallOffice(services, store, clock, projector, vault, CAMERA, CAMERA, CAMERA, CAMERA)


def _with_a_case(small: SmallOffice) -> SmallOffice:
    registry = small.services.registry
    small.office = registry.add_office("示例综合行政执法所", code="DEMO", actor=OPERATOR)
    officer = registry.add_officer("演示甲", badge="D-001", office=small.office, actor=OPERATOR)
    details = PartyDetails(PartyKind.NATURAL, "示例张", IdNumber.parse(RESIDENT))
    small.party = registry.add_party(details, actor=OPERATOR)
    case = MatterDetails(MatterKind.CASE, "占道经营", "示执立〔2026〕1号")
    small.matter = registry.register_case(case, office=small.office, parties=[small.party], actor=OPERATOR)
    for stage in (Stage.INITIATION, Stage.INVESTIGATION):
        registry.enter_stage(small.matter, stage, actor=OPERATOR)
    small.activity = registry.record_activity(
        ActivityDetails(
            ActivityKind.ON_SITE_INSPECTION,
            "现场检查",
            "示例路 1 号",
            datetime(2026, 11, 21, 14, 30, tzinfo=UTC),
            officers=(officer,),
        ),
        matter=small.matter,
        stage=Stage.INVESTIGATION,
        actor=OPERATOR,
    )
    return small
