"""One guest for all tests of a process, and a dock that is empty before each of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ALL_TOOLS_MUST_BE_THERE
from tests.hardware.building import Rig, RigMissing, built
from tests.hardware.dock import Dock
from tests.hardware.guests import woken
from tests.hardware.machine import Snapshot, ended, snapshot_of


@pytest.fixture(scope="session")
def rig() -> Rig:
    try:
        return built()
    except RigMissing as missing:
        if ALL_TOOLS_MUST_BE_THERE:
            pytest.fail(f"no virtual USB: {missing}", pytrace=False)
        pytest.skip(f"no virtual USB: {missing}")


@pytest.fixture(scope="session")
def snapshot(rig: Rig) -> Snapshot:
    return snapshot_of(rig)


@pytest.fixture(scope="session")
def booted(rig: Rig, snapshot: Snapshot) -> Iterator[Dock]:
    """The guest of all tests of a process. Sockets have short names, so not in pytest's folder."""
    with tempfile.TemporaryDirectory(prefix="rig-") as place:
        guest = woken(rig, snapshot, Path(place))
        with ended(guest.machine):
            yield Dock(guest)


@pytest.fixture
def dock(booted: Dock) -> Iterator[Dock]:
    yield booted
    booted.cleared_away()
