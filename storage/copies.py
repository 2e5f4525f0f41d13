"""
Copies that are taken away: the review copy with the name of whoever asked for it in the picture, for a while.

==================  =======  =======================  ====================================================  =============
entry               subject  moves                    body                                                  personal
==================  =======  =======================  ====================================================  =============
``COPY_ASKED``      clip     stays (rendered)         which copy, SHA-256 of the review copy, matter        reason, mark
``COPY_MADE``       clip     stays (deposited or on)  which copy, where it lies, its digests, until when
``COPY_FAILED``     clip     stays (deposited or on)  which copy, why
``COPY_REMOVED``    clip     stays (deposited or on)  which copy
==================  =======  =======================  ====================================================  =============

A copy is no evidence and is removed when its time is over: because a row says so, never because one is missing. The API asks
and `ingest` renders; they meet in the table. What stands in the picture lies in the vault; the digests of what was made stay in
the ledger, so a copy that turns up somewhere tells from whom it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Engine, Index, Row, Table, Text, func, insert, select, update

from storage.clips import DEPOSITED, RENDERED
from storage.database import reading
from storage.errors import NotFound
from storage.evidence import Actor, Digest, Entry, Json, Kind, Recorded, Subject, utc_moment, utc_text
from storage.ledger.log import leaves
from storage.lifecycle import move
from storage.projecting import Change
from storage.rebuild import recorded_entry
from storage.schema import projections
from storage.vault import Vault

ASKED, MADE, FAILED, REMOVED = "asked", "made", "failed", "removed"
_IN_STORE = f"{DEPOSITED}|{RENDERED}"

MOVES = (
    move(Kind.CLIP, "COPY_ASKED", RENDERED),
    move(Kind.CLIP, "COPY_MADE", _IN_STORE),
    move(Kind.CLIP, "COPY_FAILED", _IN_STORE),
    move(Kind.CLIP, "COPY_REMOVED", _IN_STORE),
)

copies = Table(
    "copies",
    projections,
    Column("copy", Text, primary_key=True),
    Column("clip", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_seq", BigInteger, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("object_bucket", Text),
    Column("object_key", Text),
    Column("object_version", Text),
    Column("size", BigInteger),
    Column("blake3", Text),
    Column("sha256", Text),
    Column("media_type", Text),
    Column("until", Text),
    Index("copies_account", "account"),
    Index("copies_state", "state"),
)

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a finished copy lies, and its digests."""

    bucket: str
    key: str
    version: str
    size: int
    blake3: Digest
    sha256: Digest
    media_type: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that somebody asked for."""

    id: str
    clip: Subject
    account: Subject
    state: str
    asked_seq: int
    """The entry that holds what is to stand in the picture."""
    asked_at: str
    placed: Placed | None


def asked(clip: Subject, copy: str, *, body: dict[str, Json], personal: dict[str, Json], actor: Actor) -> Entry:
    """Say that somebody wants a copy; *personal* holds why, and as ``mark`` what is to stand in the picture."""
    return Entry("COPY_ASKED", clip, actor, {"copy": copy, **body}, personal)


def made(copy: Copy, *, body: dict[str, Json], until: datetime, actor: Actor) -> Entry:
    """Say that it is there, where, and until when."""
    return Entry("COPY_MADE", copy.clip, actor, {"copy": copy.id, "until": utc_text(until), **body})


def failed(copy: Copy, *, reason: str, actor: Actor) -> Entry:
    """Say that there will be none."""
    return Entry("COPY_FAILED", copy.clip, actor, {"copy": copy.id, "reason": reason})


def removed(copy: Copy, *, actor: Actor) -> Entry:
    """Say that it is gone."""
    return Entry("COPY_REMOVED", copy.clip, actor, {"copy": copy.id})


class Copies:
    """Answers questions about copies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def one(self, identifier: str) -> Copy:
        """Return one; raises `NotFound`."""
        found = self._those(copies.c.copy == identifier)
        if not found:
            message = f"copy {identifier}: there is no such copy"
            raise NotFound(message)
        return found[0]

    def of(self, account: Subject) -> list[Copy]:
        """Return those of somebody, the newest first."""
        return self._those(copies.c.account == str(account))

    def standing(self, account: Subject, clip: Subject) -> Copy | None:
        """Return the one of that clip that somebody has or waits for."""
        mine = copies.c.account == str(account), copies.c.clip == str(clip)
        return next(iter(self._those(*mine, copies.c.state.in_([ASKED, MADE]))), None)

    def open_of(self, account: Subject) -> int:
        """Return how many somebody has or waits for."""
        mine = copies.c.account == str(account), copies.c.state.in_([ASKED, MADE])
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(copies).where(*mine)) or 0

    def to_make(self) -> list[Copy]:
        """Return those that are asked for and not there."""
        return self._those(copies.c.state == ASKED)

    def to_remove(self, now: datetime) -> list[Copy]:
        """Return those whose time is over."""
        return self._those(copies.c.state == MADE, copies.c.until <= utc_text(now))

    def mark(self, vault: Vault, copy: Copy) -> tuple[str, ...]:
        """Return the lines that are to stand in the picture; none where the vault no longer tells."""
        with reading(self._engine) as connection:
            for seq, raw, _stored in leaves(connection, copy.asked_seq, copy.asked_seq + 1):
                told = recorded_entry(connection, vault, seq, raw).entry.personal.get("mark")
                return tuple(map(str, told)) if isinstance(told, list) else ()
        return ()

    def _those(self, *conditions: Any) -> list[Copy]:  # noqa: ANN401 - conditions of SQLAlchemy
        query = select(copies).where(*conditions).order_by(copies.c.asked_seq.desc()).limit(_PAGE)
        with reading(self._engine) as connection:
            return [_copy(row) for row in connection.execute(query)]


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about a copy changes."""
    changes = _PROJECTIONS.get(recorded.entry.type)
    return () if changes is None else [changes(recorded)]


def _asked(recorded: Recorded) -> Change:
    entry = recorded.entry
    row = {
        "copy": entry.body["copy"],
        "clip": str(entry.subject),
        "account": str(entry.actor.who),
        "state": ASKED,
        "asked_seq": recorded.seq,
        "asked_at": utc_text(recorded.at),
    }
    return Change(insert(copies).values(**row))


def _made(recorded: Recorded) -> Change:
    body: Any = recorded.entry.body
    row = {
        "object_bucket": body["obj"]["b"],
        "object_key": body["obj"]["k"],
        "object_version": body["obj"]["ver"],
        **{name: body[name] for name in ("size", "blake3", "sha256", "media_type", "until")},
    }
    return _of_copy(recorded, ASKED, state=MADE, **row)


def _of_copy(recorded: Recorded, after: str, **values: object) -> Change:
    entry = recorded.entry
    mine = copies.c.copy == entry.body["copy"], copies.c.clip == str(entry.subject)
    return Change(update(copies).where(*mine, copies.c.state == after).values(**values))


def _copy(row: Row[Any]) -> Copy:
    return Copy(
        id=row.copy,
        clip=Subject.parse(row.clip, Kind.CLIP),
        account=Subject.parse(row.account),
        state=row.state,
        asked_seq=row.asked_seq,
        asked_at=row.asked_at,
        placed=None if row.object_key is None else _placed(row),
    )


def _placed(row: Row[Any]) -> Placed:
    return Placed(
        bucket=row.object_bucket,
        key=row.object_key,
        version=row.object_version,
        size=row.size,
        blake3=Digest.parse(row.blake3),
        sha256=Digest.parse(row.sha256),
        media_type=row.media_type,
        until=utc_moment(row.until),
    )


_PROJECTIONS: dict[str, Callable[[Recorded], Change]] = {
    "COPY_ASKED": _asked,
    "COPY_MADE": _made,
    "COPY_FAILED": lambda recorded: _of_copy(recorded, ASKED, state=FAILED),
    "COPY_REMOVED": lambda recorded: _of_copy(recorded, MADE, state=REMOVED),
}
