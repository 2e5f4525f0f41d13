"""
A camera in login mode, through the real pyusb: asked first, unlocked once, refused on the record.

The recorder answers as the sources tell; nothing here was tried on a maker's camera.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import timedelta

import pytest

from ingest.asking import Unlocked, UnlockRefused
from ingest.dialects import Fault, Password
from ingest.dialects.link import CameraBusy, CameraClosed
from storage.errors import EvidenceError, Refused, SourceChanged, YihuError
from tests.ingest.asked import AT, BC, PROFILE, desk
from tests.ingest.recorders import AtRecorder, BcRecorder, Recorder
from tests.ingest.usb_bus import Cable
from yihu.wiring import Office

OTHER = "999999"
QUESTIONS = [b"BC+SYSTIME?\r\n", b"BC+GBCFG?\r\n", b"BC+BATVAL?\r\n"]
SPEAKERS = pytest.mark.parametrize(("kind", "password"), [(BcRecorder, BC), (AtRecorder, AT)], ids=["bc-plus", "at-sign"])


def test_it_says_who_it_is_before_anything_is_set(office: Office) -> None:
    there = desk(office, Cable(BcRecorder()), None)

    asked = there.asking.ask(there.cable.device)

    assert asked is not None
    assert (asked.dialect, asked.device, asked.officer, asked.battery_percent) == ("bc-plus", "A1B2C3D", "000001", 87)
    assert (asked.free_bytes, asked.firmware, asked.needs_password) == (None, None, None)
    assert there.cable.recorder.commands == QUESTIONS


def test_its_clock_is_read_in_the_middle_between_question_and_answer(office: Office) -> None:
    there = desk(office, Cable(BcRecorder(), takes_ms=40), None)
    before = there.bus.time.clock()

    asked = there.asking.ask(there.cable.device)

    assert asked is not None
    assert asked.clock is not None
    assert (asked.clock.raw, asked.clock.zone_minutes) == ("20261124160007", 480)
    # what was heard before the question took 20 ms, the answer 40 ms and a packet
    assert asked.clock.within == timedelta(milliseconds=20.05)
    assert asked.clock.at == before + timedelta(milliseconds=40.05)
    assert asked.clock.monotonic_ns == 40_050_000


def test_who_speaks_the_other_dialect_is_asked_in_it(office: Office) -> None:
    there = desk(office, Cable(AtRecorder()), AT)

    asked = there.asking.ask(there.cable.device)

    assert asked is not None
    assert (asked.dialect, asked.device, asked.clock) == ("at-sign", "A1B2C3D", None)
    assert there.cable.recorder.commands == [QUESTIONS[0], b"@Gdv;8;11112222;#"]


def test_what_goes_with_a_question_is_sent_once_while_it_is_docked(office: Office) -> None:
    there = desk(office, Cable(AtRecorder(questions="99999999")), AT)

    assert there.asking.ask(there.cable.device) is None
    assert there.asking.ask(there.cable.device) is None
    assert there.cable.recorder.commands.count(b"@Gdv;8;11112222;#") == 1


@SPEAKERS
def test_the_right_password_makes_it_a_volume(office: Office, kind: type[Recorder], password: Password) -> None:
    there = desk(office, Cable(kind()), password)
    asked = there.asking.ask(there.cable.device)
    assert asked is not None
    was_volume = there.cable.recorder.is_volume

    outcome = there.asking.unlock(there.cable.device, asked, office.dock.who)

    assert not was_volume
    assert outcome == Unlocked(PROFILE, asked.dialect, "A1B2C3D")  # type: ignore[arg-type] # one of the names
    assert there.cable.recorder.is_volume
    assert there.entries("UNLOCK_REFUSED") == []


@SPEAKERS
def test_a_wrong_password_is_tried_once_and_recorded(office: Office, kind: type[Recorder], password: Password) -> None:
    there = desk(office, Cable(kind(password=OTHER)), password)
    asked = there.asking.ask(there.cable.device)
    assert asked is not None

    outcomes = [there.asking.unlock(there.cable.device, asked, office.dock.who) for _ in range(3)]

    assert [one.fault for one in outcomes if isinstance(one, UnlockRefused)] == [
        Fault.WRONG_PASSWORD,
        Fault.TRIED_BEFORE,
        Fault.TRIED_BEFORE,
    ]
    assert there.cable.recorder.passwords_tried == 1
    assert not there.cable.recorder.is_volume
    first = there.entries("UNLOCK_REFUSED")[0]
    assert first["body"] == {"profile": PROFILE, "dialect": asked.dialect, "fault": "wrong-password"}
    assert (first["sub"], first["pii"]) == (str(office.dock.who), [])


def test_put_in_again_it_is_tried_again(office: Office) -> None:
    there = desk(office, Cable(BcRecorder(password=OTHER)), BC)
    for number in (7, 8):
        there.cable.number = (1, number)
        asked = there.asking.ask(there.cable.device)
        assert asked is not None
        there.asking.unlock(there.cable.device, asked, office.dock.who)

    assert there.cable.recorder.passwords_tried == 2


def test_without_a_password_none_is_tried(office: Office) -> None:
    there = desk(office, Cable(BcRecorder()), None)
    asked = there.asking.ask(there.cable.device)
    assert asked is not None

    outcome = there.asking.unlock(there.cable.device, asked, office.dock.who)

    assert outcome == UnlockRefused(PROFILE, "bc-plus", Fault.NO_PASSWORD)
    assert there.cable.recorder.passwords_tried == 0
    assert [one["body"]["fault"] for one in there.entries("UNLOCK_REFUSED")] == ["no-password"]


def pieces(cable: Cable) -> None:
    cable.packet = 1


def garbage_before(cable: Cable) -> None:
    cable.noise = b"\xff\0@@;;+?\r\n"


def left_over(cable: Cable) -> None:
    cable.sends += b"+SYSTIME:19700101000000\r\n+GBCFG:X,Y,,,\r\n"


def a_kernel_driver(cable: Cable) -> None:
    cable.driver = True


@pytest.mark.parametrize("trouble", [pieces, garbage_before, left_over, a_kernel_driver])
def test_it_is_understood_all_the_same(office: Office, trouble: Callable[[Cable], None]) -> None:
    there = desk(office, Cable(BcRecorder()), BC)
    trouble(there.cable)

    asked = there.asking.ask(there.cable.device)

    assert asked is not None
    assert asked.clock is not None
    assert (asked.device, asked.clock.raw) == ("A1B2C3D", "20261124160007")
    assert not there.cable.claimed
    assert there.cable.driver is (trouble is a_kernel_driver)


def silence(cable: Cable) -> None:
    cable.is_silent = True


def no_ear(cable: Cable) -> None:
    cable.is_deaf = True


def no_end(cable: Cable) -> None:
    cable.is_endless = True


def too_big_packets(cable: Cable) -> None:
    cable.overflows = True


@pytest.mark.parametrize("trouble", [silence, no_ear, no_end, too_big_packets])
def test_whoever_makes_no_sense_is_given_up_in_bounded_time(office: Office, trouble: Callable[[Cable], None]) -> None:
    there = desk(office, Cable(BcRecorder()), AT)
    trouble(there.cable)

    assert there.asking.ask(there.cable.device) is None
    assert there.bus.time.passed_ns < 10_000_000_000
    assert not there.cable.claimed


@pytest.mark.parametrize("packets", range(12))
def test_pulled_at_any_packet_it_is_gone_and_nothing_else(office: Office, packets: int) -> None:
    there = desk(office, Cable(BcRecorder(), packet=8), BC)
    there.cable.pulled_after = packets

    with pytest.raises(SourceChanged):
        there.asking.ask(there.cable.device)

    assert there.cable.recorder.passwords_tried == 0


def test_that_it_leaves_the_bus_while_it_answers_is_no_fault(office: Office) -> None:
    there = desk(office, Cable(BcRecorder()), BC)
    asked = there.asking.ask(there.cable.device)
    assert asked is not None
    there.cable.pulled_after = 1  # the answer to the login; what follows is not heard any more

    assert isinstance(there.asking.unlock(there.cable.device, asked, office.dock.who), Unlocked)


def test_pulled_during_the_login_it_counts_as_tried(office: Office) -> None:
    there = desk(office, Cable(BcRecorder()), BC)
    asked = there.asking.ask(there.cable.device)
    assert asked is not None
    there.cable.pulled_after = 0
    with pytest.raises(SourceChanged):
        there.asking.unlock(there.cable.device, asked, office.dock.who)
    there.cable.pulled_after = None

    outcome = there.asking.unlock(there.cable.device, asked, office.dock.who)

    assert isinstance(outcome, UnlockRefused)
    assert outcome.fault is Fault.TRIED_BEFORE


@pytest.mark.parametrize(
    ("spoilt", "error", "words"),
    [
        ({"open_error": errno.EACCES}, CameraClosed, "udev rule"),
        ({"claim_error": errno.EBUSY}, CameraBusy, "another program"),
        ({"claim_error": errno.EACCES}, CameraClosed, "udev rule"),
        ({"open_error": errno.ENODEV}, SourceChanged, "No such device"),
        ({"endpoints": (0x82, 0x02)}, EvidenceError, "expected endpoints 0x81 and 0x01"),
    ],
)
def test_why_it_cannot_be_opened_is_told(office: Office, spoilt: dict[str, object], error: type[YihuError], words: str) -> None:
    there = desk(office, Cable(BcRecorder(), **spoilt), BC)  # type: ignore[arg-type] # each of its own type

    with pytest.raises(error, match=words):
        there.asking.ask(there.cable.device)

    assert not there.cable.claimed


def test_another_camera_under_the_same_number_is_not_spoken_to(office: Office) -> None:
    there = desk(office, Cable(BcRecorder()), BC)
    before = there.cable.device
    there.cable.usb_id = "1d70:01d7"

    with pytest.raises(SourceChanged, match="is not there any more"):
        there.asking.ask(before)

    assert there.cable.recorder.commands == []


@pytest.mark.parametrize("usb_id", ["4255:000f", "1234:abcd"])
def test_of_whom_no_profile_tells_enough_is_left_alone(office: Office, usb_id: str) -> None:
    """The endpoints of 4255:000f stand in no source."""
    there = desk(office, Cable(BcRecorder(), usb_id=usb_id), BC)

    assert there.asking.ask(there.cable.device) is None
    assert there.cable.recorder.commands == []


def test_the_family_with_other_endpoints_is_asked_at_those(office: Office) -> None:
    there = desk(office, Cable(BcRecorder(), usb_id="1d70:01d6", endpoints=(0x83, 0x02), interface=2), BC)

    asked = there.asking.ask(there.cable.device)

    assert asked is not None
    assert asked.device == "A1B2C3D"


def test_a_password_that_others_can_read_is_not_used(office: Office) -> None:
    there = desk(office, Cable(BcRecorder()), BC)
    (office.home / "keys/cameras" / PROFILE).chmod(0o644)

    with pytest.raises(Refused, match="chmod 600"):
        there.asking.ask(there.cable.device)

    assert there.cable.recorder.commands == []
