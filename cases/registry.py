"""
The registry: how offices, officers, parties, matters, activities and filings come into being.

It looks before it records, so that a refusal names the thing and the reason; and when somebody else was faster (`StaleState`),
it looks again and says what stands now. What must never happen is refused in the transaction itself, whatever was seen here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from ulid import ULID

from cases import checks, entries, queries
from cases.offices.queries import office_with_code, officer_with_badge
from cases.queries import Database, View
from cases.values import ActivityDetails, MatterDetails, MatterKind, PartyDetails, check_code, check_kind, check_text
from storage.database import reading
from storage.errors import LifeCycleError, StaleState
from storage.evidence import Actor, Entry, Kind, Recorded, Stage, Subject, TimeRange
from storage.identity import fresh

_T = TypeVar("_T")


class Recorder(Protocol):
    """What records: `storage.custody.Custody`."""

    def record_all(self, wanted: Sequence[Entry]) -> list[Recorded]:
        """Record several entries in order, all or none."""
        ...


class Registry:
    """Records what the law asks. Every method says who acts; all of them may be called from many threads."""

    def __init__(self, custody: Recorder, engine: Database, *, index_key: bytes) -> None:
        self._custody = custody
        self._engine = engine
        self._index_key = index_key

    def add_office(self, name: str, *, code: str, actor: Actor) -> Subject:
        """Register an office; the same code and name again are the same office, another name is a `LifeCycleError`."""
        check_text("name of an office", name)
        check_code("code of an office", code)
        office = fresh(Kind.OFFICE)

        def standing(view: View) -> Subject | None:
            found = office_with_code(view, code)
            if found is not None and found.name != name:
                message = f"office code {code}: {found.subject} has it, under another name"
                raise LifeCycleError(message)
            return None if found is None else found.subject

        return self._once(standing, office, entries.office_registered(office, name, code=code, actor=actor))

    def add_officer(self, name: str, *, badge: str, office: Subject, actor: Actor) -> Subject:
        """Register an officer of *office*; the same badge again is the same officer, for others a `LifeCycleError`."""
        check_text("name of an officer", name)
        check_text("badge of an officer", badge)
        check_kind(office, Kind.OFFICE)
        officer = fresh(Kind.OFFICER)

        def standing(view: View) -> Subject | None:
            checks.known(view, office)
            found = officer_with_badge(view, badge)
            if found is not None and (found.name, found.office) != (name, office):
                message = f"badge: {found.subject} of {found.office} has it"
                raise LifeCycleError(message)
            return None if found is None else found.subject

        recorded = entries.officer_registered(officer, name, badge=badge, office=office, actor=actor)
        return self._once(standing, officer, recorded)

    def add_party(self, details: PartyDetails, *, actor: Actor) -> Subject:
        """Register a party; the same id number again returns the party that has it, whatever else is said of it."""
        party = fresh(Kind.PARTY)
        index = None if details.id_number is None else details.id_number.index(self._index_key)

        def standing(view: View) -> Subject | None:
            found = None if index is None else queries.party_with_index(view, index)
            return None if found is None else found.subject

        return self._once(standing, party, entries.party_registered(party, details, actor=actor))

    def open_matter(self, details: MatterDetails, *, office: Subject, parties: Sequence[Subject], actor: Actor) -> Subject:
        """Open a matter; a number that another matter of the office has is a `LifeCycleError`."""
        matter = fresh(Kind.MATTER)
        opening = _opening(matter, details, office=office, parties=parties, actor=actor)
        self._checked(_may_open(details, office, parties), *opening)
        return matter

    def register_case(self, details: MatterDetails, *, office: Subject, parties: Sequence[Subject], actor: Actor) -> Subject:
        """Open a case and register it, both or none."""
        if details.kind is not MatterKind.CASE:
            message = f"registering a case: expected kind {MatterKind.CASE}, found {details.kind}"
            raise ValueError(message)
        matter = fresh(Kind.MATTER)
        opening = _opening(matter, details, office=office, parties=parties, actor=actor)
        registered = entries.case_registered(matter, number=None, actor=actor)
        self._checked(_may_open(details, office, parties), *opening, registered)
        return matter

    def register(self, matter: Subject, *, actor: Actor, number: str | None = None) -> None:
        """Make a matter that is open a registered case (立案), with *number* if it has one only now."""
        if number is not None:
            check_text("number of a matter", number)

        def check(view: View) -> None:
            office = checks.matter(view, matter).office
            checks.free_number(view, number, office=office, but=matter)

        self._checked(check, entries.case_registered(matter, number=number, actor=actor))

    def join_party(self, matter: Subject, party: Subject, *, actor: Actor) -> None:
        """Say that *matter* concerns *party* too; a party that is in it already is a `LifeCycleError`."""
        check_kind(party, Kind.PARTY)

        def check(view: View) -> None:
            checks.known(view, party)
            if party in checks.matter(view, matter).parties:
                message = f"{matter}: {party} is a party of it already"
                raise LifeCycleError(message)

        self._checked(check, entries.party_joined(matter, party, actor=actor))

    def enter_stage(self, matter: Subject, stage: Stage, *, actor: Actor) -> None:
        """Take a case to its next stage; raises `LifeCycleError` for any but the one that may follow (see `cases.moves`)."""
        self._checked(lambda view: checks.matter(view, matter), entries.stage_entered(matter, stage, actor=actor))

    def close(self, matter: Subject, *, actor: Actor) -> None:
        """End a matter: nothing more is recorded in it or filed to it."""
        self._checked(lambda view: checks.matter(view, matter), entries.matter_closed(matter, actor=actor))

    def record_activity(self, details: ActivityDetails, *, matter: Subject, stage: Stage, actor: Actor) -> Subject:
        """Record an act of enforcement in a matter that is not closed."""
        activity = fresh(Kind.ACTIVITY)

        def check(view: View) -> None:
            checks.running_matter(view, matter)
            checks.known(view, *details.officers)

        self._checked(check, entries.activity_recorded(activity, details, matter=matter, stage=stage, actor=actor))
        return activity

    def file_clip(
        self,
        clip: Subject,
        activity: Subject,
        *,
        actor: Actor,
        range: TimeRange | None = None,  # noqa: A002 - the word for it
    ) -> str:
        """
        File *clip*, or only *range* of it, to *activity* and return the filing; the same again returns the one that stands.

        A clip may be filed to many activities and an activity may have many clips. Filing to a case that is not registered
        yet is kept, and does not count as filed until it is (A35).
        """
        part = entries.milliseconds(range)
        matter = self._ask(lambda view: checks.fileable(view, clip, activity, part)).subject
        filing = str(ULID())

        def standing(view: View) -> str | None:
            checks.fileable(view, clip, activity, part)
            found = queries.filing_like(view, clip, activity, part)
            return None if found is None else found.id

        recorded = entries.filed(clip, filing, activity=activity, matter=matter, part=part, actor=actor)
        return self._once(standing, filing, recorded)

    def unfile(self, filing: str, *, actor: Actor, reason: str | None = None) -> None:
        """Take a clip out of the file of an activity; raises `LifeCycleError` when that was done before."""
        if reason is not None:
            check_text("reason of unfiling", reason)
        standing = self._ask(lambda view: checks.live_filing(view, filing))
        unfiled = entries.unfiled(standing, reason=reason, actor=actor)
        self._checked(lambda view: checks.live_filing(view, filing), unfiled)

    def _once(self, standing: Callable[[View], _T | None], made: _T, entry: Entry) -> _T:
        """Return what stands already; else record *entry* and return what it *made*, or what a faster one made."""
        found = self._ask(standing)
        if found is not None:
            return found
        try:
            self._custody.record_all([entry])
        except StaleState:
            found = self._ask(standing)
            if found is None:
                raise
            return found
        return made

    def _checked(self, check: Callable[[View], object], *wanted: Entry) -> None:
        """Record what *check* does not refuse; if somebody was faster, let *check* say what stands now."""
        self._ask(check)
        try:
            self._custody.record_all(wanted)
        except StaleState:
            self._ask(check)
            raise

    def _ask(self, question: Callable[[View], _T]) -> _T:
        with reading(self._engine) as view:
            return question(view)


def _opening(
    matter: Subject,
    details: MatterDetails,
    *,
    office: Subject,
    parties: Sequence[Subject],
    actor: Actor,
) -> list[Entry]:
    # one entry for each party: a market sweep has more parties than a leaf has room; named twice is named once
    joined = [entries.party_joined(matter, party, actor=actor) for party in dict.fromkeys(parties)]
    return [entries.matter_opened(matter, details, office=office, actor=actor), *joined]


def _may_open(details: MatterDetails, office: Subject, parties: Sequence[Subject]) -> Callable[[View], None]:
    check_kind(office, Kind.OFFICE)
    for party in parties:
        check_kind(party, Kind.PARTY)

    def check(view: View) -> None:
        checks.known(view, office, *parties)
        checks.free_number(view, details.number, office=office)

    return check
