"""What a person may want to see while a card is taken in. Progress never goes through the ledger; only state changes do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ingest.before import Space
from ingest.clock_offset import Measured
from ingest.manifest import Manifest
from storage.evidence import DevicePath, Subject


class Step(StrEnum):
    """What has just happened to a file."""

    LISTED = "listed"
    """A card was listed: its name, and the bytes that are to be read from it."""
    READING = "reading"
    READ = "read"
    """Every file of a card was tried; what is new is on its way to the store."""
    SECURED = "secured"
    MET_AGAIN = "met_again"
    DEPOSITED = "deposited"
    RENDERED = "rendered"
    EXAMINED = "examined"
    """Looked at and recorded; there is nothing to play."""
    FAILED = "failed"
    WAITING = "waiting"
    PROVING = "proving"
    """What is stored of a file is being read back whole."""
    CLEARING = "clearing"
    """The file is being read once more, before it is removed from the camera."""
    CLEARED = "cleared"
    LEFT = "left"
    """It stays on the camera, and why."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One thing to show."""

    step: Step
    name: str
    size: int
    done: int = 0
    """Bytes read so far, while `Step.READING`."""
    reason: str = ""
    error: str = ""
    """The class of the error, by which a translation is found."""
    files: int = 0
    """Files that are to be read, when a card was `Step.LISTED`."""


Watcher: TypeAlias = Callable[[Progress], None]
"""Told from several threads; must be quick and must not raise."""


def unwatched(_progress: Progress) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be taken in (now), and why. It is still on the camera."""

    path: DevicePath
    error: str
    """The class of the error, by which a translation is found."""
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clip that is ours but not done, and why. The next start goes on with it."""

    clip: Subject
    name: str
    error: str
    reason: str


@dataclass(frozen=True, slots=True)
class CardReport:
    """What became of one card."""

    device: Subject
    profile: str
    files: int
    secured: tuple[Subject, ...]
    met_again: tuple[Subject, ...]
    ignored: int
    problems: tuple[Problem, ...]
    waiting: tuple[Waiting, ...] = ()
    """What is not yet in the store or not yet rendered, and readings in the spool that cannot be used."""
    unsigned: str = ""
    """Why no checkpoint could be signed over all of this; the next start signs it."""
    docked: int = 0
    """Number of the entry of this docking."""
    number: int = 0
    """Number of the entry that lists the card."""
    listed: Manifest | None = None
    """That list."""
    space: Space | None = None
    """Room on the card; None where it is only a folder."""
    clock: Measured | None = None
    """What its clock was found to be; None where it cannot be asked."""
    found: frozenset[str] = frozenset()
    """What was found about the card as a whole, in codes."""


def said(what: object) -> str:
    """Return what an error says, or a path, in a form that can be shown and kept anywhere; a path may be in no encoding."""
    return str(what).encode("utf-8", "backslashreplace").decode()
