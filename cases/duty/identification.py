"""
Who stands at the dock: by a staff card, by badge and PIN, or by a name that somebody chose.

How often a PIN was wrong is recorded before anybody is told, so that neither a restart nor another dock gives more tries: each
wrong one is an entry, a right one only where it ends a row of wrong ones. After too many in a row nobody is asked for a while,
and nothing is recorded in that time; each further wrong one locks twice as long. So the log cannot be grown at will.

A card that nobody has is of nobody, so there is nothing to record it of; after several in a row this process reads none for a
moment, which makes trying out numbers slow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from cases.checks import known
from cases.duty import entries, queries
from cases.duty.cards import card_index, card_number
from cases.duty.values import Confirmed, How, Means
from cases.queries import Database, View
from storage.database import reading
from storage.errors import Erased, LifeCycleError, LockedOut, NotFound, Refused, StaleState
from storage.evidence import Actor, Entry, Recorded, Subject
from storage.pins import check_pin, hashed_pin, is_right_pin

_T = TypeVar("_T")
_LONGEST = timedelta(days=1)
_PAUSE = timedelta(seconds=10)
"""How long no card is read after too many that nobody has. Not longer: others stand at the same counter."""


class Recorder(Protocol):
    """What records: `storage.custody.Custody`."""

    def record(self, entry: Entry) -> Recorded:
        """Record an entry."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a PIN may be wrong in a row, and how long nobody is asked then."""

    attempts: int = 5
    locked: timedelta = timedelta(minutes=15)

    def until(self, wrong: int, now: datetime) -> datetime | None:
        """Return until when nobody is asked after the *wrong*-th wrong PIN in a row."""
        if wrong < self.attempts:
            return None
        # 2^16 quarters of an hour are longer than the longest already
        doubled: int = 2 ** min(wrong - self.attempts, 16)
        return now + min(_LONGEST, self.locked * doubled)


class Identification:
    """Knows officers by what they have or know, and records what they are given. Safe to call from many threads."""

    def __init__(
        self,
        custody: Recorder,
        engine: Database,
        *,
        index_key: bytes,
        clock: Callable[[], datetime],
        patience: Patience | None = None,
    ) -> None:
        self._custody = custody
        self._engine = engine
        self._key = index_key
        self._clock = clock
        self._patience = patience or Patience()
        self._one_at_a_time = threading.Lock()
        self._strangers, self._no_card_before = 0, datetime.min.replace(tzinfo=UTC)

    def assign_card(self, officer: Subject, typed: str, *, actor: Actor) -> None:
        """Let an officer be known by a card from now on, and by no other; `LifeCycleError` where somebody else has it."""
        number = card_number(typed)

        def has_it(view: View) -> bool:
            known(view, officer)
            holder = queries.officer_with_card(view, card_index(self._key, number))
            if holder not in {None, officer}:
                message = f"card: {holder} has it"
                raise LifeCycleError(message)
            return holder == officer

        if self._ask(has_it):
            return
        try:
            self._custody.record(entries.card_assigned(officer, number, actor=actor))
        except StaleState:
            if not self._ask(has_it):
                raise

    def withdraw_card(self, officer: Subject, *, actor: Actor) -> None:
        """Let a card count no more, because it was lost or given back."""
        if not self._means(officer).has_card:
            message = f"{officer}: it has no card"
            raise LifeCycleError(message)
        self._custody.record(entries.card_withdrawn(officer, actor=actor))

    def set_pin(self, officer: Subject, pin: str, *, actor: Actor) -> None:
        """Give an officer a PIN, in place of one that he has or that is locked."""
        check_pin(pin)
        self._means(officer)
        self._custody.record(entries.pin_set(officer, hashed_pin(pin, key=self._key), actor=actor))

    def remove_pin(self, officer: Subject, *, actor: Actor) -> None:
        """Let an officer be known by no PIN any more."""
        if self._means(officer).pin is None:
            message = f"{officer}: it has no PIN"
            raise LifeCycleError(message)
        self._custody.record(entries.pin_removed(officer, actor=actor))

    def by_card(self, typed: str) -> Confirmed:
        """Return whose card it is; raises `NotFound`, which does not repeat the number, and after several `LockedOut`."""
        index = card_index(self._key, card_number(typed))
        with self._one_at_a_time:
            if self._clock() < self._no_card_before:
                message = f"card: {self._strangers} in a row that nobody has; none is read for a moment"
                raise LockedOut(message)
            found = self._ask(lambda view: queries.officer_with_card(view, index))
            self._strangers = 0 if found is not None else self._strangers + 1
            if found is None:
                raise self._unknown_card()
        return Confirmed(found, How.CARD)

    def _unknown_card(self) -> NotFound:
        if self._strangers >= self._patience.attempts:
            self._no_card_before = self._clock() + _PAUSE
        return NotFound("card: nobody has this one")

    def by_choice(self, officer: Subject) -> Confirmed:
        """Take the word of whoever chose the name; raises `NotFound` and `Erased`."""
        self._means(officer)
        return Confirmed(officer, How.CHOICE)

    def by_pin(self, officer: Subject, pin: str, *, actor: Actor) -> Confirmed:
        """
        Return *officer* if the PIN is his; raises `Refused` if not, and `LockedOut` where it was wrong too often.

        That it was wrong is durably recorded before this returns; *actor* is the dock or the clerk at it.
        """
        with self._one_at_a_time:
            while True:
                try:
                    return self._by_pin(officer, pin, actor)
                except StaleState:  # another dock was faster, so there is one try less
                    continue

    def _by_pin(self, officer: Subject, pin: str, actor: Actor) -> Confirmed:
        means, now = self._means(officer), self._clock()
        if means.pin is None:
            message = f"{officer}: it has no PIN"
            raise Refused(message)
        if means.locked_until is not None and now < means.locked_until:
            raise _locked(officer, means.wrong, means.locked_until)
        if is_right_pin(pin, means.pin, key=self._key):
            if means.wrong:
                self._custody.record(entries.pin_accepted(officer, means.wrong, actor=actor))
            return Confirmed(officer, How.PIN)
        wrong = means.wrong + 1
        until = self._patience.until(wrong, now)
        self._custody.record(entries.pin_refused(officer, wrong, until=until, actor=actor))
        if until is not None:
            raise _locked(officer, wrong, until)
        message = f"{officer}: the PIN is wrong; {self._patience.attempts - wrong} more may be"
        raise Refused(message)

    def _means(self, officer: Subject) -> Means:
        def question(view: View) -> Means | None:
            if queries.is_erased(view, officer):
                message = f"{officer}: it was erased"
                raise Erased(message)
            return queries.means(view, officer)

        found = self._ask(question)
        if found is None:
            message = f"{officer}: there is no such officer"
            raise NotFound(message)
        return found

    def _ask(self, question: Callable[[View], _T]) -> _T:
        with reading(self._engine) as view:
            return question(view)


def _locked(officer: Subject, wrong: int, until: datetime) -> LockedOut:
    return LockedOut(f"{officer}: {wrong} wrong PINs in a row; nobody is asked before {until.isoformat()}")
