"""
Viewings that are open: what passes, until each ends as one ``WATCHED`` entry.

It lies in the database like everything in `storage.passing`, so that neither a restart nor a power cut loses what somebody was
watching: a row is removed only after its entry is recorded. Somebody who empties the table takes the watched parts with it;
that each clip was opened, by whom and why, is in the ledger already.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Engine, Row, Table, Text, delete, insert, select, update

from storage.database import reading, writing
from storage.evidence import Actor, Kind, Role, Subject, utc_moment, utc_text
from storage.passing import passing

_open = Table(
    "open_viewings",
    passing,
    Column("viewing", Text, primary_key=True),
    Column("asked", Text, nullable=False, index=True),
    Column("accessed", BigInteger, nullable=False),
    Column("clip", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("copy", Text),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("until", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("ranges", Text, nullable=False),
    Column("served", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class OpenViewing:
    """A viewing that was granted and is not told as ``WATCHED`` yet."""

    viewing: Subject
    asked: str
    """A keyed digest of who asked for what and why: the same again is the same viewing."""
    accessed: int
    """The entry ``ACCESSED``."""
    clip: Subject
    actor: Actor
    credential: str
    """Digest of the token or session it was granted to."""
    what: str
    copy: str | None
    """Which watermarked copy, if it is one."""
    sha256: str
    size: int
    until: datetime
    last: datetime
    """When it was last used, as far as anybody wrote it down."""
    ranges: tuple[tuple[int, int], ...] = ()
    """Milliseconds that the player says it played."""
    served: tuple[tuple[int, int], ...] = ()
    """Bytes that were sent."""


class OpenViewings:
    """Keeps them. Safe to call from many threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, one: OpenViewing) -> None:
        """Keep a viewing that was granted, durably."""
        row = {
            "viewing": str(one.viewing),
            "asked": one.asked,
            "accessed": one.accessed,
            "clip": str(one.clip),
            "account": str(one.actor.who),
            "role": one.actor.role.value,
            "credential": one.credential,
            "what": one.what,
            "copy": one.copy,
            "sha256": one.sha256,
            "size": one.size,
            "until": utc_text(one.until),
            **_used(one),
        }
        with writing(self._engine) as connection:
            connection.execute(insert(_open).values(**row))

    def note(self, one: OpenViewing) -> None:
        """Write down when it was last used and what was watched so far; one that is gone stays gone."""
        with writing(self._engine) as connection:
            connection.execute(update(_open).where(_open.c.viewing == str(one.viewing)).values(**_used(one)))

    def remove(self, viewing: Subject) -> None:
        """Forget one whose entry is recorded; twice is fine."""
        with writing(self._engine) as connection:
            connection.execute(delete(_open).where(_open.c.viewing == str(viewing)))

    def find(self, viewing: Subject) -> OpenViewing | None:
        """Return one by its pseudonym."""
        return next(iter(self._those(_open.c.viewing == str(viewing))), None)

    def asked_for(self, asked: str) -> list[OpenViewing]:
        """Return those that came of the same question."""
        return self._those(_open.c.asked == asked)

    def every(self) -> list[OpenViewing]:
        """Return all, the oldest first."""
        return self._those()

    def _those(self, *conditions: Any) -> list[OpenViewing]:  # noqa: ANN401 - conditions of SQLAlchemy
        with reading(self._engine) as connection:
            rows = connection.execute(select(_open).where(*conditions).order_by(_open.c.accessed)).all()
        return [_read(row) for row in rows]


def _used(one: OpenViewing) -> dict[str, str]:
    return {"last": utc_text(one.last), "ranges": json.dumps(one.ranges), "served": json.dumps(one.served)}


def _read(row: Row[Any]) -> OpenViewing:
    return OpenViewing(
        viewing=Subject.parse(row.viewing, Kind.VIEWING),
        asked=row.asked,
        accessed=row.accessed,
        clip=Subject.parse(row.clip, Kind.CLIP),
        actor=Actor(Subject.parse(row.account, Kind.ACCOUNT), Role(row.role)),
        credential=row.credential,
        what=row.what,
        copy=row.copy,
        sha256=row.sha256,
        size=row.size,
        until=utc_moment(row.until),
        last=utc_moment(row.last),
        ranges=tuple((start, end) for start, end in json.loads(row.ranges)),
        served=tuple((start, end) for start, end in json.loads(row.served)),
    )
