"""
A dock without hardware: what udev would tell is told by the test, and folders stand for cards.

Everything else is the real program: its threads, spool, store and ledger.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ingest.board import Bay, Status
from ingest.crew import Login
from ingest.heard import interface_of
from ingest.mount import Mounted
from ingest.usb import Appeared, Arrived, Departed, UsbDevice, UsbEvent, Vanished, Volume
from storage.errors import SourceChanged
from yihu.dock_program import DockProgram
from yihu.wiring import Office

STORAGE = "080650"
KEYBOARD = "030101"


@dataclass(slots=True)
class Folders:
    """Mounting where a folder stands for each volume; one whose folder is away was pulled."""

    cards: dict[str, Path] = field(default_factory=dict)
    """By the place of the volume in sysfs."""
    cleared: list[str] = field(default_factory=list)

    @contextmanager
    def for_reading(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        card = self.cards.get(volume.sysfs)
        if card is None or not card.is_dir():
            message = f"{volume.node}: is gone"
            raise SourceChanged(message)
        yield Mounted(card, "ro,nodev,nosuid,noexec")

    @contextmanager
    def for_clearing(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        self.cleared.append(volume.sysfs)
        with self.for_reading(volume) as mounted:
            yield mounted


@dataclass(slots=True)
class Bus:
    """A USB bus on which only the test plugs."""

    mounting: Folders = field(default_factory=Folders)
    told: queue.SimpleQueue[UsbEvent] = field(default_factory=queue.SimpleQueue)
    caught_up: threading.Event = field(default_factory=threading.Event)
    _count: int = 0

    def events(self, stop: threading.Event) -> Iterator[UsbEvent]:
        """See `ingest.watcher.Watcher.events`."""
        self.caught_up.set()
        while not stop.is_set():
            try:
                yield self.told.get(timeout=0.02)
            except queue.Empty:
                continue

    def plug(
        self,
        place: str,
        *cards: Path,
        usb_id: str = "abcd:0001",
        serial: str | None = None,
        classes: tuple[str, ...] = (STORAGE,),
        uuid: str | None = None,
        label: str = "",
        number: tuple[int, int] = (1, 1),
    ) -> Plugged:
        """Plug something in; each card is a volume of it."""
        self._count += 1
        device = UsbDevice(
            sysfs=f"/devices/platform/dummy/{place}-{self._count}",
            place=place,
            usb_id=usb_id,
            interfaces=frozenset(each for each in map(interface_of, classes) if each is not None),
            classes=classes,
            serial=serial,
            number=number,
        )
        volumes = (self._volume(device, at, uuid, card, label) for at, card in enumerate(cards))
        plugged = Plugged(self, device, tuple(volumes))
        self.told.put(Arrived(device))
        for volume in plugged.volumes:
            self.told.put(Appeared(volume))
        return plugged

    def _volume(self, device: UsbDevice, lun: int, uuid: str | None, card: Path, label: str) -> Volume:
        sysfs = f"{device.sysfs}/block/{lun}"
        self.mounting.cards[sysfs] = card
        node = Path(f"/dev/sample{self._count}{lun}")
        return Volume(device, sysfs, node, number=0, sequence=self._count, filesystem="vfat", uuid=uuid, label=label, lun=lun)


@dataclass(frozen=True, slots=True)
class Plugged:
    """Something that is in a bay."""

    bus: Bus
    device: UsbDevice
    volumes: tuple[Volume, ...]

    def pull(self) -> None:
        """Take it out."""
        for volume in self.volumes:
            self.bus.mounting.cards.pop(volume.sysfs, None)
            self.bus.told.put(Vanished(volume))
        self.bus.told.put(Departed(self.device))


@dataclass(slots=True)
class Running:
    """A dock program that runs."""

    program: DockProgram
    bus: Bus

    def until(self, is_so: Callable[[Bay], bool], bay: str, *, patience: timedelta = timedelta(seconds=60)) -> Bay:
        """Wait until a bay shows what is wanted, and return it as it was then; gives up by failing."""
        number = self.program.board.picture().number
        found = self.program.board.bay(bay)
        seen = [found.status]
        while not is_so(found):
            changes = self.program.board.after(number, patience)
            assert changes, f"bay {bay} went {seen} and nothing more: {found}"
            for change in changes:
                number = change.number
                shown = getattr(change, "bay", None)
                if shown is not None and shown.name == bay and not is_so(found):
                    found = shown
                    seen.append(found.status)
        return found

    def becomes(self, status: Status, bay: str) -> Bay:
        """Wait until a bay has this status."""
        return self.until(lambda shown: shown.status is status, bay)


@contextmanager
def docks_running(
    office: Office,
    bus: Bus | None = None,
    *,
    again_every: timedelta = timedelta(milliseconds=500),
    volume_within: timedelta = timedelta(seconds=30),
    login: Login | None = None,
) -> Iterator[Running]:
    """Run the docks of *office* while inside; whatever breaks them is raised."""
    used = bus or Bus()
    program = DockProgram(
        office,
        used.events,
        used.mounting,
        used.caught_up,
        retry=again_every,
        again_every=again_every,
        volume_within=volume_within,
        login=login,
    )
    broken: list[BaseException] = []

    def run() -> None:
        try:
            program.run()
        except BaseException as error:  # noqa: BLE001 - raised below, where the test sees it
            broken.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Running(program, used)
    finally:
        program.stop.set()
        thread.join()
        if broken:
            raise broken[0]
