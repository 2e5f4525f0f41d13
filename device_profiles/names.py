"""
What a file name claims of its recording.

Names come from a device nobody trusts, in UTF-8, GBK or neither. Nothing here raises because of a name; what it cannot read it
leaves out. Everything read is a claim, to be held against other facts, never a fact itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from device_profiles.profile import Profile
from device_profiles.text import lies_under, readable

_NOT_DIGITS = re.compile(r"[^0-9]+")
_CLOCK_DIGITS = 6
_FULL_DIGITS = 14


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What the name says; None where it says nothing."""

    device: str | None = None
    officer: str | None = None
    time: str | None = None
    """Local time on the camera, ``YYYYMMDDhhmmss``: digits as they stand, possibly no real date."""
    end: str | None = None
    """The same for the end of the recording."""
    sequence: str | None = None
    chapter: str | None = None
    """Which part this is of a recording that the camera cut into several files."""
    important: bool = False
    """Marked by the camera as important, in the name or by the folder."""
    encrypted: bool = False
    """Marked by the camera as encrypted."""


def read_name(profile: Profile, path: bytes) -> NameFacts:
    """Read what the first fitting name pattern of *profile* finds in *path*, relative to the card."""
    text = readable(path)
    by_folder = profile.importance is not None and any(lies_under(text, folder) for folder in profile.importance.under)
    spoken = speaking_rule(profile, text)
    return NameFacts(important=by_folder) if spoken is None else _facts(spoken.found.groupdict(), by_folder=by_folder)


@dataclass(frozen=True, slots=True)
class Spoken:
    """The name pattern that speaks for a path, and what it found."""

    rule: int
    """Its place in the profile, from 0."""
    found: re.Match[str]
    start: int
    """Where in the path the text stands that it was held against."""


def speaking_rule(profile: Profile, text: str) -> Spoken | None:
    """Give the first name pattern that fits a path (already readable); None where none does."""
    name = text.rfind("/") + 1
    for place, rule in enumerate(profile.names):
        start = 0 if rule.on == "path" else name
        found = rule.pattern.fullmatch(text[start:])
        if found is not None:
            return Spoken(place, found, start)
    return None


def _facts(groups: dict[str, str | None], *, by_folder: bool) -> NameFacts:
    date = _digits(groups.get("date"))
    time = date + _digits(groups.get("time"))
    end = _digits(groups.get("end"))
    if len(end) == _CLOCK_DIGITS:
        end = time[:-_CLOCK_DIGITS] + end
    return NameFacts(
        device=groups.get("device") or None,
        officer=groups.get("officer") or None,
        time=time if len(time) == _FULL_DIGITS else None,
        end=end if len(end) == _FULL_DIGITS else None,
        sequence=groups.get("sequence") or None,
        chapter=groups.get("chapter") or None,
        important=by_folder or bool(groups.get("importance")),
        encrypted=bool(groups.get("encrypted")),
    )


def _digits(text: str | None) -> str:
    return _NOT_DIGITS.sub("", text or "")
