"""Docks and their bays, from the profiles of an office."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.docks import HOST, Docks, is_hub, load_docks, read_dock_profile
from ingest.usb import UsbDevice

TOWER = """
name = "tower"

[[docks]]
name = "left"
at = ["pci-0000:00:14.0-usb:4", "pci-0000:00:14.0-usb3:2"]

[[bays]]
name = "1"
ports = ["1"]

[[bays]]
name = "2"
ports = ["2.1", "2.4"]
"""
SECOND = """
[[docks]]
name = "right"
at = ["pci-0000:00:14.0-usb:5"]
"""


def at(place: str, *classes: str) -> UsbDevice:
    return UsbDevice(f"/devices/{place}", place, "1234:5678", classes=classes or ("080650",))


def tower(more: str = "") -> Docks:
    return Docks([read_dock_profile("tower.toml", (TOWER + more).encode())])


def bay(docks: Docks, place: str) -> str | None:
    found = docks.bay_of(at(place))
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("pci-0000:00:14.0-usb:4.1", "1"),
        ("pci-0000:00:14.0-usb3:2.1", "1"),
        ("pci-0000:00:14.0-usb:4.2.1", "2"),
        ("pci-0000:00:14.0-usb3:2.2.4", "2"),
        ("pci-0000:00:14.0-usb:4.2.1.3", "2"),
        ("pci-0000:00:14.0-usb:4.2", None),
        ("pci-0000:00:14.0-usb:4.10", None),
        ("pci-0000:00:14.0-usb:4", None),
        ("pci-0000:00:15.0-usb:4.1", None),
        ("/devices/odd", None),
    ],
)
def test_a_bay_is_found_by_the_chain_of_ports_below_its_dock_at_either_set_of_contacts(place: str, name: str | None) -> None:
    """
    What hangs on a hub in a bay is in the bay; a port whose number begins with the same digit is another.
    """
    assert bay(tower(), place) == name


def test_bays_of_several_docks_are_told_apart_by_the_name_of_the_dock() -> None:
    docks = tower(SECOND)

    assert [each.name for each in docks.docks] == ["left", "right"]
    assert bay(docks, "pci-0000:00:14.0-usb:4.1") == "left-1"
    assert bay(docks, "pci-0000:00:14.0-usb:5.1") == "right-1"
    assert [each.name for each in docks.bays] == ["left-1", "left-2", "right-1", "right-2"]


def test_a_host_without_dock_profiles_is_one_dock_whose_bays_are_called_like_their_places() -> None:
    docks = load_docks(None)
    found = docks.bay_of(at("platform-dummy_hcd.3-usb:1"))

    assert found is not None
    assert (found.dock.name, found.name) == (HOST, "platform-dummy_hcd.3-usb:1")
    assert docks.bays == ()


def test_bays_may_hang_on_controllers_of_their_own() -> None:
    text = "name = 'rig'\n[[docks]]\nname = 'rig'\n" + "".join(
        f"[[bays]]\nname = '{number}'\nplaces = ['platform-dummy_hcd.{number}-usb:1']\n" for number in range(4)
    )
    docks = Docks([read_dock_profile("rig.toml", text.encode())])

    assert bay(docks, "platform-dummy_hcd.2-usb:1") == "2"
    assert docks.docks[0].at == ()


def test_the_hub_of_a_dock_is_known_by_its_place_and_only_if_it_is_a_hub() -> None:
    docks = tower()
    hub = docks.hub_of(at("pci-0000:00:14.0-usb3:2", "090000"))

    assert hub is not None
    assert (hub.name, hub.station.where) == ("left", "pci-0000:00:14.0-usb:4, pci-0000:00:14.0-usb3:2")
    assert docks.hub_of(at("pci-0000:00:14.0-usb:4")) is None
    assert not is_hub(at("x", "090000", "080650"))
    assert not is_hub(UsbDevice("x", "x", "1234:5678"))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (TOWER.replace("ports", "port", 1), r"tower\.toml: .*unknown key"),
        (TOWER + "\ncolour = 'red'", "unknown key"),
        (TOWER.replace('name = "2"', 'name = "1"'), "bay 1: two of that name"),
        (TOWER.replace('ports = ["1"]', "ports = []"), "expected ports or places"),
        (TOWER.replace("at = [", "#"), "expected the place of its hub"),
        (TOWER.replace('"1"]', '"1.x"]'), "ports"),
        (TOWER.replace("usb:4", "usb:4 "), "at"),
        (TOWER.replace('name = "1"', 'name = "张三"'), "name"),
        (TOWER.replace('name = "tower"', 'name = "other"'), r"expected the file to be called other\.toml"),
        ("name =", "not TOML"),
        (TOWER + SECOND + "\n[[bays]]\nname='3'\nplaces=['pci-a-usb:1']", "several docks of a kind"),
    ],
)
def test_a_dock_profile_that_is_wrong_is_refused_with_the_reason(wrong: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_dock_profile("tower.toml", wrong.encode())


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (SECOND.replace("usb:5", "usb:4"), r"two docks have or are at pci-0000:00:14\.0-usb:4|is bay left-1 and bay right-1"),
        (SECOND.replace("right", "left").replace("usb:5", "usb:6"), "two docks have or are at left"),
        ("[[bays]]\nname = '3'\nports = ['1']", "is bay 1 and bay 3"),
    ],
)
def test_two_docks_or_bays_at_one_place_are_refused(more: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        tower(more)


def test_profiles_are_read_from_a_folder_and_a_misspelt_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "tower.toml").write_text(TOWER)

    assert bay(load_docks(tmp_path), "pci-0000:00:14.0-usb:4.1") == "1"
    with pytest.raises(ValueError, match="no such folder"):
        load_docks(tmp_path / "dokcs")


def test_rules_about_a_bay_there_is_none_of_are_refused() -> None:
    tower().refuse_unknown(["1", "2"])
    load_docks(None).refuse_unknown(["platform-dummy_hcd.3-usb:1"])
    with pytest.raises(ValueError, match="bay '7': expected 1, 2"):
        tower().refuse_unknown(["1", "7"])
    with pytest.raises(ValueError, match="the place of a socket"):
        load_docks(None).refuse_unknown(["3"])


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_every_place_is_in_one_bay_at_most_and_always_in_the_same(chain: list[int]) -> None:
    place = f"pci-0000:00:14.0-usb:{'.'.join(map(str, chain))}"
    expected = {(4, 1): "1", (4, 2, 1): "2", (4, 2, 4): "2"}
    wanted = next((name for ports, name in expected.items() if tuple(chain[: len(ports)]) == ports), None)

    assert bay(tower(), place) == wanted
