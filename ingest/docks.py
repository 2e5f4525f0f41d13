"""
Docks and their bays: which socket is number 3 of the tower on the left.

A dock profile is a TOML file of the office that maps what hangs on USB to names that stand on stickers::

    name = "tower-8"  # also the name of the file

    [[docks]]  # one for each dock of this kind on this host
    name = "left"
    at = ["pci-0000:00:14.0-usb:4"]  # the place of its hub; it is there as long as that hub is

    [[bays]]
    name = "1"
    ports = ["1"]  # the chain of ports below that hub

The two sets of contacts of a USB 3 socket are one place already where the kernel knows them for one (`ingest.places`). Where it
does not, a dock says both places of its hub in *at*, and a bay all its chains in *ports*: they are one bay all the same.
A dock without *at* is part of the host and always there; its bays name *places* of their own.

A host without any dock profile is one dock whose bays are the places themselves, each called like its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from device_profiles.faults import Misread, decoded, read_model
from device_profiles.fields import Name, Strict
from ingest.usb import UsbDevice
from storage.stations import Station

HOST = "host"
"""The name of the dock that is the host itself, where nobody described one."""
_HUB = "09"

Place: TypeAlias = Annotated[str, Field(pattern=r"^(?:pci|platform)-[\x21-\x7e]+-usb3?:\d{1,3}(?:\.\d{1,3})*$")]
Chain: TypeAlias = Annotated[str, Field(pattern=r"^\d{1,3}(?:\.\d{1,3})*$")]
BayName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,15}$")]
"""Stands in the ledger, so it is a number on a sticker and never the name of a person."""


class Stand(Strict):
    """One dock of a kind on this host."""

    name: Name
    at: tuple[Place, ...] = ()
    """Where its hub hangs; several where one socket has several places. Empty: it is part of the host."""


class BayRule(Strict):
    """One bay."""

    name: BayName
    ports: tuple[Chain, ...] = ()
    """Chains of ports below the hub of the dock."""
    places: tuple[Place, ...] = ()
    """Whole places, for bays that hang on controllers of their own."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> BayRule:
        if not self.ports and not self.places:
            message = f"bay {self.name}: expected ports or places"
            raise Misread(message, kind="missing")
        return self


class DockProfile(Strict):
    """A kind of dock and where on this host it stands."""

    name: Name
    docks: Annotated[tuple[Stand, ...], Field(min_length=1)]
    bays: Annotated[tuple[BayRule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _says_one_thing_once(self) -> DockProfile:
        if twice := _twice(bay.name for bay in self.bays):
            message = f"bay {twice}: two of that name"
            raise Misread(message, kind="taken-name")
        if any(bay.ports for bay in self.bays) and not all(stand.at for stand in self.docks):
            message = "a dock whose bays have ports: expected the place of its hub (at)"
            raise Misread(message, kind="missing")
        if len(self.docks) > 1 and any(bay.places for bay in self.bays):
            message = "several docks of a kind: expected bays with ports, for places are of one dock only"
            raise Misread(message, kind="wrong")
        return self


@dataclass(frozen=True, slots=True)
class Dock:
    """One dock of this host."""

    profile: str
    """The name of its profile; `HOST` for the host itself."""
    name: str
    at: tuple[str, ...] = ()
    """Places of its hub; empty for one that is always there."""
    bays: int = 0
    """How many; 0 where nobody counted."""

    @property
    def station(self) -> Station:
        """The same as `storage.stations` records it."""
        return Station(self.profile, self.name, ", ".join(self.at), self.bays)


@dataclass(frozen=True, slots=True)
class BayPlace:
    """One bay of one dock."""

    dock: Dock
    name: str
    """As people and settings call it: ``3``, or ``left-3`` where the host has several docks."""


class Docks:
    """All docks of this host; they are asked in which bay something is."""

    def __init__(self, profiles: Iterable[DockProfile] = ()) -> None:
        known = tuple(profiles)
        stands = [(profile, stand) for profile in known for stand in profile.docks]
        self.docks = tuple(Dock(p.name, s.name, s.at, len(p.bays)) for p, s in stands) or (Dock(HOST, HOST),)
        """In the order of their profiles."""
        self._is_described = bool(stands)
        self._bays: dict[str, BayPlace] = {}
        for dock, (profile, stand) in zip(self.docks, stands, strict=False):
            for bay in profile.bays:
                shown = bay.name if len(stands) == 1 else f"{stand.name}-{bay.name}"
                for place in _places(stand, bay):
                    self._add(place, BayPlace(dock, shown))
        _refuse_twice(stands)

    @property
    def bays(self) -> tuple[BayPlace, ...]:
        """Every bay somebody described, once, in the order of the profiles."""
        return tuple(dict.fromkeys(self._bays.values()))

    def bay_of(self, device: UsbDevice) -> BayPlace | None:
        """
        Return the bay *device* is in, or None where docks are described and it is in none of them.

        What hangs on a hub in a bay is in that bay: some cameras bring one.
        """
        if not self._is_described:
            return BayPlace(self.docks[0], device.place)
        controller, _, chain = device.place.rpartition(":")
        ports = chain.split(".")
        above = (f"{controller}:{'.'.join(ports[:length])}" for length in range(len(ports), 0, -1))
        return next((self._bays[place] for place in above if place in self._bays), None)

    def hub_of(self, device: UsbDevice) -> Dock | None:
        """Return the dock whose hub *device* is, or None."""
        return next((dock for dock in self.docks if device.place in dock.at), None) if is_hub(device) else None

    def _add(self, place: str, bay: BayPlace) -> None:
        if self._bays.setdefault(place, bay) != bay:
            message = f"{place}: is bay {self._bays[place].name} and bay {bay.name}"
            raise ValueError(message)


def is_hub(device: UsbDevice) -> bool:
    """Say whether it is a hub and nothing else; hubs are part of the way, nothing that is read or refused."""
    return bool(device.classes) and all(each.startswith(_HUB) for each in device.classes)


def load_docks(folder: Path | None) -> Docks:
    """
    Read every dock profile (``*.toml``) in *folder*; None or an empty folder is a host without any.

    Raises `ValueError` with the file and the key for whatever is wrong, and where two docks claim the same place.
    """
    files = sorted(folder.glob("*.toml")) if folder is not None else []
    return Docks(read_dock_profile(file.name, file.read_bytes()) for file in files)


def read_dock_profile(file_name: str, raw: bytes) -> DockProfile:
    """Read one dock profile; its file is called like it."""
    profile = read_model(DockProfile, decoded(raw, file_name), origin=file_name)
    if file_name != f"{profile.name}.toml":
        message = f"dock profile {file_name}: expected the file to be called {profile.name}.toml"
        raise ValueError(message)
    return profile


def _places(stand: Stand, bay: BayRule) -> Iterator[str]:
    yield from bay.places
    for hub in stand.at:
        yield from (f"{hub}.{chain}" for chain in bay.ports)


def _refuse_twice(stands: Sequence[tuple[DockProfile, Stand]]) -> None:
    for what in (_twice(stand.name for _, stand in stands), _twice(place for _, stand in stands for place in stand.at)):
        if what is not None:
            message = f"two docks have or are at {what}"
            raise ValueError(message)


def _twice(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)
