"""
Somebody with everything: the machine, the database, the store, the rollback lock, and the log's real key.

He changes what was recorded and makes all the rest fit: hashes, chains, vault, tiles, checkpoints under the real key, catalog,
the head in the lock, the objects. What he cannot change is what others hold: heads that were cosigned, and the memory of the
witnesses.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from blake3 import blake3
from sqlalchemy import Connection, delete, func, select, text

from ingest.deposit import placed
from storage import rebuild
from storage.custody import Custody
from storage.database import reading, writing
from storage.errors import EvidenceError, LifeCycleError
from storage.evidence import Actor, Entry, Json, Kind, Role, Subject, utc_moment
from storage.identity import fresh
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.tree import EMPTY_ROOT
from storage.lifecycle import LifeCycle, Move
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.projecting import Projector
from storage.schema import APPEND_ONLY, checkpoints, cosignatures, entries, tiles, vault, vault_keys
from storage.segments import MEDIA_TYPE, SEGMENT_SIZE, SegmentManifest
from yihu.wiring import Office

from .world import ORIGIN, Clock, World, opened

_LATER = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it was recorded, and where; ``None`` where the insider invents it."""

    at: datetime
    entry: Entry
    was: int | None = None

    def saying(self, **body: Json) -> Line:
        """The same entry with other words in its body."""
        return replace(self, entry=replace(self.entry, body={**self.entry.body, **body}))


Lines: TypeAlias = list[Line]
Attack: TypeAlias = Callable[[Office, Lines, range], Lines]
"""Given the office, its history, and the part of it where he strikes: another history."""


def history_of(office: Office) -> Lines:
    """What was recorded, with the personal values that the vault tells."""
    with reading(office.engine) as connection:
        recorded = rebuild.recorded_entries(connection, office.vault)
        return [Line(one.at, one.entry, one.seq) for one in recorded]


# --- where he strikes ---------------------------------------------------------------------------------------------------


def last(lines: Lines, where: range, type_: str) -> int:
    """The place of the last entry of that type there."""
    return max(at for at in where if lines[at].entry.type == type_)


def _put(lines: Lines, at: int, line: Line) -> Lines:
    return [*lines[:at], line, *lines[at + 1 :]]


# --- what he does -------------------------------------------------------------------------------------------------------


def replace_a_clip(office: Office, lines: Lines, where: range) -> Lines:
    """Other footage in the place of a clip, in the store too, with every digest made to fit."""
    at = last(lines, where, "SECURED")
    clip, forged = lines[at].entry.subject, b"another film altogether"
    there = next(place for place in range(at, len(lines)) if _is(lines[place], "DEPOSITED", clip))
    until = utc_moment(str(_part(lines[there], "original")["until"]))
    manifest = SegmentManifest(len(forged), blake3(forged).digest())
    stored = {}
    for key, raw, media_type in (("original", forged, "application/octet-stream"), ("segments", manifest.encode(), MEDIA_TYPE)):
        name = ObjectName(Bucket.EVIDENCE, f"clips/{clip.id}/{key}")
        shutil.rmtree(office.home / "store" / "evidence" / f"{name.key}.object")
        told = Promise.of_bytes(raw)
        source = _giving(raw)
        stored[key] = deposit(office.store, name, source, told, retain_until=until, media_type=media_type)
    told = Promise.of_bytes(forged)
    seg: dict[str, Json] = {"n": 1, "size": SEGMENT_SIZE, "root": manifest.summary.root.hex()}
    content: dict[str, Json] = {"size": len(forged), "blake3": str(told.blake3), "sha256": str(told.sha256), "seg": seg}
    where_segments: dict[str, Json] = {**placed(stored["segments"]), "sha256": str(stored["segments"].sha256)}
    lines = _put(lines, at, lines[at].saying(content=content))
    return _put(lines, there, lines[there].saying(original=placed(stored["original"]), manifest=where_segments))


