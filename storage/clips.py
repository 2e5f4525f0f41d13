"""
Clips, cameras and derivatives: their life cycle, their tables, and what each entry changes in them.

===================  =======  ======================  ==========================================================
entry                subject  moves                   body
===================  =======  ======================  ==========================================================
``STARTED``          log      stays                   version and file digest of the program, platform
``DEVICE_ENROLLED``  device   (new) → known           how it was identified
``DOCKED``           device   stays                   profile, clock against ours, room; see `storage.dockings`
``MANIFESTED``       device   stays                   count, bytes and Merkle root of the salted rows of the card
``SECURED``          clip     (new) → secured         content, media kind, device, manifest it stands in
``DEPOSITED``        clip     secured → deposited     where original and segment manifest lie, version, lock
``DERIVED``          clip     → rendered              outputs with recipes and digests, facts, findings
``FOUND``            clip     stays                   findings that a later look at its camera brought, and which look
``ACCESSED``         clip     stays                   which viewing
===================  =======  ======================  ==========================================================

Values that could name a person (labels, paths on the camera, reasons) are in the vault, never in a body.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Row, Table, Text, bindparam, insert, update

from storage.evidence import Actor, Entry, Kind, Recorded, Subject, utc_text
from storage.lifecycle import UNBORN, move
from storage.projecting import Change
from storage.schema import projections

SECURED, DEPOSITED, RENDERED = "secured", "deposited", "rendered"
OURS = f"{SECURED}|{DEPOSITED}|{RENDERED}"
"""The states of a clip that is ours."""

MOVES = (
    move(Kind.LOG, "STARTED", f"{UNBORN}|running", "running"),
    move(Kind.DEVICE, "DEVICE_ENROLLED", UNBORN, "known"),
    move(Kind.DEVICE, "DOCKED", "known"),
    move(Kind.DEVICE, "MANIFESTED", "known"),
    move(Kind.CLIP, "SECURED", UNBORN, SECURED),
    move(Kind.CLIP, "DEPOSITED", SECURED, DEPOSITED),
    move(Kind.CLIP, "DERIVED", f"{DEPOSITED}|{RENDERED}", RENDERED),
    move(Kind.CLIP, "FOUND", OURS),
    move(Kind.CLIP, "ACCESSED", f"{DEPOSITED}|{RENDERED}"),
)

devices = Table(
    "devices",
    projections,
    Column("device", Text, primary_key=True),
    Column("identified_by", Text, nullable=False),
    Column("label", Text),
    Column("enrolled_seq", BigInteger, nullable=False),
)

manifests = Table(
    "manifests",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("device", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("root", Text, nullable=False),
)

clips = Table(
    "clips",
    projections,
    Column("clip", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("manifest", BigInteger, nullable=False),
    Column("path", LargeBinary),
    Column("name", Text),
    Column("belongs_to", LargeBinary),
    Column("officer_claim", Text),
    Column("recorded_at", Text),
    Column("corrected_at", Text),
    Column("uncertainty_ms", BigInteger),
    Column("event", Text),
    Column("event_part", BigInteger),
    Column("kind", Text, nullable=False),
    Column("modified_ns", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("blake3", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("sm3", Text),
    Column("segments", BigInteger, nullable=False),
    Column("segment_size", BigInteger, nullable=False),
    Column("segment_root", Text, nullable=False),
    Column("secured_seq", BigInteger, nullable=False),
    Column("secured_at", Text, nullable=False),
    Column("object_key", Text),
    Column("object_version", Text),
    Column("manifest_version", Text),
    Column("retained_until", Text),
    Column("deposited_seq", BigInteger),
    Column("derived_seq", BigInteger),
    Column("duration_ms", BigInteger),
    Column("findings", Text, nullable=False),
    Column("found", Text, nullable=False),
    Index("clips_state", "state"),
    Index("clips_event", "event"),
    Index("clips_met_again", "device", "path"),
)

derivatives = Table(
    "derivatives",
    projections,
    Column("clip", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("object_bucket", Text, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("object_version", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("blake3", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("recipe_digest", Text, nullable=False),
)


# made once: building a statement of this width costs more than running it
_ENROL, _MANIFEST, _SECURE, _DERIVATIVE = insert(devices), insert(manifests), insert(clips), insert(derivatives)
_DEPOSIT, _RENDER = (
    update(clips).where(clips.c.clip == bindparam("mine"), clips.c.state.in_(states))
    for states in ((SECURED,), (DEPOSITED, RENDERED))
)
"""They change the row of a clip that is still in such a state."""
_FIND = update(clips).where(clips.c.clip == bindparam("mine")).values(found=clips.c.found + bindparam("more", type_=Text))
"""What a later look found is added in a column of its own: a new rendering says the other findings anew, never these."""


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about a camera or a clip changes."""
    projection = _PROJECTIONS.get(recorded.entry.type)
    return () if projection is None else projection(recorded)


