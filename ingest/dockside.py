"""
The docks of a host, all day: what is plugged in goes to the bay it is in, and every bay works by itself.

Only the watcher is listened to here; whatever takes time happens in the threads of the bays. What nobody foresaw in one of them
ends the whole program, loudly: whoever starts it again goes on where it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ingest.admission import Reason, admit_device
from ingest.desk import Desk
from ingest.docks import BayPlace, Docks
from ingest.ports import Port
from ingest.usb import Appeared, Arrived, Departed, UsbDevice, UsbEvent, Vanished

Events = Callable[[threading.Event], Iterator[UsbEvent]]


@dataclass(slots=True)
class Dockside:
    """All bays of a host."""

    desk: Desk
    docks: Docks
    hub: Callable[[UsbEvent], None] = lambda _event: None
    """Told of every event, for whoever records that docks come and go; quick."""
    _ports: dict[str, Port] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)
    _broken: BaseException | None = None

    def run(self, events: Events) -> None:
        """
        Attend to all bays until the desk stops, and then until every bay came to its end.

        Raises `StorageUnavailable` where udev cannot be heard, and whatever broke a bay.
        """
        for bay in self.docks.bays:
            self._port(bay)
        try:
            for event in events(self.desk.stop):
                self._tell(event)
        finally:
            self.desk.stop.set()
            self.desk.visits.running.works.stop()
            for thread in self._threads:
                thread.join()
        if self._broken is not None:
            raise self._broken

    def _tell(self, event: UsbEvent) -> None:
        self.hub(event)
        self.desk.visits.attached.saw(event)
        device = _device_of(event)
        bay = self.docks.bay_of(device)
        if bay is not None and not self._is_ignored(device, bay):
            self._port(bay).tell(event)
        elif isinstance(event, Arrived):
            admission = admit_device(self.desk.policy, device, bay, askable=self.desk.login.askable)
            if admission.reason is Reason.NO_BAY:
                self.desk.refused(device, None, Reason.NO_BAY)

    def _is_ignored(self, device: UsbDevice, bay: BayPlace) -> bool:
        return admit_device(self.desk.policy, device, bay, askable=self.desk.login.askable).is_ignored

    def _port(self, bay: BayPlace) -> Port:
        port = self._ports.get(bay.name)
        if port is None:
            port = self._ports[bay.name] = Port(bay, self.desk)
            thread = threading.Thread(target=self._run, args=(port,), name=f"bay {bay.name}")
            self._threads.append(thread)
            thread.start()
        return port

    def _run(self, port: Port) -> None:
        try:
            port.run()
        except BaseException as error:
            self._broken = error
            self.desk.stop.set()
            raise


def _device_of(event: UsbEvent) -> UsbDevice:
    match event:
        case Arrived(device) | Departed(device):
            return device
        case Appeared(volume) | Vanished(volume):
            return volume.device
