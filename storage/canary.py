"""
The canary: an object that is there to be attacked, so that a store which does not keep what it promised is found out.

It is run when the program starts, daily, and against every server the tests know. Each attack is one that a thief of our keys
would try through the front door; the side doors of a server (its disks, its own ports) are not ours to try. No attack touches
anything but the canary: deleting the whole bucket, which one server does for its owner if the bucket has no lock, is not tried.
If one attack succeeds, cameras are not to be cleared against this store.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from minio.commonconfig import COMPLIANCE, ENABLED, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.retention import Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.errors import EvidenceError, RetentionRefused
from storage.objects import Bucket, ObjectName, Promise, Stored, deposit
from storage.s3 import S3Store
from storage.s3_wire import translated

_KEEP = timedelta(days=1)
_PREFIX = "canary/"
_SIZE = 64


_Attack: TypeAlias = Callable[[S3Store, Stored, datetime], object]
"""Something done to a canary that is locked until the given time."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attack, and whether the canary outlived it."""

    what: str
    """A code: ``delete-version``, ``shorten`` …"""
    denied: bool
    """Whether canary, lock and bucket are as they were, whatever the store answered."""
    answer: str
    """What the store answered, for the person who looks into it."""


def try_the_lock(store: S3Store, *, now: datetime) -> list[Attempt]:
    """
    Put a canary under lock for a day, attack it in every way we know, and say how each attack ended.

    Canaries of earlier days are disposed of first, and what an attack did to the bucket is undone. Raises what keeps a canary
    from being put there.
    """
    _dispose_of_old(store)
    until = now + _KEEP
    canary = _put(store, until=until)
    attempts = []
    for what, attack in _ATTACKS.items():
        answer = _answer(what, partial(attack, store, canary, until))
        attempts.append(Attempt(what, denied=_stands(store, canary), answer=answer))
        if not attempts[-1].denied:
            with translated("enabling versioning again"):
                store.client.set_bucket_versioning(store.bucket(Bucket.EVIDENCE), VersioningConfig(ENABLED))
            canary = _put(store, until=until)
    return attempts


def _answer(what: str, attack: Callable[[], object]) -> str:
    try:
        with translated(what):
            attack()
    except EvidenceError as error:
        return str(error)
    return "done"


def _stands(store: S3Store, canary: Stored) -> bool:
    """Whether canary, lock and versioning are as they were."""
    try:
        found = store.describe(canary.name, canary.version)
        with store.open(canary.name, version=canary.version) as readable:
            content = readable.read()
    except EvidenceError:
        return False
    with translated("reading the versioning of the bucket"):
        versioning = store.client.get_bucket_versioning(store.bucket(Bucket.EVIDENCE)).status
    return found == canary and Promise.of_bytes(content).sha256 == canary.sha256 and versioning == ENABLED


def _put(store: S3Store, *, until: datetime) -> Stored:
    content = secrets.token_bytes(_SIZE)
    name = ObjectName(Bucket.EVIDENCE, f"{_PREFIX}{secrets.token_hex(16)}")
    return deposit(store, name, lambda: io.BytesIO(content), Promise.of_bytes(content), retain_until=until)


def _dispose_of_old(store: S3Store) -> None:
    for line in list(store.inventory(Bucket.EVIDENCE, _PREFIX)):
        try:
            store.dispose(line.name, line.version)
        except RetentionRefused:
            continue  # still locked: it may have been put there today


def _delete_version(store: S3Store, canary: Stored, _: datetime) -> None:
    store.client.remove_object(*_address(store, canary), version_id=canary.version)


def _delete_in_bulk(store: S3Store, canary: Stored, _: datetime) -> None:
    bucket, key = _address(store, canary)
    refusals = list(store.client.remove_objects(bucket, [DeleteObject(key, canary.version)], bypass_governance_mode=True))
    if refusals:
        message = f"{refusals[0].code}: {refusals[0].message}"
        raise RetentionRefused(message)


def _shorten(store: S3Store, canary: Stored, until: datetime) -> None:
    store.client.set_object_retention(*_address(store, canary), Retention(COMPLIANCE, until - _KEEP / 2), canary.version)


def _downgrade(store: S3Store, canary: Stored, until: datetime) -> None:
    store.client.set_object_retention(*_address(store, canary), Retention(GOVERNANCE, until), canary.version)


def _suspend_versioning(store: S3Store, _: Stored, __: datetime) -> None:
    store.client.set_bucket_versioning(store.bucket(Bucket.EVIDENCE), VersioningConfig(SUSPENDED))


def _write_over(store: S3Store, canary: Stored, until: datetime) -> None:
    forgery = secrets.token_bytes(_SIZE)
    store.deposit(canary.name, lambda: io.BytesIO(forgery), Promise.of_bytes(forgery), retain_until=until)


def _mark_deleted(store: S3Store, canary: Stored, _: datetime) -> None:
    store.client.remove_object(*_address(store, canary))


def _address(store: S3Store, stored: Stored) -> tuple[str, str]:
    return store.bucket(stored.name.bucket), stored.name.key


_ATTACKS: dict[str, _Attack] = {
    "delete-version": _delete_version,
    "delete-in-bulk": _delete_in_bulk,
    "shorten": _shorten,
    "downgrade": _downgrade,
    "suspend-versioning": _suspend_versioning,
    "write-over": _write_over,
    "mark-deleted": _mark_deleted,
}
