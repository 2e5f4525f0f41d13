"""
Whether the rows that people query are what ledger and vault say.

A whole audit replays every entry and compares every row. One that goes on from an earlier audit replays the new entries, with
the histories of what they are about and refer to, and compares the rows that come of that. What it leaves out, it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, Text, func, insert, select

from storage.audit.scope import Scope
from storage.audit.steps import Step
from storage.audit.words import Said
from storage.database import reading
from storage.errors import StaleState
from storage.evidence import Kind, Recorded, Subject
from storage.ledger.stored import count, leaves
from storage.lifecycle import UNBORN
from storage.projecting import Projector
from storage.rebuild import Difference, Row, beside, differing, each_difference, is_current, recorded_entry, replay_one
from storage.schema import entries, history, projections, subjects
from storage.strays import strays
from storage.vault import Vault
from storage.verifier.leaves import read_leaf

__all__ = ["LONGEST", "catalog"]

LONGEST = 1000
"""How many earlier entries of one subject are replayed at most; a camera may have been docked more often."""
_REFERENCE = re.compile(rf"(?:{'|'.join(Kind)}):[0-9A-Za-z]{{26,32}}")


def catalog(scope: Scope, projector: Projector, vault: Vault, step: Step) -> Iterator[str]:
    """Compare the catalog with an honest replay."""
    if not is_current(scope.engine):
        yield Said("the catalog has the shape of another version of this program; 'yihu rebuild' makes it again")
        return
    whole = each_difference(scope.engine, projector, vault, step.count)
    for difference in _new(scope, projector, vault, step) if scope.since else whole:
        yield _said(difference)
    if not scope.since:
        with reading(scope.engine) as connection:
            for stray in strays(connection):
                yield Said("{reason}", reason=stray)


def _said(found: Difference) -> str:
    return Said(
        "{table} {key} {column}: live {live}, by the ledger {replayed}",
        table=found.table,
        key=found.key,
        column=found.column,
        live=found.live,
        replayed=found.replayed,
    )


def _new(scope: Scope, projector: Projector, vault: Vault, step: Step) -> Iterator[Difference]:
    with reading(scope.engine) as live, beside() as fresh:
        involved = _Involved.by(live, scope.since, count(live))
        for subject in sorted(involved.long):
            _seed(live, fresh, projector, subject, scope.since)
        for seq, raw in involved.entries(live):
            _again(recorded_entry(live, vault, seq, raw), fresh, projector, involved)
            step.count()
        if involved.long:
            template = "{count} subjects have too long a history: only their new entries were replayed"
            step.remark(template, count=len(involved.long))
        for table in projections.sorted_tables:
            yield from _rows_made(table, live, fresh, involved)
            yield from _rows_too_many(table, live, fresh, involved)


def _again(recorded: Recorded, fresh: Connection, projector: Projector, involved: _Involved) -> None:
    try:
        replay_one(recorded, fresh, projector)
    except StaleState:
        # what it found was seeded as it stands after it; no row of such a subject is compared
        if str(recorded.entry.subject) not in involved.long:
            raise


@dataclass(slots=True)
class _Involved:
    """The new entries, what they are about and refer to, and all earlier entries of that."""

    since: int
    size: int
    names: set[str] = field(default_factory=set)
    earlier: set[int] = field(default_factory=set)
    long: set[str] = field(default_factory=set)

    @classmethod
    def by(cls, live: Connection, since: int, size: int) -> _Involved:
        involved = cls(since, size)
        waiting: set[str] = set()
        for _seq, raw, _stored in leaves(live, since, size):
            waiting |= _named(raw)
        while waiting:
            waiting |= involved._take(live, waiting.pop())
        return involved

    def _take(self, live: Connection, name: str) -> set[str]:
        """Add what is known of one subject and return whom that refers to and nobody has looked at yet."""
        self.names.add(name)
        mine = select(history.c.seq).where(history.c.subject == name, history.c.seq < self.since).limit(LONGEST + 1)
        found = set(live.scalars(mine.order_by(history.c.seq)))
        if len(found) > LONGEST:
            self.long.add(name)
            return set()
        self.earlier |= found
        raws = live.scalars(select(entries.c.leaf).where(entries.c.seq.in_(found)))
        return set[str]().union(*map(_named, raws)) - self.names

    def entries(self, live: Connection) -> Iterator[tuple[int, bytes]]:
        """Give all of them in order."""
        for seq in sorted(self.earlier):
            for _, raw, _ in leaves(live, seq, seq + 1):
                yield seq, raw
        for seq, raw, _ in leaves(live, self.since, self.size):
            yield seq, raw


def _named(raw: bytes) -> set[str]:
    leaf = read_leaf(raw)
    return {leaf.subject, *_references(leaf.body)}


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _references(inner)


def _seed(live: Connection, fresh: Connection, projector: Projector, name: str, since: int) -> None:
    """Put there what the catalog says of a subject whose history is not replayed."""
    for table in projections.sorted_tables:
        if table not in {subjects, history}:
            rows = _rows_of(table, live, name)
            if rows:
                fresh.execute(insert(table), rows)
    subject, state = Subject.parse(name), UNBORN
    earlier = select(history.c.seq, history.c.type).where(history.c.subject == name, history.c.seq < since)
    seq, number = 0, 0
    for row in live.execute(earlier.order_by(history.c.seq), execution_options={"yield_per": LONGEST}):
        state, seq, number = projector.lifecycle.next_state(subject, state, row.type), row.seq, number + 1
    last = live.scalar(select(entries.c.hash).where(entries.c.seq == seq))
    standing = {"state": state, "entries": number, "last_seq": seq, "last_hash": last}
    fresh.execute(insert(subjects).values(subject=name, kind=subject.kind.value, **standing))


def _rows_of(table: Table, connection: Connection, name: str) -> list[Row]:
    first = next(iter(table.primary_key))
    if not isinstance(first.type, Text):
        return []
    return [dict(row) for row in connection.execute(select(table).where(first == name)).mappings()]


def _rows_made(table: Table, live: Connection, fresh: Connection, involved: _Involved) -> Iterator[Difference]:
    """Compare every row that the replay made with the one that is there."""
    keys = list(table.primary_key)
    counted = [column.name for column in table.columns if column.info.get("counts")]
    for row in fresh.execute(select(table), execution_options={"yield_per": LONGEST}).mappings():
        if table is subjects or row[keys[0].name] not in involved.long:
            found = live.execute(select(table).where(*(key == row[key.name] for key in keys))).mappings().first()
            yield from differing(table, None if found is None else dict(found), dict(row), but=counted)


def _rows_too_many(table: Table, live: Connection, fresh: Connection, involved: _Involved) -> Iterator[Difference]:
    """Look for rows of the same subjects, and of the new numbers, that the replay did not make."""
    for name in sorted(involved.names - involved.long):
        yield from _missing(table, _rows_of(table, live, name), fresh)
    if "seq" in table.primary_key.columns:
        new = select(table).where(table.c.seq >= involved.since, table.c.seq < involved.size)
        rows = live.execute(new, execution_options={"yield_per": LONGEST}).mappings()
        yield from _missing(table, (dict(row) for row in rows), fresh)


def _missing(table: Table, rows: Any, fresh: Connection) -> Iterator[Difference]:  # noqa: ANN401 - a list or an iterator
    for row in rows:
        same = [key == row[key.name] for key in table.primary_key]
        if not fresh.scalar(select(func.count()).select_from(table).where(*same)):
            yield from differing(table, row, None)
