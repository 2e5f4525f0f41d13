"""What one bay shows on the board, and the alarms it rings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from ingest.admission import Reason
from ingest.board import AlarmKind, Bay, Board, Status
from ingest.crew import Standing
from ingest.docked import How
from ingest.progress import Progress, Step, said
from ingest.showing import Showing
from ingest.taking import Manner
from ingest.turns import Turns
from ingest.visit import Outcome
from storage.errors import SourceChanged, YihuError

PULLED_EARLY = "pulled-early"


@dataclass(slots=True)
class BayScreen:
    """Shows one bay. Used by the thread of the bay; progress may come from others."""

    board: Board
    name: str
    is_locked: bool = False
    has_priority: bool = False
    was_pulled: bool = False
    """A camera went while it was mounted."""
    _rung: set[tuple[AlarmKind, str]] = field(default_factory=set)

    @property
    def status(self) -> Status:
        """Where the bay stands."""
        return self.board.bay(self.name).status

    def show_empty(self) -> None:
        """Show that nothing is in the bay."""
        self.board.show(self._empty)

    def show(self, status: Status, *, error: str = "", reason: str = "") -> None:
        """Show *status*, and why."""
        self.board.show(replace(self.board.bay(self.name), status=status, error=error, reason=reason))

    def begin(self) -> None:
        """Something is in the bay; what was there before is not shown any more."""
        self.was_pulled = False
        self.board.show(replace(self._empty, status=Status.IDENTIFYING))

    def read(self, known: Outcome) -> None:
        """Show that a camera that is known now is read."""
        bay = replace(self.board.bay(self.name), camera=known.camera, profile=known.profile)
        self.board.show(replace(bay, status=Status.READING, error="", reason=""))

    @contextmanager
    def reading(self, turns: Turns, stop: threading.Event) -> Iterator[Manner]:
        """Show the reading of a card while inside, which happens before that of others where this bay has priority."""
        showing = Showing(self.board, self.name)
        with ExitStack() as first:
            if self.has_priority:
                first.enter_context(turns.before_others())

            def saw(progress: Progress) -> None:
                showing.saw(progress)
                if progress.step is Step.READ:
                    first.close()
                    self.show(Status.PROVING)

            yield Manner(saw, (lambda: None) if self.has_priority else turns.wait, stop.is_set)

    def clearing(self, progress: Progress) -> None:
        """Show a file that is being proved or removed."""
        bay = self.board.bay(self.name)
        shown = replace(bay, file=progress.name, file_size=progress.size, file_done=progress.done)
        self.board.show(shown)

    def refuse(self, reason: Reason) -> None:
        """Show that what is in the bay is not read."""
        self.show(Status.REFUSED, error=reason.value)
        if reason is Reason.NO_PROFILE:
            self._ring(AlarmKind.PROFILE_UNKNOWN, self.name, reason.value)

    def stand(self, standing: Standing) -> None:
        """Show who carried the camera and whether it is fit for duty."""
        bay = replace(self.board.bay(self.name), officer=standing.officer, is_fit=standing.is_fit, unfit=standing.unfit)
        self.board.show(bay)
        for kind, reason in standing.alarms:
            self._ring(kind, bay.camera or self.name, reason)

    def settle(self, outcome: Outcome) -> None:
        """Show what became of the camera."""
        taken = outcome.taken
        problems = len(taken.report.problems) if taken is not None else 0
        bay = replace(self.board.bay(self.name), file="", file_size=0, file_done=0, rate=0, left=None, problems=problems)
        self.board.show(replace(bay, status=outcome.status, error=outcome.error, reason=outcome.reason))
        self.was_pulled = outcome.error == SourceChanged.__name__

    def failed(self, error: YihuError) -> None:
        """Show what went wrong."""
        self.was_pulled = isinstance(error, SourceChanged)
        self.show(Status.FAILED, error=type(error).__name__, reason=said(error))

    def left(self, how: How) -> None:
        """Show that the bay is empty, or that what was in it was taken out too early, until something else is put in."""
        for kind, about in self._rung:
            self.board.hush(kind, about)
        self._rung.clear()
        if how == "early":
            self.show(Status.FAILED, error=PULLED_EARLY)
        else:
            self.show_empty()
        self.was_pulled = False

    @property
    def _empty(self) -> Bay:
        return Bay(self.name, is_locked=self.is_locked, has_priority=self.has_priority)

    def _ring(self, kind: AlarmKind, about: str, reason: str) -> None:
        self._rung.add((kind, about))
        self.board.ring(kind, about, reason)
