"""Which profile a card gets: a pure question with one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from device_profiles.profile import Match, Profile


@dataclass(frozen=True, slots=True)
class CardLook:
    """What a card or folder shows before anything on it is listed. All of it is the camera's claim."""

    volume_label: str = ""
    folders: frozenset[str] = frozenset()
    """Folders at the top of the card and one below it: ``Media``, ``Media/Video``."""
    usb_id: str | None = None
    """``vid:pid`` in lower-case hexadecimal, where it came over USB."""


def match(profiles: Iterable[Profile], look: CardLook) -> Profile:
    """Give the first profile, by priority and then by name, one of whose rules fits *look*; `ValueError` if none does."""
    for profile in sorted(profiles, key=lambda each: (-each.priority, each.name)):
        if any(fits(rule, look) for rule in profile.match):
            return profile
    message = "no profile fits: expected at least one that always does, such as generic-folder"
    raise ValueError(message)


def fits(rule: Match, look: CardLook) -> bool:
    """Say whether everything *rule* asks for is there."""
    present = {folder.lower() for folder in look.folders}
    return (
        (rule.volume_label is None or rule.volume_label.fullmatch(look.volume_label) is not None)
        and all(folder.lower() in present for folder in rule.folders)
        and (not rule.usb_ids or look.usb_id in rule.usb_ids)
    )
