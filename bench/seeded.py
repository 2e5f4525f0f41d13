"""
An office of a sensible size, recorded by custody: parties, each with a case and what was recorded in it; and one large case.

Names are made up by counting. Nothing lies in the store but one small object, which every clip says is its review copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ulid import ULID

from bench.big_clip import add_people, life, write_original
from bench.lives import CAMERA
from bench.offices import ledger
from cases import entries
from cases.values import ActivityDetails, ActivityKind, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage.evidence import Entry, Kind, Stage, Subject
from storage.identity import fresh
from storage.objects import Bucket, ObjectName, Stored, deposit
from yihu.wiring import Office

_BATCH = 512
_SMALL = 64 * 1024
_WHEN = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What stands in it, by name; *parties*, *matters* and *clips* are in the same order, of each case its first clip."""

    home: Path
    parties: list[str]
    matters: list[str]
    clips: list[str]
    large: str
    """The case with many clips."""


def seeded(home: Path, *, url: str | None, parties: int, clips: int, large: int, logins: Sequence[str]) -> Seeded:
    """Make it: *clips* are shared out evenly, the case of the first party has *large* more."""
    office = _opened(ledger(home, url=url))
    stored = _one_object(office, home / "small")
    names = Seeded(home, [], [], [], "")
    of_each = [clips // parties + (large if number == 0 else 0) for number in range(parties)]
    stream = _entries(office, stored, of_each, names)
    while batch := list(islice(stream, _BATCH)):
        office.custody.record_all(batch)
    office.log.checkpoint()
    add_people(office, logins)
    office.engine.dispose()
    return Seeded(home, names.parties, names.matters, names.clips, names.matters[0])


def _opened(home: Path) -> Office:
    return Office.open(home / "yihu.toml")


def _one_object(office: Office, file: Path) -> Stored:
    promise = write_original(file, size=_SMALL)
    name = ObjectName(Bucket.EVIDENCE, "clips/bench/original")
    return deposit(office.store, name, lambda: file.open("rb"), promise, retain_until=office.clock())


def _entries(office: Office, stored: Stored, of_each: Sequence[int], names: Seeded) -> Iterator[Entry]:
    by, enforcing = office.operator, fresh(Kind.OFFICE)
    yield entries.office_registered(enforcing, "测量执法所", code="BENCH", actor=by)
    yield Entry("DEVICE_ENROLLED", CAMERA, office.dock, {"identified_by": "named"}, {"label": "BENCH-0001"})
    for number, clips in enumerate(of_each):
        party, matter, activity = fresh(Kind.PARTY), fresh(Kind.MATTER), fresh(Kind.ACTIVITY)
        yield entries.party_registered(party, PartyDetails(PartyKind.NATURAL, f"当事人{number:05}"), actor=by)
        details = MatterDetails(MatterKind.CASE, f"占道经营{number:05}", f"测〔2026〕{number}号")
        yield entries.matter_opened(matter, details, office=enforcing, actor=by)
        yield entries.party_joined(matter, party, actor=by)
        yield entries.case_registered(matter, number=None, actor=by)
        for stage in (Stage.INITIATION, Stage.INVESTIGATION):
            yield entries.stage_entered(matter, stage, actor=by)
        act = ActivityDetails(ActivityKind.ON_SITE_INSPECTION, "现场检查", f"示例路 {number} 号", _WHEN)
        yield entries.activity_recorded(activity, act, matter=matter, stage=Stage.INVESTIGATION, actor=by)
        names.parties.append(str(party))
        names.matters.append(str(matter))
        yield from _clips(office, stored, clips, (activity, matter), names)


def _clips(office: Office, stored: Stored, count: int, where: tuple[Subject, Subject], names: Seeded) -> Iterator[Entry]:
    activity, matter = where
    for number in range(count):
        clip = fresh(Kind.CLIP)
        if number == 0:
            names.clips.append(str(clip))
        yield from life(office.dock, clip, stored)
        yield entries.filed(clip, str(ULID()), activity=activity, matter=matter, part=None, actor=office.operator)
