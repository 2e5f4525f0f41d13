"""
The sample card of a profile as it comes out of a real camera's life: other letters, other encodings, no clock, files missing.

Each variant is a list of files with what must still be said of them. Nothing is opened or written here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from device_profiles.names import NameFacts, speaking_rule
from device_profiles.profile import FileKind, Profile
from device_profiles.samples import Sample, SampleFile

VariantName: TypeAlias = Literal[
    "plain", "upper-case", "lower-case", "gbk-names", "missing-folder", "clock-1970", "clock-2038", "impossible-time",
    "lying-times", "two-gaps", "strangers",
]  # fmt: skip

_USUAL = datetime(2026, 11, 18, 1, 5, tzinfo=UTC)
_LONG_AGO = int(datetime(2019, 5, 6, tzinfo=UTC).timestamp()) * 10**9
_CLOCKS: Mapping[VariantName, tuple[int, str]] = {
    "clock-1970": (0, "19700101120000"),
    "clock-2038": (2**31 * 10**9, "20380120120000"),
}
"""When the files were written, and what a name says: 12 o'clock, so that the day is the same in every zone."""
_FINDINGS: Mapping[VariantName, str] = {"clock-1970": "unset", "clock-2038": "rollover"}
_IMPOSSIBLE = "20261399256199"
_NUMBERS = (1, 3, 6)
GAPS = ((2, 2), (4, 5))
"""What is missing between `_NUMBERS`."""


@dataclass(frozen=True, slots=True)
class CardFile:
    """A file of a variant, and what must be said of it; None where nothing is demanded."""

    path: bytes
    sample: SampleFile
    """What it was made of."""
    modified_ns: int
    kind: FileKind | None
    facts: NameFacts | None
    belongs_to: bytes | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One card."""

    name: VariantName
    files: tuple[CardFile, ...]
    recognised: bool = True
    """Whether its profile must still be the one that is found."""
    clock: str | None = None
    """What must be found about the clock of every recording whose time is read from a name or a file's date."""
    gaps: tuple[tuple[int, int], ...] | None = None


def variants(profile: Profile, sample: Sample) -> Iterator[Variant]:
    """Give the sample card and everything hostile that can be made of it; the plain one first."""
    plain = tuple(as_it_is(file) for file in sample.files)
    yield Variant("plain", plain)
    yield Variant("upper-case", tuple(_respelt(file, upper=True) for file in plain))
    yield Variant("lower-case", tuple(_respelt(file, upper=False) for file in plain))
    yield Variant("gbk-names", (*(_in_gbk(file) for file in plain), *_chinese(plain)))
    for folder in sorted({file.path.partition(b"/")[0] for file in plain if b"/" in file.path}):
        left = tuple(file for file in plain if not file.path.startswith(folder + b"/"))
        if left:
            yield Variant("missing-folder", left, recognised=False)
    for name in _CLOCKS:
        yield _odd_clock(profile, name, plain)
    yield from _impossible(profile, plain)
    yield Variant("lying-times", tuple(replace(file, modified_ns=_LONG_AGO) for file in plain))
    yield from _two_gaps(profile, plain)
    yield Variant("strangers", (*plain, *_strangers(plain)))


def as_it_is(file: SampleFile) -> CardFile:
    """Give a file of the sample as the plain card has it."""
    modified = file.modified or _USUAL
    return CardFile(
        path=file.path.encode(),
        sample=file,
        modified_ns=int(modified.timestamp()) * 10**9,
        kind=file.kind,
        facts=file.facts if file.is_recording else None,
        belongs_to=None if file.belongs_to is None else file.belongs_to.encode(),
    )


def _respelt(file: CardFile, *, upper: bool) -> CardFile:
    """ASCII letters only, as FAT has it."""

    def spelt(path: bytes) -> bytes:
        return path.upper() if upper else path.lower()

    def said(text: str | None) -> str | None:
        return None if text is None else spelt(text.encode()).decode()

    facts = (
        None if file.facts is None else replace(file.facts, device=said(file.facts.device), officer=said(file.facts.officer))
    )
    owner = None if file.belongs_to is None else spelt(file.belongs_to)
    return replace(file, path=spelt(file.path), facts=facts, belongs_to=owner)


