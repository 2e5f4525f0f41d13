"""What came and what went, from what udev says, without any udev."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.heard import Heard
from ingest.plugged import Plugged
from ingest.usb import Appeared, Arrived, Departed, UsbEvent, Vanished
from tests.devices.bus import HUB, ROOT, Described, camera, disk, filesystem, partition, usb


def told(plugged: Plugged, *everything: Heard) -> list[UsbEvent]:
    return [event for each in everything for event in plugged.saw(each)]


def plug(plugged: Plugged, *described: Described) -> list[UsbEvent]:
    return told(plugged, *(each.seen() for each in described))


def names(events: Sequence[UsbEvent]) -> list[str]:
    """The events in short, with the last part of the path each is about."""
    told_of = [each.volume if isinstance(each, Appeared | Vanished) else each.device for each in events]
    return [f"{type(event).__name__} {each.sysfs.rsplit('/', 1)[-1]}" for event, each in zip(events, told_of, strict=True)]


def test_a_camera_with_a_partition_arrives_and_its_one_volume_appears() -> None:
    device, whole, part = camera()

    arrived, appeared = plug(Plugged(), device, whole, part)

    assert isinstance(arrived, Arrived)
    assert isinstance(appeared, Appeared)
    assert arrived.device.place == "platform-dummy_hcd.0-usb:1"
    assert arrived.device.usb_id == "1234:5678"
    assert arrived.device.interfaces == {"mass-storage"}
    assert arrived.device.classes == ("080650",)
    assert arrived.device.number == (1, 2)
    volume = appeared.volume
    assert volume.device == arrived.device
    assert (volume.node, volume.number) == (Path("/dev/sda1"), os.makedev(8, 1))
    assert (volume.filesystem, volume.uuid, volume.label) == ("vfat", "A1B2-C3D4", "BODYCAM")
    assert (volume.sequence, volume.size, volume.lun) == (7, 129_024 * 512, 0)


def test_a_card_without_partitions_is_a_volume_itself() -> None:
    device = usb("1")
    whole = disk(device, said=filesystem())

    assert names(plug(Plugged(), device, whole)) == ["Arrived 1-1", "Appeared sda"]


def test_a_disk_that_looks_like_a_file_system_beside_its_partitions_is_no_second_volume() -> None:
    device = usb("1")
    whole = disk(device, said={**filesystem(), "ID_PART_TABLE_TYPE": "dos"})
    parted = replace(whole, attributes={**whole.attributes, "parts": "1"})

    assert names(plug(Plugged(), device, parted, partition(whole))) == ["Arrived 1-1", "Appeared sda1"]


def test_a_card_whose_boot_sector_udev_takes_for_a_partition_table_is_a_volume() -> None:
    """
    So says udev 252 of exFAT on a whole disk; the kernel finds no partitions there.
    """
    device = usb("1")
    whole = disk(device, said={**filesystem(), "ID_FS_TYPE": "exfat", "ID_PART_TABLE_TYPE": "dos"})

    assert names(plug(Plugged(), device, whole)) == ["Arrived 1-1", "Appeared sda"]


def test_a_disk_taken_for_a_volume_gives_way_to_the_partitions_the_kernel_finds() -> None:
    device = usb("1")
    whole = disk(device, said=filesystem())
    plugged = Plugged()

    assert names(plug(plugged, device, whole, partition(whole))) == [
        "Arrived 1-1",
        "Appeared sda",
        "Vanished sda",
        "Appeared sda1",
    ]
    assert told(plugged, whole.seen("change")) == []


def test_volumes_vanish_before_their_device_departs_whatever_order_they_are_told_in() -> None:
    """
    A device that is gone takes everything with it, also where the events of its disks come later or never.
    """
    device, whole, part = camera()
    plugged = Plugged()
    plug(plugged, device, whole, part)

    assert names(told(plugged, device.removed())) == ["Vanished sda1", "Departed 1-1"]
    assert told(plugged, part.removed(), whole.removed()) == []


def test_a_removal_needs_nothing_but_the_path() -> None:
    device, whole, part = camera()
    plugged = Plugged()
    plug(plugged, device, whole, part)

    assert names(told(plugged, Heard("remove", {"DEVPATH": device.path, "SUBSYSTEM": "usb"}))) == [
        "Vanished sda1",
        "Departed 1-1",
    ]


def test_a_device_that_is_told_twice_arrives_once() -> None:
    """
    Whatever came between listening and looking is both heard and found; bind and change tell of the same device again.
    """
    device, whole, part = camera()
    plugged = Plugged()
    everything = [each.seen("") for each in (device, whole, part)]

    assert names(plugged.found(everything)) == ["Arrived 1-1", "Appeared sda1"]
    assert plug(plugged, device, whole, part) == []
    assert told(plugged, device.seen("bind"), whole.seen("change"), part.seen("change")) == []
    assert plugged.found(everything) == ()


def test_after_lost_events_a_list_of_everything_tells_what_was_missed() -> None:
    one, two = camera("1", "sda"), camera("2", "sdb", number=3)
    plugged = Plugged()
    plug(plugged, *one)

    assert names(plugged.found([each.seen("") for each in two])) == [
        "Vanished sda1",
        "Departed 1-1",
        "Arrived 1-2",
        "Appeared sdb1",
    ]


def test_what_leaves_is_not_taken_for_coming() -> None:
    device, *_ = camera()

    assert told(Plugged(), device.seen("unbind")) == []


def test_duplicate_serials_and_uuids_are_two_cameras_with_two_volumes() -> None:
    one, two = camera("1", "sda"), camera("2", "sdb", number=3)
    plugged = Plugged()

    assert names(plug(plugged, *one, *two)) == ["Arrived 1-1", "Appeared sda1", "Arrived 1-2", "Appeared sdb1"]
    assert names(told(plugged, one[0].removed())) == ["Vanished sda1", "Departed 1-1"]
    assert names(told(plugged, two[2].removed())) == ["Vanished sdb1"]


def test_every_lun_with_a_card_is_a_volume_and_an_empty_slot_is_none() -> None:
    device = usb("1")
    first, second, empty = disk(device), disk(device, "sdb", lun=1, minor=16), disk(device, "sdc", lun=2, minor=32, size=0)

    events = plug(Plugged(), device, first, partition(first), second, partition(second), empty)

    assert names(events) == ["Arrived 1-1", "Appeared sda1", "Appeared sdb1"]
    assert [each.volume.lun for each in events if isinstance(each, Appeared)] == [0, 1]


def test_a_card_taken_out_and_put_back_vanishes_and_appears_while_the_camera_stays() -> None:
    device, whole, part = camera()
    empty = disk(device, sequence=8, size=0)
    again = disk(device, sequence=9)
    plugged = Plugged()
    plug(plugged, device, whole, part)

    assert names(told(plugged, part.removed(), empty.seen("change"))) == ["Vanished sda1"]
    back = told(plugged, again.seen("change"), partition(again).seen())
    assert names(back) == ["Appeared sda1"]
    assert [each.volume.sequence for each in back if isinstance(each, Appeared)] == [9]


@pytest.mark.parametrize("size", [0, 4096], ids=["the slot is empty", "another card is in it"])
def test_a_changed_disk_takes_its_partitions_along_also_when_their_removal_was_not_told(size: int) -> None:
    device, whole, part = camera()
    plugged = Plugged()
    plug(plugged, device, whole, part)

    assert names(told(plugged, disk(device, sequence=8, size=size).seen("change"))) == ["Vanished sda1"]


def test_a_card_without_partitions_that_is_swapped_is_another_volume() -> None:
    device = usb("1")
    plugged = Plugged()
    plug(plugged, device, disk(device, said=filesystem()))

    swapped = told(plugged, disk(device, sequence=8, said=filesystem("EEEE-0002")).seen("change"))

    assert names(swapped) == ["Vanished sda", "Appeared sda"]


def test_old_news_of_a_card_that_was_swapped_changes_nothing() -> None:
    device = usb("1")
    old, new = disk(device), disk(device, sequence=9)
    plugged = Plugged()
    plug(plugged, device, new, partition(new))

    assert told(plugged, old.seen("change"), partition(old).seen(DISKSEQ="7"), partition(old).seen("remove", DISKSEQ="7")) == []


def test_old_news_of_a_device_that_came_again_changes_nothing() -> None:
    plugged = Plugged()
    plug(plugged, usb("1", number=5))

    assert told(plugged, usb("1", number=4).removed()) == []
    assert names(told(plugged, usb("1", number=5).removed())) == ["Departed 1-1"]


def test_a_camera_that_comes_again_unlocked_at_the_same_place_is_another_device() -> None:
    """
    Cameras in login mode come back as a disk with other ids; also where nobody heard the first one go.
    """
    plugged = Plugged()
    plug(plugged, usb("1", ids="4255:0001", speaks=":ff0000:"))

    events = plug(plugged, usb("1", ids="4255:000f", number=3))

    assert names(events) == ["Departed 1-1", "Arrived 1-1"]
    assert [each.device.usb_id for each in events if isinstance(each, Arrived | Departed)] == ["4255:0001", "4255:000f"]
    assert len({each.device.place for each in events if isinstance(each, Arrived | Departed)}) == 1


def test_a_hub_takes_along_what_hangs_below_it() -> None:
    hub, device = usb("4", speaks=HUB), usb("4.2", number=3)
    whole = disk(device)
    plugged = Plugged()
    plug(plugged, hub, device, whole, partition(whole))

    assert names(told(plugged, hub.removed())) == ["Vanished sda1", "Departed 1-4.2", "Departed 1-4"]


def test_root_hubs_and_disks_that_are_not_on_usb_are_nobodys_business() -> None:
    root = Described(ROOT, {**usb("1", speaks=HUB).properties})
    loop = Described("/devices/virtual/block/loop0", {"SUBSYSTEM": "block", "DEVTYPE": "disk", **filesystem()}, {"size": "9"})

    assert plug(Plugged(), root, loop) == []


def test_a_device_udev_has_not_looked_at_yet_waits_for_its_event() -> None:
    raw = usb("1").seen("", ID_VENDOR_ID="", ID_MODEL_ID="")
    plugged = Plugged()

    assert plugged.found([raw]) == ()
    assert names(plug(plugged, usb("1"))) == ["Arrived 1-1"]


def test_a_driver_disc_and_a_file_system_that_is_ambiguous_are_no_volumes() -> None:
    device = usb("1")
    disc = disk(device, "sr0", said={**filesystem(), "ID_CDROM": "1"})
    whole = disk(device, "sdb", lun=1)

    assert names(plug(Plugged(), device, disc, whole, partition(whole, ID_FS_USAGE="crypto"))) == ["Arrived 1-1"]


_ALL = [
    each
    for ports, name, number in (("1", "sda", 2), ("1", "sda", 3), ("2", "sdb", 4), ("4", "sdc", 5), ("4.2", "sdd", 6))
    for described in camera(ports, name, number=number)
    for each in (described.seen(), described.seen("change"), described.removed())
]


@given(st.lists(st.sampled_from(_ALL), max_size=40))
def test_whatever_is_told_devices_and_volumes_come_and_go_in_turn(everything: list[Heard]) -> None:
    """
    Nothing arrives twice, nothing departs that did not arrive, and no volume outlives its device.
    """
    plugged, devices, volumes = Plugged(), set[str](), set[str]()
    for event in told(plugged, *everything):
        if isinstance(event, Arrived):
            assert event.device.sysfs not in devices
            devices.add(event.device.sysfs)
        elif isinstance(event, Departed):
            devices.remove(event.device.sysfs)
            assert not any(each.startswith(f"{event.device.sysfs}/") for each in volumes)
        elif isinstance(event, Appeared):
            assert event.volume.sysfs not in volumes
            assert event.volume.device.sysfs in devices
            volumes.add(event.volume.sysfs)
        else:
            volumes.remove(event.volume.sysfs)
    assert {e.device.sysfs for e in plugged.found([]) if isinstance(e, Departed)} == devices
