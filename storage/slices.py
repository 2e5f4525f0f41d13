"""
Parts of long lists, by the number of the entry that made each line: what is added meanwhile moves nothing.

A part is what comes after a number, never what comes after so many lines: with lines counted, an insert before the part would
show one twice, and a removal would hide one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slice:
    """How much of a list is wanted, and from where."""

    limit: int
    after: int | None = None
    """Number of the last line seen; None begins."""
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """A part of a list."""

    items: tuple[T, ...]
    last: int | None
    """Where it goes on; None says that there was nothing more."""


def taken(view: Connection, query: Select[Any], seq: ColumnElement[int], part: Slice) -> Taken[Row[Any]]:
    """Carry out *query* for *part* of what it finds; *seq* is unique in it and says the order."""
    order = seq.desc() if part.newest_first else seq.asc()
    wanted = query.add_columns(seq.label("seq_of_line")).order_by(order).limit(part.limit + 1)
    if part.after is not None:
        wanted = wanted.where(seq < part.after if part.newest_first else seq > part.after)
    rows = view.execute(wanted).all()
    shown = tuple(rows[: part.limit])
    return Taken(shown, shown[-1].seq_of_line if len(rows) > part.limit else None)
