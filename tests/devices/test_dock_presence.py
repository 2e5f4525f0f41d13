"""Which docks are there, from the hubs that come and go."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.dock_presence import DockChange, How, Presence
from ingest.docks import Docks, load_docks, read_dock_profile
from ingest.usb import Arrived, Departed, UsbDevice, UsbEvent

HUB = "pci-0000:00:14.0-usb:4"
TWIN = "pci-0000:00:14.0-usb3:2"
PROFILE = f"name='tower'\n[[docks]]\nname='left'\nat=['{HUB}','{TWIN}']\n" + "".join(
    f"[[bays]]\nname='{number}'\nports=['{number}']\n" for number in range(1, 5)
)


def at(place: str, kind: str = "080650") -> UsbDevice:
    return UsbDevice(f"/devices/{place}", place, "1234:5678", classes=(kind,))


@dataclass
class Watched:
    """A dock with four bays, and a clock that stands still unless it is told to go."""

    docks: Docks = field(default_factory=lambda: Docks([read_dock_profile("tower.toml", PROFILE.encode())]))
    now: float = 0.0
    presence: Presence = field(init=False)

    def __post_init__(self) -> None:
        self.presence = Presence(self.docks, lambda: self.now)

    def hub(self, *, comes: bool, place: str = HUB) -> list[How | None]:
        return self._told(at(place, "090000"), comes=comes)

    def camera(self, number: int, *, comes: bool) -> list[How | None]:
        return self._told(at(f"{HUB}.{number}"), comes=comes)

    def due(self) -> list[How | None]:
        return [each.how for each in self.presence.due()]

    def _told(self, device: UsbDevice, *, comes: bool) -> list[How | None]:
        event: UsbEvent = Arrived(device) if comes else Departed(device)
        return [each.how for each in self.presence.saw(event)]


def test_a_dock_is_there_as_long_as_its_hub_is() -> None:
    watched = Watched()

    assert not watched.presence.there
    assert watched.hub(comes=True) == [None]
    assert [each.name for each in watched.presence.there] == ["left"]
    assert watched.hub(comes=False) == [How.GONE]
    assert not watched.presence.there
    assert watched.hub(comes=True) == [None]


def test_the_two_hubs_of_a_usb_3_dock_are_one_dock() -> None:
    watched = Watched()

    assert watched.hub(comes=True) == [None]
    assert watched.hub(comes=True, place=TWIN) == []
    assert watched.hub(comes=False) == []
    assert watched.hub(comes=False, place=TWIN) == [How.GONE]


def test_a_dock_whose_hub_stays_while_everything_in_it_leaves_at_once_is_dark() -> None:
    watched = Watched()
    watched.hub(comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=False)
        watched.now += 0.2

    assert watched.due() == []
    watched.now += 2
    assert watched.due() == [How.DARK]
    assert watched.due() == []
    assert watched.camera(2, comes=True) == [None]


def test_a_dock_whose_hub_follows_is_gone_and_never_was_dark() -> None:
    watched = Watched()
    watched.hub(comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=False)

    assert watched.hub(comes=False) == [How.GONE]
    watched.now += 10
    assert watched.due() == []


def test_cameras_that_are_taken_out_by_hand_leave_the_dock_lit() -> None:
    """
    Two at once, three one after another, three of four at once.
    """
    for numbers, pause, left in (((1, 2), 0.0, ()), ((1, 2, 3), 3.0, ()), ((1, 2, 3), 0.0, (4,))):
        watched = Watched()
        watched.hub(comes=True)
        for number in (*numbers, *left):
            watched.camera(number, comes=True)
        for number in numbers:
            watched.camera(number, comes=False)
            watched.now += pause
        watched.now += 10

        assert watched.due() == []


def test_a_dark_dock_whose_hub_goes_too_went_once() -> None:
    watched = Watched()
    watched.hub(comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=False)
    watched.now += 3
    assert watched.due() == [How.DARK]

    assert watched.hub(comes=False) == []
    assert watched.hub(comes=True) == [None]


def test_a_camera_that_comes_before_the_moment_is_over_keeps_the_dock_lit() -> None:
    watched = Watched()
    watched.hub(comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=True)
    for number in (1, 2, 3):
        watched.camera(number, comes=False)
    watched.camera(1, comes=True)
    watched.now += 10

    assert watched.due() == []


def test_the_host_itself_is_always_there() -> None:
    presence = Presence(load_docks(None), lambda: 0.0)

    (host,) = presence.always()
    assert host == DockChange(presence.there[0])
    assert presence.saw(Departed(at(HUB, "090000"))) == ()
    assert presence.saw(Arrived(at(HUB))) == ()
