"""What `registry` looks at before it records, and again when somebody was faster. Each names the thing and the reason."""

from __future__ import annotations

from datetime import timedelta

from cases import queries
from cases.moves import CLOSED
from cases.queries import View
from cases.records import Filing, Matter
from storage.errors import LifeCycleError, NotFound
from storage.evidence import Subject


def known(view: View, *wanted: Subject) -> None:
    """Refuse pseudonyms that nobody recorded."""
    missing = queries.unknown(view, wanted)
    if missing is not None:
        raise _missing(missing)


def matter(view: View, subject: Subject) -> Matter:
    """Return the matter; raises `NotFound`."""
    found = queries.matter(view, subject)
    if found is None:
        raise _missing(subject)
    return found


def running_matter(view: View, subject: Subject) -> Matter:
    """Return a matter that is not closed."""
    found = matter(view, subject)
    if found.state == CLOSED:
        message = f"{subject}: it was closed at {found.closed_at}"
        raise LifeCycleError(message)
    return found


def free_number(view: View, number: str | None, *, office: Subject, but: Subject | None = None) -> None:
    """Refuse a number that another matter of the office has; *but* may keep its own."""
    found = None if number is None else queries.matter_with_number(view, office, number)
    if found is not None and found.subject != but:
        message = f"number of a matter: {found.subject} of {office} has it already"
        raise LifeCycleError(message)


def fileable(view: View, clip: Subject, activity: Subject, part: tuple[int, int] | None) -> Matter:
    """Return the matter of *activity*, if that part of *clip* may be filed there now."""
    line, act = queries.clip(view, clip), queries.activity(view, activity)
    if line is None or act is None:
        raise _missing(clip if line is None else activity)
    if part is not None and line.duration_ms is not None and part[0] >= line.duration_ms:
        found, expected = timedelta(milliseconds=part[0]), timedelta(milliseconds=line.duration_ms)
        message = f"{clip}: expected a range within its {expected}, found one that starts at {found}"
        raise ValueError(message)
    return running_matter(view, act.matter)


def live_filing(view: View, identifier: str) -> Filing:
    """Return a filing that stands."""
    found = queries.filing(view, identifier)
    if found is not None:
        return found
    if queries.was_filed(view, identifier):
        message = f"filing {identifier}: it was taken out already"
        raise LifeCycleError(message)
    message = f"filing {identifier}: there is no such filing"
    raise NotFound(message)


def _missing(subject: Subject) -> NotFound:
    return NotFound(f"{subject}: there is no such {subject.kind}")
