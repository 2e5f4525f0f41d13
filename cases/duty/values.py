"""What is said when a camera changes hands, as values that cannot be wrong, and what the catalog knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from storage.evidence import Kind, Subject

FOR_EVER = datetime.max.replace(tzinfo=UTC)
"""Until when a camera is held that nobody gave back."""


class How(StrEnum):
    """By what the officer was known."""

    CARD = "card"
    PIN = "pin"
    CHOICE = "choice"
    """Somebody chose the name from a list: it shows who was meant, not who stood there."""
    SIGNED = "signed"
    """On a receipt on paper, or by a certificate (``SIGNED``) afterwards."""


class Back(StrEnum):
    """How a camera came back."""

    PERSON = "person"
    DOCKING = "docking"
    """Nobody gave it back; it was found in the dock."""


class Condition(StrEnum):
    """What is seen of a camera that comes back."""

    DAMAGED = "damaged"
    NOT_WORKING = "not-working"
    SEAL_BROKEN = "seal-broken"
    PARTS_MISSING = "parts-missing"

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a code; raises `ValueError` that says which there are."""
        try:
            return cls(text.strip().lower())
        except ValueError as error:
            message = f"condition {text!r}: expected one of {', '.join(cls)}"
            raise ValueError(message) from error


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An officer, and by what he was known at that moment."""

    officer: Subject
    how: How

    def __post_init__(self) -> None:
        if self.officer.kind is not Kind.OFFICER:
            message = f"{self.officer}: expected an officer"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Holding:
    """A camera in the hands of an officer, from *begin* up to, not including, *finish*."""

    device: Subject
    seq: int
    """The entry by which it began."""
    officer: Subject
    how: How
    opened_by: Subject
    verdict: str
    """Whether the camera was fit for duty then; empty where it was handed over outside."""
    since: datetime
    """When that was recorded."""
    since_claimed: datetime | None
    """Since when, as a person said afterwards."""
    ended_seq: int | None
    """The entry by which it ended; None as long as it lasts."""
    ended_by: Subject | None
    until: datetime | None
    until_claimed: datetime | None
    condition: tuple[str, ...]
    """Codes of what was seen when the camera came back."""
    undone_seq: int | None
    """The entry that says that this never was."""

    @property
    def stands(self) -> bool:
        """Whether nobody took it back."""
        return self.undone_seq is None

    @property
    def is_open(self) -> bool:
        """Whether the officer has the camera now."""
        return self.stands and self.ended_seq is None

    @property
    def begin(self) -> datetime:
        """Since when, by the best that is known."""
        return self.since_claimed or self.since

    @property
    def finish(self) -> datetime:
        """Until when, by the best that is known."""
        return self.until_claimed or self.until or FOR_EVER

    def touches(self, start: datetime, end: datetime) -> bool:
        """Say whether any moment from *start* to *end*, both included, lies in it."""
        return max(self.begin, start) < self.finish and self.begin <= end


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as people see it."""

    subject: Subject
    label: str | None


@dataclass(frozen=True, slots=True)
class Means:
    """By what an officer is known at the dock."""

    officer: Subject
    cameras: int
    """How many he has now."""
    has_card: bool
    pin: str | None
    """What the vault tells of the PIN: its hash."""
    wrong: int
    """How often the PIN was wrong since it was right."""
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Filmed:
    """Which camera took a clip, and when: by our clock where the camera's was measured, else as far as the camera says."""

    device: Subject
    start: datetime | None
    end: datetime | None
    within: timedelta = timedelta(0)
    """How wrong these times may be, where that was measured."""


def moved(moment: datetime, by: timedelta) -> datetime:
    """Return *moment* moved *by* that much, though not beyond the years there are: a camera's clock may show any of them."""
    try:
        return moment + by
    except OverflowError:
        return moment


def last_standing(holdings: Sequence[Holding]) -> Holding | None:
    """Return the newest holding of a camera that nobody took back."""
    return next((holding for holding in reversed(holdings) if holding.stands), None)
