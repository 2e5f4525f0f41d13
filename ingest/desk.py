"""What all bays of a host share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ingest.admission import Policy, Reason
from ingest.board import Board
from ingest.crew import Crew, Login
from ingest.docks import BayPlace
from ingest.turns import Turns
from ingest.usb import UsbDevice
from ingest.visit import Visits


@dataclass(frozen=True, slots=True)
class Desk:
    """What a `Port` needs besides its bay."""

    visits: Visits
    board: Board
    policy: Policy
    turns: Turns
    crew: Crew
    login: Login
    refused: Callable[[UsbDevice, BayPlace | None, Reason], None]
    """Records a refusal, or counts it until it can be."""
    dock_of: Callable[[BayPlace], str]
    """Returns the pseudonym of the dock a bay belongs to."""
    stop: threading.Event
    volume_within: timedelta = timedelta(seconds=30)
    """How long a camera may take to show a volume."""
    again_every: timedelta = timedelta(seconds=30)
    """How often what could not be done yet is tried again, as long as the camera is there."""
    steady_for: timedelta = timedelta(seconds=10)
    """How long something must stay that came and went many times within a minute, before it is read."""
