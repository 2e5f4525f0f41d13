"""
A bay of a dock, from the moment something is put into it to the moment it is taken out.

One thread attends to each bay. What udev tells is put into its box by `Port.tell`, which never waits; the thread takes it out
when it is done with the last thing. A camera that is pulled meanwhile is noticed where it is read: everything that was secured
is ours, and everything else is still on the camera.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from device_profiles.matching import Decision
from ingest.admission import Admission, Reason, admit_device, admit_looked_at, admit_named, names_of
from ingest.bay_screen import BayScreen
from ingest.board import Status
from ingest.camera import Docking
from ingest.desk import Desk
from ingest.docked import How
from ingest.docks import BayPlace
from ingest.due import Due, Lately
from ingest.identify import DeviceClaim
from ingest.logging_in import Stay
from ingest.mtp_volume import as_volume, speaks_mtp
from ingest.progress import Progress
from ingest.usb import Appeared, Arrived, Departed, UsbDevice, UsbEvent, Vanished, Volume
from ingest.visit import Outcome
from ingest.whereabouts import Whereabouts
from storage.errors import SourceChanged, Stopping, YihuError
from storage.evidence import Kind
from storage.identity import found_again

_BEAT = timedelta(milliseconds=250)
NO_VOLUME, NOT_BACK = "no-volume", "not-back-as-volume"
_BUSY = (Status.IDENTIFYING, Status.READING, Status.PROVING, Status.CLEARING)
"""A camera that is taken out then was taken out too early."""


@dataclass(slots=True)
class Port:
    """One bay."""

    bay: BayPlace
    desk: Desk
    _screen: BayScreen = field(init=False)
    _stay: Stay = field(init=False)
    _there: Whereabouts = field(init=False)
    _box: queue.SimpleQueue[UsbEvent] = field(default_factory=queue.SimpleQueue)
    _device: UsbDevice | None = None
    _is_turned_away: bool = False
    """It was refused as a whole: none of its volumes is touched."""
    _volumes: dict[str, Volume] = field(default_factory=dict)
    """Those that are there, by their place in sysfs."""
    _is_left: bool = False
    """What was in it is gone, and was shown to be."""
    _was_read: bool = False
    """What was last in it was ours before it went."""
    _leavings: Lately = field(default_factory=Lately)
    _due: Due = field(default_factory=Due)
    """When to look again."""

    def __post_init__(self) -> None:
        rule = self.desk.policy.rule(self.bay)
        self._screen = BayScreen(self.desk.board, self.bay.name, is_locked=rule.is_locked, has_priority=rule.has_priority)
        self._stay = Stay(self.desk.login)
        self._there = Whereabouts(self.desk.visits.running.steps, self.bay.name, self.desk.again_every)

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
        with suppress(YihuError):  # then nobody saw how it ended, which is what the ledger says
            self._there.gone("stopped")

    def _turn(self) -> None:
        try:
            event = self._box.get(timeout=_BEAT.total_seconds())
        except queue.Empty:
            self._there.pay_what_is_due()
            if self._due.has_come():
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
                self._vanished(volume)
            case Departed(device):
                self._departed(device)

    # --- coming ---------------------------------------------------------------------------------------------------------

    def _arrived(self, device: UsbDevice) -> None:
        self._device, self._is_left, self._is_turned_away = device, False, False
        self._due.afresh()
        if not self._volumes:
            self._there.gone("early")  # nobody told that it went
        admission = admit_device(self.desk.policy, device, self.bay, askable=self.desk.login.askable)
        if admission.is_ignored:
            return
        if admission.reason is not None:
            self._turn_away(admission.reason)
            return
        self._screen.begin()
        self._due.within(self.desk.volume_within)
        if device.usb_id not in self.desk.login.askable and not self._stay.is_under_way:
            self._stay.forget()
        if device.usb_id in self.desk.login.askable:
            self._log_in(device)
        elif speaks_mtp(device):
            self._appeared(as_volume(device))

    def _log_in(self, device: UsbDevice) -> None:
        """Ask a camera that is no volume yet, and open it; in a few seconds it is another device in the same bay."""
        if self._stay.is_back(device):
            self._due.never()
            self._screen.show(Status.SAFE)
            return
        admission = self._admit_named(names_of(device, told=self._stay.ask(device)))
        if not admission.is_admitted:
            self._turn_away(admission.reason or Reason.NOT_KNOWN)
            return
        fault = self._stay.unlock(device)
        if fault:
            self._due.never()
            self._screen.show(Status.REFUSED, error=fault)

    def _appeared(self, volume: Volume) -> None:
        if self._is_turned_away or self._device is None:
            return
        self._volumes[volume.sysfs] = volume
        self._is_left = False
        self._due.never()
        self._stay.is_volume()
        if self._leavings.are_many:
            self._due.within(self.desk.steady_for)
        else:
            self._attend(volume)

    def _attend(self, volume: Volume) -> None:
        screen, visits = self._screen, self.desk.visits
        admission = self._admit_named(names_of(volume.device, volume, self._stay.told))
        if not admission.is_admitted:
            self._refuse(volume, Outcome(Status.REFUSED, error=str(admission.reason), refused=admission))
            return
        docking = self._docking(volume)
        screen.begin()
        with screen.reading(self.desk.turns, self.desk.stop) as reading:
            manner = replace(reading, docked=self._there.docks(volume))
            outcome = visits.attend(volume, docking, admit=self._admit_card(volume), show=screen.read, manner=manner)
        if outcome.refused is not None:
            self._refuse(volume, outcome)
        else:
            self._conclude(volume, outcome)

    def _conclude(self, volume: Volume, outcome: Outcome) -> None:
        """Clear what was taken in, where that is wanted, and say how it stands; what breaks that off leaves it for later."""
        self._there.keep(volume, replace(outcome, is_for_later=True))
        cleared = self.desk.visits.clear(outcome, self._screen.show, self._saw_clearing)
        self._there.keep(volume, replace(cleared, is_for_later=True))
        if cleared.taken is not None:
            is_cleared = cleared.status is Status.CLEARED
            self._screen.stand(self.desk.crew.standing(cleared.taken, self._docking(volume), is_cleared=is_cleared))
        self._there.keep(volume, cleared)
        self._settle()

    def _saw_clearing(self, progress: Progress) -> None:
        if self.desk.stop.is_set():
            message = f"bay {self.bay.name}: not cleared on"
            raise Stopping(message)
        self._screen.clearing(progress)

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

    def _turn_away(self, reason: Reason) -> None:
        """Refuse what is in the bay as a whole."""
        self._is_turned_away = True
        self._due.never()
        self._stay.forget()
        self._refused(reason)

    def _refuse(self, volume: Volume, outcome: Outcome) -> None:
        """Leave *volume* unread; another one of the same camera may be a card all the same."""
        self._there.keep(volume, outcome)
        self._refused(Reason(outcome.error))
        self._settle()

    def _refused(self, reason: Reason) -> None:
        self._screen.refuse(reason)
        if self._device is not None:
            self.desk.refused(self._device, self.bay, reason)

    # --- waiting --------------------------------------------------------------------------------------------------------

    def _again(self) -> None:
        """Try again what could not be done, or give up on a camera that shows no volume."""
        if self._device is None:
            self._stay.forget()
            self._screen.show(Status.FAILED, error=NOT_BACK)
            return
        if not self._volumes:
            self._screen.show(Status.FAILED, error=NO_VOLUME)
            return
        for volume in [each for each in self._volumes.values() if self._is_for_later(each)]:
            outcome = self._there.of(volume)
            if outcome is None or outcome.status is Status.FAILED:
                self._attend(volume)
            else:
                self._conclude(volume, self.desk.visits.go_on(outcome))

    def _is_for_later(self, volume: Volume) -> bool:
        outcome = self._there.of(volume)
        return outcome is None or outcome.is_for_later

    def _settle(self) -> None:
        """Show where the bay stands, and come back to what may end better."""
        first = self._there.first
        if first is not None:
            self._screen.settle(first)
        if self._there.is_for_later:
            self._due.once_more(self.desk.again_every)

    def _failed(self, error: YihuError) -> None:
        self._screen.failed(error)
        if self._device is not None and not isinstance(error, SourceChanged):
            self._due.once_more(self.desk.again_every)

    # --- going ----------------------------------------------------------------------------------------------------------

    def _vanished(self, volume: Volume) -> None:
        if self._volumes.pop(volume.sysfs, None) is None:
            return
        if not self._volumes:  # also where the card was taken out of a camera or reader that stays
            self._left()
            return
        self._there.gone("safe", volume)
        if not self._screen.was_pulled:
            self._settle()

    def _departed(self, device: UsbDevice) -> None:
        if self._device is None or device.sysfs != self._device.sysfs:
            return
        self._device = None
        self._volumes.clear()
        if self._stay.is_under_way:
            self._due.within(self.desk.volume_within)
            return
        if not self._is_left:
            self._left()
        self._stay.over(is_read=self._was_read)

    def _left(self) -> None:
        """What was in the bay is gone: show whether that was too early, until something else is put in."""
        self._due.afresh()
        self._is_left = True
        self._leavings.once_more()
        how: How = "early" if self._screen.status in _BUSY or self._screen.was_pulled else "safe"
        self._was_read = how == "safe" and self._there.is_read
        self._screen.left(how)
        self._there.gone(how)
