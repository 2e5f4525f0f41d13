"""
Cameras that must be asked: what they are asked, by which dialect, and in what order.

Some recorders show themselves as a vendor's USB device first and become a volume only after a password. Two dialects are known
for the same USB id, so who speaks which is found by asking: `Dialect.ask` sends questions alone, and a camera that answers none
of them speaks another dialect. Only then, and once, comes `Dialect.unlock`. The camera leaves the bus and returns as a volume;
when it is back as it was, `Dialect.set_clock` and `Dialect.lock` may follow.

The commands are those that two sources hold; nobody tried them on a maker's camera, and what no source says is not sent.
Whether they are those of GA/T 947 is not known here: its text was not at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from device_profiles.fields import DialectName
from ingest.camera import Asked


@dataclass(frozen=True, slots=True)
class Password:
    """What an office set for a kind of camera. It never shows itself in a message or a log."""

    login: str = field(repr=False)
    with_questions: str = field(default="", repr=False)
    """What the dialect ``at-sign`` wants with every other command; empty: the same."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever it is, and when."""

    raw: bytes
    at: datetime
    """Our own clock, aware, in the middle between asking and the last byte of the answer."""
    within: timedelta
    """Half the time between the two."""
    monotonic_ns: int
    """The host's monotonic clock at the same moment."""


class Fault(StrEnum):
    """Why a camera was not unlocked, or its clock not set."""

    NO_PASSWORD = "no-password"  # noqa: S105 - a word, not a secret
    """The office set none; nothing was sent."""
    UNFIT_PASSWORD = "unfit-password"  # noqa: S105 - the same
    """The dialect cannot carry it; nothing was sent."""
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - the same
    """The camera said anything but yes."""
    NO_ANSWER = "no-answer"
    """The camera said nothing that this dialect knows; whether it counted an attempt is not known."""
    TRIED_BEFORE = "tried-before"
    """It was tried once since the camera was put in; nothing was sent."""


class Link(Protocol):
    """A camera that listens."""

    def exchange(self, question: bytes, ends: Callable[[bytes], bool]) -> Answer:
        """
        Send *question* and hear what comes, until *ends* says that it is whole, the time is over, or it is far too much.

        Silence and garbage are answers like others. Raises `SourceChanged` where the camera is gone.
        """
        ...


class Dialect(Protocol):
    """How one kind of firmware is spoken to. None of it raises because of what a camera answers."""

    name: DialectName
    asks_with_password: bool
    """Whether a question carries something that may be a password to the camera."""

    def ask(self, link: Link, password: Password | None) -> Asked | None:
        """Ask what changes nothing; None if no answer is of this dialect. Without *password* some are not asked."""
        ...

    def unlock(self, link: Link, password: Password) -> Fault | None:
        """Try *password* once and, if it is taken, have the camera become a volume; None if it was taken."""
        ...

    def set_clock(self, link: Link, password: Password, moment: datetime) -> Fault | None:
        """Set the clock to *moment*, which is aware and in the zone in which the camera counts; None if that was taken."""
        ...

    def lock(self, link: Link) -> bool:
        """Have the camera be no volume any more; False where the dialect has no words for it, and nothing was sent."""
        ...
