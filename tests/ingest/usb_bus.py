"""A USB bus without a cable: pyusb speaks to it as to libusb, and time passes only when somebody waits."""

from __future__ import annotations

import errno
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import usb.backend
from usb.core import USBError, USBTimeoutError

from ingest.usb import UsbDevice
from tests.ingest.recorders import Recorder


def _failed(number: int) -> USBError:
    return USBError(os.strerror(number), None, number)


def _gone() -> USBError:
    return _failed(errno.ENODEV)


def _timed_out() -> USBTimeoutError:
    return USBTimeoutError(os.strerror(errno.ETIMEDOUT), None, errno.ETIMEDOUT)


@dataclass
class Time:
    """A wall clock and a monotonic one that agree."""

    passed_ns: int = 0
    began: datetime = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)

    def clock(self) -> datetime:
        """Return the time of the wall."""
        return self.began + timedelta(microseconds=self.passed_ns // 1000)

    def monotonic_ns(self) -> int:
        """Return the time since the test began."""
        return self.passed_ns

    def pass_ms(self, milliseconds: float) -> None:
        """Let time pass."""
        self.passed_ns += int(milliseconds * 1_000_000)


@dataclass
class Cable:
    """A recorder on the bus, and everything that may go wrong with it."""

    recorder: Recorder
    usb_id: str = "4255:0001"
    number: tuple[int, int] = (1, 7)
    endpoints: tuple[int, ...] = (0x81, 0x01)
    interface: int = 0
    packet: int = 64
    """Bytes in each packet of an answer."""
    takes_ms: float = 4
    """From the question to the first packet."""
    noise: bytes = b""
    """Sent before every answer."""
    left_behind: bytes = b""
    """Not read by whoever was here before."""
    is_silent: bool = False
    is_deaf: bool = False
    is_endless: bool = False
    overflows: bool = False
    open_error: int = 0
    claim_error: int = 0
    driver: bool = False
    pulled_after: int | None = None
    """Packets that still come before the cable is out."""
    claimed: bool = False
    sends: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.sends += self.left_behind

    @property
    def device(self) -> UsbDevice:
        """As the kernel tells of it."""
        interfaces = frozenset({"vendor"})
        place = f"fake-usb:{self.number[1]}"
        return UsbDevice("/devices/fake", place, self.usb_id, interfaces, ("ff0000",), number=self.number)  # type: ignore[arg-type]

    def _check(self) -> None:
        if self.pulled_after is not None:
            if self.pulled_after <= 0:
                raise _gone()
            self.pulled_after -= 1

    def write(self, data: bytes, time: Time, timeout: int) -> int:
        """Take a question."""
        if self.pulled_after is not None and self.pulled_after <= 0:
            raise _gone()
        if self.is_deaf:
            time.pass_ms(timeout)
            raise _timed_out()
        answer = self.recorder.hear(data)
        time.pass_ms(self.takes_ms)
        if not self.is_silent:
            self.sends += self.noise + answer
        return len(data)

    def read(self, buffer: array[int], time: Time, timeout: int) -> int:
        """Give a packet."""
        if self.is_endless:
            self.sends += b"+?" * 64
        if not self.sends:
            if self.pulled_after == 0:
                raise _gone()
            time.pass_ms(timeout)
            raise _timed_out()
        self._check()
        if self.overflows:
            raise _failed(errno.EOVERFLOW)
        piece = self.sends[: min(self.packet, len(buffer))]
        del self.sends[: len(piece)]
        buffer[: len(piece)] = array("B", piece)
        time.pass_ms(0.1)
        return len(piece)


class Bus(usb.backend.IBackend):  # type: ignore[misc] # pyusb has no types
    """What pyusb asks of libusb."""

    def __init__(self, *cables: Cable, time: Time | None = None) -> None:
        self.cables, self.time = list(cables), time or Time()

    def enumerate_devices(self) -> Iterator[Cable]:
        return iter(self.cables)

    def get_device_descriptor(self, dev: Cable) -> SimpleNamespace:
        vendor, product = (int(half, 16) for half in dev.usb_id.split(":"))
        ids = {
            "idVendor": vendor,
            "idProduct": product,
            "bcdDevice": 0x100,
            "iManufacturer": 0,
            "iProduct": 0,
            "iSerialNumber": 0,
        }
        kind = {"bDeviceClass": 0, "bDeviceSubClass": 0, "bDeviceProtocol": 0, "bMaxPacketSize0": 64, "bNumConfigurations": 1}
        where = {"bus": dev.number[0], "address": dev.number[1], "port_number": 4, "port_numbers": (4, 2), "speed": 3}
        return SimpleNamespace(bLength=18, bDescriptorType=1, bcdUSB=0x200, **ids, **kind, **where)

    def get_configuration_descriptor(self, dev: Cable, config: int) -> SimpleNamespace:
        del dev
        if config:
            raise IndexError
        sizes = {
            "bLength": 9,
            "bDescriptorType": 2,
            "wTotalLength": 32,
            "bNumInterfaces": 1,
            "bmAttributes": 0x80,
            "bMaxPower": 250,
        }
        return SimpleNamespace(**sizes, bConfigurationValue=1, iConfiguration=0, extra_descriptors=array("B"))

    def get_interface_descriptor(self, dev: Cable, intf: int, alt: int, config: int) -> SimpleNamespace:
        if intf or alt or config:
            raise IndexError
        kind = {"bInterfaceClass": 0xFF, "bInterfaceSubClass": 0, "bInterfaceProtocol": 0, "iInterface": 0}
        numbers = {"bInterfaceNumber": dev.interface, "bAlternateSetting": 0, "bNumEndpoints": len(dev.endpoints)}
        return SimpleNamespace(bLength=9, bDescriptorType=4, **numbers, **kind, extra_descriptors=array("B"))

    def get_endpoint_descriptor(self, dev: Cable, ep: int, *_: int) -> SimpleNamespace:
        sizes = {"bLength": 7, "bDescriptorType": 5, "bmAttributes": 2, "wMaxPacketSize": 64, "bInterval": 0}
        address = dev.endpoints[ep]
        return SimpleNamespace(**sizes, bEndpointAddress=address, bRefresh=0, bSynchAddress=0, extra_descriptors=array("B"))

    def open_device(self, dev: Cable) -> Cable:
        if dev.open_error:
            raise _failed(dev.open_error)
        return dev

    def close_device(self, dev_handle: Cable) -> None:
        dev_handle.claimed = False

    def get_configuration(self, dev_handle: Cable) -> int:
        del dev_handle
        return 1

    def claim_interface(self, dev_handle: Cable, intf: int) -> None:
        assert intf == dev_handle.interface
        if dev_handle.claim_error or dev_handle.driver:
            raise _failed(dev_handle.claim_error or errno.EBUSY)
        dev_handle.claimed = True

    def release_interface(self, dev_handle: Cable, intf: int) -> None:
        assert intf == dev_handle.interface
        dev_handle.claimed = False

    def is_kernel_driver_active(self, dev_handle: Cable, intf: int) -> bool:
        assert intf == dev_handle.interface
        return dev_handle.driver

    def detach_kernel_driver(self, dev_handle: Cable, intf: int) -> None:
        assert intf == dev_handle.interface
        dev_handle.driver = False

    def attach_kernel_driver(self, dev_handle: Cable, intf: int) -> None:
        assert intf == dev_handle.interface
        assert not dev_handle.claimed
        dev_handle.driver = True

    def bulk_write(self, dev_handle: Cable, ep: int, intf: int, data: array[int], timeout: int) -> int:
        assert dev_handle.claimed
        assert (ep, intf) == (dev_handle.endpoints[1], dev_handle.interface)
        return dev_handle.write(data.tobytes(), self.time, timeout)

    def bulk_read(self, dev_handle: Cable, ep: int, intf: int, buff: array[Any], timeout: int) -> int:
        assert dev_handle.claimed
        assert (ep, intf) == (dev_handle.endpoints[0], dev_handle.interface)
        return dev_handle.read(buff, self.time, timeout)
