"""
An honest office with something in every table, and copies of it that somebody may spoil.

The office is made once for a run of tests, by the program itself; a copy of it costs a few milliseconds.
"""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from api.tokens import issue_token, revoke_token
from cases.values import ActivityDetails, ActivityKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage import rebuild, witnesses
from storage.audit import Audit
from storage.database import migrate, reading, writing
from storage.evidence import Entry, Json, Kind, Role, Stage, Subject, TimeRange
from storage.identity import found_again
from storage.ledger.administrators import Witness
from storage.ledger.feeding import feed
from storage.ledger.keys import VerifierKey
from storage.ledger.publish import DirectoryShelf, publish, publish_all
from storage.ledger.witness import Answer
from storage.ledger.witnessing import Witness as AtWork
from storage.local_s3 import LocalS3
from storage.objects import Bucket, ObjectName, ObjectReader, Promise, deposit
from storage.schema import projections
from storage.verifier.lifecycle import LifeCycle
from yihu.founding import found
from yihu.wiring import Office

ORIGIN = "office.example/yihu/tamper"
FULL_TILE = 256


@dataclass
class Clock:
    """A clock that goes on a little at every look, and that a test may set."""

    now: datetime = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return a moment a little later than the last."""
        self.now += timedelta(milliseconds=3)
        return self.now


@dataclass(frozen=True, slots=True)
class World:
    """An office in *home*, and what is outside of it: the witnesses with what they cosigned."""

    home: Path
    outside: Path

    def office(self) -> Office:
        """Open the office as a process does that remembers nothing."""
        return Office.open(self.home / "yihu.toml", Clock(datetime(2026, 11, 23, 8, 0, tzinfo=UTC)))

    @property
    def database(self) -> Path:
        """The file of the database, where there is one."""
        return self.home / "yihu.db"

    def copy(self, to: Path) -> World:
        """Copy the whole office, and nothing that is outside."""
        shutil.copytree(self.home, to)
        return World(to, self.outside)

    def copied_whole(self, to: Path) -> World:
        """Copy the office and everything outside of it: another world."""
        shutil.copytree(self.outside, to / "outside")
        return World(self.copy(to / "office").home, to / "outside")

    def witnesses(self) -> list[AtWork]:
        """Open the witnesses, who are under other administrators."""
        return [AtWork.open(place, clock=Clock()) for place in sorted(self.outside.glob("witness-*"))]

    def keys(self) -> list[VerifierKey]:
        """The keys of the log, as they came to a stranger on paper."""
        return [VerifierKey.parse((self.outside / "vkey").read_text())]

    def held(self) -> list[str]:
        """The heads that were kept outside, oldest first."""
        return [path.read_text() for path in sorted(self.outside.glob("held-*"))]


@contextmanager
def opened(world: World) -> Iterator[Office]:
    """Open the office for a while."""
    office = world.office()
    try:
        yield office
    finally:
        office.engine.dispose()


def opened_again(office: Office) -> Office:
    """Do what `Office.open` does to a database that was changed under an open office."""
    office.engine.dispose()
    migrate(office.engine)
    if not rebuild.is_current(office.engine):
        rebuild.rebuild(office.engine, office.projector, office.vault)
    return office


def findings_of(world: World, *, store: ObjectReader | None = None) -> list[str]:
    """Audit the office, with nothing remembered from before, and return everything that was found wrong."""
    with opened(world) as office:
        return findings_in(office, store=store)


def findings_in(office: Office, *, store: ObjectReader | None = None) -> list[str]:
    """
    Audit an open office: the one place of these tests that knows what the audit is called.

    Fewer steps that checked something than an honest office has is a finding too.
    """
    verdict = Audit(office.engine, office.log, office.projector, office.vault, store or office.store).run()
    found = [f"{step.name}: {finding}" for step in verdict.steps for finding in step.findings]
    assert verdict.is_consistent == (not found)
    return found


def _publish(office: Office, world: World) -> None:
    """Publish the log, and hand proofs of some entries to people who carry them away."""
    place = world.outside / "published"
    publish(office.log, DirectoryShelf(place))
    size = size_of(office)
    for seq in (0, size // 2, size - 1):
        (world.outside / f"entry-{seq}.tlog-proof").write_text(office.log.proof(seq))
        (world.outside / f"entry-{seq}.leaf").write_bytes(office.log.leaf(seq))


def life_cycle(office: Office) -> LifeCycle:
    """The table of moves of the office, as a stranger is given it."""
    moves = office.projector._lifecycle._moves.values()
    return LifeCycle({(one.kind.value, one.type): (one.after, one.then) for one in moves})


def make(root: Path, *, entries: int = 0, more: Sequence[str] = ()) -> World:
    """Make the office: clips, cases, accounts, witnesses, checkpoints, one erased person, and at least so many *entries*."""
    world = make_bare(root, more=more)
    office = Office.open(world.home / "yihu.toml", Clock())
    _ingest(office, root / "card")
    sign(office, world)
    _file(office)
    _accounts(office)
    sign(office, world)
    _derive(office)
    _erase_one(office)
    grow(office, max(1, entries - size_of(office)))
    sign(office, world)
    _publish(office, world)
    grow(office, 5)
    office.log.checkpoint()
    office.engine.dispose()
    return world


def effects_of(world: World, place: Path) -> dict[str, bytes]:
    """
    Everything the office tells anybody: rows, personal values, what it publishes, its proofs, what it takes to be held outside.

    Whatever leaves all of this as it was, byte for byte, has changed nothing.
    """
    with opened(world) as office:
        # whoever goes on first makes good what a crash may have left
        office.log.checkpoint()
        shown = {"anchored": str(office.log.anchored_size()).encode(), "head": (office.log.newest() or "").encode()}
        with reading(office.engine) as connection:
            for table in projections.sorted_tables:
                rows = connection.execute(select(table).order_by(*table.primary_key)).all()
                shown[table.name] = repr(rows).encode()
            for recorded in rebuild.recorded_entries(connection, office.vault):
                shown[f"entry {recorded.seq}"] = repr(recorded).encode()
        publish_all(office.log, DirectoryShelf(place))
        size = int((office.log.latest() or "").split("\n")[1])
        shown |= {f"proof {seq}": office.log.proof(seq).encode() for seq in range(0, size, 7)}
    return shown | {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def make_bare(root: Path, *, more: Sequence[str] = ()) -> World:
    """Make an office that has two witnesses and nothing else; *more* are further lines of its settings."""
    world = World(root / "office", root / "outside")
    world.outside.mkdir(parents=True)
    found(world.home, name="演示局", log=ORIGIN, more=["", "[media]", "render = false", *more]).engine.dispose()
    with opened(world) as office:
        (world.outside / "vkey").write_text(office.log.vkey)
        _witness(office, world)
    return world


def make_days(root: Path) -> World:
    """Make an office that has three like days behind it; the heads after the first and the second were cosigned and kept."""
    world = make_bare(root)
    office = Office.open(world.home / "yihu.toml", Clock())
    for day in range(3):
        _day(office, root / f"card-{day}", day)
        if day < 2:  # the third is the tail that nobody outside has seen
            sign(office, world)
    office.log.checkpoint()
    office.engine.dispose()
    return world


def make_on_server(root: Path, server: LocalS3, *, clips: int) -> World:
    """Make an office with so many clips whose objects lie on an S3 server."""
    world = World(root / "office", root / "outside")
    store = ["", "[media]", "render = false", "", "[store]", 'kind = "s3"', f'endpoint = "{server.endpoint}"']
    found(world.home, name="演示局", log=ORIGIN, more=store).engine.dispose()
    for name, secret in (("s3-access", server.access_key), ("s3-secret", server.secret_key)):
        (world.home / "keys" / name).touch(mode=0o600)
        (world.home / "keys" / name).write_text(f"{secret}\n")
    office = Office.open(world.home / "yihu.toml")
    (root / "card" / "DCIM").mkdir(parents=True)
    for number in range(clips):
        (root / "card" / "DCIM" / f"{number:04d}.MP4").write_bytes(random.Random(number).randbytes(1000 + number))
    report = office.pipeline().ingest(root / "card", device="DEMO-1")
    assert (len(report.secured), report.problems) == (clips, ())
    for clip in office.catalog.clips():
        outputs = [_output(office, clip.subject, "review", "video/mp4")]
        body: dict[str, Json] = {"facts": {"duration_ms": 6000}, "findings": ["silent"], "outputs": outputs}
        office.custody.record(Entry("DERIVED", clip.subject, office.dock, body))
    office.log.checkpoint()
    office.engine.dispose()
    return world


def _day(office: Office, card: Path, day: int) -> None:
    known = len(office.catalog.clips())
    (card / "DCIM").mkdir(parents=True)
    for number in range(2):
        (card / "DCIM" / f"{day}{number:03d}.MP4").write_bytes(bytes([day, number]) * 1000)
    office.pipeline().ingest(card, device="DEMO-1")
    registry, actor = office.registry, office.operator
    bureau = registry.add_office(f"演示局{day}", code=f"D-{day}", actor=actor)
    officer = registry.add_officer(f"演示员{day}", badge=f"00000{day}", office=bureau, actor=actor)
    party = registry.add_party(PartyDetails(PartyKind.ORGANISATION, f"样例商铺{day}"), actor=actor)
    details = MatterDetails(MatterKind.CASE, f"演示{day}", f"样{day}号")
    case = registry.register_case(details, office=bureau, parties=[party], actor=actor)
    start = datetime(2026, 11, 18, 9, tzinfo=UTC)
    act = ActivityDetails(ActivityKind.ON_SITE_INSPECTION, "现场检查", "样例街", start, start + timedelta(hours=1), (officer,))
    _other, activity = (registry.record_activity(act, matter=case, stage=Stage.INVESTIGATION, actor=actor) for _ in range(2))
    _token(office, f"测试岗{day}")
    for clip in office.catalog.clips()[known:]:
        outputs = [_output(office, clip.subject, "review", "video/mp4")]
        body: dict[str, Json] = {"facts": {"duration_ms": 6000}, "findings": ["silent"], "outputs": outputs}
        office.custody.record(Entry("DERIVED", clip.subject, office.dock, body))
        registry.file_clip(clip.subject, activity, actor=actor)
        for _ in range(2):
            office.custody.record(Entry("ACCESSED", clip.subject, actor, {"viewing": "01J"}))
    grow(office, 2)


def _token(office: Office, name: str) -> Subject:
    return issue_token(office.custody, name=name, role=Role.REVIEWER, actor=office.operator)[0]


def log_subject(office: Office) -> Subject:
    """The log as the subject of entries."""
    return found_again(office.index_key, Kind.LOG, ORIGIN)


def size_of(office: Office) -> int:
    """How many entries there are."""
    office.log.checkpoint()
    return int((office.log.latest() or "\n0").split("\n")[1])


def grow(office: Office, count: int, *, version: str = "1") -> None:
    """Record so many entries more; of the same *version* they are the same, as the clock is."""
    subject = log_subject(office)
    office.custody.record_all([Entry("STARTED", subject, office.dock, {"version": version}) for _ in range(count)])


def sign(office: Office, world: World) -> str:
    """Sign a head, have it cosigned by everybody, and keep it outside."""
    office.log.checkpoint()
    by_name = {one.key.name: one for one in world.witnesses()}
    for known in office.log.anchors.witnesses():
        feed(office.log, known, delivering(by_name[known.key.name]))
    note = office.log.newest()
    assert note is not None
    size = int(note.split("\n", 2)[1])
    (world.outside / f"held-{size:09d}").write_text(note)
    return note


class delivering:  # noqa: N801 - a function with a witness in it
    """Brings requests to a witness."""

    def __init__(self, at_work: AtWork) -> None:
        self._at_work = at_work

    def __call__(self, body: str) -> Answer:
        return self._at_work.add_checkpoint(body.encode())


def _ingest(office: Office, card: Path) -> None:
    (card / "DCIM").mkdir(parents=True)
    for number in range(3):
        (card / "DCIM" / f"{number:04d}.MP4").write_bytes(random.Random(number).randbytes(1000 + number))
    (card / "DCIM" / "现场.TXT").write_bytes(b"a note")
    report = office.pipeline().ingest(card, device="DEMO-1")
    assert (len(report.secured), report.problems) == (4, ())
    office.custody.record(
        Entry(
            "DEVICE_ENROLLED",
            found_again(office.index_key, Kind.DEVICE, "2"),
            office.dock,
            {"identified_by": "named"},
            {"label": "2"},
        )
    )


def _witness(office: Office, world: World) -> None:
    for name in ("procuratorate", "supervision"):
        made = AtWork.found(world.outside / f"witness-{name}", name=f"{name}.example/w", clock=Clock())
        made.watch(VerifierKey.parse(office.log.vkey))
        known = Witness(name, made.key, f"{name}-of-the-county", url=f"https://{name}.example")
        office.custody.record(witnesses.added(known, log=log_subject(office), actor=office.operator))
    for least in (1, 2):
        quorum = witnesses.Quorum(least=least)
        office.custody.record(witnesses.quorum_set(quorum, log=log_subject(office), actor=office.operator))


def _file(office: Office) -> None:
    registry, actor = office.registry, office.operator
    bureaus = [registry.add_office(f"演示局{n}", code=f"D-{n}", actor=actor) for n in (1, 2)]
    officers = [registry.add_officer(f"演示员{n}", badge=f"00000{n}", office=bureaus[0], actor=actor) for n in (1, 2)]
    shop = registry.add_party(
        PartyDetails(PartyKind.ORGANISATION, "样例商铺", IdNumber.parse("91000000DEM0000019")), actor=actor
    )
    person = registry.add_party(PartyDetails(PartyKind.ORGANISATION, "样例摊位"), actor=actor)
    cases = []
    for number, party in enumerate((shop, person)):
        details = MatterDetails(MatterKind.CASE, f"演示{number}", f"样{number}号")
        cases.append(registry.register_case(details, office=bureaus[number], parties=[party], actor=actor))
    start = datetime(2026, 11, 18, 9, tzinfo=UTC)
    acts = []
    for number, case in enumerate(cases):
        until = start + timedelta(hours=1 + number)
        act = ActivityDetails(
            ActivityKind.ON_SITE_INSPECTION, f"现场检查{number}", f"样例街{number}", start, until, tuple(officers)
        )
        acts.append(registry.record_activity(act, matter=case, stage=Stage.INVESTIGATION, actor=actor))
    clips = [clip.subject for clip in office.catalog.clips()]
    registry.file_clip(clips[0], acts[0], range=TimeRange(timedelta(0), timedelta(milliseconds=500)), actor=actor)
    registry.file_clip(clips[1], acts[1], actor=actor)
    registry.unfile(registry.file_clip(clips[0], acts[1], actor=actor), actor=actor, reason="归错了")
    registry.enter_stage(cases[1], Stage.INVESTIGATION, actor=actor)
    registry.close(cases[1], actor=actor)
    for _ in range(2):
        office.custody.record(Entry("ACCESSED", clips[0], actor, {"viewing": "01J"}))


def _accounts(office: Office) -> None:
    issue_token(office.custody, name="测试岗甲", role=Role.REVIEWER, actor=office.operator)
    gone, _token = issue_token(office.custody, name="测试岗乙", role=Role.CLERK, actor=office.operator)
    revoke_token(office.custody, gone, actor=office.operator)


def _derive(office: Office) -> None:
    """Put in by hand what ffmpeg would make, so that the office is made in a second."""
    for clip in office.catalog.clips()[:2]:
        outputs = [_output(office, clip.subject, *made) for made in (("review", "video/mp4"), ("poster", "image/jpeg"))]
        body: dict[str, Json] = {"facts": {"duration_ms": 6000}, "findings": ["silent"], "outputs": outputs}
        office.custody.record(Entry("DERIVED", clip.subject, office.dock, body))


def _output(office: Office, clip: Subject, kind: str, media_type: str) -> Json:
    raw = f"{kind} of {clip}".encode()
    name = ObjectName(Bucket.INDEX, f"clips/{clip.id}/{kind}")
    told = Promise.of_bytes(raw)
    stored = deposit(office.store, name, lambda: io.BytesIO(raw), told, retain_until=None, media_type=media_type)
    return {
        "kind": kind,
        "obj": {"b": name.bucket.value, "k": name.key, "ver": stored.version},
        "size": stored.size,
        "blake3": str(stored.blake3),
        "sha256": str(stored.sha256),
        "media_type": media_type,
        "recipe": f"{kind}/1",
        "recipe_digest": "sha256:" + "0" * 64,
    }


def _erase_one(office: Office) -> None:
    """Erase a person's values, so that a vault with gaps is honest too."""
    gone = office.registry.add_party(PartyDetails(PartyKind.ORGANISATION, "要求删除"), actor=office.operator)
    with writing(office.engine) as connection:
        office.vault.erase(connection, gone)
    rebuild.rebuild(office.engine, office.projector, office.vault)
