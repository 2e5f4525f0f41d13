"""That real servers lock what we lock, tell who is not let in, and hold what a second client can read."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from minio.commonconfig import ENABLED
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.canary import try_the_lock
from storage.errors import EvidenceError, Refused
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.s3 import BUCKETS, S3Store
from tests.contracts.conftest import OnServer
from tests.contracts.material import PART, giving, in_days, in_parts, some_bytes

NewName = Callable[..., ObjectName]


@pytest.fixture
def second_client(on_server: OnServer) -> Iterator[Any]:
    """A client by other people."""
    client = boto3.client(
        "s3",
        endpoint_url=on_server.server.endpoint,
        aws_access_key_id=on_server.server.access_key,
        aws_secret_access_key=on_server.server.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )
    yield client
    client.close()


def test_the_canary_outlives_every_attack(on_server: OnServer) -> None:
    attempts = try_the_lock(on_server.store, now=datetime.now(UTC))

    assert [attempt.what for attempt in attempts if not attempt.denied] == []
    assert len(attempts) == 7


def test_the_canary_outlives_the_owner_of_the_server(on_server: OnServer) -> None:
    access_key, secret_key = on_server.server.owner
    store = S3Store(on_server.server.endpoint, access_key=access_key, secret_key=secret_key, http=on_server.cable)

    assert all(attempt.denied for attempt in try_the_lock(store, now=datetime.now(UTC)))


@pytest.fixture
def without_lock(on_server: OnServer) -> S3Store:
    """A store whose bucket for evidence is versioned but does not lock."""
    access_key, secret_key = on_server.server.owner
    store = S3Store(
        on_server.server.endpoint,
        access_key=access_key,
        secret_key=secret_key,
        buckets={Bucket.EVIDENCE: f"plain-{secrets.token_hex(4)}", Bucket.INDEX: BUCKETS[Bucket.INDEX]},
        http=on_server.cable,
    )
    store.client.make_bucket(store.bucket(Bucket.EVIDENCE))
    store.client.set_bucket_versioning(store.bucket(Bucket.EVIDENCE), VersioningConfig(ENABLED))
    return store


def test_a_bucket_without_lock_is_refused_for_evidence(without_lock: S3Store) -> None:
    with pytest.raises(EvidenceError, match="made without object lock"):
        without_lock.prepare(days=1)


def test_a_bucket_without_lock_is_found_out_even_if_nobody_prepared_it(without_lock: S3Store) -> None:
    """Either no canary can be locked in it, or it does not outlive the attacks."""
    try:
        attempts = try_the_lock(without_lock, now=datetime.now(UTC))
    except EvidenceError:
        return

    assert not all(attempt.denied for attempt in attempts)


def test_preparing_again_never_shortens_what_a_bucket_keeps(on_server: OnServer) -> None:
    on_server.server.prepare(days=3)
    on_server.store.prepare(days=2)

    lock = on_server.store.client.get_object_lock_config(BUCKETS[Bucket.EVIDENCE])

    assert (lock.mode, lock.duration, lock.duration_unit) == ("COMPLIANCE", 3, "Days")


def test_evidence_is_locked_even_if_nobody_says_until_when(on_server: OnServer, new_name: NewName) -> None:
    stored = deposit(on_server.store, new_name(), giving(b"x"), Promise.of_bytes(b"x"), retain_until=None)

    assert stored.retained_until is not None
    assert stored.retained_until > datetime.now(UTC)


@pytest.mark.parametrize(("access_key", "secret_key"), [("nobody", "nothing-at-all"), (None, "wrong-secret")])
def test_a_wrong_key_is_a_refusal_that_says_so(
    on_server: OnServer, new_name: NewName, access_key: str | None, secret_key: str
) -> None:
    server, name = on_server.server, new_name()
    store = S3Store(server.endpoint, access_key=access_key or server.access_key, secret_key=secret_key, http=on_server.cable)

    with pytest.raises(Refused, match=r"SignatureDoesNotMatch|InvalidAccessKeyId"):
        deposit(store, name, giving(b"x"), Promise.of_bytes(b"x"), retain_until=None)
    with pytest.raises(Refused):
        store.describe(name, "0" * 32)


def test_a_bucket_that_is_not_there_is_no_missing_object(on_server: OnServer, new_name: NewName) -> None:
    server = on_server.server
    store = S3Store(
        server.endpoint,
        access_key=server.access_key,
        secret_key=server.secret_key,
        buckets={Bucket.EVIDENCE: "nobody-made-this", Bucket.INDEX: "nor-this"},
        http=on_server.cable,
    )

    with pytest.raises(EvidenceError):
        deposit(store, new_name(), giving(b"x"), Promise.of_bytes(b"x"), retain_until=None)


def test_a_second_client_reads_the_bytes_and_the_lock(
    on_server: OnServer,
    new_name: NewName,
    second_client: Any,  # noqa: ANN401 - boto3 has no types
) -> None:
    data, until = some_bytes(2 * PART + 1000), in_days(2)
    promise = in_parts(data)
    stored = deposit(on_server.store, new_name(), giving(data), promise, retain_until=until, media_type="video/mp4")
    address = {"Bucket": BUCKETS[stored.name.bucket], "Key": stored.name.key, "VersionId": stored.version}

    answer = second_client.get_object(**address)
    retention = second_client.get_object_retention(**address)["Retention"]

    assert hashlib.sha256(answer["Body"].read()).digest() == promise.sha256.value
    assert answer["ContentType"] == "video/mp4"
    assert answer["Metadata"] == {"sha256": promise.sha256.hex, "blake3": promise.blake3.hex}
    assert retention["Mode"] == "COMPLIANCE"
    assert retention["RetainUntilDate"] == stored.retained_until


def test_a_second_client_is_refused_what_we_are_refused(
    on_server: OnServer,
    new_name: NewName,
    second_client: Any,  # noqa: ANN401 - boto3 has no types
) -> None:
    stored = deposit(on_server.store, new_name(), giving(b"x"), Promise.of_bytes(b"x"), retain_until=in_days(2))
    address = {"Bucket": BUCKETS[stored.name.bucket], "Key": stored.name.key, "VersionId": stored.version}

    with pytest.raises(second_client.exceptions.ClientError):
        second_client.delete_object(**address)
    with pytest.raises(second_client.exceptions.ClientError):
        second_client.put_object_retention(
            **address,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": in_days(3)},
            BypassGovernanceRetention=True,
        )

    assert on_server.store.describe(stored.name, stored.version) == stored


def test_a_second_client_finds_each_part_as_it_was_promised(
    on_server: OnServer,
    new_name: NewName,
    second_client: Any,  # noqa: ANN401 - boto3 has no types
) -> None:
    data = some_bytes(2 * PART + 1000)
    promise = in_parts(data)
    stored = deposit(on_server.store, new_name(), giving(data), promise, retain_until=None)
    address = {"Bucket": BUCKETS[stored.name.bucket], "Key": stored.name.key, "VersionId": stored.version}

    for number, expected in enumerate(promise.parts, 1):
        answer = second_client.get_object(**address, PartNumber=number)

        assert answer["PartsCount"] == 3
        assert hashlib.sha256(answer["Body"].read()).digest() == expected


def test_the_audit_sees_a_bucket_that_does_not_keep(on_server: OnServer, without_lock: S3Store) -> None:
    """As prepared nothing is wrong; versioning that was suspended, and a bucket that never locked, are named."""
    assert list(on_server.store.bucket_faults()) == []
    client, bucket = without_lock.client, without_lock.bucket(Bucket.EVIDENCE)
    client.set_bucket_versioning(bucket, VersioningConfig(SUSPENDED))

    faults = without_lock.bucket_faults()
    assert next(faults) == f"bucket {bucket}: expected versioning, found Suspended"
    with pytest.raises(EvidenceError, match="made without object lock"):
        next(faults)
