"""Numbers that are missing between recordings are noticed; nothing is made up about the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from device_profiles.sequences import Gap, gaps

PROFILES = {profile.name: profile for profile in load_profiles()}
OFFICER = PROFILES["generic-officer-names"]


def named(number: int, *, device: str = "BWC0042", folder: str = "d", ending: str = "mp4") -> bytes:
    return f"{folder}/{device}_010086_20261121222950_{number:04d}.{ending}".encode()


@pytest.mark.parametrize(
    ("paths", "missing"),
    [
        ([], []),
        ([named(7)], []),
        ([named(1), named(2), named(3)], []),
        ([named(1), named(3)], [Gap("d", "BWC0042", 2, 2)]),
        ([named(9), named(1), named(4)], [Gap("d", "BWC0042", 2, 3), Gap("d", "BWC0042", 5, 8)]),
        ([named(1), named(1, ending="jpg"), named(2, ending="wav")], []),
        ([named(1), named(2, ending="md5"), named(3)], [Gap("d", "BWC0042", 2, 2)]),
        ([named(1), named(3, device="BWC0043")], []),
        ([named(1), named(3, folder="e")], []),
        ([b"d/a.mp4", b"d/b.mp4"], []),
    ],
    ids=[
        "nothing",
        "one",
        "none missing",
        "one missing",
        "two gaps",
        "kinds share numbers",
        "a sidecar has no number of its own",
        "two devices",
        "two folders",
        "no numbers",
    ],
)
def test_missing_numbers_are_told(paths: list[bytes], missing: list[Gap]) -> None:
    assert list(gaps(OFFICER, paths)) == missing


def test_chapters_share_the_number_of_their_recording() -> None:
    paths = [b"DCIM/100GOPRO/GX010001.MP4", b"DCIM/100GOPRO/GX020001.MP4", b"DCIM/100GOPRO/GX010003.MP4"]

    assert gaps(PROFILES["gopro"], paths) == (Gap("DCIM/100GOPRO", None, 2, 2),)


@given(st.sets(st.integers(0, 9999), max_size=30))
def test_gaps_and_numbers_together_are_everything_from_first_to_last(numbers: set[int]) -> None:
    found = gaps(OFFICER, [named(number) for number in numbers])
    missing = {number for gap in found for number in range(gap.first, gap.last + 1)}

    assert not missing & numbers
    assert missing | numbers == (set(range(min(numbers), max(numbers) + 1)) if numbers else set())


@given(st.sampled_from(sorted(PROFILES)), st.lists(st.binary(max_size=80)))
def test_no_name_is_too_hostile(name: str, paths: list[bytes]) -> None:
    assert all(gap.first <= gap.last for gap in gaps(PROFILES[name], paths))
