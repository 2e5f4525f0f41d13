"""
Cameras that speak MTP, mounted as if they were cards.

The program jmtpfs does it, one process for each camera, started for just that device and ended with it. Why that: it is in
Debian, it takes the bus and device number (several like cameras are no riddle), it mounts read-only, and a camera behind it
passes through the same code as a card. Binding libmtp by ctypes would save a process and cost a parser of its structures, and a
crash in it would take the dock along; go-mtpfs is not in Debian; gvfs needs a session of a desktop. What it costs: jmtpfs reads
no parts of files, it copies each one whole into an unnamed file in ``/tmp`` before the first byte is read. ``/tmp`` must hold
the largest recording, and be private to the dock.

A camera is taken for MTP by the class of its interface (06/01/01), never by a list of known ids. Its storages are the folders
at the top; two of one name hide each other, which the walk reports. Pulled, it still lists from memory for seconds and gives
EIO for content and free space; `ingest.cards.Card.require` asks for the latter.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from ingest import kernel
from ingest.mount import Mounted, Mounting
from ingest.mtp_volume import MTP
from ingest.usb import UsbDevice, Volume
from storage.errors import EvidenceError, NotFound, NotMounted, SourceChanged, StorageUnavailable

OPTIONS = "ro,nosuid,nodev,noexec"
_PATIENCE = timedelta(seconds=30)
"""A camera lists its storages before it is mounted."""
_GRACE = timedelta(seconds=5)
_LOOK_AGAIN = 0.05
_DETACH = 2
_LONGEST_WORDS = 2_000
_BUSY = ("is busy", "resource busy", "could not claim")
_GONE = ("requested device not found", "no mtp devices")


@dataclass(frozen=True, slots=True)
class WithMtp:
    """A `Mounting` that mounts cameras over MTP itself, below *folder*, and leaves the others to *disks*."""

    disks: Mounting
    folder: Path

    def for_reading(self, volume: Volume) -> AbstractContextManager[Mounted]:
        """See `Mounting.for_reading`."""
        if volume.filesystem != MTP:
            return self.disks.for_reading(volume)
        bus, number = volume.device.number
        # the path as the kernel tells it
        return mounted_mtp(volume.device, self.folder.resolve() / f"mtp-{bus}-{number}")

    def for_clearing(self, volume: Volume) -> AbstractContextManager[Mounted]:
        """See `Mounting.for_clearing`; raises `NotMounted` for a camera over MTP, which is never cleared."""
        if volume.filesystem == MTP:
            message = f"{volume.node}: cameras over MTP are read and never cleared"
            raise NotMounted(message)
        return self.disks.for_clearing(volume)


def command(program: str, device: UsbDevice, into: Path) -> list[str]:
    """Return how jmtpfs is called; in the foreground, so that the process that ends is the one we started."""
    bus, number = device.number
    return [program, f"-device={bus},{number}", "-f", "-o", f"{OPTIONS},fsname=mtp-{bus}-{number}", str(into)]


@contextmanager
def mounted_mtp(device: UsbDevice, into: Path, *, patience: timedelta = _PATIENCE) -> Iterator[Mounted]:
    """
    Mount *device* read-only at the folder *into*, which is made, and let go of it at the end, whatever state it is in.

    Raises `NotFound` without jmtpfs, `SourceChanged` where the camera is gone, `StorageUnavailable` where somebody else holds
    it or it is not mounted in time, `NotMounted` where it cannot be mounted. A dead mount of an earlier start is taken away.
    """
    program = shutil.which("jmtpfs")
    if program is None:
        message = "cameras that speak MTP need the Debian package jmtpfs"
        raise NotFound(message)
    if _is_mounted(into):
        _detach(into)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            command(program, device, into), stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True
        )
        try:
            _await(process, device, into, words, patience)
            yield Mounted(into, OPTIONS)
        finally:
            _end(process, into)


def _await(process: subprocess.Popen[bytes], device: UsbDevice, into: Path, words: IO[bytes], patience: timedelta) -> None:
    until = time.monotonic() + patience.total_seconds()
    while not _is_mounted(into):
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_AGAIN)
            raise _why(device, _said(words))
        if time.monotonic() > until:
            message = f"camera {device.usb_id} at {device.place}: not mounted after {patience}: {_said(words)}"
            raise StorageUnavailable(message)


def _why(device: UsbDevice, said: str) -> EvidenceError | StorageUnavailable:
    """Say why jmtpfs gave up."""
    about = f"camera {device.usb_id} at {device.place}"
    if any(word in said.lower() for word in _BUSY):
        return StorageUnavailable(f"{about}: another program holds it: {said}")
    if any(word in said.lower() for word in _GONE):
        return SourceChanged(f"{about}: is not there any more: {said}")
    return NotMounted(f"{about}: cannot be mounted by MTP: {said}")


def _said(words: IO[bytes]) -> str:
    words.seek(0)
    text = words.read()[-_LONGEST_WORDS:].decode("utf-8", "backslashreplace")
    return " ".join(text.split())


def _end(process: subprocess.Popen[bytes], into: Path) -> None:
    """Ask it to unmount and go; whatever it does not do is done for it. Only the process that we started is ended."""
    process.terminate()
    try:
        process.wait(_GRACE.total_seconds())
    except subprocess.TimeoutExpired:  # it waits for a camera that does not answer
        process.kill()
        process.wait()
    if _is_mounted(into):
        _detach(into)
    with suppress(OSError):  # an empty folder that stays does no harm
        into.rmdir()


def _is_mounted(into: Path) -> bool:
    """Say whether something is mounted there, also if it is dead: `os.path.ismount` takes a dead one for a folder."""
    return any(point.path == into for point in kernel.mount_points())


def _detach(into: Path) -> None:
    try:
        kernel.unmount(into, lazily=True)
    except OSError as error:
        message = f"{into}: cannot be unmounted: {error.strerror}"
        raise NotMounted(message) from error
