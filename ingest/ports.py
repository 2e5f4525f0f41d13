"""
A bay of a dock, from the moment something is put into it to the moment it is taken out.

One thread attends to each bay. What udev tells is put into its box by `Port.tell`, which never waits; the thread takes it out
when it is done with the last thing. A camera that is pulled meanwhile is noticed where it is read: everything that was secured
is ours, and everything else is still on the camera.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from device_profiles.matching import Decision
from ingest.admission import Admission, Policy, Reason, admit_device, admit_looked_at, admit_named, names_of
from ingest.bay_screen import BayScreen
from ingest.board import Board, Status
from ingest.camera import Docking
from ingest.crew import Crew, Login
from ingest.docked import How, undocked
from ingest.docks import BayPlace
from ingest.identify import DeviceClaim
from ingest.logging_in import Stay
from ingest.mtp_volume import as_volume, speaks_mtp
from ingest.turns import Turns
from ingest.usb import Appeared, Arrived, Departed, UsbDevice, UsbEvent, Vanished, Volume
from ingest.visit import Outcome, Visits
from storage.errors import SourceChanged, StorageUnavailable, YihuError
from storage.evidence import Kind
from storage.identity import found_again

_BEAT = timedelta(milliseconds=250)
NO_VOLUME, NOT_BACK = "no-volume", "not-back-as-volume"
_BUSY = (Status.IDENTIFYING, Status.READING, Status.PROVING, Status.CLEARING)
"""A camera that is taken out then was taken out too early."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all bays of a host share."""

    visits: Visits
    board: Board
    policy: Policy
    turns: Turns
    crew: Crew
    login: Login
    refused: Callable[[UsbDevice, BayPlace | None, Reason], None]
    """Records a refusal."""
    dock_of: Callable[[BayPlace], str]
    """Returns the pseudonym of the dock a bay belongs to."""
    stop: threading.Event
    volume_within: timedelta = timedelta(seconds=30)
    """How long a camera may take to show a volume."""
    again_every: timedelta = timedelta(seconds=30)
    """How often what could not be done yet is tried again, as long as the camera is there."""


