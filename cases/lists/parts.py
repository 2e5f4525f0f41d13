"""The lists of `cases.dossier`, a part at a time. Limits are what the caller may see."""

from __future__ import annotations

from collections.abc import Sequence

from cases import checks
from cases.dossier import NO_LIMITS, FiledClip, Limits
from cases.lists.queries import clips_part, filings_among, matters_part, parties_part
from cases.queries import Database, Where, filed, in_stage, named_like, of_matter, with_a_matter
from cases.records import ClipLine, Filing, Matter, Party
from cases.values import IdNumber
from storage.database import reading
from storage.evidence import Stage, Subject
from storage.slices import Slice, Taken


class Lists:
    """Answers with parts of lists; each answer is one consistent view."""

    def __init__(self, engine: Database, *, index_key: bytes) -> None:
        self._engine = engine
        self._index_key = index_key

    def parties(self, part: Slice, text: str = "", limits: Limits = NO_LIMITS) -> Taken[Party]:
        """Return a part of the parties whose name holds *text*, or whose id number it is; of all where it is empty."""
        wanted = text.strip()
        indexes = [number.index(self._index_key) for number in IdNumber.all_fitting(wanted)] if wanted else []
        found = [named_like(wanted, indexes=indexes)] if wanted else []
        with reading(self._engine) as view:
            return parties_part(view, part, *found, *with_a_matter(limits.conditions))

    def matters(self, part: Slice, limits: Limits = NO_LIMITS) -> Taken[Matter]:
        """Return a part of the matters."""
        with reading(self._engine) as view:
            return matters_part(view, part, *limits.conditions)

    def matter_clips(
        self, matter: Subject, part: Slice, stage: Stage | None = None, limits: Limits = NO_LIMITS
    ) -> Taken[FiledClip]:
        """Return a part of the clips filed to *matter* (or only to one stage of it), each once; raises `NotFound`."""
        conditions = [of_matter(matter), *([] if stage is None else [in_stage(stage)]), *limits.conditions]
        with reading(self._engine) as view:
            checks.matter(view, matter)
        return self._filed(part, conditions)

    def clips(self, part: Slice, limits: Limits = NO_LIMITS) -> Taken[FiledClip]:
        """Return a part of all clips, each with its filings; under limits, of those that are filed within them."""
        if limits.conditions:
            return self._filed(part, limits.conditions)
        with reading(self._engine) as view:
            found = clips_part(view, part)
            return _with(found, filings_among(view, found.items))

    def _filed(self, part: Slice, conditions: Sequence[Where]) -> Taken[FiledClip]:
        with reading(self._engine) as view:
            found = clips_part(view, part, filed(*conditions))
            return _with(found, filings_among(view, found.items, *conditions))


def _with(found: Taken[ClipLine], filings: Sequence[Filing]) -> Taken[FiledClip]:
    lines = (FiledClip(line, tuple(each for each in filings if each.clip == line.subject)) for line in found.items)
    return Taken(tuple(lines), found.last)
