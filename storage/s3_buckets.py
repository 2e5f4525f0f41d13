"""Making the two buckets, looking at them, and refusing one for evidence that would not keep it."""

from __future__ import annotations

from collections.abc import Iterator

from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.error import S3Error
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.versioningconfig import VersioningConfig

from storage.errors import EvidenceError
from storage.s3_wire import translated

_DAYS_OF_YEAR = 365


def prepare(client: Minio, *, evidence: str, index: str, days: int) -> None:
    """Make what is missing, change only what makes it stricter, and raise `EvidenceError` if evidence would not be locked."""
    with translated(f"preparing bucket {evidence}"):
        if not client.bucket_exists(evidence):
            client.make_bucket(evidence, object_lock=True)
        standing = _lock(client, evidence)
        if standing.mode != COMPLIANCE or _days(standing) < days:
            client.set_object_lock_config(evidence, ObjectLockConfig(COMPLIANCE, days, DAYS))
        _confirm(client, evidence, days=days)
    with translated(f"preparing bucket {index}"):
        if not client.bucket_exists(index):
            client.make_bucket(index)
        if client.get_bucket_versioning(index).status != ENABLED:
            client.set_bucket_versioning(index, VersioningConfig(ENABLED))


def bucket_faults(client: Minio, *, evidence: str, index: str) -> Iterator[str]:
    """Say what is wrong with the buckets as they stand now; nothing is changed. A bucket that is not there is `NotFound`."""
    for bucket in (evidence, index):
        with translated(f"reading the versioning of bucket {bucket}"):
            versioning = client.get_bucket_versioning(bucket).status
        if versioning != ENABLED:
            yield f"bucket {bucket}: expected versioning, found {versioning}"
    with translated(f"reading the lock of bucket {evidence}"):
        lock = _lock(client, evidence)
    if lock.mode != COMPLIANCE or not _days(lock):
        yield f"bucket {evidence}: expected COMPLIANCE by default, found {lock.mode} {lock.duration} {lock.duration_unit}"


def _lock(client: Minio, bucket: str) -> ObjectLockConfig:
    try:
        return client.get_object_lock_config(bucket)
    except S3Error as error:
        if error.code != "ObjectLockConfigurationNotFoundError":
            raise
        message = f"bucket {bucket}: it was made without object lock, evidence would not be kept in it"
        raise EvidenceError(message) from error


def _confirm(client: Minio, bucket: str, *, days: int) -> None:
    lock = _lock(client, bucket)
    versioning = client.get_bucket_versioning(bucket).status
    if lock.mode != COMPLIANCE or _days(lock) < days or versioning != ENABLED:
        found = f"{lock.mode} {lock.duration} {lock.duration_unit}, versioning {versioning}"
        message = f"bucket {bucket}: expected COMPLIANCE for {days} days and versioning, found {found}"
        raise EvidenceError(message)


def _days(lock: ObjectLockConfig) -> int:
    return (lock.duration or 0) * (1 if lock.duration_unit == DAYS else _DAYS_OF_YEAR)
