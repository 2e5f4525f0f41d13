"""
Which files are one recording that the camera cut into several.

A camera says it in one of two ways: by numbers (``GX010135``, ``GX020135``: chapters 1 and 2 of recording 135), or by times,
where a file begins when the one before it ends. When a file ends is told by its name, by the clip where it is ours already, or
by the length that its profile gives. Names show whole seconds, so two seconds between files are none; half a minute may be told
twice, since cameras keep what was before the button was pressed.

A part that is missing in the middle does not end a recording: its neighbours are marked, and the numbers of the parts leave
room for it. Nothing here is proof: people do press the button twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from device_profiles.clocks import digits_of
from device_profiles.names import NameFacts, read_name
from device_profiles.profile import Profile
from device_profiles.text import readable
from ingest.manifest import ManifestRow, Verdict
from storage.earlier import EarlierClip
from storage.evidence import DevicePath, MediaKind

MISSING = "segment-missing"
"""Beside this recording a part of the same one is missing."""

_APART = timedelta(seconds=2)
_TWICE = timedelta(seconds=30)
_MOST_MISSING = 3
"""Parts in a row that may be missing before it is taken to be another recording."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of which event a recording is."""

    event: str
    part: int
    parts: int
    """How many of it are known at this moment."""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A file that may be a part of a recording."""

    path: bytes
    size: int
    modified_ns: int
    said: NameFacts
    start: datetime | None = None
    """Local time on the camera, as its name says."""
    end: datetime | None = None
    row: DevicePath | None = None
    """Where it lies on the card now; None where it does not any more."""
    clip: EarlierClip | None = None
    """What it is, where it is ours already."""

    @property
    def folder(self) -> str:
        """The folder it lies in."""
        return readable(self.path).rpartition("/")[0]

    @property
    def stream(self) -> tuple[str, str]:
        """What all parts of a recording share: the camera in their names, and their sort of file."""
        return (self.said.device or "").upper(), readable(self.path).rpartition(".")[2].lower()


@dataclass(slots=True)
class Chain:
    """Segments that follow each other, each with the number of parts missing before it."""

    links: list[tuple[Segment, int]] = field(default_factory=list)

    def numbered(self) -> Iterator[tuple[Segment, int, bool]]:
        """Give every segment with its number from 1 and whether a part beside it is missing."""
        number = 0
        behind = [*(missing for _, missing in self.links[1:]), 0]
        for (segment, before), after in zip(self.links, behind, strict=True):
            number += before + 1
            yield segment, number, bool(before or after)


NameEvent = Callable[[Segment], str]
"""Gives an event the name that its first segment always gives it; it tells nobody anything."""


def stitched(
    profile: Profile, rows: Iterable[ManifestRow], clips: Sequence[EarlierClip], name: NameEvent
) -> dict[DevicePath, Part]:
    """
    Say of every video and sound on a card which part of which event it is; one that stands alone is an event of its own.

    Where a part is ours already, its event goes on; its number stays, and the others are counted from it.
    """
    parts: dict[DevicePath, Part] = {}
    for chain in chains(profile, segments(profile, rows, clips)):
        if any(segment.row is not None for segment, _ in chain.links):
            parts |= _parts(chain, name)
    return parts


def _parts(chain: Chain, name: NameEvent) -> Iterator[tuple[DevicePath, Part]]:
    numbered = list(chain.numbered())
    event, shift = name(numbered[0][0]), 0
    for segment, number, _ in numbered:
        if segment.clip is not None and segment.clip.event is not None:
            event, shift = segment.clip.event, (segment.clip.event_part or number) - number
            break
    for segment, number, is_beside in numbered:
        if segment.row is not None:
            yield segment.row, Part(event, number + shift, len(numbered), (MISSING,) if is_beside else ())


def segments(profile: Profile, rows: Iterable[ManifestRow], clips: Sequence[EarlierClip]) -> list[Segment]:
    """Give everything that may be a part: what lies on the card, and what came from it before."""
    known = {(clip.path, clip.size, clip.modified_ns): clip for clip in clips if clip.path is not None}
    found = []
    for row in rows:
        if row.verdict is Verdict.READ and row.kind in {MediaKind.VIDEO, MediaKind.AUDIO}:
            clip = known.pop((row.path.raw, row.size, row.modified_ns), None)
            found.append(_segment(profile, row.path.raw, row.size, row.modified_ns, clip, row.path))
    found += [
        _segment(profile, clip.path, clip.size, clip.modified_ns, clip, None)
        for clip in known.values()
        if clip.path is not None and clip.kind in {MediaKind.VIDEO, MediaKind.AUDIO}
    ]
    return found


def _segment(
    profile: Profile, path: bytes, size: int, modified_ns: int, clip: EarlierClip | None, row: DevicePath | None
) -> Segment:
    said = read_name(profile, path)
    start = _moment(said.time)
    return Segment(path, size, modified_ns, said, start, _end(profile, said, start, clip), row, clip)


def _end(profile: Profile, said: NameFacts, start: datetime | None, clip: EarlierClip | None) -> datetime | None:
    if start is None:
        return None
    named = _moment(said.end)
    try:
        if named is not None:
            # where the name has the day only once, a recording that ends before it begins went on past midnight
            return named if named >= start else named + timedelta(days=1)
        if clip is not None and clip.duration_ms is not None:
            return start + timedelta(milliseconds=clip.duration_ms)
        return None if profile.segments is None else start + timedelta(seconds=profile.segments.seconds)
    except OverflowError:  # the last day there is
        return None


def _moment(digits: str | None) -> datetime | None:
    return None if digits is None else digits_of(digits)


def chains(profile: Profile, found: Iterable[Segment]) -> list[Chain]:
    """Put segments together that follow each other; every segment is in one chain."""
    by_number: dict[tuple[str, str, str, str], list[Segment]] = defaultdict(list)
    by_time: list[Segment] = []
    everything = list(found)
    numbers = {(segment.stream, segment.folder, segment.said.sequence) for segment in everything if segment.said.chapter}
    for segment in everything:
        said = segment.said
        if said.sequence is not None and (segment.stream, segment.folder, said.sequence) in numbers:
            by_number[*segment.stream, segment.folder, said.sequence].append(segment)
        else:
            by_time.append(segment)
    length = None if profile.segments is None else timedelta(seconds=profile.segments.seconds)
    return [*(_chapters(some) for some in by_number.values()), *_timed(by_time, length)]


def _chapters(some: list[Segment]) -> Chain:
    """Order the chapters of one recording; the first is called 1, or has no number where the second is called 1."""
    ordered = sorted(some, key=lambda segment: (_chapter(segment), segment.path))
    before = [min(_chapter(ordered[0]) - 1, _MOST_MISSING)]
    before += [min(_chapter(after) - _chapter(first) - 1, _MOST_MISSING) for first, after in pairwise(ordered)]
    return Chain([(segment, max(0, missing)) for segment, missing in zip(ordered, before, strict=True)])


def _chapter(segment: Segment) -> int:
    return _number(segment.said.chapter)


def _timed(some: Iterable[Segment], length: timedelta | None) -> list[Chain]:
    """Let every segment follow the one that fits best, in the order in which they begin."""
    made: list[Chain] = []
    open_ends: dict[tuple[str, str], list[Chain]] = defaultdict(list)
    for segment in sorted(some, key=lambda one: (one.start or datetime.max, one.path)):  # noqa: DTZ901 - times on a camera
        chain, missing = _best(open_ends[segment.stream], segment, length)
        if chain is None:
            chain = Chain()
            made.append(chain)
            open_ends[segment.stream].append(chain)
        chain.links.append((segment, missing))
        open_ends[segment.stream] = _still_open(open_ends[segment.stream], segment, length)
    return made


def _still_open(some: list[Chain], now: Segment, length: timedelta | None) -> list[Chain]:
    """Leave out what ended too long ago for anything that begins later."""
    reach = _APART + (length or timedelta(0)) * _MOST_MISSING
    ends = ((chain, chain.links[-1][0].end) for chain in some)
    return [chain for chain, end in ends if end is not None and now.start is not None and now.start - end <= reach]


def _best(some: Iterable[Chain], segment: Segment, length: timedelta | None) -> tuple[Chain | None, int]:
    fitting = []
    for place, chain in enumerate(some):
        last = chain.links[-1][0]
        missing = _missing_between(last, segment, length)
        if missing is not None:
            fitting.append((missing, last.folder != segment.folder, place, chain))
    if not fitting:
        return None, 0
    missing, _, _, chain = min(fitting, key=lambda each: each[:3])
    return chain, missing


def _missing_between(last: Segment, after: Segment, length: timedelta | None) -> int | None:
    """Say how many parts are missing between two segments; None where the second does not go on with the first."""
    if last.end is None or last.start is None or after.start is None or after.start <= last.start:
        return None
    pause = after.start - last.end
    if -_TWICE <= pause <= _APART:
        return 0
    if length is None or pause < timedelta(0):
        return None
    missing = round(pause / length)
    is_whole = abs(pause - missing * length) <= _APART
    return missing if is_whole and 1 <= missing <= _MOST_MISSING and _numbers_agree(last, after, missing) else None


def _numbers_agree(last: Segment, after: Segment, missing: int) -> bool:
    """Where both have numbers, as many must be missing in them."""
    numbers = (last.said.sequence, after.said.sequence)
    return None in numbers or _number(numbers[1]) - _number(numbers[0]) == missing + 1


def _number(text: str | None) -> int:
    """Read a number from a name; what a profile calls one and is none is 0."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else 0
