"""A card gets exactly one profile, and always the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.matching import CardLook, match
from device_profiles.profile import load_profiles

PROFILES = load_profiles()


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (CardLook(), "generic-folder"),
        (CardLook(folders=frozenset({"DCIM", "DCIM/100MEDIA"})), "generic-dcim"),
        (CardLook(folders=frozenset({"dcim"})), "generic-dcim"),
        (CardLook(folders=frozenset({"Media", "Media/Video"})), "dcam-ncc036v"),
        (CardLook(folders=frozenset({"MEDIA", "MEDIA/IMP", "DCIM"})), "dcam-ncc036v"),
        (CardLook(folders=frozenset({"Media"})), "generic-folder"),
        (CardLook(folders=frozenset({"mpt"})), "dahua-dsj"),
        (CardLook(volume_label="CAM07", folders=frozenset({"files", "files/data"})), "tecsar"),
        (CardLook(volume_label="XCAM07", folders=frozenset({"files", "files/data"})), "generic-folder"),
        (CardLook(volume_label="CAM07"), "generic-folder"),
    ],
)
def test_a_card_is_recognised_by_what_it_shows(look: CardLook, expected: str) -> None:
    assert match(PROFILES, look).name == expected


def test_a_usb_id_must_be_one_of_the_listed() -> None:
    rule = PROFILES[0].match[0].model_copy(update={"usb_ids": ("1234:abcd",), "folders": (), "volume_label": None})
    camera = PROFILES[0].model_copy(update={"name": "by-usb", "priority": 99, "match": (rule,)})

    assert match([*PROFILES, camera], CardLook(usb_id="1234:abcd")).name == "by-usb"
    assert match([*PROFILES, camera], CardLook(usb_id="1234:abce")).name == "generic-folder"
    assert match([*PROFILES, camera], CardLook()).name == "generic-folder"


@given(st.text(), st.frozensets(st.text()), st.none() | st.text(), st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_profiles(
    label: str, folders: frozenset[str], usb_id: str | None, chance: random.Random
) -> None:
    shuffled = list(PROFILES)
    chance.shuffle(shuffled)
    look = CardLook(volume_label=label, folders=folders, usb_id=usb_id)

    assert match(shuffled, look) is match(PROFILES, look)


def test_no_fitting_profile_is_an_error_that_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="generic-folder"):
        match([], CardLook())
