"""A small dock for tests: a card comes, is listed, examined and taken in, step by step as `ingest.examining` says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from device_profiles.matching import match
from device_profiles.profile import load_profiles
from ingest.before import Space
from ingest.camera import Asked, ClockReading, Docking
from ingest.cards import Card
from ingest.claims import Claim
from ingest.docked import Arrival
from ingest.examining import Examination, Examining, Listed
from ingest.identify import identify
from ingest.manifest import list_card
from ingest.time_source import TimeSource
from storage.evidence import Subject
from yihu.wiring import Office

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
GNSS = TimeSource("gnss", synchronised=True, error_ms=5)


@dataclass(frozen=True, slots=True)
class Came:
    """How a card came."""

    card: Path
    shows: str | None = None
    """What its clock showed; None where it cannot be asked."""
    profile: str | None = None
    now: datetime = NOW
    mount: str = ""
    space: Space | None = None
    needs_password: bool | None = None
    is_whole: bool = True


def examine(office: Office, came: Came) -> Examination:
    """Dock and list the card, and look at it; nothing is recorded of what is found."""
    steps = office.pipeline().steps
    with Card(came.card, identify(came.card, "DEMO-1")) as card:
        device, look = steps.enrolled(card.claim), card.appearance()
        profile = match(load_profiles(), replace(look, chosen=came.profile))
        clock = None if came.shows is None else ClockReading(came.shows, None, came.now, timedelta(milliseconds=20))
        asked = Asked("sample", clock=clock, needs_password=came.needs_password)
        docking = Docking(bay="A1", asked=asked, mount_options=came.mount)
        arrival = Arrival.of(docking, profile, source=GNSS, earlier=office.dockings.last_measured(device))
        office.custody.record(arrival.entry(device, office.dock, where=str(card.root)))
        manifest = list_card(card, profile)
        number = steps.manifested(device, manifest)
    listed = Listed(device, number, manifest, arrival, came.now, came.space, look.folders, came.is_whole)
    return examining(office).examine(listed)


def examining(office: Office) -> Examining:
    """What an office examines cards with."""
    return Examining(office.engine, office.vault, office.custody, office.dock, office.index_key)


def take(office: Office, examination: Examination, card: Path) -> dict[str, Subject]:
    """Take every recording in, and give the clips by their path."""
    return {claim.path.text: _secured(office, claim, card) for claim in examination.claims}


def _secured(office: Office, claim: Claim, root: Path) -> Subject:
    with office.spool.lock(), Card(root, identify(root, "DEMO-1")) as card:
        return office.pipeline().steps.securing.secure(claim, lambda: card.open(claim.path), lambda _done: None).clip


def docked(office: Office, came: Came) -> tuple[Examination, dict[str, Subject]]:
    """Do everything."""
    examination = examine(office, came)
    examining(office).record(examination)
    return examination, take(office, examination, came.card)
