"""Duty in an office: who has which camera, who is at the dock, and what is known of a camera that is to go out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cases.duty.fitness import Demands, DutyFacts, Fitness, fitness
from cases.duty.handover import Handover
from cases.duty.holdings import Holdings
from cases.duty.identification import Identification, Patience
from cases.duty.values import Back, Holding
from storage.errors import LifeCycleError, Refused
from storage.evidence import Actor, Subject
from yihu.dock_sections import DutySection
from yihu.wiring import Office

__all__ = [
    "came_back_by_docking",
    "carried_by",
    "check_choice",
    "demands",
    "facts_of",
    "fitness_of",
    "handover",
    "holdings",
    "identification",
    "is_overdue",
]


def holdings(office: Office) -> Holdings:
    """Return who has which camera in *office*."""
    return Holdings(office.engine)


def handover(office: Office) -> Handover:
    """Return what records that cameras change hands."""
    return Handover(office.custody, office.engine, clock=office.clock)


def identification(office: Office) -> Identification:
    """Return what knows officers by card or PIN."""
    duty = office.settings.duty
    patience = Patience(duty.pin_attempts, timedelta(minutes=duty.pin_locked_minutes))
    return Identification(office.custody, office.engine, index_key=office.index_key, clock=office.clock, patience=patience)


def carried_by(office: Office) -> Callable[[Subject, datetime], Subject | None]:
    """Return what says who carried a camera at a moment, for whoever takes footage in; None is: not known."""
    return holdings(office).carried


def demands(duty: DutySection) -> Demands:
    """Return what the settings demand of a camera."""
    return Demands(
        battery_percent=duty.min_battery_percent,
        free_percent=duty.min_free_percent,
        free_hours=duty.min_free_hours,
        bitrate_kbit=duty.bitrate_kbit,
        clock_offset=timedelta(seconds=duty.max_clock_offset_seconds),
        since_docking=duty.since_docking,
        since_clear=timedelta(days=duty.max_days_since_clear),
    )


def facts_of(office: Office, device: Subject) -> DutyFacts:
    """Return what the ledger alone knows of a camera; a dock that has it in a bay knows more."""
    known = holdings(office)
    return DutyFacts(docked_at=known.last_time(device, "DOCKED"), cleared_at=known.last_time(device, "CLEARED"))


def fitness_of(office: Office, facts: DutyFacts) -> Fitness:
    """Say whether a camera of which *facts* are known is fit for duty in *office*, now."""
    return fitness(facts, demands(office.settings.duty), now=office.clock())


def is_overdue(office: Office, holding: Holding) -> bool:
    """Say whether a camera that is out should have been in the dock again by now."""
    within = office.settings.duty.since_docking
    if not within:
        return False
    docked = holdings(office).last_time(holding.device, "DOCKED")
    return office.clock() - max(holding.begin, docked or holding.begin) > within


def check_choice(office: Office) -> None:
    """Refuse a name that somebody chose, where the office wants more than that."""
    if not office.settings.duty.by_choice:
        message = "[duty] by_choice is off: an officer is known by card, PIN or signature here"
        raise Refused(message)


def came_back_by_docking(office: Office, device: Subject, *, actor: Actor) -> int | None:
    """
    Record that a camera found in the dock came back, where the office has it so, and return the entry.

    None where it does not, or where nobody had the camera. It may be called at every docking.
    """
    if not office.settings.duty.returned_by_docking or holdings(office).now(device) is None:
        return None
    try:
        return handover(office).give_back(device, actor=actor, how=Back.DOCKING)
    except LifeCycleError:
        # somebody gave it back at the same moment
        if holdings(office).now(device) is None:
            return None
        raise
