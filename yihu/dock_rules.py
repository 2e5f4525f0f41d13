"""The docks of an office: where its bays are, what may be plugged into them, how cameras are mounted, who writes it down."""

from __future__ import annotations

from ingest.docks import Docks, load_docks
from ingest.mount import SystemMounting
from storage.stations import Stations
from yihu.settings import SettingsError
from yihu.wiring import Office


def docks_of(office: Office) -> Docks:
    """Read the dock profiles; raises `SettingsError` for one that is wrong, and for rules about bays there are none of."""
    section = office.settings.dock
    try:
        docks = load_docks(None if section.profiles is None else office.home / section.profiles)
        docks.refuse_unknown(section.ports)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return docks


def stations_of(office: Office) -> Stations:
    """Return what records docks, in the name of this host's."""
    return Stations(office.custody, office.engine, office.index_key, office.dock, office.clock)


def mounting_of(office: Office) -> SystemMounting:
    """Return how cameras are mounted; what a killed run left mounted is let go of by `SystemMounting.start`."""
    return SystemMounting(office.home / office.settings.dock.mounts)
