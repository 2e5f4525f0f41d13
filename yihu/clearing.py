"""Clearing the cameras of an office: by its policy, against its store, under what its witnesses hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import urllib3

from device_profiles.matching import match
from device_profiles.profile import load_profiles
from ingest.cards import Card
from ingest.clear import Clearing
from ingest.clear_policy import Policy, When
from ingest.manifest import list_card
from ingest.progress import Watcher, unwatched
from ingest.proving import Proven, Proving
from storage.canary import try_the_lock
from storage.clearings import Clearings
from storage.errors import EvidenceError, NotFound
from storage.evidence import Kind
from storage.identity import found_again
from storage.ledger.anchored import Outside
from storage.objects import ObjectStore
from storage.s3 import S3Store
from yihu.notary import ask_witnesses
from yihu.wiring import Office

__all__ = ["JOURNALS", "CameraClearing", "LockShown", "policy_of", "proved"]

JOURNALS = Path("clearing")
"""Where, in the office, is kept what is just being removed."""
_SHOWN_FOR = timedelta(days=1)


def policy_of(office: Office) -> Policy:
    """Return what the settings say about clearing."""
    section = office.settings.clear
    return Policy(When(section.policy), section.days, section.trust_folder_store)


@dataclass(slots=True)
class LockShown:
    """Whether the store withstood every attack with our own key, tried again once a day; a folder is never tried."""

    store: Callable[[], ObjectStore]
    clock: Callable[[], datetime]
    _shown_at: datetime | None = None
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> bool:
        """Say it. Raises `StorageUnavailable` where the store is away."""
        store = self.store()
        if not isinstance(store, S3Store):
            return False
        with self._alone:
            now = self.clock()
            if self._shown_at is None or not timedelta(0) <= now - self._shown_at < _SHOWN_FOR:
                self._shown_at = now if _withstands(store, now) else None
            return self._shown_at is not None


def _withstands(store: S3Store, now: datetime) -> bool:
    try:
        attempts = try_the_lock(store, now=now)
    except EvidenceError:
        # a canary that cannot be put there shows nothing
        return False
    return bool(attempts) and all(attempt.denied for attempt in attempts)


@dataclass(frozen=True)
class CameraClearing:
    """Both halves of clearing, for one office; shared by all ports."""

    office: Office

    @cached_property
    def proving(self) -> Proving:
        """What proves, while the card is mounted for reading."""
        office = self.office
        return Proving(
            catalog=office.catalog,
            store=lambda: office.store,
            outside=Outside(office.engine, office.log),
            policy=policy_of(office),
            store_is_locked=LockShown(lambda: office.store, office.clock),
            clock=office.clock,
        )

    @cached_property
    def clearing(self) -> Clearing:
        """What removes, once the card is mounted for clearing."""
        office = self.office
        return Clearing(office.custody, self.known, office.dock, office.home / JOURNALS)

    @cached_property
    def known(self) -> Clearings:
        """What is known of clearings."""
        return Clearings(self.office.engine)


def proved(clearing: CameraClearing, card: Card, *, profile: str | None = None, watcher: Watcher = unwatched) -> Proven:
    """
    Prove what is on a card, or in a folder, that a person named and that was taken in before; the witnesses are asked first.

    Raises `NotFound` for a camera that is not known, and what `Proving.prove` raises.
    """
    office = clearing.office
    device = found_again(office.index_key, Kind.DEVICE, str(card.claim))
    manifest = clearing.known.last_manifest(device)
    if manifest is None:
        message = f"{device}: nothing was taken in from this camera yet; run yihu ingest first"
        raise NotFound(message)
    office.log.checkpoint()
    # who does not answer is told by what is not anchored
    for _ in ask_witnesses(office.log, office.log.anchors.witnesses(), urllib3.PoolManager()):
        pass
    profiles = load_profiles(office.settings.ingest.profiles)
    listed = list_card(card, match(profiles, replace(card.appearance(), chosen=profile)))
    return clearing.proving.prove(device, manifest, listed, watcher)
