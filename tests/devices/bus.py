"""
USB devices as udev 252 describes them: the same properties whether they are told to `Plugged` or played by umockdev.

The names of properties, and which of them are lost on the way out, were written down from a real kernel with virtual cameras.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ingest.heard import Heard

CONTROLLER = "/devices/platform/dummy_hcd.0"
ROOT = f"{CONTROLLER}/usb1"
STORAGE, MTP, KEYBOARD, HUB = ":080650:", ":060101:", ":030101:", ":090000:"
SECTORS = 129_024


@dataclass(frozen=True)
class Described:
    """One device in sysfs."""

    path: str
    properties: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)

    def seen(self, action: str = "add", **changed: str) -> Heard:
        """Return what is heard of it."""
        properties = {**self.properties, "DEVPATH": self.path, **changed}
        return Heard(action, {name: value for name, value in properties.items() if value}, self.attributes)

    def removed(self) -> Heard:
        """Return what is heard when it is gone: a disk still has all its properties, a USB device nearly none."""
        if self.properties["SUBSYSTEM"] == "block":
            return replace(self.seen("remove"), attributes={})
        kept = ("SUBSYSTEM", "DEVTYPE", "DEVNAME", "PRODUCT", "ID_PATH")
        properties = {name: self.properties[name] for name in kept if name in self.properties}
        return Heard("remove", {**properties, "DEVPATH": self.path})


def usb(
    ports: str, *, ids: str = "1234:5678", serial: str = "BWC0001", speaks: str = STORAGE, number: int = 2, above: str = ROOT
) -> Described:
    """Return a USB device at the end of a chain of ports (``4.2``), all on bus 1."""
    vendor, product = ids.split(":")
    chain = ports.split(".")
    hubs = [f"1-{'.'.join(chain[: length + 1])}" for length in range(len(chain))]
    properties = {
        "SUBSYSTEM": "usb",
        "DEVTYPE": "usb_device",
        "DEVNAME": f"/dev/bus/usb/001/{number:03d}",
        "BUSNUM": "001",
        "DEVNUM": f"{number:03d}",
        "PRODUCT": f"{vendor.lstrip('0')}/{product.lstrip('0')}/100",
        "ID_BUS": "usb",
        "ID_VENDOR_ID": vendor,
        "ID_MODEL_ID": product,
        "ID_VENDOR": "HIL_Cameras",
        "ID_MODEL": "BodyCam",
        "ID_USB_INTERFACES": speaks,
        **({"ID_SERIAL_SHORT": serial} if serial else {}),
    }
    attributes = {"manufacturer": "HIL Cameras", "product": "BodyCam", **({"serial": serial} if serial else {})}
    return Described("/".join((above, *hubs)), properties, attributes)


def disk(
    device: Described,
    name: str = "sda",
    *,
    lun: int = 0,
    minor: int = 0,
    sequence: int = 7,
    size: int = SECTORS + 2048,
    said: Mapping[str, str] = MappingProxyType({}),
) -> Described:
    """Return a disk on *device*; without a further word one with a partition table, with ``size=0`` an empty slot."""
    interface = device.path.rsplit("/", 1)[-1] + ":1.0"
    path = f"{device.path}/{interface}/host2/target2:0:0/2:0:0:{lun}/block/{name}"
    table = {} if size == 0 or "ID_FS_USAGE" in said else {"ID_PART_TABLE_TYPE": "dos"}
    properties = {
        **_block(device, name, "disk", minor),
        "ID_USB_INSTANCE": f"0:{lun}",
        "DISKSEQ": str(sequence),
        **table,
        **said,
    }
    return Described(path, properties, {"size": str(size), "diskseq": str(sequence), "removable": "1"})


def partition(whole: Described, number: int = 1, *, uuid: str = "A1B2-C3D4", **said: str) -> Described:
    """Return a partition of *whole* with a file system."""
    name = f"{whole.path.rsplit('/', 1)[-1]}{number}"
    minor = str(int(whole.properties["MINOR"]) + number)
    properties = {
        **{key: value for key, value in whole.properties.items() if key not in {"DISKSEQ", "ID_PART_TABLE_TYPE"}},
        **filesystem(uuid),
        "DEVNAME": f"/dev/{name}",
        "DEVTYPE": "partition",
        "MINOR": minor,
        "PARTN": str(number),
        "ID_PART_ENTRY_NUMBER": str(number),
        **said,
    }
    attributes = {"size": str(SECTORS), "diskseq": whole.attributes["diskseq"], "partition": str(number)}
    return Described(f"{whole.path}/{name}", properties, attributes)


def filesystem(uuid: str = "A1B2-C3D4", label: str = "BODYCAM") -> dict[str, str]:
    """Return what udev says of a card with a file system."""
    return {
        "ID_FS_USAGE": "filesystem",
        "ID_FS_TYPE": "vfat",
        "ID_FS_UUID": uuid,
        "ID_FS_LABEL": label,
        "ID_FS_LABEL_ENC": label,
    }


def camera(ports: str = "1", name: str = "sda", *, serial: str = "BWC0001", number: int = 2) -> tuple[Described, ...]:
    """Return a camera whose card has one partition: the device, the disk, the partition."""
    device = usb(ports, serial=serial, number=number)
    whole = disk(device, name)
    return device, whole, partition(whole)


def _block(device: Described, name: str, kind: str, minor: int) -> dict[str, str]:
    ids = {key: value for key, value in device.properties.items() if key.startswith("ID_") and key != "ID_USB_INTERFACES"}
    block = {"SUBSYSTEM": "block", "DEVTYPE": kind, "DEVNAME": f"/dev/{name}", "MAJOR": "8", "MINOR": str(minor)}
    return {**ids, **block, "ID_USB_DRIVER": "usb-storage"}
