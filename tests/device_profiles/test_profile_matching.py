"""A card gets exactly one profile, and always the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.matching import CardLook, Condition, decide, match
from device_profiles.profile import Match, load_profiles

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
        (CardLook(folders=frozenset({"DCIM", "DCIM/100GOPRO"})), "gopro"),
        (CardLook(folders=frozenset({"dcim", "dcim/101gopro"})), "gopro"),
        (CardLook(folders=frozenset({"DCIM", "DCIM/104UNSVD"})), "garmin"),
        (CardLook(folders=frozenset({"DCIM", "DCIM/100EVENT", "DCIM/101SAVED"})), "garmin"),
        (CardLook(folders=frozenset({"DCIM", "DCIM/100EVENT"})), "generic-dcim"),
        (CardLook(usb_id="4255:0001", volume_label="A1B2C3D", device_id="a1b2c3d"), "amba-4255-0001"),
        (CardLook(usb_id="4255:0001", volume_label="A1B2C3D", device_id="A1B2C3E"), "generic-folder"),
        (CardLook(usb_id="4255:0001", volume_label="A1B2C3D"), "generic-folder"),
        (CardLook(volume_label="A1B2C3D", device_id="A1B2C3D"), "generic-folder"),
        (CardLook(usb_id="4255:0001"), "generic-folder"),
        (CardLook(usb_id="4255:000f"), "yz-1d70"),
        (CardLook(files=frozenset({"_BWC0042_010086_20261121222950_0007.mp4"})), "generic-officer-names"),
        (CardLook(files=frozenset({"Screenshot_20261121_222950.jpg", "IMG_0042.JPG"})), "generic-folder"),
        (CardLook(chosen="transcend-body-70", folders=frozenset({"DCIM"})), "transcend-body-70"),
    ],
)
def test_a_card_is_recognised_by_what_it_shows(look: CardLook, expected: str) -> None:
    assert match(PROFILES, look).name == expected


def test_a_usb_id_must_be_one_of_the_listed() -> None:
    rule = Match(usb_ids=("1234:abcd",), source="made up for this test", grade="B")
    camera = PROFILES[0].model_copy(update={"name": "by-usb", "priority": 99, "match": (rule,)})

    assert match([*PROFILES, camera], CardLook(usb_id="1234:abcd")).name == "by-usb"
    assert match([*PROFILES, camera], CardLook(usb_id="1234:abce")).name == "generic-folder"
    assert match([*PROFILES, camera], CardLook()).name == "generic-folder"


def test_a_rule_on_the_interface_asks_how_the_device_speaks() -> None:
    rule = Match(usb_interfaces=("mtp",), source="made up for this test", grade="B")
    camera = PROFILES[0].model_copy(update={"name": "by-mtp", "priority": 99, "match": (rule,)})

    assert match([*PROFILES, camera], CardLook(usb_interface="mtp")).name == "by-mtp"
    assert match([*PROFILES, camera], CardLook(usb_interface="mass-storage")).name == "generic-folder"
    assert match([*PROFILES, camera], CardLook()).name == "generic-folder"


def test_a_decision_says_which_rule_decided_and_why_every_other_did_not() -> None:
    decision = decide(PROFILES, CardLook(volume_label="CAM07", folders=frozenset({"DCIM", "DCIM/104UNSVD"})))

    because = decision.because
    assert because is not None
    assert (because.profile, because.rule, because.conditions) == (
        "garmin",
        0,
        (Condition("folder", "DCIM/*UNSVD", holds=True),),
    )
    assert decision.also_fitting == ("generic-dcim", "generic-folder")
    (tecsar,) = (each for each in decision.considered if each.profile == "tecsar")
    assert [(each.kind, each.holds) for each in tecsar.conditions] == [("volume-label", True), ("folder", False)]
    assert {each.profile for each in decision.considered} == {profile.name for profile in PROFILES}


def test_a_person_who_chooses_is_believed_and_the_reasons_against_it_stay_visible() -> None:
    decision = decide(PROFILES, CardLook(chosen="gopro"))

    assert (decision.profile.name, decision.by_hand, decision.because) == ("gopro", True, None)
    assert [each.fits for each in decision.considered if each.profile == "gopro"] == [False]


def test_a_profile_for_choosing_by_hand_is_never_found_by_itself() -> None:
    rules = [rule for profile in PROFILES for rule in profile.match if rule.by_hand]

    assert rules
    assert not [each for each in decide(PROFILES, CardLook()).considered if each.conditions[0].kind == "by-hand" and each.fits]


def test_choosing_what_is_not_there_names_what_is() -> None:
    with pytest.raises(ValueError, match="'go-pro': there is none of that name; expected one of amba-4255-0001, "):
        decide(PROFILES, CardLook(chosen="go-pro"))


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
