"""
Clearing cameras, as entries: what may be removed, under which proof, and what was.

====================  =======  ================  ===============================================================
entry                 subject  moves             body
====================  =======  ================  ===============================================================
``CLEAR_AUTHORISED``  device   stays (whichever  manifest, policy, number of files, bytes, clips, root over
                               it is in)         them, size and root of the head that somebody outside holds
``CLEARED``           device   stays             which authorisation, bytes, clips that were removed, and by
                                                 reason those that were left
====================  =======  ================  ===============================================================

Of each camera one authorisation may be open: the row in ``open_clearings`` stands in the way of a second, and is what a
``CLEARED`` removes, so neither is recorded twice after a lost answer. What both mean is said by `storage.verifier.clearings`,
which a stranger runs too. Nothing here is personal: paths are in the vault already, under the clips.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    Engine,
    Index,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from storage.clips import clips, manifests
from storage.database import reading
from storage.evidence import Actor, Digest, Entry, Json, Kind, Recorded, Subject
from storage.ledger.checkpoint import Checkpoint
from storage.lifecycle import Move, at_any_time
from storage.projecting import Change
from storage.schema import projections
from storage.verifier.clearings import AUTHORISED, CLEARED, clearing_root
from storage.verifier.strict import canonical

__all__ = ["AUTHORISED", "CLEARED", "MOST", "Clearing", "Clearings", "Wanted", "authorised", "cleared", "moves", "project"]

MOST = 64
"""Clips of one authorisation: each is named in its leaf, and a leaf holds 4,096 bytes."""

clearings = Table(
    "clearings",
    projections,
    Column("device", Text, primary_key=True),
    Column("authorised", BigInteger, primary_key=True, autoincrement=False),
    Column("manifest", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("root", Text, nullable=False),
    Column("head_size", BigInteger, nullable=False),
    Column("head_root", Text, nullable=False),
    Column("closed", BigInteger),
    Column("removed", BigInteger),
    Column("removed_bytes", BigInteger),
)

open_clearings = Table(
    "open_clearings",
    projections,
    Column("device", Text, primary_key=True),
    Column("authorised", BigInteger, nullable=False),
)

clearing_clips = Table(
    "clearing_clips",
    projections,
    Column("device", Text, primary_key=True),
    Column("authorised", BigInteger, primary_key=True, autoincrement=False),
    Column("clip", Text, primary_key=True),
    Column("became", Text),
    Index("clearing_clips_clip", "clip"),
)

_AUTHORISE, _OPEN, _CLIP = insert(clearings), insert(open_clearings), insert(clearing_clips)
_MINE: tuple[BindParameter[str], BindParameter[int]] = (bindparam("mine"), bindparam("authorisation"))
_CLOSE = delete(open_clearings).where(open_clearings.c.device == _MINE[0], open_clearings.c.authorised == _MINE[1])
_END = update(clearings).where(clearings.c.device == _MINE[0], clearings.c.authorised == _MINE[1])
_BECAME = update(clearing_clips).where(
    clearing_clips.c.device == _MINE[0],
    clearing_clips.c.authorised == _MINE[1],
    clearing_clips.c.clip == bindparam("about"),
)


def moves(others: Iterable[Move]) -> tuple[Move, ...]:
    """Return when a camera may be cleared: in whatever state *others* have brought it to."""
    known = tuple(others)
    return (*at_any_time(known, AUTHORISED, [Kind.DEVICE]), *at_any_time(known, CLEARED, [Kind.DEVICE]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that may be removed: which clip it is."""

    clip: Subject
    blake3: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Clearing:
    """An authorisation, and what became of it."""

    device: Subject
    authorised: int
    manifest: int
    policy: str
    files: int
    bytes: int
    root: str
    head: tuple[int, str]
    closed: int | None
    """The number of its ``CLEARED``; None while it is open."""
    removed: int | None
    removed_bytes: int | None
    became: Mapping[Subject, str | None]
    """What became of every clip of it: ``removed``, or the reason why it was left; None while it is open."""
    sizes: Mapping[Subject, int]


def authorised(
    device: Subject, wanted: Sequence[Wanted], *, manifest: int, policy: Mapping[str, Json], head: Checkpoint, actor: Actor
) -> Entry:
    """Return the entry after which the files of *wanted* may be removed; between 1 and `MOST`, each clip once."""
    if not 0 < len({one.clip for one in wanted}) == len(wanted) <= MOST:
        message = f"clearing {device}: expected 1 to {MOST} clips, each once, found {len(wanted)}"
        raise ValueError(message)
    body: dict[str, Json] = {
        "manifest": manifest,
        "policy": dict(policy),
        "files": len(wanted),
        "bytes": sum(one.size for one in wanted),
        "clips": list[Json](sorted(one.clip.id for one in wanted)),
        "root": clearing_root((str(one.clip), str(one.blake3), one.size) for one in wanted).hex(),
        "head": {"size": head.size, "root": head.root.hex()},
    }
    return Entry(AUTHORISED, device, actor, body)