def _giving(raw: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(raw)


def delete_a_clip(office: Office, lines: Lines, where: range) -> Lines:
    """A clip with all its entries, its objects, and its line in the manifest of the camera."""
    clip = lines[last(lines, where, "SECURED")].entry.subject
    for bucket in ("evidence", "index"):
        shutil.rmtree(office.home / "store" / bucket / "clips" / clip.id, ignore_errors=True)
    lines = omit_from_the_manifest(office, lines, where)
    return [line for line in lines if line.entry.subject != clip]


def omit_from_the_manifest(_office: Office, lines: Lines, where: range) -> Lines:
    """A file that the camera held is said never to have been on it."""
    at = last(lines, where, "MANIFESTED")
    files = lines[at].entry.body["files"]
    assert isinstance(files, int)
    return _put(lines, at, lines[at].saying(files=files - 1, root="0" * 64))


def drop_an_access(_office: Office, lines: Lines, where: range) -> Lines:
    """Somebody has never looked at a clip."""
    at = last(lines, where, "ACCESSED")
    return [*lines[:at], *lines[at + 1 :]]


def invent_an_access(_office: Office, lines: Lines, where: range) -> Lines:
    """Somebody else has."""
    at = last(lines, where, "ACCESSED")
    accused = Actor(fresh(Kind.ACCOUNT), Role.REVIEWER)
    return [*lines[: at + 1], Line(lines[at].at, replace(lines[at].entry, actor=accused)), *lines[at + 1 :]]


def change_the_actor(_office: Office, lines: Lines, where: range) -> Lines:
    """Another one did it."""
    at = last(lines, where, "ACCESSED")
    return _put(lines, at, replace(lines[at], entry=replace(lines[at].entry, actor=Actor(fresh(Kind.ACCOUNT), Role.CLERK))))


def change_the_role(_office: Office, lines: Lines, where: range) -> Lines:
    """The same one, in another capacity."""
    at = last(lines, where, "FILED")
    actor = replace(lines[at].entry.actor, role=Role.AUDITOR)
    return _put(lines, at, replace(lines[at], entry=replace(lines[at].entry, actor=actor)))


def relink_to_another_case(_office: Office, lines: Lines, where: range) -> Lines:
    """A clip was always filed in another case."""
    at = last(lines, where, "FILED")
    mine = lines[at].entry.body["activity"]
    act = next(line.entry for line in lines[:at] if line.entry.type == "ACTIVITY_RECORDED" and str(line.entry.subject) != mine)
    return _put(lines, at, lines[at].saying(activity=str(act.subject), matter=act.body["matter"]))


def file_another_part(_office: Office, lines: Lines, where: range) -> Lines:
    """Only the harmless minute was ever filed."""
    at = last(lines, where, "FILED")
    return _put(lines, at, lines[at].saying(start_ms=1, end_ms=2))


def backdate_one(_office: Office, lines: Lines, where: range) -> Lines:
    """As early as the entry before it."""
    at = last(lines, where, "DERIVED")
    return _put(lines, at, replace(lines[at], at=lines[at - 1].at))


def backdate_a_block(_office: Office, lines: Lines, where: range) -> Lines:
    """Ten days earlier, with the step of the clock written down as an honest log does."""
    return [replace(line, at=line.at - timedelta(days=10)) if at in where else line for at, line in enumerate(lines)]


def postdate_one(_office: Office, lines: Lines, where: range) -> Lines:
    """A little later than it was."""
    at = last(lines, where, "DEPOSITED")
    return _put(lines, at, replace(lines[at], at=lines[at].at + _LATER))


def swap_two(_office: Office, lines: Lines, where: range) -> Lines:
    """Two entries about different things change places."""
    at = max(at for at in where if at + 1 in where and lines[at].entry.subject != lines[at + 1].entry.subject)
    one, other = lines[at], lines[at + 1]
    return [*lines[:at], replace(other, at=one.at), replace(one, at=other.at), *lines[at + 2 :]]


def truncate(_office: Office, lines: Lines, where: range) -> Lines:
    """What came after never happened."""
    return lines[: where[len(where) // 2]]


def deposit_before_securing(_office: Office, lines: Lines, where: range) -> Lines:
    """A clip is in the store before anybody has read it: an order that the life cycle knows."""
    at = last(lines, where, "SECURED")
    there = next(place for place in range(at, len(lines)) if _is(lines[place], "DEPOSITED", lines[at].entry.subject))
    without = [*lines[:there], *lines[there + 1 :]]
    return [*without[:at], replace(lines[there], at=lines[at].at), *without[at:]]


def invent_a_token(_office: Office, lines: Lines, where: range) -> Lines:
    """A way in that was always there."""
    at = last(lines, where, "TOKEN_ISSUED")
    body: dict[str, Json] = {**lines[at].entry.body, "token": "sha256:" + "f" * 64}
    made = replace(lines[at].entry, subject=fresh(Kind.ACCOUNT), body=body)
    return [*lines[: at + 1], Line(lines[at].at, made), *lines[at + 1 :]]


def forget_a_token(_office: Office, lines: Lines, where: range) -> Lines:
    """A way in that never was."""
    account = lines[last(lines, where, "TOKEN_ISSUED")].entry.subject
    return [line for line in lines if line.entry.subject != account]


def rename_a_party(_office: Office, lines: Lines, where: range) -> Lines:
    """The case was always about somebody else; the commitment is made again."""
    at = last(lines, where, "PARTY_REGISTERED")
    return _put(lines, at, replace(lines[at], entry=replace(lines[at].entry, personal={"name": "别人"})))


def change_a_finding(_office: Office, lines: Lines, where: range) -> Lines:
    """The recording was always silent."""
    at = last(lines, where, "DERIVED")
    return _put(lines, at, lines[at].saying(findings=["no picture"]))


def change_the_program(_office: Office, lines: Lines, where: range) -> Lines:
    """Another version of the program did it: the very last entry of the part."""
    return _put(lines, where[-1], lines[where[-1]].saying(version="9.9"))


def say_it_twice(_office: Office, lines: Lines, where: range) -> Lines:
    """The same once more."""
    at = last(lines, where, "ACCESSED")
    return [*lines[: at + 1], replace(lines[at], was=None), *lines[at + 1 :]]


ATTACKS: Mapping[str, Attack] = {
    attack.__name__: attack
    for attack in (
        replace_a_clip,
        delete_a_clip,
        omit_from_the_manifest,
        drop_an_access,
        invent_an_access,
        say_it_twice,
        change_the_actor,
        change_the_role,
        relink_to_another_case,
        file_another_part,
        backdate_one,
        backdate_a_block,
        postdate_one,
        swap_two,
        truncate,
        deposit_before_securing,
        invent_a_token,
        forget_a_token,
        rename_a_party,
        change_a_finding,
        change_the_program,
    )
}

BREAKING_A_RULE = {"deposit_before_securing"}
"""Attacks that no outside head is needed for."""


def _is(line: Line, type_: str, subject: Subject) -> bool:
    return line.entry.type == type_ and line.entry.subject == subject


def _part(line: Line, name: str) -> dict[str, Json]:
    part = line.entry.body[name]
    assert isinstance(part, dict)
    return part


# --- how he makes it fit ------------------------------------------------------------------------------------------------


class Lawless(LifeCycle):
    """A life cycle in which everything may follow everything: his own copy of the program is not the one that refuses."""

    def __init__(self, honest: LifeCycle) -> None:
        super().__init__(honest._moves.values())

    def next_state(self, subject: Subject, state: str, type_: str) -> str:
        """Return the state after an entry, whatever it was before."""
        try:
            return super().next_state(subject, state, type_)
        except LifeCycleError:
            found = self._moves.get((subject.kind, type_), Move(subject.kind, type_, frozenset()))
            return found.then or state


@dataclass(frozen=True, slots=True)
class Forged:
    """What he made of the office."""

    world: World
    published: Path
    first: int
    """The first entry that is not what it was."""
    size: int


def forge(honest: World, place: Path, attack: Attack, where: range) -> Forged:
    """Carry out *attack* on a copy of the office, make everything fit, and publish the result."""
    world = honest.copy(place / "office")
    with opened(world) as office:
        before = history_of(office)
        after = attack(office, before, where)
        first = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(after))
        first = min(first, len(before))
        assert before != after
        taken_back(office, first)
        _record(office, _renumbered(after, first), first)
        publish(office.log, DirectoryShelf(place / "published"))
    return Forged(world, place / "published", first, len(after))


def _renumbered(lines: Lines, first: int) -> Lines:
    """Clips name the number of the manifest they stand in, which may be another one now."""
    places = {line.was: at for at, line in enumerate(lines) if line.was is not None}
    made = []
    for line in lines[first:]:
        manifest = line.entry.body.get("manifest")
        made.append(
            line.saying(manifest=places[manifest]) if line.entry.type == "SECURED" and isinstance(manifest, int) else line
        )
    return made


def taken_back(office: Office, first: int) -> None:
    """Undo everything from entry *first* on, in database and lock."""
    with writing(office.engine) as connection:
        for table in APPEND_ONLY:
            for act in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER {table.name}_no_{act}"))
        _delete_from(connection, first)
        newest = connection.scalar(select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1))
    rebuild.rebuild(office.engine, _lawless(office), office.vault)
    (office.home / "lock" / "head").write_text(newest or sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), office.signer))


