"""
The watcher on real pyudev and libudev, with devices by umockdev.

Not collected as it is: `test_watcher` starts it in a process of its own, which has umockdev's library loaded before Python is.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest
import pyudev

from ingest.usb import Appeared, Arrived, UsbEvent, Vanished
from ingest.watcher import Watcher
from storage.errors import StorageUnavailable
from tests.devices.bus import CONTROLLER, HUB, KEYBOARD, ROOT, Described, camera, disk, filesystem, partition, usb
from tests.devices.umockdev import PRELOADED, Bed, bed

PATIENCE = 20.0
"""Seconds after which something that should have come will not."""


@pytest.fixture(name="host")
def _host() -> Iterator[Bed]:
    if not PRELOADED:
        pytest.fail("started without umockdev-wrapper")
    with bed() as made:
        yield made


class Ear:
    """What a watcher tells, in short."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.heard: Queue[UsbEvent] = Queue()

    def next(self, count: int) -> list[str]:
        return [_short(each) for each in self.events(count)]

    def events(self, count: int) -> list[UsbEvent]:
        return [self.heard.get(timeout=PATIENCE) for _ in range(count)]


def _short(event: UsbEvent) -> str:
    what = event.volume if isinstance(event, Appeared | Vanished) else event.device
    return f"{type(event).__name__} {what.sysfs.rsplit('/', 1)[-1]}"


@contextmanager
def listening() -> Iterator[Ear]:
    """Watch in a thread; at the end it must stop by itself, and have told nothing that nobody asked for."""
    ear, stop = Ear(Watcher()), threading.Event()

    def listen() -> None:
        for event in ear.watcher.events(stop):
            ear.heard.put(event)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert ear.watcher.caught_up.wait(PATIENCE)
        yield ear
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert ear.heard.qsize() == 0


def test_a_camera_is_told_from_plug_to_pull(host: Bed) -> None:
    device, whole, part = camera()

    with listening() as ear:
        host.add(device, whole, part)
        arrived, appeared = ear.events(2)
        host.remove(part, whole, device)
        assert ear.next(2) == ["Vanished sda1", "Departed 1-1"]

    assert isinstance(arrived, Arrived)
    assert isinstance(appeared, Appeared)
    assert arrived.device.place == "platform-dummy_hcd.0-usb:1"
    assert (arrived.device.serial, arrived.device.manufacturer) == ("BWC0001", "HIL Cameras")
    assert (appeared.volume.uuid, appeared.volume.size, appeared.volume.sequence) == ("A1B2-C3D4", 129_024 * 512, 7)


def test_what_was_there_at_the_start_is_told_first_and_once(host: Bed) -> None:
    one, two = camera("1", "sda"), camera("2", "sdb", number=3)
    host.add(*one)

    with listening() as ear:
        assert ear.next(2) == ["Arrived 1-1", "Appeared sda1"]
        host.tell("change", one[2])
        host.add(*two)
        assert ear.next(2) == ["Arrived 1-2", "Appeared sdb1"]


def test_a_whole_disk_with_a_file_system_is_a_volume(host: Bed) -> None:
    device = usb("1")

    with listening() as ear:
        host.add(device, disk(device, said=filesystem()))
        assert ear.next(2) == ["Arrived 1-1", "Appeared sda"]


def test_a_disk_with_partitions_is_none_whatever_else_is_seen_on_it(host: Bed) -> None:
    """
    The kernel has found them by the time the disk is told of; whoever starts late finds disk and partition together.
    """
    device = usb("1")
    whole = disk(device, said={**filesystem(), "ID_PART_TABLE_TYPE": "dos"})
    host.add(device, whole, partition(whole))

    with listening() as ear:
        assert ear.next(2) == ["Arrived 1-1", "Appeared sda1"]


def test_a_card_may_leave_and_come_while_the_camera_stays(host: Bed) -> None:
    device, whole, part = camera()

    with listening() as ear:
        host.add(device, whole, part)
        assert ear.next(2) == ["Arrived 1-1", "Appeared sda1"]
        host.change(whole, DISK_MEDIA_CHANGE="1")
        host.remove(part)
        assert ear.next(1) == ["Vanished sda1"]
        host.add(partition(whole, uuid="EEEE-0002"))
        (back,) = ear.events(1)

    assert isinstance(back, Appeared)
    assert back.volume.uuid == "EEEE-0002"


