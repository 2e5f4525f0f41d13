"""What a device says of itself, as udev passes it on."""

from __future__ import annotations

from dataclasses import replace

from ingest.heard import Heard
from ingest.usb import UsbDevice
from tests.devices.bus import KEYBOARD, MTP, disk, partition, usb


def device_of(heard: Heard) -> UsbDevice:
    device = heard.usb_device()
    assert device is not None
    return device


def test_storage_is_told_by_its_class_and_not_by_the_list_of_libmtp() -> None:
    assert device_of(usb("1").seen(ID_MTP_DEVICE="1")).interfaces == {"mass-storage"}
    assert device_of(usb("1", speaks=MTP).seen()).interfaces == {"mtp"}
    assert device_of(usb("1", speaks=":ff0000:").seen()).interfaces == {"vendor"}
    assert device_of(usb("1", speaks=KEYBOARD).seen()).interfaces == set()


def test_a_keyboard_beside_a_disk_is_told_as_both() -> None:
    assert device_of(usb("1", speaks=":080650:030101:").seen()).classes == ("080650", "030101")


def test_a_camera_without_a_serial_has_none() -> None:
    assert device_of(usb("1", serial="").seen()).serial is None


def test_what_a_device_calls_itself_cannot_move_the_cursor_of_a_terminal() -> None:
    hostile = replace(usb("1"), attributes={"serial": "A\x1b[2J\nB", "manufacturer": "甲" * 500, "product": "\x00"})
    device = device_of(hostile.seen())
    volume = partition(disk(hostile), ID_FS_LABEL_ENC="a\\x20b\\xff\\x0a").seen().volume_of(device)

    assert device.serial == "A [2J B"
    assert device.manufacturer == "甲" * 128
    assert device.product == ""
    assert volume.label == "a b\N{REPLACEMENT CHARACTER}"


def test_numbers_that_are_none_are_nought() -> None:
    device = device_of(usb("1").seen(BUSNUM="x", DEVNUM="9" * 30))
    volume = disk(usb("1")).seen(MAJOR="²", MINOR="-1", DISKSEQ="a").volume_of(device)

    assert device.number == (0, 0)
    assert volume.number == 0