def _enrolled(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    yield Change(
        _ENROL,
        values={
            "device": str(entry.subject),
            "identified_by": entry.body["identified_by"],
            "label": entry.personal.get("label"),
            "enrolled_seq": recorded.seq,
        },
    )


def _manifested(recorded: Recorded) -> Iterable[Change]:
    body = recorded.entry.body
    yield Change(
        _MANIFEST,
        values={
            "seq": recorded.seq,
            "device": str(recorded.entry.subject),
            "at": utc_text(recorded.at),
            "files": body["files"],
            "bytes": body["bytes"],
            "root": body["root"],
        },
    )


def _secured(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    personal: Any = recorded.entry.personal
    content, file, event = body["content"], personal.get("file", {}), body.get("event", {})
    yield Change(
        _SECURE,
        values={
            "clip": str(recorded.entry.subject),
            "state": SECURED,
            "device": body["device"],
            "manifest": body["manifest"],
            "path": _bytes(file.get("path")),
            "name": file.get("name"),
            "belongs_to": _bytes(file.get("belongs_to")),
            "officer_claim": file.get("officer"),
            "recorded_at": body.get("recorded_at"),
            "corrected_at": body.get("corrected_at"),
            "uncertainty_ms": body.get("uncertainty_ms"),
            "event": event.get("of"),
            "event_part": event.get("part"),
            "kind": body["kind"],
            "modified_ns": body["modified_ns"],
            "size": content["size"],
            "blake3": content["blake3"],
            "sha256": content["sha256"],
            "sm3": content.get("sm3"),
            "segments": content["seg"]["n"],
            "segment_size": content["seg"]["size"],
            "segment_root": content["seg"]["root"],
            "secured_seq": recorded.seq,
            "secured_at": utc_text(recorded.at),
            "findings": " ".join(body.get("findings", [])),
            "found": "",
        },
    )


def findings_of(row: Row[Any]) -> tuple[str, ...]:
    """Return all findings about the clip in *row*, each once."""
    return tuple(dict.fromkeys([*row.findings.split(), *row.found.split()]))


def found(clip: Subject, actor: Actor, *, codes: Iterable[str], manifest: int) -> Entry:
    """Return the entry that adds findings to *clip*, which the look at its card in entry number *manifest* brought."""
    return Entry("FOUND", clip, actor, {"findings": list(codes), "manifest": manifest})


def _found(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    more = "".join(f" {code}" for code in body["findings"])
    yield Change(_FIND, values={"mine": str(recorded.entry.subject), "more": more})


def _bytes(hexadecimal: str | None) -> bytes | None:
    return None if hexadecimal is None else bytes.fromhex(hexadecimal)


def _deposited(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    original = body["original"]
    yield Change(
        _DEPOSIT,
        values={
            "mine": str(recorded.entry.subject),
            "state": DEPOSITED,
            "object_key": original["k"],
            "object_version": original["ver"],
            "manifest_version": body["manifest"]["ver"],
            "retained_until": original["until"],
            "deposited_seq": recorded.seq,
        },
    )


def _derived(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    clip = str(recorded.entry.subject)
    yield Change(
        _RENDER,
        values={
            "mine": clip,
            "state": RENDERED,
            "derived_seq": recorded.seq,
            "duration_ms": body["facts"].get("duration_ms"),
            "findings": " ".join(body["findings"]),
        },
    )
    for output in body["outputs"]:
        yield Change(
            _DERIVATIVE,
            values={
                "clip": clip,
                "kind": output["kind"],
                "seq": recorded.seq,
                "object_bucket": output["obj"]["b"],
                "object_key": output["obj"]["k"],
                "object_version": output["obj"]["ver"],
                "size": output["size"],
                "blake3": output["blake3"],
                "sha256": output["sha256"],
                "media_type": output["media_type"],
                "recipe": output["recipe"],
                "recipe_digest": output["recipe_digest"],
            },
        )


_PROJECTIONS = {
    "DEVICE_ENROLLED": _enrolled,
    "MANIFESTED": _manifested,
    "SECURED": _secured,
    "DEPOSITED": _deposited,
    "DERIVED": _derived,
    "FOUND": _found,
}
