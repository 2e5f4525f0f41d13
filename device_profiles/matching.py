"""
Which profile a card gets, and why: a pure question with one answer.

Profiles are asked by priority and then by name, and the first one of whose rules everything holds is taken. The decision keeps
every rule of every profile with what held and what did not, so that a person can be told why a card was not recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from device_profiles.fields import Interface
from device_profiles.profile import Match, Profile

ConditionKind: TypeAlias = Literal[
    "always", "volume-label", "label-is-device", "folder", "file", "usb-id", "usb-interface", "by-hand",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CardLook:
    """What a card or folder shows before its profile is known. All of it but *chosen* is the camera's claim."""

    volume_label: str = ""
    folders: frozenset[str] = frozenset()
    """Folders at the top of the card and one below it: ``Media``, ``Media/Video``."""
    usb_id: str | None = None
    """``vid:pid`` in lower-case hexadecimal, where it came over USB; in login mode first, the one from then."""
    files: frozenset[str] = frozenset()
    """Names of files at the top and up to two folders below; of very many, some."""
    usb_interface: Interface | None = None
    device_id: str | None = None
    """What the device said it is when it was asked, before it became a volume."""
    chosen: str | None = None
    """The name of the profile a person chose; then nothing else is asked."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing a rule asks for."""

    kind: ConditionKind
    wanted: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule of one profile, held against a card."""

    profile: str
    rule: int
    """Its place in the profile, from 0."""
    conditions: tuple[Condition, ...]

    @property
    def fits(self) -> bool:
        """Say whether everything the rule asks for is there."""
        return all(condition.holds for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Decision:
    """The profile a card gets, and everything that was considered, in the order in which it was asked."""

    profile: Profile
    by_hand: bool
    """A person chose it."""
    considered: tuple[Considered, ...]

    @property
    def because(self) -> Considered | None:
        """The rule that decided; None where a person did."""
        if self.by_hand:
            return None
        return next(each for each in self.considered if each.profile == self.profile.name and each.fits)

    @property
    def also_fitting(self) -> tuple[str, ...]:
        """Profiles that would have fitted, too, and were asked later."""
        names = dict.fromkeys(each.profile for each in self.considered if each.fits)
        return tuple(name for name in names if name != self.profile.name)


def decide(profiles: Iterable[Profile], look: CardLook) -> Decision:
    """
    Give the first profile, by priority and then by name, one of whose rules fits *look*, or the one that a person chose.

    Raises `ValueError` if none fits or none has the chosen name.
    """
    asked = sorted(profiles, key=lambda each: (-each.priority, each.name))
    rules = considered(asked, look)
    if look.chosen is not None:
        return Decision(_named(asked, look.chosen), by_hand=True, considered=rules)
    fitting = {each.profile for each in rules if each.fits}
    for profile in asked:
        if profile.name in fitting:
            return Decision(profile, by_hand=False, considered=rules)
    message = "no profile fits: expected at least one that always does, such as generic-folder"
    raise ValueError(message)


def considered(profiles: Iterable[Profile], look: CardLook) -> tuple[Considered, ...]:
    """Hold every rule of every profile against *look*."""
    return tuple(Considered(each.name, at, _conditions(rule, look)) for each in profiles for at, rule in enumerate(each.match))


def match(profiles: Iterable[Profile], look: CardLook) -> Profile:
    """Give the profile that `decide` decides on."""
    return decide(profiles, look).profile


def _named(profiles: Sequence[Profile], name: str) -> Profile:
    found = next((profile for profile in profiles if profile.name == name), None)
    if found is None:
        message = f"profile {name!r}: there is none of that name; expected one of {', '.join(sorted(p.name for p in profiles))}"
        raise ValueError(message)
    return found


def _conditions(rule: Match, look: CardLook) -> tuple[Condition, ...]:
    asked = (*_of_the_volume(rule, look), *_of_the_bus(rule, look))
    return asked or (Condition("always", "", holds=True),)


def _of_the_volume(rule: Match, look: CardLook) -> Iterable[Condition]:
    if rule.volume_label is not None:
        label = rule.volume_label
        yield Condition("volume-label", label.pattern, holds=label.fullmatch(look.volume_label) is not None)
    if rule.label_is_device:
        labelled = look.device_id is not None and look.volume_label.casefold() == look.device_id.casefold()
        yield Condition("label-is-device", look.device_id or "", holds=labelled)
    for folder in rule.folders:
        yield Condition("folder", folder, holds=any(_is_folder(present, folder) for present in look.folders))
    for pattern in rule.files:
        yield Condition("file", pattern.pattern, holds=any(pattern.fullmatch(name) for name in look.files))


def _of_the_bus(rule: Match, look: CardLook) -> Iterable[Condition]:
    if rule.usb_ids:
        yield Condition("usb-id", ", ".join(rule.usb_ids), holds=look.usb_id in rule.usb_ids)
    if rule.usb_interfaces:
        yield Condition("usb-interface", ", ".join(rule.usb_interfaces), holds=look.usb_interface in rule.usb_interfaces)
    if rule.by_hand:
        yield Condition("by-hand", "", holds=False)


def _is_folder(present: str, wanted: str) -> bool:
    parts, globs = present.lower().split("/"), wanted.lower().split("/")
    return len(parts) == len(globs) and all(fnmatchcase(part, glob) for part, glob in zip(parts, globs, strict=True))
