"""Numbers that cameras give their recordings, and those that are missing between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from device_profiles.layout import place
from device_profiles.names import read_name
from device_profiles.profile import Profile
from device_profiles.text import readable


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that no recording has, between two that have. A reason to ask, never a proof: people delete, and cameras skip."""

    folder: str
    device: str | None
    first: int
    last: int
    """Both are missing."""


def gaps(profile: Profile, paths: Iterable[bytes]) -> tuple[Gap, ...]:
    """
    Say which sequence numbers are missing among the recordings of one device in one folder.

    What lies before the first and after the last number is not known, nor is anything of cameras whose names have no numbers.
    """
    numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for path in paths:
        if place(profile, path).kind not in {"video", "audio", "photo"}:
            continue
        said = read_name(profile, path)
        if said.sequence is not None and said.sequence.isdecimal():
            numbers[readable(path).rpartition("/")[0], said.device or ""].add(int(said.sequence))
    return tuple(
        Gap(folder, device or None, before + 1, after - 1)
        for (folder, device), found in sorted(numbers.items())
        for before, after in pairwise(sorted(found))
        if after > before + 1
    )
