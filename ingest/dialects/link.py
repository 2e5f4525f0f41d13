"""
A camera on the USB bus, opened for questions through libusb.

Only the interface and the two endpoints that its profile names are touched, and they are given back at the end. Reads are of 64
bytes, as the known programs do; answers may come in pieces, late, or for ever, so each exchange has an end in time and in size.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import usb.core
import usb.util

from device_profiles.profile import Usb
from ingest.dialects import Answer
from ingest.usb import UsbDevice
from storage.errors import EvidenceError, NotFound, Refused, SourceChanged, StorageUnavailable

_PACKET = 64
_FAR_TOO_MUCH = 4096
"""Bytes of one answer that are heard; the longest known is a hundred."""
_STALE = timedelta(milliseconds=20)
"""How long is listened for what another program left behind."""
_BUSY = {errno.EBUSY}
_CLOSED = {errno.EACCES, errno.EPERM}


class CameraBusy(StorageUnavailable):
    """Another program, or the kernel, holds the camera for now."""


class CameraClosed(Refused):
    """The camera may not be opened by whoever we are: a udev rule is missing."""


def now() -> datetime:
    """Return the time by this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a camera is listened to, and by which clocks."""

    answer: timedelta = timedelta(seconds=1)
    """For one answer, from the question to its end."""
    clock: Callable[[], datetime] = now
    monotonic_ns: Callable[[], int] = time.monotonic_ns


@dataclass(slots=True)
class UsbLink:
    """A `Link` over two bulk endpoints."""

    device: Any
    facts: Usb
    timing: Timing

    def exchange(self, question: bytes, ends: Callable[[bytes], bool]) -> Answer:
        """Send *question*, then listen as `Link` says."""
        self._forget_what_is_left()
        asked_at, began = self.timing.clock(), self.timing.monotonic_ns()
        until = began + _nanoseconds(self.timing.answer)
        try:
            self.device.write(self.facts.bulk_out, question, _milliseconds(until - began))
        except usb.core.USBTimeoutError:
            pass  # nobody takes it: what follows is silence
        except usb.core.USBError as error:
            _raise(error, "asking")
        raw, heard = self._heard(ends, until)
        half = timedelta(microseconds=max(0, heard - began) / 2_000)
        return Answer(raw, asked_at + half, half, (began + max(began, heard)) // 2)

    def _heard(self, ends: Callable[[bytes], bool], until: int) -> tuple[bytes, int]:
        """Return what came and when the last of it came."""
        raw, heard = b"", self.timing.monotonic_ns()
        while len(raw) < _FAR_TOO_MUCH and not ends(raw) and (left := until - self.timing.monotonic_ns()) > 0:
            piece = self._piece(left)
            if piece is None:
                break
            raw, heard = raw + piece, self.timing.monotonic_ns()
        return raw[:_FAR_TOO_MUCH], heard

    def _piece(self, left_ns: int) -> bytes | None:
        """Return the next piece; None after silence, or where the camera sends more than a packet holds."""
        try:
            return bytes(self.device.read(self.facts.bulk_in, _PACKET, _milliseconds(left_ns)))
        except usb.core.USBTimeoutError:
            return None
        except usb.core.USBError as error:
            if error.errno == errno.EOVERFLOW:
                return None
            _raise(error, "hearing the answer")

    def _forget_what_is_left(self) -> None:
        """Hear out what answers another question, so that it is not taken for the answer to ours."""
        for _ in range(_FAR_TOO_MUCH // _PACKET):
            if not self._piece(_nanoseconds(_STALE)):
                return


@contextmanager
def linked(device: UsbDevice, facts: Usb, timing: Timing, *, backend: object = None) -> Iterator[UsbLink]:
    """
    Open *device* at the interface its profile names, and let go of it at the end.

    Raises `SourceChanged` where it is gone or another one by now, `CameraClosed` where a udev rule is missing, `CameraBusy`
    where somebody else holds it, `NotFound` without libusb, `EvidenceError` where it lacks the interface or endpoints of its
    profile.
    """
    opened = _found(device, backend)
    try:
        with _claimed(opened, facts):
            yield UsbLink(opened, facts, timing)
    finally:
        with suppress(usb.core.USBError):  # of one that is gone nothing is left to give back
            usb.util.dispose_resources(opened)


def _found(device: UsbDevice, backend: object) -> Any:  # noqa: ANN401 - pyusb has no types
    bus, address = device.number
    try:
        found = usb.core.find(backend=backend, bus=bus, address=address)
    except usb.core.NoBackendError as error:
        message = "libusb is not installed: the Debian package is libusb-1.0-0"
        raise NotFound(message) from error
    except usb.core.USBError as error:
        _raise(error, f"looking for {device.place}")
    if found is None or f"{found.idVendor:04x}:{found.idProduct:04x}" != device.usb_id:
        message = f"camera {device.usb_id} at {device.place}: is not there any more"
        raise SourceChanged(message)
    return found


@contextmanager
def _claimed(opened: Any, facts: Usb) -> Iterator[None]:  # noqa: ANN401 - pyusb has no types
    driver = False
    try:
        _require_endpoints(opened, facts)
        driver = _is_driven(opened, facts)
        if driver:
            opened.detach_kernel_driver(facts.number)
        usb.util.claim_interface(opened, facts.number)
    except usb.core.USBError as error:
        _raise(error, "opening")
    try:
        yield
    finally:
        with suppress(usb.core.USBError):
            usb.util.release_interface(opened, facts.number)
            if driver:
                opened.attach_kernel_driver(facts.number)


def _require_endpoints(opened: Any, facts: Usb) -> None:  # noqa: ANN401 - pyusb has no types
    interface = usb.util.find_descriptor(opened.get_active_configuration(), bInterfaceNumber=facts.number, bAlternateSetting=0)
    found = set() if interface is None else {endpoint.bEndpointAddress for endpoint in interface}
    missing = {facts.bulk_in, facts.bulk_out} - found
    if missing:
        message = f"interface {facts.number}: expected endpoints {facts.bulk_in:#04x} and {facts.bulk_out:#04x}, found {found}"
        raise EvidenceError(message)


def _is_driven(opened: Any, facts: Usb) -> bool:  # noqa: ANN401 - pyusb has no types
    try:
        return bool(opened.is_kernel_driver_active(facts.number))
    except NotImplementedError:  # a system without kernel drivers to ask about
        return False


def _raise(error: usb.core.USBError, doing: str) -> NoReturn:
    """Say what an error of libusb means to whoever stands at the dock."""
    message = f"camera: {doing}: {error.strerror}"
    if error.errno in _CLOSED:
        message += " (a udev rule must give the dock's user the device)"
        raise CameraClosed(message) from error
    if error.errno in _BUSY:
        message += " (another program holds it)"
        raise CameraBusy(message) from error
    raise SourceChanged(message) from error


def _nanoseconds(time_: timedelta) -> int:
    return time_ // timedelta(microseconds=1) * 1_000


def _milliseconds(nanoseconds: int) -> int:
    """At least one: libusb takes 0 for ever."""
    return max(1, nanoseconds // 1_000_000)
