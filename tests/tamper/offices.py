"""Honest offices, made by the program itself: with something in every table, with three like days, on a server."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.tokens import issue_token, revoke_token
from cases.values import ActivityDetails, ActivityKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage import passing, witnesses
from storage.clearings import Wanted, authorised, cleared
from storage.evidence import Actor, Entry, Json, Kind, Role, Stage, Subject, TimeRange
from storage.identity import found_again, fresh
from storage.ledger.administrators import Witness
from storage.ledger.anchored import Outside
from storage.ledger.keys import FileSigner, VerifierKey
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.witnessing import Witness as AtWork
from storage.local_s3 import LocalS3
from storage.objects import Bucket, ObjectName, Promise, deposit
from tests.tamper.people import add_person
from yihu.erasing import erase
from yihu.founding import found as founded
from yihu.keys import retire
from yihu.officers import sign_entry
from yihu.snapshots import snapshot_now
from yihu.wiring import Office

from .accessed import look
from .docked import come, give_out, stand
from .outsiders import believe_an_authority, change_the_key, stamp, tell
from .world import ORIGIN, Clock, World, grow, log_subject, sign, size_of


def _publish(office: Office, world: World) -> None:
    """Publish the log, and hand proofs of some entries to people who carry them away."""
    place = world.outside / "published"
    publish(office.log, DirectoryShelf(place))
    size = size_of(office)
    for seq in (0, size // 2, size - 1):
        (world.outside / f"entry-{seq}.tlog-proof").write_text(office.log.proof(seq))
        (world.outside / f"entry-{seq}.leaf").write_bytes(office.log.leaf(seq))


def make(root: Path, *, entries: int = 0, more: Sequence[str] = ()) -> World:
    """
    Make the office, with at least so many *entries*.

    There are clips, cases, accounts, witnesses, checkpoints, one erased person, time-stamps, a key that was changed, an entry
    that an officer signed, and a snapshot.
    """
    world = make_bare(root, more=more)
    believe_an_authority(world)
    office = Office.open(world.home / "yihu.toml", Clock())
    _ingest(office, root / "card")
    come(office)
    sign(office, world)
    stamp(office, world)
    _clear(office)
    change_the_key(office, world)
    _file(office)
    _accounts(office)
    give_out(office)
    sign_entry(office, 0, certificate=world.outside / "officer.pem", key=world.outside / "tsa" / "clerk.key")
    sign(office, world)
    publish(office.log, DirectoryShelf(world.outside / "overlap"))
    stamp(office, world)
    _derive(office)
    look(office, Actor(_token(office, "查看岗"), Role.REVIEWER))
    _erase_one(office)
    retire(office)
    snapshot_now(office)
    sign(office, world)
    grow(office, max(1, entries - size_of(office)))
    sign(office, world)
    _publish(office, world)
    tell(office, world)
    grow(office, 5)
    office.log.checkpoint()
    office.engine.dispose()
    return world


def make_bare(root: Path, *, more: Sequence[str] = ()) -> World:
    """Make an office that has two witnesses and nothing else; *more* are further lines of its settings."""
    world = World(root / "office", root / "outside")
    world.outside.mkdir(parents=True)
    founded(world.home, name="演示局", log=ORIGIN, more=["", "[media]", "render = false", *more]).engine.dispose()
    office = Office.open(world.home / "yihu.toml", Clock())
    (world.outside / "vkey").write_text(f"{office.log.vkey}\n")
    _witness(office, world)
    office.engine.dispose()
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
    founded(world.home, name="演示局", log=ORIGIN, more=store).engine.dispose()
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


def _ingest(office: Office, card: Path) -> None:
    (card / "DCIM").mkdir(parents=True)
    for number in range(3):
        (card / "DCIM" / f"{number:04d}.MP4").write_bytes(random.Random(number).randbytes(1000 + number))
    (card / "DCIM" / "现场.TXT").write_bytes(b"a note")
    report = office.pipeline().ingest(card, device="DEMO-1")
    assert (len(report.secured), report.problems) == (4, ())
    camera, other = found_again(office.index_key, Kind.DEVICE, "2"), fresh(Kind.DOCK)
    office.custody.record(Entry("DEVICE_ENROLLED", camera, office.dock, {"identified_by": "named"}, {"label": "2"}))
    vkey = FileSigner.generate(card.parent / "second-dock.pem", name=str(other)).vkey
    office.custody.record(Entry("DOCK_KEY_SET", other, Actor(other, Role.DOCK), {"vkey": vkey}))
    stand(office)


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
    passing.prepare(office.engine)
    for login in ("sample.a", "sample.b"):
        add_person(office, login)


def _clear(office: Office) -> None:
    """Clear the camera twice: once to the end, and once so that it broke off."""
    head = Outside(office.engine, office.log).head()
    one, other, *_ = office.catalog.clips()
    assert head is not None
    for clips in ((one, other), (other,)):
        wanted = [Wanted(clip.subject, clip.blake3, clip.size) for clip in clips]
        policy: dict[str, Json] = {"any_store": True, "when": "at-once"}
        entry = authorised(one.device, wanted, manifest=3, policy=policy, head=head, actor=office.dock)
        seq = office.custody.record(entry).seq
        if len(clips) > 1:
            left = {other.subject: "changed"}
            done = cleared(one.device, seq, removed=[one.subject], size=one.size, left=left, actor=office.dock)
            office.custody.record(done)


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
    """Erase a person, so that a vault with gaps is honest too."""
    gone = office.registry.add_party(PartyDetails(PartyKind.ORGANISATION, "要求删除"), actor=office.operator)
    erase(office, gone, reason="要求删除")
