"""
The dossier of a party (一户式): all its matters, their stages and activities, and every clip that is filed to them.

Answers are one consistent view of the catalog each. A clip stands once in an answer, with all its filings in it: the same
footage may show several activities of several parties, each with its own range (B2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cases import checks, queries
from cases.offices.queries import all_officers, all_offices, names_of, office_with_code
from cases.queries import Database, View, Where, in_any, in_stage, of_clip, of_matter, of_party, with_number, within
from cases.records import Activity, ClipLine, Filing, Matter, Office, Officer, Party
from cases.values import IdNumber
from storage.database import reading
from storage.errors import NotFound
from storage.evidence import Stage, Subject


@dataclass(frozen=True, slots=True)
class ActivityFile:
    """An activity and what is filed to it."""

    activity: Activity
    filings: tuple[Filing, ...]


@dataclass(frozen=True, slots=True)
class StageFile:
    """One of the five stages of a matter; it may be empty."""

    stage: Stage
    activities: tuple[ActivityFile, ...]


@dataclass(frozen=True, slots=True)
class MatterFile:
    """A matter, stage by stage."""

    matter: Matter
    stages: tuple[StageFile, ...]


@dataclass(frozen=True, slots=True)
class FiledClip:
    """A clip and its filings among those asked for."""

    clip: ClipLine
    filings: tuple[Filing, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything about one party."""

    party: Party
    matters: tuple[MatterFile, ...]
    clips: tuple[FiledClip, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """To which matters answers are limited: those of some offices, and some by name; neither leaves no matter out."""

    offices: Sequence[str] = ()
    matters: Sequence[str] = ()
    only_in_matters: bool = False
    """Whether what is in no matter at all is left out, even where none of them is."""

    @property
    def conditions(self) -> list[Where]:
        """What is asked beside."""
        if self.offices or self.matters:
            return [within(self.offices, self.matters)]
        return [in_any()] if self.only_in_matters else []


NO_LIMITS = Limits()


class Dossiers:
    """Answers questions about parties, matters and what is filed to them, as far as the limits of whoever asks go."""

    def __init__(self, engine: Database, *, index_key: bytes) -> None:
        self._engine = engine
        self._index_key = index_key

    def dossier(self, party: Subject, limits: Limits = NO_LIMITS) -> Dossier:
        """Return the dossier of *party*; raises `NotFound`."""
        with reading(self._engine) as view:
            found = queries.party(view, party)
            if found is None:
                message = f"{party}: there is no such party"
                raise NotFound(message)
            asked = [of_party(party), *limits.conditions]
            return Dossier(found, _matter_files(view, *asked), _filed_clips(view, *asked))

    def matter_file(self, matter: Subject) -> MatterFile:
        """Return one matter, stage by stage; raises `NotFound`."""
        with reading(self._engine) as view:
            checks.matter(view, matter)
            return _matter_files(view, of_matter(matter))[0]

    def case_clips(self, matter: Subject, stage: Stage | None = None) -> tuple[FiledClip, ...]:
        """Return the clips filed to *matter* (or only to one stage of it), each once; raises `NotFound`."""
        conditions = [of_matter(matter)] if stage is None else [of_matter(matter), in_stage(stage)]
        with reading(self._engine) as view:
            checks.matter(view, matter)
            return _filed_clips(view, *conditions)

    def filings(self, clip: Subject, limits: Limits = NO_LIMITS) -> tuple[Filing, ...]:
        """Return the filings of *clip* that stand."""
        with reading(self._engine) as view:
            return tuple(queries.filings_where(view, of_clip(clip), *limits.conditions))

    def unfiled(self) -> tuple[ClipLine, ...]:
        """Return the clips that are not filed, or only to cases that are not registered (A35), the oldest first."""
        with reading(self._engine) as view:
            return tuple(queries.clips_not_filed(view))

    def find_party(self, text: str) -> tuple[Party, ...]:
        """Return the parties whose name holds *text*, or whose id number it is."""
        wanted = text.strip()
        if not wanted:
            return ()
        indexes = [number.index(self._index_key) for number in IdNumber.all_fitting(wanted)]
        with reading(self._engine) as view:
            return tuple(queries.parties_where(view, queries.named_like(wanted, indexes=indexes)))

    def parties(self) -> tuple[Party, ...]:
        """Return every party."""
        with reading(self._engine) as view:
            return tuple(queries.parties_where(view))

    def matters(self) -> tuple[Matter, ...]:
        """Return every matter, the oldest first."""
        with reading(self._engine) as view:
            return tuple(queries.matters_where(view))

    def parties_of(self, matter: Subject) -> tuple[Party, ...]:
        """Return the parties of one matter; none where there is no such matter."""
        with reading(self._engine) as view:
            return tuple(queries.parties_of(view, matter))

    def offices(self) -> tuple[Office, ...]:
        """Return every office."""
        with reading(self._engine) as view:
            return tuple(all_offices(view))

    def office_with_code(self, code: str) -> Office | None:
        """Return the office with that code."""
        with reading(self._engine) as view:
            return office_with_code(view, code)

    def matters_with_number(self, number: str) -> tuple[Matter, ...]:
        """Return the matters with that number: an office gives it once, several offices may each."""
        with reading(self._engine) as view:
            return tuple(queries.matters_where(view, with_number(number)))

    def names_of(self, things: Iterable[Subject]) -> dict[Subject, str]:
        """Return the codes of offices and the numbers of matters among *things*; what has none is left out."""
        with reading(self._engine) as view:
            return names_of(view, [str(thing) for thing in things])

    def officers(self) -> tuple[Officer, ...]:
        """Return every officer."""
        with reading(self._engine) as view:
            return tuple(all_officers(view))


def _matter_files(view: View, *conditions: Where) -> tuple[MatterFile, ...]:
    acts = queries.activities_where(view, *conditions)
    filings = queries.filings_where(view, *conditions)
    return tuple(matter_file(matter, acts, filings) for matter in queries.matters_where(view, *conditions))


def matter_file(matter: Matter, acts: Sequence[Activity], filings: Sequence[Filing]) -> MatterFile:
    """Put the activities and filings of *matter* among those given where they belong."""

    def stage_file(stage: Stage) -> StageFile:
        mine = (act for act in acts if act.matter == matter.subject and act.stage is stage)
        return StageFile(stage, tuple(ActivityFile(act, _to(act, filings)) for act in mine))

    return MatterFile(matter, tuple(stage_file(stage) for stage in Stage))


def _to(act: Activity, filings: Sequence[Filing]) -> tuple[Filing, ...]:
    return tuple(filing for filing in filings if filing.activity == act.subject)


def _filed_clips(view: View, *conditions: Where) -> tuple[FiledClip, ...]:
    by_clip: dict[Subject, list[Filing]] = {}
    for filing in queries.filings_where(view, *conditions):
        by_clip.setdefault(filing.clip, []).append(filing)
    return tuple(FiledClip(line, tuple(by_clip[line.subject])) for line in queries.clips_filed(view, *conditions))
