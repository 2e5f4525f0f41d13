"""
Which lines a part of a list has. Every function takes further conditions, by which whoever may see less is shown less.

The numbers of a part are found first, then the lines of those, by the same functions that whole lists are read with.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from cases.queries import View, Where, clips_where, filings_where, matters_where, parties_where
from cases.records import ClipLine, Filing, Matter, Party
from cases.tables import filings, matters, parties
from storage.clips import clips
from storage.slices import Slice, Taken, taken


def parties_part(view: View, part: Slice, *conditions: Where) -> Taken[Party]:
    """Return a part of the parties, in the order of registration."""
    names, last = _names(view, parties.c.party, parties.c.registered_seq, part, conditions)
    return Taken(tuple(parties_where(view, parties.c.party.in_(names))), last)


def matters_part(view: View, part: Slice, *conditions: Where) -> Taken[Matter]:
    """Return a part of the matters, in the order they were opened, or against it."""
    names, last = _names(view, matters.c.matter, matters.c.opened_seq, part, conditions)
    found = matters_where(view, matters.c.matter.in_(names))
    return Taken(tuple(reversed(found) if part.newest_first else found), last)


def clips_part(view: View, part: Slice, *conditions: Where) -> Taken[ClipLine]:
    """Return a part of the clips, the oldest first or the newest."""
    names, last = _names(view, clips.c.clip, clips.c.secured_seq, part, conditions)
    found = clips_where(view, clips.c.clip.in_(names))
    return Taken(tuple(reversed(found) if part.newest_first else found), last)


def filings_among(view: View, lines: tuple[ClipLine, ...], *conditions: Where) -> list[Filing]:
    """Return the live filings of those clips under the *conditions*."""
    return filings_where(view, filings.c.clip.in_([str(line.subject) for line in lines]), *conditions)


def _names(
    view: View, name: ColumnElement[str], seq: ColumnElement[int], part: Slice, conditions: tuple[Where, ...]
) -> tuple[list[str], int | None]:
    chosen: Taken[Any] = taken(view, select(name).where(*conditions), seq, part)
    return [row[0] for row in chosen.items], chosen.last
