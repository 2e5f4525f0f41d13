"""
The demo: everything the program is for, on generated footage, in an office of its own.

Every step may be repeated: a demo that was killed anywhere goes on where it was when it is started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cases.values import ActivityDetails, ActivityKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from ingest.progress import CardReport, Watcher
from ingest.tools import find_tools
from storage.audit import Audit, Verdict
from storage.evidence import Stage, Subject, TimeRange
from storage.local_s3 import LocalS3, minio, seaweed
from yihu.founding import found, started
from yihu.language import either
from yihu.sample_cards import write_sample_cards
from yihu.settings import FILE_NAME, StoreSection
from yihu.wiring import Office

_CHINA = timezone(timedelta(hours=8))
_NUMBER = "样罚〔2026〕第0001号"
_CREDIT_CODE = "91000000DEM0000019"
"""Obviously invented, with its right check character."""
_LOG = "demo.example/yihu/dock-1"
_ACTIVITIES = (
    (Stage.INITIATION, ActivityKind.ACCEPTANCE, "投诉受理登记", "样例局受理窗口", 8),
    (Stage.INVESTIGATION, ActivityKind.ON_SITE_INSPECTION, "现场检查", "样例街1号", 9),
    (Stage.INVESTIGATION, ActivityKind.INQUIRY, "询问当事人", "样例局询问室", 11),
    (Stage.DECISION, ActivityKind.HEARING, "听证", "样例局听证室", 14),
    (Stage.SERVICE, ActivityKind.LIEN_SERVICE, "留置送达", "样例街1号", 16),
    (Stage.ARCHIVING, ActivityKind.OTHER, "整理归档", "样例局档案室", 17),
)
_ALSO_A_PART = 3
_FOOTAGE = (0, _ALSO_A_PART, 3, 2, 3, 1)
"""How many clips are filed under each activity; what is left over stays unassigned, as in life."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the demo did."""

    office: Path
    cards: tuple[CardReport, ...]
    party: Subject
    case: Subject
    filed: int
    verdict: Verdict


@contextmanager
def demo_office(directory: Path, *, s3: bool, minio_binary: Path | None) -> Iterator[Office]:
    """
    Open the demo's office in *directory*, making it if need be; with *s3* a local S3 server runs while inside.

    There is one office for each kind of store: evidence does not move from one to another because an option was given.
    """
    kind = ("minio" if minio_binary else "seaweedfs") if s3 else "folder"
    home = directory / kind
    with ExitStack() as stack:
        server = stack.enter_context(_server(home, minio_binary)) if s3 else None
        if not (home / FILE_NAME).exists():
            found(home, name="样例县综合行政执法局（演示）", log=_LOG)
        office = Office.open(home / FILE_NAME)
        if server is not None:
            server.prepare(days=office.settings.retention.days)
            office = replace(office, settings=office.settings.model_copy(update={"store": _section(home, server)}))
        yield office


def _server(home: Path, minio_binary: Path | None) -> AbstractContextManager[LocalS3]:
    directory = home / "s3"
    return minio(directory, binary=minio_binary) if minio_binary else seaweed(directory)


def _section(home: Path, server: LocalS3) -> StoreSection:
    """Name the server in the settings; its keys are files it made in *home*."""
    for name, text in (("s3-access", server.access_key), ("s3-secret", server.secret_key)):
        path = home / "keys" / name
        path.touch(mode=0o600)
        path.write_text(text + "\n")
    return StoreSection(kind="s3", endpoint=server.endpoint)


def run(office: Office, *, watcher: Watcher, say: Callable[[str], None]) -> Summary:
    """Write two cards, take them in, file them, verify everything; return what was done."""
    started(office)
    tools = find_tools(office.settings.media.tools)
    say(
        either(
            "① 生成两张样例存储卡（真实编码的视频，内容为测试图案）",
            "1. writing two sample cards (really encoded test footage)",
        )
    )
    cards = write_sample_cards(office.home / "cards", tools)
    say(either("② 采集：复制、摘要、存储、入账、生成可播放副本", "2. ingest: copy, hash, store, record, make playable"))
    pipeline = office.pipeline()
    reports = tuple(pipeline.ingest(card, device=card.name, watcher=watcher) for card in cards)
    say(either("③ 登记当事人和案件，按五个环节归档", "3. registering a party and a case, filing by the five stages"))
    party, case = _registered(office)
    filed = _filed(office, case)
    office.log.checkpoint()
    say(either("④ 验证账本、检查点、目录和全部存储对象", "4. verifying ledger, checkpoints, catalog and every stored object"))
    verdict = Audit(office.engine, office.log, office.projector, office.vault, office.store).run()
    return Summary(office.home, reports, party, case, filed, verdict)


def _registered(office: Office) -> tuple[Subject, Subject]:
    registry, actor = office.registry, office.operator
    bureau = registry.add_office("样例县综合行政执法局（演示）", code="DEMO-01", actor=actor)
    for name, badge in (("演示执法员甲", "000001"), ("演示执法员乙", "000002")):
        registry.add_officer(name, badge=badge, office=bureau, actor=actor)
    number = IdNumber.parse(_CREDIT_CODE)
    party = registry.add_party(PartyDetails(PartyKind.ORGANISATION, "样例商铺（演示）", number), actor=actor)
    standing = [matter.subject for matter in office.dossiers.matters() if matter.number == _NUMBER]
    if standing:
        return party, standing[0]
    details = MatterDetails(MatterKind.CASE, "涉嫌占道经营（演示案件）", _NUMBER)
    return party, registry.register_case(details, office=bureau, parties=[party], actor=actor)


def _filed(office: Office, case: Subject) -> int:
    """File the clips the demo has not filed yet; the same filing again is the one that stands."""
    officers = tuple(officer.subject for officer in office.dossiers.officers())
    known = {
        file.activity.title: file.activity.subject
        for stage in office.dossiers.matter_file(case).stages
        for file in stage.activities
    }
    stage_now = next(matter.stage for matter in office.dossiers.matters() if matter.subject == case)
    clips = [clip.subject for clip in office.catalog.clips() if clip.kind.value in {"video", "photo", "audio"}]
    filed = 0
    for (stage, kind, title, place, hour), count in zip(_ACTIVITIES, _FOOTAGE, strict=True):
        if _order(stage) > _order(stage_now):
            office.registry.enter_stage(case, stage, actor=office.operator)
            stage_now = stage
        begin = datetime(2026, 11, 18, hour, 0, tzinfo=_CHINA)
        details = ActivityDetails(kind, title, place, begin, begin + timedelta(minutes=50), officers)
        act = known.get(title) or office.registry.record_activity(details, matter=case, stage=stage, actor=office.operator)
        filed += _file(office, clips[filed : filed + count], act)
    return filed


def _order(stage: Stage | None) -> int:
    return -1 if stage is None else list(Stage).index(stage)


def _file(office: Office, clips: Sequence[Subject], activity: Subject) -> int:
    """File *clips* whole; of the last of several only its first two seconds concern the activity."""
    for place, clip in enumerate(clips, 1):
        part = TimeRange(timedelta(0), timedelta(seconds=2)) if place == len(clips) == _ALSO_A_PART else None
        office.registry.file_clip(clip, activity, range=part, actor=office.operator)
    return len(clips)