def cleared(
    device: Subject, authorisation: int, *, removed: Iterable[Subject], size: int, left: Mapping[Subject, str], actor: Actor
) -> Entry:
    """Return the entry that closes an authorisation: *removed* of *size* bytes together, and why each of *left* was left."""
    by_reason: dict[str, Json] = {
        reason: list[Json](sorted(clip.id for clip, why in left.items() if why == reason))
        for reason in sorted(set(left.values()))
    }
    gone = sorted(clip.id for clip in removed)
    body: dict[str, Json] = {"authorised": authorisation, "removed": list[Json](gone), "bytes": size, "left": by_reason}
    return Entry(CLEARED, device, actor, body)


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about clearing changes."""
    if recorded.entry.type == AUTHORISED:
        yield from _authorised(recorded)
    if recorded.entry.type == CLEARED:
        yield from _cleared(recorded)


def _authorised(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    row = {"device": str(recorded.entry.subject), "authorised": recorded.seq}
    yield Change(_OPEN, values=row)
    policy = canonical(body["policy"]).decode("ascii")
    told = {name: body[name] for name in ("manifest", "files", "bytes", "root")}
    head = {"head_size": body["head"]["size"], "head_root": body["head"]["root"]}
    yield Change(_AUTHORISE, values={**row, **told, **head, "policy": policy})
    for clip in body["clips"]:
        yield Change(_CLIP, values={**row, "clip": f"{Kind.CLIP}:{clip}"})


def _cleared(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    mine = {"mine": str(recorded.entry.subject), "authorisation": body["authorised"]}
    yield Change(_CLOSE, values=mine)
    ended = {"closed": recorded.seq, "removed": len(body["removed"]), "removed_bytes": body["bytes"]}
    yield Change(_END, values={**mine, **ended})
    became = [(clip, "removed") for clip in body["removed"]]
    became += [(clip, reason) for reason, clips in body["left"].items() for clip in clips]
    for clip, what in became:
        yield Change(_BECAME, values={**mine, "about": f"{Kind.CLIP}:{clip}", "became": what})


class Clearings:
    """Answers questions about clearings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, device: Subject) -> Clearing | None:
        """Return the authorisation of *device* that is open, or None."""
        mine = select(open_clearings.c.authorised).where(open_clearings.c.device == str(device))
        with reading(self._engine) as connection:
            seq = connection.scalar(mine)
        return None if seq is None else self.of(device, seq)

    def all_open(self) -> list[Subject]:
        """Return every camera that has an open authorisation."""
        with reading(self._engine) as connection:
            found = connection.scalars(select(open_clearings.c.device).order_by(open_clearings.c.authorised))
            return [Subject.parse(device, Kind.DEVICE) for device in found]

    def last(self, device: Subject) -> Clearing | None:
        """Return the newest authorisation of *device* that was closed, or None."""
        mine = select(func.max(clearings.c.authorised)).where(
            clearings.c.device == str(device), clearings.c.closed.is_not(None)
        )
        with reading(self._engine) as connection:
            seq = connection.scalar(mine)
        return None if seq is None else self.of(device, seq)

    def of(self, device: Subject, authorisation: int) -> Clearing | None:
        """Return one authorisation with all its clips, or None."""
        key = (str(device), authorisation)
        row_ = select(clearings).where(clearings.c.device == key[0], clearings.c.authorised == key[1])
        columns = (clearing_clips.c.clip, clearing_clips.c.became, clips.c.size)
        clips_ = select(*columns).join(clips, clips.c.clip == clearing_clips.c.clip).order_by(clearing_clips.c.clip)
        clips_ = clips_.where(clearing_clips.c.device == key[0], clearing_clips.c.authorised == key[1])
        with reading(self._engine) as connection:
            row = connection.execute(row_).first()
            mine = connection.execute(clips_).all()
        return None if row is None else _clearing(row, mine)

    def removed(self, clip: Subject) -> bool:
        """Say whether the file of *clip* was removed from its camera: then what is stored is the only copy."""
        mine = select(func.count()).where(clearing_clips.c.clip == str(clip), clearing_clips.c.became == "removed")
        with reading(self._engine) as connection:
            return bool(connection.scalar(mine))

    def last_manifest(self, device: Subject) -> int | None:
        """Return the number of the newest list of what was on *device*, or None."""
        with reading(self._engine) as connection:
            found: int | None = connection.scalar(select(func.max(manifests.c.seq)).where(manifests.c.device == str(device)))
        return found


def _clearing(row: Row[tuple[Any, ...]], mine: Iterable[Any]) -> Clearing:
    return Clearing(
        device=Subject.parse(row.device, Kind.DEVICE),
        authorised=row.authorised,
        manifest=row.manifest,
        policy=row.policy,
        files=row.files,
        bytes=row.bytes,
        root=row.root,
        head=(row.head_size, row.head_root),
        closed=row.closed,
        removed=row.removed,
        removed_bytes=row.removed_bytes,
        became={Subject.parse(one.clip, Kind.CLIP): one.became for one in mine},
        sizes={Subject.parse(one.clip, Kind.CLIP): one.size for one in mine},
    )
