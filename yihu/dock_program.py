"""
The dock program: everything a host needs to take cameras in all day, put together and started.

It holds the spool, so that nothing else on this host takes footage in meanwhile. What could not be done is tried again by
itself; when the program is stopped, what is being read is given up and begun again by the next start.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from ingest.admission import Reason
from ingest.board import AlarmKind, Board
from ingest.crew import Login, NoLogin
from ingest.desk import Desk
from ingest.dock_presence import DockChange, How, Presence
from ingest.docks import HOST, BayPlace, Docks
from ingest.dockside import Dockside
from ingest.mount import Mounting
from ingest.mtp import WithMtp
from ingest.running import Running
from ingest.turns import Turns
from ingest.usb import UsbDevice, UsbEvent
from ingest.visit import Visits
from storage.errors import StorageUnavailable
from storage.refusals import RefusedDevice
from storage.stations import Stations
from yihu.asking import login_of
from yihu.board_stream import serving_board
from yihu.clearing import CameraClearing
from yihu.dock_alarms import looks_of, watching_over
from yihu.dock_clearance import OfficeClearance
from yihu.dock_crew import OfficeCrew
from yihu.dock_rules import docks_of, mounting_of, stations_of
from yihu.wiring import Office

_BEAT = timedelta(seconds=1)
RETRY = timedelta(minutes=1)

Events = Callable[[threading.Event], Iterator[UsbEvent]]


@dataclass(slots=True)
class DockProgram:
    """The docks of one host."""

    office: Office
    events: Events
    mounting: Mounting
    caught_up: threading.Event
    """Set once *events* told everything that was there at the start."""
    stop: threading.Event = field(default_factory=threading.Event)
    login: Login | None = None
    """None where no camera is asked."""
    board: Board = field(init=False)
    retry: timedelta = RETRY
    """How often what waits for the store or the database is tried again."""
    again_every: timedelta = timedelta(seconds=30)
    volume_within: timedelta = timedelta(seconds=30)
    """How long a camera may take to show a volume."""

    def __post_init__(self) -> None:
        self.board = Board(self.office.clock)

    def run(self) -> None:
        """
        Take cameras in until `stop` is set; then every bay comes to its end.

        Raises `StorageUnavailable` where another program holds the spool, udev cannot be heard, or the board is served already.
        """
        office, board = self.office, self.board
        docks, stations = docks_of(office), stations_of(office)
        with ExitStack() as stack:
            running = stack.enter_context(office.pipeline().running())
            section = office.settings.board
            stack.enter_context(serving_board(board, office.home / section.socket, mode=int(section.socket_mode, 8)))
            stack.enter_context(watching_over(board, looks_of(office), seconds=section.watch_seconds))
            keeping = Housekeeping(running, stations, docks, board, self.caught_up, self.retry)
            stack.enter_context(keeping.started(self.stop))
            Dockside(self._desk(running, stations, docks), docks, hub=keeping.saw).run(self.events)
        if keeping.broken is not None:
            raise keeping.broken

    def _desk(self, running: Running, stations: Stations, docks: Docks) -> Desk:
        def refused(device: UsbDevice, bay: BayPlace | None, reason: Reason) -> None:
            dock = docks.docks[0] if bay is None else bay.dock
            with suppress(StorageUnavailable):  # it stays counted, and housekeeping records it
                stations.refused(dock.station, _refused(device, "" if bay is None else bay.name, reason))

        return Desk(
            visits=Visits(running, self.mounting, OfficeClearance(self.office, CameraClearing(self.office))),
            board=self.board,
            policy=self.office.settings.dock.policy(),
            turns=Turns(),
            crew=OfficeCrew(self.office),
            login=self.login or NoLogin(),
            refused=refused,
            dock_of=lambda bay: str(stations.subject(bay.dock.station)),
            stop=self.stop,
            again_every=self.again_every,
            volume_within=self.volume_within,
        )


@dataclass(slots=True)
class Housekeeping:
    """What goes on beside the bays: docks that come and go, refusals that are counted, clips that wait, checkpoints."""

    running: Running
    stations: Stations
    docks: Docks
    board: Board
    caught_up: threading.Event
    retry: timedelta
    presence: Presence = field(init=False)
    broken: BaseException | None = None
    """What nobody foresaw, and ended it."""
    _alone: threading.Lock = field(default_factory=threading.Lock)
    _owed: list[DockChange] = field(default_factory=list)
    """What could not be recorded yet."""
    _due: float = 0.0
    _looked_for_lost: bool = False

    def __post_init__(self) -> None:
        self.presence = Presence(self.docks, time.monotonic)

    def saw(self, event: UsbEvent) -> None:
        """Take note of docks that come and go."""
        with self._alone:
            self._owed += self.presence.saw(event)

    @contextmanager
    def started(self, stop: threading.Event) -> Iterator[None]:
        """Keep house while inside; at the end the docks that are there are recorded as left to themselves."""
        with self._alone:
            self._owed += self.presence.always()
        thread = threading.Thread(target=self._keep, args=(stop,), name="housekeeping")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            with suppress(StorageUnavailable):  # the next start finds out
                self._end()

    def _keep(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(_BEAT.total_seconds()):
                with suppress(StorageUnavailable):  # the board rings for it; everything here is tried again
                    self.turn()
        except BaseException as error:  # noqa: BLE001 - raised by the program, which ends: nobody else would keep house
            self.broken = error
            stop.set()

    def turn(self) -> None:
        """Do what is due. Raises `StorageUnavailable`; nothing is forgotten then."""
        with self._alone:
            self._owed += self.presence.due()
            self._owed += self._found_gone()
        self._record_docks()
        self.stations.flush()
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self.retry.total_seconds()
            if self.running.works.waiting() or self.running.has_more():
                self.running.resume()
            self.running.steps.sign()

    def _found_gone(self) -> list[DockChange]:
        """Say, once, which docks are not there now; of those that were there last time that is recorded."""
        if self._looked_for_lost or not self.caught_up.is_set():
            return []
        self._looked_for_lost = True
        there = {*self.presence.there, *(change.dock for change in self._owed)}
        return [DockChange(dock, How.FOUND_GONE) for dock in self.docks.docks if dock not in there]

    def _record_docks(self) -> None:
        while self._owed:
            change = self._owed[0]
            station = change.dock.station
            if change.how is None:
                self.stations.attached(station)
                self.board.hush(AlarmKind.DOCK_LOST, change.dock.name)
            else:
                self.stations.detached(station, change.how.value)
                self.board.ring(AlarmKind.DOCK_LOST, change.dock.name, change.how.value)
            with self._alone:
                self._owed.pop(0)

    def _end(self) -> None:
        self.stations.flush(last_call=True)
        for dock in self.presence.there:
            if dock.name != HOST:
                self.stations.detached(dock.station, How.STOPPED.value)
        self.running.steps.sign()


def dock_program(office: Office, stop: threading.Event) -> DockProgram:
    """Put the dock program of *office* together; what a killed run left mounted is let go of."""
    from ingest.watcher import Watcher  # noqa: PLC0415 - pyudev needs libudev, which a host without docks may not have

    mounting, watcher = mounting_of(office), Watcher()
    mounting.start()
    everything = WithMtp(mounting, mounting.folder)
    return DockProgram(office, watcher.events, everything, watcher.caught_up, stop, login_of(office))


def _refused(device: UsbDevice, bay: str, reason: Reason) -> RefusedDevice:
    return RefusedDevice(
        bay=bay,
        reason=reason.value,
        usb_id=device.usb_id,
        classes=device.classes,
        serial=device.serial or "",
        manufacturer=device.manufacturer,
        product=device.product,
    )
