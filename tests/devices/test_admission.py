"""What may be plugged in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.matching import CardLook, Decision, decide
from device_profiles.profile import load_profiles
from ingest.admission import (
    ADMITTED,
    IGNORED,
    Admission,
    Admit,
    Policy,
    PortRule,
    Reason,
    admit_device,
    admit_looked_at,
    admit_named,
    names_of,
)
from ingest.docks import BayPlace, Dock
from ingest.usb import UsbDevice, Volume

BAY = BayPlace(Dock("tower", "left"), "3")
CAMERA = UsbDevice("/devices/x", "pci-0000:00:14.0-usb:4.1", "1234:5678", classes=("080650",), serial="BWC0001")
CARD = Volume(CAMERA, "/devices/x/block/sda", Path("/dev/sda"), 2048, 7, "vfat", uuid="A1B2-C3D4", label="BODYCAM")


def decision(look: CardLook) -> Decision:
    return decide(load_profiles(), look)


@pytest.mark.parametrize(
    ("classes", "reason"),
    [
        (("080650",), None),
        (("080662", "080650"), None),
        (("060101",), None),
        (("060101", "ff4201"), None),
        (("080650", "ff0000"), None),
        (("030101",), Reason.NOT_A_CAMERA),
        (("0e0100", "0e0200"), Reason.NOT_A_CAMERA),
        (("020600", "0a0000"), Reason.NOT_A_CAMERA),
        ((), Reason.NOT_A_CAMERA),
        (("080650", "030101"), Reason.MIXED),
        (("060101", "020600"), Reason.MIXED),
        (("080650", "e00103"), Reason.MIXED),
        (("ff0000",), Reason.UNKNOWN_DEVICE),
        (("ff0000", "030000"), Reason.MIXED),
    ],
)
def test_only_what_a_camera_needs_may_be_plugged_in(classes: tuple[str, ...], reason: Reason | None) -> None:
    """
    A disk that brings a keyboard or a network along is refused as a whole, whoever it says it is.
    """
    assert admit_device(Policy(), replace(CAMERA, classes=classes), BAY).reason is reason


def test_a_language_of_a_maker_is_spoken_only_with_ids_somebody_knows() -> None:
    asked = replace(CAMERA, usb_id="4255:0001", classes=("ff0000",))

    assert admit_device(Policy(), asked, BAY, askable={"4255:0001"}) == ADMITTED
    assert admit_device(Policy(), asked, BAY, askable={"4255:0002"}).reason is Reason.UNKNOWN_DEVICE


def test_hubs_are_neither_read_nor_refused() -> None:
    assert admit_device(Policy(), replace(CAMERA, classes=("090000",)), None) == IGNORED
    assert not IGNORED.is_admitted


def test_what_hangs_in_no_bay_or_in_a_locked_one_is_refused_whatever_it_is() -> None:
    locked = Policy(Admit.ANY, ports={"3": PortRule(is_locked=True)})

    assert admit_device(Policy(Admit.ANY), CAMERA, None).reason is Reason.NO_BAY
    assert admit_device(locked, CAMERA, BAY).reason is Reason.LOCKED
    assert admit_device(locked, CAMERA, replace(BAY, name="4")) == ADMITTED


@pytest.mark.parametrize("known", ["1234:5678/bwc0001", "a1b2-c3d4", "bodycam", "000123"])
def test_an_office_that_admits_only_known_cameras_knows_them_by_any_of_their_names(known: str) -> None:
    names = names_of(CAMERA, CARD, "000123")

    assert admit_named(Policy(Admit.KNOWN, frozenset({known})), names) == ADMITTED
    assert admit_named(Policy(Admit.KNOWN, frozenset({"ffff-ffff"})), names).reason is Reason.NOT_KNOWN
    assert admit_named(Policy(Admit.KNOWN), names, is_enrolled=True) == ADMITTED


def test_a_camera_without_serial_uuid_and_label_has_no_name_and_is_not_known_by_an_empty_one() -> None:
    nameless = names_of(replace(CAMERA, serial=None), replace(CARD, uuid=None, label=""))

    assert nameless == frozenset()
    assert admit_named(Policy(Admit.KNOWN, frozenset({""})), nameless).reason is Reason.NOT_KNOWN


@pytest.mark.parametrize("admit", [Admit.RECOGNISED, Admit.ANY])
def test_elsewhere_a_card_may_be_looked_at_first(admit: Admit) -> None:
    assert admit_named(Policy(admit), names_of(CAMERA)) == ADMITTED


def test_a_stick_that_only_the_profile_fits_that_always_fits_is_no_camera() -> None:
    stick = decision(CardLook(volume_label="HOLIDAY", folders=frozenset({"letters"})))

    assert admit_looked_at(Policy(), BAY, stick).reason is Reason.NO_PROFILE
    assert admit_looked_at(Policy(Admit.ANY), BAY, stick) == ADMITTED
    assert admit_looked_at(Policy(Admit.KNOWN), BAY, stick) == ADMITTED


def test_a_card_that_something_speaks_for_or_a_person_is_one() -> None:
    assert admit_looked_at(Policy(), BAY, decision(CardLook(folders=frozenset({"DCIM"})))) == ADMITTED
    assert admit_looked_at(Policy(), BAY, decision(CardLook(chosen="generic-folder"))) == ADMITTED


def test_a_bay_kept_for_a_camera_takes_no_other() -> None:
    card = decision(CardLook(folders=frozenset({"DCIM"})))
    kept = Policy(Admit.ANY, ports={"3": PortRule(device="A1B2-C3D4")})

    assert admit_looked_at(kept, BAY, card, names=names_of(CAMERA, CARD)) == ADMITTED
    assert admit_looked_at(kept, BAY, card, names=names_of(CAMERA)).reason is Reason.KEPT


@pytest.mark.parametrize(("officer", "reason"), [("000001", None), ("000002", Reason.KEPT), (None, Reason.KEPT)])
def test_a_bay_kept_for_an_officer_takes_only_what_that_officer_carried(officer: str | None, reason: Reason | None) -> None:
    kept = Policy(ports={"3": PortRule(officer="000001")})
    card = decision(CardLook(folders=frozenset({"DCIM"})))

    assert admit_looked_at(kept, BAY, card, officer=officer) == Admission(reason)


@given(st.lists(st.text("0123456789abcdef", min_size=6, max_size=6), max_size=5), st.sampled_from(list(Admit)))
def test_nothing_with_an_interface_no_camera_has_is_ever_admitted(classes: list[str], admit: Admit) -> None:
    answer = admit_device(Policy(admit), replace(CAMERA, classes=tuple(classes)), BAY)

    if answer.is_admitted:
        assert classes
        assert all(each.startswith(("08", "ff")) or each == "060101" for each in classes)