def _delete_from(connection: Connection, first: int) -> None:
    connection.execute(delete(cosignatures).where(cosignatures.c.size > first))
    connection.execute(delete(checkpoints).where(checkpoints.c.size > first))
    connection.execute(delete(vault).where(vault.c.seq >= first))
    connection.execute(delete(entries).where(entries.c.seq >= first))
    signed = connection.scalar(select(func.max(checkpoints.c.size))) or 0
    for row in connection.execute(select(tiles.c.level, tiles.c.tile)).all():
        if (row.tile + 1) << 8 * (row.level + 1) > signed:
            connection.execute(delete(tiles).where(tiles.c.level == row.level, tiles.c.tile == row.tile))
    kept = connection.scalars(select(vault.c.subject)).all()
    connection.execute(delete(vault_keys).where(vault_keys.c.subject.not_in(kept)))


def _record(office: Office, lines: Lines, first: int) -> None:
    """Record anew, signing every eighth entry, so that the heads look as they would in life."""
    clock = Clock()
    known = Custody(office.engine, _lawless(office), office.vault, log=ORIGIN, clock=lambda: clock.now)
    # what does not even fit into the catalog is written past it
    blind = Custody(
        office.engine, Projector(_lawless(office)._lifecycle, []), office.vault, log=ORIGIN, clock=lambda: clock.now
    )
    for number, line in enumerate(lines, first):
        clock.now = line.at
        try:
            known.record(line.entry)
        except EvidenceError:
            blind.record(line.entry)
        if number % 8 == 0:
            office.log.checkpoint()
    office.log.checkpoint()


def _lawless(office: Office) -> Projector:
    return Projector(Lawless(office.projector._lifecycle), office.projector._projections)
