"""
The contract of device profiles: "a camera is whatever passes the device-profile contract".

A profile is held to its sample card, written into a folder and read by the same code that reads real cards, and to everything
hostile that can be made of that card. Whatever differs is a `Breach` with the file, what was expected and what was found.

1. The card is recognised as this profile's, and no other profile's card is taken for it.
2. Every rule of the profile is shown at work by a file of the sample.
3. Every file has the expected kind, is read or ignored as expected, and belongs to the expected recording.
4. Names say what is expected of them, in any case of letters, in UTF-8 and GBK, with folders missing.
5. A clock of 1970 or 2038, an impossible time, a file date that contradicts the name: marked and kept, never dropped.
6. Missing numbers are noticed; what nobody has heard of is taken in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

from device_profiles.clocks import read_clock, read_modified
from device_profiles.matching import CardLook, decide
from device_profiles.names import read_name
from device_profiles.profile import Profile
from device_profiles.samples import Sample, look_of, unshown
from device_profiles.sequences import gaps
from device_profiles.text import readable
from device_profiles.variants import CardFile, Variant, VariantName, variants
from ingest.cards import Card, ClaimKind, DeviceClaim
from ingest.manifest import UNEXPECTED, ManifestRow, Verdict, list_card
from yihu.profile_cards import write_card

BreachKind: TypeAlias = Literal[
    "not-recognised", "takes-others-card", "rule-not-shown", "not-listed", "kind", "verdict", "place", "owner", "modified",
    "device", "officer", "time", "end", "sequence", "chapter", "important", "encrypted", "clock", "gaps",
]  # fmt: skip
_NOW = datetime(2026, 11, 24, tzinfo=UTC)
"""The contract is held to at one fixed time, so that it holds in every year."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One point in which a profile breaks the contract."""

    variant: VariantName
    kind: BreachKind
    where: str
    """A file, a rule or a profile."""
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Held:
    """What became of holding a profile to the contract."""

    cards: int
    files: int
    breaches: tuple[Breach, ...]


def hold(profile: Profile, sample: Sample, others: Sequence[tuple[Profile, Sample]]) -> Held:
    """
    Hold *profile* to the contract on its *sample*, beside *others* with theirs.

    Cards are written below the temporary folder and gone on return. Raises `StorageUnavailable` if there is no room for them.
    """
    rivals = [profile, *(other for other, _sample in others if other.name != profile.name)]
    breaches = [*_rules_not_shown(profile, sample), *_others_cards(profile, others)]
    cards = files = 0
    for variant in variants(profile, sample):
        with TemporaryDirectory(prefix="yihu-profile-") as folder:
            write_card(variant.files, Path(folder))
            breaches += _card(profile, sample, variant, Path(folder), rivals)
        cards, files = cards + 1, files + len(variant.files)
    return Held(cards, files, tuple(breaches))


def _rules_not_shown(profile: Profile, sample: Sample) -> Iterator[Breach]:
    for key in unshown(profile, sample):
        yield Breach("plain", "rule-not-shown", key, "a file", "none")


def _others_cards(profile: Profile, others: Sequence[tuple[Profile, Sample]]) -> Iterator[Breach]:
    known = [other for other, _sample in others if other.name != profile.name]
    for other, sample in others:
        if other.name == profile.name:
            continue
        found = decide([profile, *known], look_of(sample)).profile.name
        if found == profile.name:
            yield Breach("plain", "takes-others-card", other.name, other.name, found)


def _card(profile: Profile, sample: Sample, variant: Variant, root: Path, rivals: Sequence[Profile]) -> Iterator[Breach]:
    with Card(root, DeviceClaim(ClaimKind.NAMED, "sample")) as card:
        if variant.recognised:
            found = decide(rivals, _seen(card.appearance(), sample)).profile.name
            yield from _differing(variant, "not-recognised", str(profile.name), profile.name, found)
        rows = {row.path.raw: row for row in list_card(card, profile).rows}
    for file in variant.files:
        yield from _file(profile, variant, file, rows.get(file.path))
    if variant.gaps is not None:
        missing = tuple((gap.first, gap.last) for gap in gaps(profile, rows))
        yield from _differing(variant, "gaps", "", variant.gaps, missing)


def _seen(look: CardLook, sample: Sample) -> CardLook:
    """A folder has no label and came over no cable: there the sample speaks."""
    return replace(look_of(sample), folders=look.folders, files=look.files)


def _file(profile: Profile, variant: Variant, file: CardFile, row: ManifestRow | None) -> Iterator[Breach]:
    where = readable(file.path)
    if row is None:
        yield Breach(variant.name, "not-listed", where, "listed", "nothing")
        return
    yield from _differing(variant, "verdict", where, file.sample.verdict, row.verdict.value)
    yield from _differing(variant, "modified", where, file.modified_ns, row.modified_ns)
    if file.kind is not None:
        owner = row.belongs_to.raw if row.belongs_to else None
        unexpected = row.verdict is Verdict.READ and row.reason == UNEXPECTED
        yield from _differing(variant, "kind", where, file.kind, row.kind.value)
        yield from _differing(variant, "owner", where, _shown(file.belongs_to), _shown(owner))
        yield from _differing(variant, "place", where, file.sample.unexpected, unexpected)
    if file.facts is not None:
        yield from _facts(profile, variant, file, where)


def _facts(profile: Profile, variant: Variant, file: CardFile, where: str) -> Iterator[Breach]:
    said = read_name(profile, file.path)
    expected, found = asdict(file.facts) if file.facts else {}, asdict(said)
    kinds: tuple[BreachKind, ...] = ("device", "officer", "time", "end", "sequence", "chapter", "important", "encrypted")
    for kind in kinds:
        yield from _differing(variant, kind, where, expected[kind], found[kind])
    if variant.clock is not None and (said.time is None or said.time.startswith(("1970", "2038"))):
        clock = (
            read_clock(said.time, zone=profile.clock.zone, now=_NOW) if said.time else read_modified(file.modified_ns, now=_NOW)
        )
        yield from _differing(variant, "clock", where, (variant.clock,), clock.findings)


def _differing(variant: Variant, kind: BreachKind, where: str, expected: object, found: object) -> Iterator[Breach]:
    if expected != found:
        yield Breach(variant.name, kind, where, _said(expected), _said(found))


def _shown(path: bytes | None) -> str | None:
    return None if path is None else readable(path)


def _said(value: object) -> str:
    match value:
        case None | ():
            return "–"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join("–".join(map(str, part)) if isinstance(part, tuple) else str(part) for part in value)
    return str(value)
