"""Where a device hangs, from its path in sysfs."""

from __future__ import annotations

import pytest

from ingest.places import is_root_hub, place_of, root_hub_of

PCI = "/devices/pci0000:00/0000:00:14.0"


@pytest.mark.parametrize(
    ("sysfs", "place"),
    [
        (f"{PCI}/usb1/1-4/1-4.2", "pci-0000:00:14.0-usb:4.2"),
        (f"{PCI}/usb7/7-4/7-4.2", "pci-0000:00:14.0-usb:4.2"),
        ("/devices/platform/dummy_hcd.3/usb4/4-1", "platform-dummy_hcd.3-usb:1"),
        ("/devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0/usb1/1-1/1-1.3", "pci-0000:01:00.0-usb:1.3"),
        ("/devices/platform/soc/3f980000.usb/usb1/1-1", "platform-3f980000.usb-usb:1"),
        ("/devices/1-1", "/devices/1-1"),
        ("/devices/platform/dummy_hcd.3/usb4/odd", "/devices/platform/dummy_hcd.3/usb4/odd"),
    ],
)
def test_a_place_is_the_controller_and_the_chain_of_ports_whatever_number_the_bus_got(sysfs: str, place: str) -> None:
    assert place_of(sysfs) == place


@pytest.mark.parametrize(
    ("peer", "place"),
    [
        (f"{PCI}/usb1/1-0:1.0/usb1-port5", "pci-0000:00:14.0-usb:5"),
        (f"{PCI}/usb1/1-4/1-4:1.0/1-4-port2", "pci-0000:00:14.0-usb:4.2"),
        (f"{PCI}/usb1/1-4/1-4.1/1-4.1:1.0/1-4.1-port3", "pci-0000:00:14.0-usb:4.1.3"),
        ("", "pci-0000:00:14.0-usb3:3.2"),
        ("/sys/odd", "pci-0000:00:14.0-usb3:3.2"),
    ],
)
def test_a_device_at_the_fast_contacts_is_at_the_place_of_the_same_socket(peer: str, place: str) -> None:
    """
    The kernel knows which ports of the two root hubs are one socket. Where it does not, the place says so.
    """
    assert place_of(f"{PCI}/usb2/2-3/2-3.2", peer=peer, is_fast=True) == place


def test_root_hubs_are_told_from_what_is_plugged_in() -> None:
    assert is_root_hub(f"{PCI}/usb1")
    assert not is_root_hub(f"{PCI}/usb1/1-4")
    assert root_hub_of(f"{PCI}/usb1/1-4/1-4.2") == f"{PCI}/usb1"
    assert root_hub_of("/devices/virtual/block/loop0") is None
