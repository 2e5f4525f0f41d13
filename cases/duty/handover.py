"""
The hand-over: how a camera comes to an officer, goes on to another, and comes back.

It looks before it records, so that a refusal names the thing and the reason, and looks again when somebody was faster. What
must never happen (one camera with two officers) is refused in the transaction itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from cases.checks import known
from cases.duty import entries, queries
from cases.duty.fitness import Fitness
from cases.duty.values import Back, Condition, Confirmed, Holding, last_standing
from cases.queries import Database, View
from cases.registry import Recorder
from cases.values import check_kind, check_text
from storage.database import reading
from storage.errors import Erased, LifeCycleError, Refused, StaleState
from storage.evidence import Actor, Entry, Kind, Subject

_T = TypeVar("_T")


class Handover:
    """Records who has which camera. Every method says who acts; all of them may be called from many threads."""

    def __init__(self, custody: Recorder, engine: Database, *, clock: Callable[[], datetime]) -> None:
        self._custody = custody
        self._engine = engine
        self._clock = clock

    def issue(
        self,
        device: Subject,
        to: Confirmed,
        *,
        fit: Fitness,
        actor: Actor,
        since: datetime | None = None,
        reason: str | None = None,
    ) -> int:
        """
        Give *device* to an officer and return the entry; to whoever has it already, the entry by which he has it.

        A camera that is unfit for duty goes out with a reason, or not (`Refused`). *since* is a claim that it began earlier.
        """
        _check_said(device, "reason of issuing", reason)
        self._check_past(since)
        if fit.is_fit is False and reason is None:
            message = f"{device}: unfit for duty ({', '.join(fit.wrong)}), and no reason was given to issue it anyway"
            raise Refused(message)
        entry = entries.issued(device, to, fit=fit, actor=actor, since=since, reason=reason)
        return self._once(lambda view: _may_be_issued(view, device, to.officer), entry)

    def give_back(
        self,
        device: Subject,
        *,
        actor: Actor,
        condition: Sequence[Condition] = (),
        remarks: str | None = None,
        until: datetime | None = None,
        how: Back = Back.PERSON,
    ) -> int:
        """
        Record that *device* came back from whoever has it, and return the entry; `LifeCycleError` where nobody has.

        *until* is a claim that it came back earlier, though not before it went out.
        """
        _check_said(device, "remarks", remarks)
        self._check_past(until)
        holding = self._held(device)
        _check_after(holding, until)
        entry = entries.returned(
            device, holding.officer, how=how, condition=condition, actor=actor, until=until, remarks=remarks
        )
        return self._checked(lambda view: _held_by(view, device, holding.officer), entry)

    def hand_over(
        self,
        device: Subject,
        gave: Confirmed,
        took: Confirmed,
        *,
        actor: Actor,
        since: datetime | None = None,
        remarks: str | None = None,
    ) -> int:
        """
        Record that *device* went from one officer to another without coming back, and return the entry.

        Both confirm it. `LifeCycleError` where the first has not got it; where the second has, it is the entry by which he has.
        """
        _check_said(device, "remarks", remarks)
        self._check_past(since)
        if gave.officer == took.officer:
            message = f"{device}: expected two officers, found {gave.officer} twice"
            raise ValueError(message)

        def standing(view: View) -> int | None:
            _check_officer(view, took.officer)
            held = _open(view, device)
            if held is not None and held.officer == took.officer:
                return held.seq
            _check_after(_held_by(view, device, gave.officer), since)
            return None

        return self._once(standing, entries.handed_over(device, gave, took, actor=actor, since=since, remarks=remarks))

    def undo(self, device: Subject, *, actor: Actor, reason: str) -> int:
        """
        Take back the last that was recorded of who has *device*, as if it had never been, and return the entry.

        Only whoever recorded it may (`Refused`); both entries stay. `LifeCycleError` where there is nothing to take back.
        """
        _check_said(device, "reason of undoing", reason)
        entry = self._ask(lambda view: _undoing(view, device, actor, reason))
        return self._checked(lambda view: _undoing(view, device, actor, reason), entry)

    def _held(self, device: Subject) -> Holding:
        return self._ask(lambda view: _held_by(view, device, None))

    def _check_past(self, claimed: datetime | None) -> None:
        if claimed is not None and claimed > self._clock():
            message = f"time claimed: expected one that has passed, found {claimed.isoformat()}"
            raise ValueError(message)

    def _once(self, standing: Callable[[View], int | None], entry: Entry) -> int:
        """Return what stands already; else record *entry*; if somebody was faster, say what stands now."""
        found = self._ask(standing)
        if found is not None:
            return found
        try:
            return self._custody.record_all([entry])[0].seq
        except StaleState:
            found = self._ask(standing)
            if found is None:
                raise
            return found

    def _checked(self, check: Callable[[View], object], entry: Entry) -> int:
        """Record *entry*; if somebody was faster, let *check* say what stands now."""
        try:
            return self._custody.record_all([entry])[0].seq
        except StaleState:
            self._ask(check)
            raise

    def _ask(self, question: Callable[[View], _T]) -> _T:
        with reading(self._engine) as view:
            return question(view)


def _may_be_issued(view: View, device: Subject, officer: Subject) -> int | None:
    _check_officer(view, officer)
    known(view, device)
    held = _open(view, device)
    if held is None:
        return None
    if held.officer != officer:
        message = f"{device}: {held.officer} has it, since {held.begin.isoformat()} (entry {held.seq})"
        raise LifeCycleError(message)
    return held.seq


def _held_by(view: View, device: Subject, officer: Subject | None) -> Holding:
    """Return the holding of *device* that lasts, if it is the one of *officer* (or of anybody)."""
    known(view, device)
    held = _open(view, device)
    if held is None:
        last = last_standing(queries.holdings_of(view, device))
        came_back = "" if last is None or last.until is None else f"; it came back at {last.until.isoformat()}"
        message = f"{device}: nobody has it{came_back}"
        raise LifeCycleError(message)
    if officer is not None and held.officer != officer:
        message = f"{device}: expected that {officer} has it, found {held.officer}"
        raise LifeCycleError(message)
    return held


def _undoing(view: View, device: Subject, actor: Actor, reason: str) -> Entry:
    """Return the entry that takes back the last act about *device*."""
    known(view, device)
    rows = queries.holdings_of(view, device)
    last = last_standing(rows)
    if last is None:
        message = f"{device}: there is nothing to take back"
        raise LifeCycleError(message)
    seq, by = (last.seq, last.opened_by) if last.ended_seq is None else (last.ended_seq, last.ended_by)
    if by != actor.who:
        message = f"{device}: entry {seq} is by {by}, and {actor.who} may not take it back"
        raise Refused(message)
    giver = next((row.officer for row in rows if row.stands and row.ended_seq == last.seq), None)
    what = "RETURNED" if last.ended_seq is not None else "ISSUED" if giver is None else "HANDED_OVER"
    giver = giver if what == "HANDED_OVER" else None
    return entries.undone(device, seq, what, officer=last.officer, giver=giver, actor=actor, reason=reason)


def _open(view: View, device: Subject) -> Holding | None:
    return next((holding for holding in queries.holdings_of(view, device) if holding.is_open), None)


def _check_officer(view: View, officer: Subject) -> None:
    known(view, officer)
    if queries.is_erased(view, officer):
        message = f"{officer}: it was erased, and is given no camera any more"
        raise Erased(message)


def _check_after(holding: Holding, claimed: datetime | None) -> None:
    if claimed is not None and claimed < holding.begin:
        message = f"time claimed: expected one after {holding.begin.isoformat()}, found {claimed.isoformat()}"
        raise ValueError(message)


def _check_said(device: Subject, what: str, text: str | None) -> None:
    check_kind(device, Kind.DEVICE)
    if text is not None:
        check_text(what, text)