def test_a_removal_that_has_lost_its_ids_and_came_without_those_of_its_disks_is_understood(host: Bed) -> None:
    device, whole, part = camera()

    with listening() as ear:
        host.add(device, whole, part)
        ear.next(2)
        host.remove(device)
        assert ear.next(2) == ["Vanished sda1", "Departed 1-1"]


def test_a_camera_in_a_hub_and_a_keyboard_are_told_with_their_places(host: Bed) -> None:
    with listening() as ear:
        host.add(usb("4", speaks=HUB), usb("4.2", number=3), usb("3", speaks=KEYBOARD, number=4))
        events = ear.events(3)

    assert [each.device.place.rsplit(":", 1)[-1] for each in events if isinstance(each, Arrived)] == ["4", "4.2", "3"]


def test_a_device_at_the_fast_contacts_of_a_socket_is_at_the_place_of_the_slow_ones(host: Bed) -> None:
    """
    The kernel links the two ports of one socket; only the link says that port 3 of one bus is port 1 of the other.
    """
    fast = f"{CONTROLLER}/usb2"
    host.add(Described(fast, {"SUBSYSTEM": "usb", "DEVTYPE": "usb_device"}, {"speed": "5000"}))
    device = usb("3", above=fast)
    port = host.root / "sys" / f"{ROOT}/1-0:1.0/usb1-port1".lstrip("/")
    port.mkdir(parents=True)
    twin = host.root / "sys" / f"{fast}/2-0:1.0/usb2-port3".lstrip("/")
    twin.mkdir(parents=True)
    (twin / "peer").symlink_to("../../../usb1/1-0:1.0/usb1-port1")
    host.add(device)
    (host.root / "sys" / device.path.lstrip("/") / "port").symlink_to("../2-0:1.0/usb2-port3")

    with listening() as ear:
        (arrived,) = ear.events(1)

    assert isinstance(arrived, Arrived)
    assert arrived.device.place == "platform-dummy_hcd.0-usb:1"


def test_everything_is_listed_again_where_the_kernel_had_to_drop_events(host: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = camera("1", "sda"), camera("2", "sdb", number=3)
    dropping = threading.Event()
    poll = pyudev.Monitor.poll

    def overflowing(monitor: Any, timeout: float) -> Any:  # noqa: ANN401 - as wide as what it stands for
        device = poll(monitor, timeout)
        if device is None or not dropping.is_set():
            return device
        while poll(monitor, 0.1) is not None:
            continue
        dropping.clear()
        raise OSError(errno.ENOBUFS, "no buffer space available")

    monkeypatch.setattr(pyudev.Monitor, "poll", overflowing)
    with listening() as ear:
        host.add(*one)
        assert ear.next(2) == ["Arrived 1-1", "Appeared sda1"]
        dropping.set()
        host.remove(*reversed(one))
        host.add(*two)
        assert ear.next(4) == ["Vanished sda1", "Departed 1-1", "Arrived 1-2", "Appeared sdb1"]


def test_a_tower_of_cameras_may_come_and_go_at_once(host: Bed) -> None:
    cameras = [camera(str(number), f"sd{chr(96 + number)}", number=number + 1) for number in range(1, 27)]

    with listening() as ear:
        for each in cameras:
            host.add(*each)
        for each in cameras:
            host.remove(*reversed(each))
        events = ear.next(4 * len(cameras))

    assert sum(each.startswith("Arrived") for each in events) == len(cameras)
    assert sum(each.startswith("Vanished") for each in events) == len(cameras)


def test_udev_that_cannot_be_heard_is_said_to_be_away(host: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(monitor: Any, timeout: float) -> Any:  # noqa: ANN401 - as wide as what it stands for
        raise OSError(errno.EBADF, "bad file descriptor")

    monkeypatch.setattr(pyudev.Monitor, "poll", closed)
    with pytest.raises(StorageUnavailable, match="listening to udev"):
        list(Watcher().events(threading.Event()))