@dataclass(slots=True)
class Port:
    """One bay."""

    bay: BayPlace
    desk: Desk
    _screen: BayScreen = field(init=False)
    _stay: Stay = field(init=False)
    _box: queue.SimpleQueue[UsbEvent] = field(default_factory=queue.SimpleQueue)
    _device: UsbDevice | None = None
    _volumes: dict[str, Volume] = field(default_factory=dict)
    """Those that are there, by their place in sysfs."""
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _due: float | None = None
    """When to look again, by the monotonic clock."""

    def __post_init__(self) -> None:
        rule = self.desk.policy.rule(self.bay)
        self._screen = BayScreen(self.desk.board, self.bay.name, is_locked=rule.is_locked, has_priority=rule.has_priority)
        self._stay = Stay(self.desk.login)

    def tell(self, event: UsbEvent) -> None:
        """Put *event* into the box of this bay."""
        self._box.put(event)

    def run(self) -> None:
        """Attend to the bay until the desk stops; a docking that is open then is recorded as such."""
        self._screen.show_empty()
        while not self.desk.stop.is_set():
            try:
                self._turn()
            except YihuError as error:
                self._failed(error)
        with suppress(StorageUnavailable):  # then nobody saw how it ended, which is what the ledger says
            self._undocked("stopped")

    def _turn(self) -> None:
        try:
            event = self._box.get(timeout=_BEAT.total_seconds())
        except queue.Empty:
            if self._due is not None and time.monotonic() >= self._due:
                self._due = None
                self._again()
            return
        self._met(event)

    def _met(self, event: UsbEvent) -> None:
        match event:
            case Arrived(device):
                self._arrived(device)
            case Appeared(volume):
                self._appeared(volume)
            case Vanished(volume):
                self._volumes.pop(volume.sysfs, None)
                if not self._volumes:  # also where the card was taken out of a camera or reader that stays
                    self._left()
            case Departed(device):
                self._departed(device)

    # --- coming ---------------------------------------------------------------------------------------------------------

    def _arrived(self, device: UsbDevice) -> None:
        self._device = device
        self._outcomes.clear()
        admission = admit_device(self.desk.policy, device, self.bay, askable=self.desk.login.askable)
        if admission.is_ignored:
            return
        if admission.reason is not None:
            self._refuse(admission.reason)
            return
        self._screen.begin()
        self._look_again_in(self.desk.volume_within)
        if device.usb_id not in self.desk.login.askable and not self._stay.is_under_way:
            self._stay.forget()
        if device.usb_id in self.desk.login.askable:
            self._log_in(device)
        elif speaks_mtp(device):
            self._appeared(as_volume(device))

    def _log_in(self, device: UsbDevice) -> None:
        """Ask a camera that is no volume yet, and open it; in a few seconds it is another device in the same bay."""
        if self._stay.is_back(device):
            self._screen.show(Status.SAFE)
            return
        admission = self._admit_named(names_of(device, told=self._stay.ask(device)))
        if not admission.is_admitted:
            self._refuse(admission.reason or Reason.NOT_KNOWN)
            return
        fault = self._stay.unlock(device)
        if fault:
            self._screen.show(Status.REFUSED, error=fault)

    def _appeared(self, volume: Volume) -> None:
        self._volumes[volume.sysfs] = volume
        if self._screen.status is Status.REFUSED or self._device is None:
            return
        self._due = None
        self._stay.is_volume()
        admission = self._admit_named(names_of(volume.device, volume, self._stay.told))
        if not admission.is_admitted:
            self._refuse(admission.reason or Reason.NOT_KNOWN)
            return
        self._attend(volume)

    def _attend(self, volume: Volume) -> None:
        screen, visits = self._screen, self.desk.visits
        docking = self._docking(volume)
        screen.begin()
        with screen.reading(self.desk.turns, self.desk.stop) as manner:
            outcome = visits.attend(volume, docking, admit=self._admit_card(volume), show=screen.read, manner=manner)
        self._keep(volume, outcome)
        if outcome.refused is not None and outcome.refused.reason is not None:
            self._refuse(outcome.refused.reason)
            return
        outcome = visits.clear(outcome, screen.show, screen.clearing)
        self._keep(volume, outcome)
        if outcome.taken is not None:
            is_cleared = outcome.status is Status.CLEARED
            screen.stand(self.desk.crew.standing(outcome.taken, docking, is_cleared=is_cleared))
        self._settle()

    def _docking(self, volume: Volume) -> Docking:
        stay, dock = self._stay, self.desk.dock_of(self.bay)
        return Docking(bay=self.bay.name, dock=dock, usb=volume.device, first=stay.first, asked=stay.asked)

    # --- deciding -------------------------------------------------------------------------------------------------------

    def _admit_named(self, names: frozenset[str]) -> Admission:
        return admit_named(self.desk.policy, names)

    def _admit_card(self, volume: Volume) -> Callable[[Decision, DeviceClaim], Admission]:
        def admit(decision: Decision, claim: DeviceClaim) -> Admission:
            device = found_again(self.desk.visits.running.steps.index_key, Kind.DEVICE, str(claim))
            names = names_of(volume.device, volume, self._stay.told)
            return admit_looked_at(self.desk.policy, self.bay, decision, names=names, officer=self.desk.crew.badge_of(device))

        return admit

    def _refuse(self, reason: Reason) -> None:
        self._due = None
        self._screen.refuse(reason)
        if self._device is not None:
            self.desk.refused(self._device, self.bay, reason)

    # --- waiting --------------------------------------------------------------------------------------------------------

    def _again(self) -> None:
        """Try again what could not be done, or give up on a camera that shows no volume."""
        if self._device is None:
            self._screen.show(Status.FAILED, error=NOT_BACK)
            return
        if not self._outcomes and not self._volumes:
            self._screen.show(Status.FAILED, error=NO_VOLUME)
            return
        for volume in [each for each in self._volumes.values() if self._is_for_later(each)]:
            outcome = self._outcomes.get(volume.sysfs)
            if outcome is None or outcome.status is Status.FAILED:
                self._attend(volume)
                continue
            gone_on = self.desk.visits.go_on(outcome)
            self._keep(volume, self.desk.visits.clear(gone_on, self._screen.show, self._screen.clearing))
            self._settle()

    def _is_for_later(self, volume: Volume) -> bool:
        outcome = self._outcomes.get(volume.sysfs)
        return outcome is None or outcome.is_for_later

    def _keep(self, volume: Volume, outcome: Outcome) -> None:
        self._outcomes[volume.sysfs] = outcome
        if outcome.is_for_later:
            self._look_again_in(self.desk.again_every)

    def _settle(self) -> None:
        """Show where the bay stands, of several volumes the one that a person must know of first."""
        first = min(self._outcomes.values(), key=lambda outcome: _URGENCY.index(outcome.status))
        self._screen.settle(first)

    def _failed(self, error: YihuError) -> None:
        self._screen.failed(error)
        if not isinstance(error, SourceChanged):
            self._look_again_in(self.desk.again_every)

    def _look_again_in(self, delay: timedelta) -> None:
        due = time.monotonic() + delay.total_seconds()
        self._due = due if self._due is None else min(self._due, due)

    # --- going ----------------------------------------------------------------------------------------------------------

    def _departed(self, device: UsbDevice) -> None:
        if self._device is None or device.sysfs != self._device.sysfs:
            return
        self._device = None
        self._volumes.clear()
        if self._stay.is_under_way:
            self._look_again_in(self.desk.volume_within)
            return
        self._left()
        self._stay.over()

    def _left(self) -> None:
        """What was in the bay is gone: show whether that was too early, until something else is put in."""
        self._due = None
        how: How = "early" if self._screen.status in _BUSY or self._screen.was_pulled else "safe"
        self._screen.left(how)
        self._undocked(how)

    def _undocked(self, how: How) -> None:
        steps = self.desk.visits.running.steps
        dockings = {o.taken.report.docked: o.taken for o in self._outcomes.values() if o.taken is not None}
        self._outcomes.clear()
        for docking, taken in dockings.items():
            steps.custody.record(undocked(taken.device, steps.actor, docking=docking, how=how, bay=self.bay.name))


_URGENCY = (Status.FAILED, Status.REFUSED, Status.SAFE, Status.CLEARED)
"""Of several volumes of one camera, which one a person must know of first."""
