"""Devices that are no disks, on FunctionFS: a camera over MTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGKILL
from typing import Final

from tests.hardware.guests import Guest, Job

PORT: Final = 6
"""The virtual host controller they hang on."""
PLACE: Final = f"platform-dummy_hcd.{PORT}-usb:1"
GADGET: Final = "/sys/kernel/config/usb_gadget/functions"
FOLDER: Final = "/run/rig-functions"
MAKE: Final = f"""
modprobe usb_f_fs && mkdir {GADGET} && cd {GADGET} && mkdir -p {FOLDER}
echo 0x0200 >bcdUSB; echo 0x0100 >bcdDevice; echo 0x$vendor >idVendor; echo 0x$model >idProduct
mkdir strings/0x409 functions/ffs.rig configs/c.1
echo Sample >strings/0x409/manufacturer; echo BodyCam >strings/0x409/product; echo F0001 >strings/0x409/serialnumber
ln -s functions/ffs.rig configs/c.1/ && mount -t functionfs rig {FOLDER}
"""
UNMAKE: Final = f"""
umount --lazy {FOLDER}; cd {GADGET} && rm -f configs/c.1/ffs.rig
rmdir configs/c.1 functions/ffs.rig strings/0x409; cd / && rmdir {GADGET} {FOLDER}
"""
UMTPRD: Final = """loop_on_disconnect 1
storage "{files}" "Internal" "ro"
manufacturer "Sample"
product "BodyCam"
serial "F0001"
firmware_version "1.0"
interface "MTP"
usb_vendor_id 0x{vendor}
usb_product_id 0x{model}
usb_class 0x6
usb_subclass 0x1
usb_protocol 0x1
usb_dev_version 0x0100
usb_functionfs_mode 0x1
usb_dev_path "{folder}/ep0"
usb_epin_path "{folder}/ep1"
usb_epout_path "{folder}/ep2"
usb_epint_path "{folder}/ep3"
usb_max_packet_size 0x200
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A device that is plugged in, and the program behind it."""

    guest: Guest
    program: Job

    def pull(self) -> None:
        self.guest.run(f"echo '' >{GADGET}/UDC")


@contextmanager
def mtp_camera(guest: Guest, usb_id: str, files: str) -> Iterator[Function]:
    """Plug a camera in that shows the folder *files* over MTP."""
    vendor, _, model = usb_id.partition(":")
    guest.write("/run/umtprd.conf", UMTPRD.format(files=files, vendor=vendor, model=model, folder=FOLDER))
    with _plugged(guest, usb_id, ("umtprd", "-conf", "/run/umtprd.conf")) as function:
        yield function


@contextmanager
def _plugged(guest: Guest, usb_id: str, program: Sequence[str]) -> Iterator[Function]:
    vendor, _, model = usb_id.partition(":")
    guest.run(f"vendor={vendor} model={model}; {MAKE}")
    job = guest.start(*program)
    try:
        guest.run(f"until test $(ls {FOLDER} | wc -l) -gt 1; do sleep 0.1; done; echo dummy_udc.{PORT} >{GADGET}/UDC")
        yield Function(guest, job)
    finally:
        guest.run(f"echo '' >{GADGET}/UDC", code=None)
        if job.code is None:
            job.signal(SIGKILL)
            job.ended()
        guest.run(UNMAKE)
