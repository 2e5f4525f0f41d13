"""The host loses its power while it clears a camera: what it had begun is finished, and nothing is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hardware.building import Rig
from tests.hardware.dock import Dock
from tests.hardware.guests import started_again, woken
from tests.hardware.machine import START, Snapshot, ended
from tests.hardware.service import CLEARS, HOME, install, serving, was_cleared, witnessed

pytestmark = [pytest.mark.hardware, pytest.mark.full, pytest.mark.timeout(1800)]


@pytest.fixture
def places() -> Iterator[tuple[Path, Path]]:
    """Two folders with short names, for the guest before and after."""
    with tempfile.TemporaryDirectory(prefix="rig-") as before, tempfile.TemporaryDirectory(prefix="rig-") as after:
        yield Path(before), Path(after)


def test_a_clearing_goes_on_after_the_power_was_cut(rig: Rig, snapshot: Snapshot, places: tuple[Path, Path]) -> None:
    before, after = places
    guest = woken(rig, snapshot, before)
    with ended(guest.machine):
        dock, office = Dock(guest), install(guest, CLEARS)
        card = dock.card("vfat", files={f"DCIM/100MEDIA/{number:04}.MP4": 50_000 for number in range(40)})
        with witnessed(office), serving(guest) as service:
            service.until(dock.plug(card, serial="CUT", wait=False), "clearing")
            guest.run(f"until ls {HOME}/clearing/* >/dev/null 2>&1; do sleep 0.05; done; sync -f {HOME}")
            guest.machine.end()

    guest = started_again(rig, snapshot, guest.disk, after, START)
    with ended(guest.machine):
        dock, office, card = Dock(guest), office.seen_by(guest), card.seen_by(guest)
        assert guest.run(f"ls {HOME}/clearing").out, "it was not being cleared"
        with witnessed(office), serving(guest) as service:
            service.until_at_rest([dock.plug(card, serial="CUT", wait=False)])

        was_cleared(office, card)
