"""Who has which camera, who had it, and which officer or camera somebody means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from cases.duty import queries
from cases.duty.carrying import Carried, Why, carrier
from cases.duty.values import Camera, Holding, Means, moved
from cases.queries import Database, View
from storage.database import reading
from storage.errors import NotFound
from storage.evidence import Kind, Subject, utc_moment

_T = TypeVar("_T")
_NOT_AT_ALL = timedelta(0)


class Holdings:
    """Answers from the ledger's own times; a claim that something began earlier is used and named as one."""

    def __init__(self, engine: Database) -> None:
        self._engine = engine

    def carried(self, device: Subject, at: datetime) -> Subject | None:
        """Return who carried *device* at that moment; None where that is not known, and `who` says why."""
        return self.who(device, at).officer

    def who(self, device: Subject, start: datetime, end: datetime | None = None, *, within: timedelta = _NOT_AT_ALL) -> Carried:
        """
        Say who carried *device* all the time from *start* to *end* (or at that moment), both included.

        *within* is how wrong these times may be: an answer holds wherever in that room they lie.
        """
        found = self.history(device)
        return carrier(found, moved(start, -within), moved(start if end is None else end, within))

    def filmed(self, clip: Subject, *, within: timedelta = _NOT_AT_ALL) -> Carried:
        """
        Say who carried the camera of a clip while it was taken, by what is known now.

        Whatever was found out since the clip became ours counts: issues that were put in afterwards, and what was undone. The
        times are the corrected ones, with their uncertainty, where the clock of the camera was measured, else those it claims;
        *within* is allowed at least. Raises `NotFound`.
        """
        found = self._ask(lambda view: queries.filmed(view, clip))
        if found is None:
            message = f"{clip}: there is no such clip"
            raise NotFound(message)
        if found.start is None:
            return Carried(None, Why.NO_TIME)
        return self.who(found.device, found.start, found.end, within=max(within, found.within))

    def now(self, device: Subject) -> Holding | None:
        """Return the holding of *device* that lasts, if somebody has it."""
        return next((holding for holding in self.history(device) if holding.is_open), None)

    def holder_now(self, device: Subject) -> Subject | None:
        """Return who has *device* now."""
        holding = self.now(device)
        return None if holding is None else holding.officer

    def history(self, device: Subject) -> tuple[Holding, ...]:
        """Return every holding of *device*, the oldest first, those that were undone too."""
        return tuple(self._ask(lambda view: queries.holdings_of(view, device)))

    def of_officer(self, officer: Subject) -> tuple[Holding, ...]:
        """Return every holding of *officer*, the oldest first, those that were undone too."""
        return tuple(self._ask(lambda view: queries.holdings_by(view, officer)))

    def out(self) -> tuple[Holding, ...]:
        """Return who has which camera now, the longest first."""
        return tuple(self._ask(queries.open_holdings))

    def cameras(self) -> tuple[Camera, ...]:
        """Return every camera that is known."""
        return tuple(self._ask(queries.cameras))

    def find_camera(self, text: str) -> Camera:
        """
        Return the one camera that *text* means: its pseudonym, its whole label, or a part that only one label has.

        Raises `NotFound`, which names those it might have been.
        """
        known, wanted = self.cameras(), text.strip()
        exact = [one for one in known if wanted and wanted in {str(one.subject), one.label}]
        folded = wanted.casefold()
        found = exact or [one for one in known if folded and folded in (one.label or "").casefold()]
        if len(found) != 1:
            raise _not_one(Kind.DEVICE, text, [f"{one.label} ({one.subject})" for one in found])
        return found[0]

    def find_officer(self, text: str) -> Subject:
        """Return the one officer that *text* means: a pseudonym, a badge, or a name that only one has. Raises `NotFound`."""
        wanted = text.strip()
        if wanted.startswith(f"{Kind.OFFICER}:"):
            return Subject.parse(wanted, Kind.OFFICER)
        found = self._ask(lambda view: queries.officers_called(view, wanted))
        if len(found) != 1:
            raise _not_one(Kind.OFFICER, text, [str(one) for one in found])
        return found[0]

    def name_of(self, officer: Subject) -> str | None:
        """Return the name of an officer; None where it was erased."""
        return self._ask(lambda view: queries.name_of(view, officer))

    def badge_of(self, officer: Subject) -> str | None:
        """Return the badge of an officer; None where it was erased."""
        return self._ask(lambda view: queries.badge_of(view, officer))

    def means(self, officer: Subject) -> Means:
        """Return by what an officer is known at the dock; raises `NotFound`."""
        found = self._ask(lambda view: queries.means(view, officer))
        if found is None:
            message = f"{officer}: there is no such officer"
            raise NotFound(message)
        return found

    def last_time(self, device: Subject, type_: str) -> datetime | None:
        """Return when the newest entry of that type was recorded about *device*."""
        found = self._ask(lambda view: queries.last_time(view, device, type_))
        return None if found is None else utc_moment(found)

    def _ask(self, question: Callable[[View], _T]) -> _T:
        with reading(self._engine) as view:
            return question(view)


def _not_one(what: Kind, text: str, found: Sequence[str]) -> NotFound:
    return NotFound(f"{what} {text!r}: expected one, found {len(found)}{': ' + ', '.join(found) if found else ''}")
