"""
An S3 server as an object store: two buckets, `EVIDENCE` under object lock, `INDEX` versioned.

Tried on MinIO and SeaweedFS; any server that passes the store contract will do. The server is trusted for availability only:
what it says of size, version and lock is read back after every deposit, and bytes are proved by reading them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.credentials.credentials import Credentials
from minio.datatypes import Object
from minio.error import S3Error
from minio.retention import Retention

from storage.errors import EvidenceError, NotFound
from storage.evidence import Digest
from storage.objects import Bucket, ObjectName, Promise, Readable, Source, Stored, VersionInfo, whole_second
from storage.s3_buckets import bucket_faults, prepare
from storage.s3_multipart import LostAnswer, abort, unfinished, write
from storage.s3_wire import Wire, http_pool, refusing, translated

BUCKETS: Mapping[Bucket, str] = {Bucket.EVIDENCE: "evidence", Bucket.INDEX: "index"}
"""What the buckets are called on a server that is ours alone."""


class S3Store:
    """The object store on an S3 server. It holds no state but connections; threads may share it."""

    grade = "object lock, COMPLIANCE"
    """How well it keeps evidence, said wherever the store is named; `storage.canary` finds out whether it is true."""

    def __init__(
        self,
        endpoint: str,
        *,
        access_key: str,
        secret_key: str,
        buckets: Mapping[Bucket, str] = BUCKETS,
        region: str = "us-east-1",
        ca_file: Path | None = None,
        http: urllib3.PoolManager | None = None,
    ) -> None:
        self._http = pool = http or http_pool(ca_file)
        credentials = Credentials(access_key, secret_key)
        self._buckets = dict(buckets)
        self._wire = Wire(endpoint, credentials, region=region, http=pool)
        url = urlsplit(endpoint)
        self.client = Minio(
            url.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=url.scheme == "https",
            region=region,
            http_client=pool,
        )
        """For what only `storage.canary` tries: everything that must be refused."""

    def prepare(self, *, days: int) -> None:
        """
        Make the buckets if they are not there; evidence is locked for at least *days* by default.

        Raises `EvidenceError` if there is a bucket for evidence that cannot lock, or whose lock can be lifted.
        """
        prepare(self.client, evidence=self._buckets[Bucket.EVIDENCE], index=self._buckets[Bucket.INDEX], days=days)

    def bucket_faults(self) -> Iterator[str]:
        """Say what is wrong with the buckets as they stand now."""
        return bucket_faults(self.client, evidence=self._buckets[Bucket.EVIDENCE], index=self._buckets[Bucket.INDEX])

    def close(self) -> None:
        """Close the connections that are kept; the next call opens new ones."""
        self._http.clear()

    def bucket(self, bucket: Bucket) -> str:
        """Say what the server calls *bucket*."""
        return self._buckets[bucket]

    def deposit(
        self,
        name: ObjectName,
        source: Source,
        promise: Promise,
        *,
        retain_until: datetime | None,
        media_type: str = "application/octet-stream",
    ) -> Stored:
        """Write one new version, every part checked by the server; a lost last answer is found out about."""
        headers = _description(promise, retain_until, media_type)
        try:
            version = write(self._wire, self._path(name), source, promise, headers)
        except LostAnswer as lost:
            return self._adopted(name, promise, lost)
        return Stored(name, version, promise.size, promise.sha256, promise.blake3, retain_until, media_type)

    def _adopted(self, name: ObjectName, promise: Promise, lost: LostAnswer) -> Stored:
        try:
            found = self.describe(name)
        except NotFound:
            raise lost from lost.__cause__
        if (found.size, found.sha256, found.blake3) != (promise.size, promise.sha256, promise.blake3):
            raise lost from lost.__cause__
        return found

    def abandon(self, name: ObjectName) -> int:
        """Abort the unfinished uploads of exactly this key."""
        uploads = list(unfinished(self._wire, self._buckets[name.bucket], name.key))
        return sum(abort(self._wire, upload) for upload in uploads)

    def describe(self, name: ObjectName, version: str | None = None) -> Stored:
        """Ask for size, lock and what we wrote beside the object."""
        chosen = self._newest(name) if version is None else version
        with translated(f"describing {_what(name, chosen)}"):
            head = self.client.stat_object(self._buckets[name.bucket], name.key, version_id=chosen)
        return _described(name, head)

    def _newest(self, name: ObjectName) -> str:
        """
        Find the newest version by listing, since asking for the key alone sees nothing beneath a delete marker.

        A marker is not a deletion; taken for one, it would cause a second version of the same content.
        """
        versions = (line for line in self.inventory(name.bucket, name.key) if not line.is_delete_marker)
        # keys are listed in order, the newest version of each first, so ours is the very first or not there
        first = next(versions, None)
        if first is None or first.name != name:
            message = f"{name}: no such object"
            raise NotFound(message)
        return first.version

    @contextmanager
    def open(self, name: ObjectName, *, version: str, start: int = 0, end: int | None = None) -> Iterator[Readable]:
        """Open a range; the connection is given back when the context ends."""
        if start < 0 or (end is not None and end < start):
            message = f"{name}: expected 0 ≤ start ≤ end, found {start} to {end}"
            raise ValueError(message)
        length = 0 if end is None else end - start
        response = None if end == start else self._get(name, version, offset=start, length=length)
        try:
            yield _Body(response, f"reading {_what(name, version)}")
        finally:
            if response is not None:
                response.close()
                response.release_conn()

    def _get(self, name: ObjectName, version: str, *, offset: int, length: int) -> urllib3.BaseHTTPResponse | None:
        with translated(f"opening {_what(name, version)}"):
            try:
                response = self.client.get_object(
                    self._buckets[name.bucket], name.key, offset=offset, length=length, version_id=version
                )
            except S3Error as error:
                if error.code == "InvalidRange":  # it begins after the end: there is nothing to read
                    return None
                raise
        if (offset or length) and response.status != 206:  # noqa: PLR2004  (Partial Content)
            response.close()
            message = f"opening {_what(name, version)}: asked for a range, the store gave the whole"
            raise EvidenceError(message)
        return response

    def inventory(self, bucket: Bucket, prefix: str = "") -> Iterator[VersionInfo]:
        """List page by page."""
        lines = self.client.list_objects(self._buckets[bucket], prefix=prefix, recursive=True, include_version=True)
        with translated(f"listing {bucket}/{prefix}"):
            for line in lines:
                yield _listed(bucket, line)

    def extend(self, name: ObjectName, version: str, until: datetime) -> None:
        """Ask for the longer lock; the server refuses a shorter one."""
        with refusing(f"locking {_what(name, version)} until {until.isoformat()}"):
            lock = Retention(COMPLIANCE, whole_second(until))
            self.client.set_object_retention(self._buckets[name.bucket], name.key, lock, version_id=version)

    def hold(self, name: ObjectName, version: str) -> None:
        """Ask for the hold."""
        with refusing(f"holding {_what(name, version)}"):
            self.client.enable_object_legal_hold(self._buckets[name.bucket], name.key, version_id=version)

    def release(self, name: ObjectName, version: str) -> None:
        """Ask for the hold to be lifted."""
        with refusing(f"releasing {_what(name, version)}"):
            self.client.disable_object_legal_hold(self._buckets[name.bucket], name.key, version_id=version)

    def dispose(self, name: ObjectName, version: str) -> None:
        """Delete exactly this version; a delete marker has a version too."""
        try:
            with refusing(f"disposing of {_what(name, version)}"):
                self.client.remove_object(self._buckets[name.bucket], name.key, version_id=version)
        except NotFound:
            return

    def _path(self, name: ObjectName) -> str:
        return f"/{self._buckets[name.bucket]}/{name.key}"


class _Body:
    """The bytes of an answer; one that breaks off raises."""

    def __init__(self, response: urllib3.BaseHTTPResponse | None, what: str) -> None:
        self._response, self._what = response, what

    def read(self, size: int = -1, /) -> bytes:
        if self._response is None or size == 0:
            return b""
        with translated(self._what):
            return self._response.read(None if size < 0 else size)


def _what(name: ObjectName, version: str | None) -> str:
    return str(name) if version is None else f"{name} version {version}"


def _description(promise: Promise, retain_until: datetime | None, media_type: str) -> dict[str, str]:
    headers = {
        "Content-Type": media_type,
        "x-amz-meta-sha256": promise.sha256.hex,
        "x-amz-meta-blake3": promise.blake3.hex,
    }
    if retain_until is not None:
        until = whole_second(retain_until).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers |= {"x-amz-object-lock-mode": COMPLIANCE, "x-amz-object-lock-retain-until-date": until}
    return headers


def _described(name: ObjectName, head: Object) -> Stored:
    headers = head.metadata or {}
    try:
        until = headers.get("x-amz-object-lock-retain-until-date")
        return Stored(
            name=name,
            version=head.version_id or "",
            size=head.size or 0,
            sha256=Digest.parse(f"sha256:{headers['x-amz-meta-sha256']}"),
            blake3=Digest.parse(f"blake3:{headers['x-amz-meta-blake3']}"),
            retained_until=_moment(until) if until and headers.get("x-amz-object-lock-mode") == COMPLIANCE else None,
            media_type=head.content_type or "application/octet-stream",
        )
    except (KeyError, ValueError) as error:
        message = f"{name} version {head.version_id}: it carries no digests of ours: {error}"
        raise EvidenceError(message) from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _listed(bucket: Bucket, line: Object) -> VersionInfo:
    try:
        name = ObjectName(bucket, line.object_name or "")
    except ValueError as error:
        message = f"inventory of {bucket}: {error}"
        raise EvidenceError(message) from error
    return VersionInfo(
        name,
        line.version_id or "",
        line.size or 0,
        is_delete_marker=line.is_delete_marker,
        is_latest=(line.is_latest or "").lower() == "true",
    )