def _in_gbk(file: CardFile) -> CardFile:
    owner = None if file.belongs_to is None else file.belongs_to.decode().encode("gb18030")
    return replace(file, path=file.path.decode().encode("gb18030"), belongs_to=owner)


def _chinese(plain: Sequence[CardFile]) -> Iterator[CardFile]:
    """One more recording of each kind, named by somebody at a computer that writes GBK."""
    for file in {each.sample.kind: each for each in reversed(plain) if each.sample.is_recording}.values():
        folder, extension = posixpath.dirname(file.sample.path), posixpath.splitext(file.sample.path)[1]
        path = posixpath.join(folder, f"现场记录{extension}")
        yield replace(file, path=path.encode("gb18030"), facts=None)


def _odd_clock(profile: Profile, name: VariantName, plain: Sequence[CardFile]) -> Variant:
    modified_ns, digits = _CLOCKS[name]
    files = [replace(file, modified_ns=modified_ns) for file in plain]
    found = _first_timed(files)
    if found is None:
        return Variant(name, tuple(files), clock=_FINDINGS[name])
    path = _with_time(profile, found.sample.path, digits)
    facts = None if found.facts is None else replace(found.facts, time=digits, end=found.facts.end and digits)
    return Variant(name, (*_without(files, found), replace(found, path=path.encode(), facts=facts)), clock=_FINDINGS[name])


def _impossible(profile: Profile, plain: Sequence[CardFile]) -> Iterator[Variant]:
    found = _first_timed(plain)
    if found is not None:
        path = _with_time(profile, found.sample.path, _IMPOSSIBLE)
        yield Variant("impossible-time", (*_without(plain, found), replace(found, path=path.encode(), facts=None)))


def _two_gaps(profile: Profile, plain: Sequence[CardFile]) -> Iterator[Variant]:
    found = next((file for file in plain if file.facts is not None and file.facts.sequence), None)
    if found is not None:
        files = tuple(_numbered(profile, found, number) for number in _NUMBERS)
        yield Variant("two-gaps", files, recognised=False, gaps=GAPS)


def _numbered(profile: Profile, file: CardFile, number: int) -> CardFile:
    sequence = f"{number:0{len(file.sample.sequence or '')}d}"
    path = _with_digits(profile, file.sample.path, ("sequence",), sequence)
    return replace(file, path=path.encode(), facts=file.facts and replace(file.facts, sequence=sequence))


def _strangers(plain: Sequence[CardFile]) -> Iterator[CardFile]:
    """Whatever nobody has heard of is taken in as well: it may be what a court asks for."""
    for file in [each for each in plain if each.sample.verdict == "read"][:1]:
        for name in (b"unheard.of9", b"\xff\xfe\x80", "备注".encode()):
            path = posixpath.join(posixpath.dirname(file.path), name)
            yield replace(file, path=path, kind=None, facts=None, belongs_to=None)


def _first_timed(files: Sequence[CardFile]) -> CardFile | None:
    return next((file for file in files if file.facts is not None and file.facts.time), None)


def _without(files: Sequence[CardFile], gone: CardFile) -> list[CardFile]:
    """All but one recording and what belongs to it."""
    return [file for file in files if gone.path not in {file.path, file.belongs_to}]


def _with_time(profile: Profile, path: str, digits: str) -> str:
    begun = _with_digits(profile, path, ("date", "time"), digits)
    return _with_digits(profile, begun, ("end",), digits)


def _with_digits(profile: Profile, path: str, groups: Sequence[str], digits: str) -> str:
    """Write *digits* over the digits that stand in named groups; of fewer places the last ones."""
    spoken = speaking_rule(profile, path)
    if spoken is None:
        return path
    spans = [spoken.found.span(group) for group in groups if spoken.found.groupdict().get(group)]
    places = [spoken.start + at for start, end in spans for at in range(start, end) if spoken.found.string[at].isdigit()]
    letters = list(path)
    for place, digit in zip(reversed(places), reversed(digits), strict=False):
        letters[place] = digit
    return "".join(letters)
