"""
Somebody with everything: the machine, the database, the store, the rollback lock, and the log's real key.

He changes what was recorded and makes all the rest fit: hashes, chains, vault, tiles, checkpoints under the real key, catalog,
the head in the lock, the objects. What he cannot change is what others hold: heads that were cosigned, and the memory of the
witnesses.
"""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from blake3 import blake3

from ingest.deposit import placed
from storage import rebuild
from storage.database import reading
from storage.evidence import Actor, Entry, Json, Kind, Role, Subject, utc_moment
from storage.identity import fresh
from storage.ledger.keyring import load_signer
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.segments import MEDIA_TYPE, SEGMENT_SIZE, SegmentManifest
from storage.verifier.dockkeys import manifest_text
from yihu.wiring import Office

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
    _throw_away(office, clip)
    lines = omit_from_the_manifest(office, lines, where)
    return [line for line in lines if line.entry.subject != clip]


def _throw_away(office: Office, clip: Subject) -> None:
    for bucket in ("evidence", "index"):
        shutil.rmtree(office.home / "store" / bucket / "clips" / clip.id, ignore_errors=True)


def omit_from_the_manifest(office: Office, lines: Lines, where: range) -> Lines:
    """A file that the camera held is said never to have been on it; the dock's key is at hand and signs that too."""
    lines = omit_without_the_key_of_the_dock(office, lines, where)
    at = last(lines, where, "MANIFESTED")
    line, sig = lines[at], _part(lines[at], "sig")
    dock, device = line.entry.actor.who, line.entry.subject
    text = manifest_text(log=office.log.origin, dock=str(dock), device=str(device), at=str(sig["at"]), body=line.entry.body)
    signer = load_signer(office.home / office.settings.keys.dock, name=str(dock))
    return _put(lines, at, line.saying(sig={**sig, "signature": base64.b64encode(signer.sign(text.encode())).decode()}))


def omit_without_the_key_of_the_dock(_office: Office, lines: Lines, where: range) -> Lines:
    """The same by somebody whom the dock's key is kept from: the list is not signed by its dock any more."""
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


def truncate(office: Office, lines: Lines, where: range) -> Lines:
    """What came after never happened, and nothing of it lies in the store."""
    left, gone = lines[: where[len(where) // 2]], lines[where[len(where) // 2] :]
    for line in gone:
        if line.entry.type == "SECURED":
            _throw_away(office, line.entry.subject)
    return left


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
        omit_without_the_key_of_the_dock,
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

BREAKING_A_RULE = {"deposit_before_securing", "omit_without_the_key_of_the_dock"}
"""Attacks that no outside head is needed for."""


def _is(line: Line, type_: str, subject: Subject) -> bool:
    return line.entry.type == type_ and line.entry.subject == subject


def _part(line: Line, name: str) -> dict[str, Json]:
    part = line.entry.body[name]
    assert isinstance(part, dict)
    return part
