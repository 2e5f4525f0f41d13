"""
Writing an object to S3, always in parts, so that a lost answer cannot make a second version.

A single PUT whose answer got lost would, sent again, leave two versions that nobody can delete; an upload whose answers got
lost is seen by nobody and can be aborted. The exception is an object of 0 bytes: one server tried (MinIO of January 2024)
cannot read an empty object that came in parts by its version. It is sent whole, on condition that nothing stands there yet.

Each part is signed over the digest of the first read *and* carries it as checksum, and the server refuses any other bytes: of
the servers tried, one does not compare the body with the signed digest, but both enforce the checksum. No checksum algorithm is
named when the upload is created; then completing it needs no list of checksums, which servers want in different forms.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from xml.etree import ElementTree as ET

from urllib3 import BaseHTTPResponse

from storage.errors import EvidenceError, NotFound, SourceChanged, StorageUnavailable
from storage.promise import Promise, Readable, Source
from storage.s3_wire import Wire, checksum, translated

_IN_FLIGHT = 2
"""Parts on the wire at once; one more is being read, so a deposit holds three parts in memory (48 MiB)."""
_BLOCK = 2**18
"""Bytes read and sent at a time: small enough for a thin line to take within the time a socket waits."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was begun."""

    path: str
    """``/BUCKET/KEY``"""
    id: str


def write(wire: Wire, path: str, source: Source, promise: Promise, headers: Mapping[str, str]) -> str:
    """
    Write a new version and give its id; if anything is raised before the end, no version was made.

    Raises `LostAnswer` if the version may or may not be there now.
    """
    if promise.size == 0:
        return _put_empty(wire, path, source, headers)
    upload = create(wire, path, headers)
    try:
        etags = _send_all(wire, upload, source, promise)
    except BaseException:
        # If the server cannot be asked, the upload stays unfinished and unseen; the next deposit of this key aborts it.
        with suppress(StorageUnavailable):
            abort(wire, upload)
        raise
    return complete(wire, upload, etags)


def _put_empty(wire: Wire, path: str, source: Source, headers: Mapping[str, str]) -> str:
    what = f"putting {path}"
    with source() as readable:
        if readable.read(1):
            message = f"{what}: expected 0 bytes, the source has more"
            raise SourceChanged(message)
    condition = {"If-None-Match": "*", **checksum(hashlib.sha256(b"").digest())}
    try:
        with translated(what):
            answer = wire.send("PUT", path, query={}, headers={**headers, **condition})
    except StorageUnavailable as error:
        raise LostAnswer(str(error)) from error
    return _version(answer, what)


class LostAnswer(StorageUnavailable):
    """Whether the upload was completed is not known; whoever asks for the object will see."""


def create(wire: Wire, path: str, headers: Mapping[str, str]) -> Upload:
    """Begin an upload; nobody sees it."""
    with translated(f"beginning {path}"):
        answer = wire.send("POST", path, query={"uploads": ""}, headers=headers)
        identifier = ET.fromstring(answer.data).findtext("{*}UploadId")  # noqa: S314  (expat bounds what entities may become)
    if not identifier:
        message = f"beginning {path}: the store gave no upload id"
        raise EvidenceError(message)
    return Upload(path, identifier)


def complete(wire: Wire, upload: Upload, etags: list[str]) -> str:
    """Make the parts one visible version and give its id. Raises `LostAnswer` if no answer came."""
    body = _completion(etags)
    what = f"completing {upload.path}"
    try:
        with translated(what):
            answer = wire.send(
                "POST",
                upload.path,
                query={"uploadId": upload.id},
                headers={"Content-Type": "application/xml"},
                body=body,
                size=len(body),
                sha256=hashlib.sha256(body).digest(),
            )
    except (StorageUnavailable, NotFound) as error:
        # NotFound: one server tried says so if an earlier Complete, whose answer got lost, did complete the upload
        raise LostAnswer(str(error)) from error
    return _version(answer, what)


def _version(answer: BaseHTTPResponse, what: str) -> str:
    version = answer.headers.get("x-amz-version-id")
    if not version:
        message = f"{what}: the store gave no version; versioning is not enabled"
        raise EvidenceError(message)
    return version


def abort(wire: Wire, upload: Upload) -> bool:
    """Abort an upload and say whether it was still there."""
    try:
        with translated(f"aborting {upload.path}"):
            wire.send("DELETE", upload.path, query={"uploadId": upload.id})
    except NotFound:
        return False
    return True


def unfinished(wire: Wire, bucket: str, key: str) -> Iterator[Upload]:
    """Give the unfinished uploads of exactly this key; MinIO lists none for a prefix that is not a whole key."""
    query = {"uploads": "", "prefix": key, "max-uploads": "1000"}
    while True:
        with translated(f"listing unfinished uploads of /{bucket}/{key}"):
            page = ET.fromstring(wire.send("GET", f"/{bucket}", query=query).data)  # noqa: S314  (as above)
        for element in page.iterfind("{*}Upload"):
            identifier = element.findtext("{*}UploadId")
            if element.findtext("{*}Key") == key and identifier:
                yield Upload(f"/{bucket}/{key}", identifier)
        following = {
            "key-marker": page.findtext("{*}NextKeyMarker") or "",
            "upload-id-marker": page.findtext("{*}NextUploadIdMarker") or "",
        }
        if page.findtext("{*}IsTruncated") != "true" or following.items() <= query.items():
            return
        query |= following


def _send_all(wire: Wire, upload: Upload, source: Source, promise: Promise) -> list[str]:
    with source() as readable:
        if len(promise.parts) == 1:
            etags = [_send(wire, upload, 1, _read_part(readable, promise, 1), promise.parts[0])]
        else:
            etags = _send_side_by_side(wire, upload, readable, promise)
        if readable.read(1):
            message = f"{upload.path}: expected {promise.size} bytes, the source has more"
            raise SourceChanged(message)
    return etags


def _send_side_by_side(wire: Wire, upload: Upload, readable: Readable, promise: Promise) -> list[str]:
    sending: deque[Future[str]] = deque()
    etags = []
    with ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="part") as senders:
        for number, sha256 in zip(count(1), promise.parts, strict=False):
            blocks = _read_part(readable, promise, number)
            if len(sending) == _IN_FLIGHT:
                etags.append(sending.popleft().result())
            sending.append(senders.submit(_send, wire, upload, number, blocks, sha256))
        etags.extend(future.result() for future in sending)
    return etags


def _read_part(readable: Readable, promise: Promise, number: int) -> list[bytes]:
    """Read one part as the blocks it came in; they are sent as they are, without being put together."""
    left = min(promise.part_size, promise.size - (number - 1) * promise.part_size)
    blocks = []
    while left > 0:
        block = readable.read(min(_BLOCK, left))
        if not block:
            message = f"part {number} of {len(promise.parts)}: the source ended {left} bytes early"
            raise SourceChanged(message)
        blocks.append(block)
        left -= len(block)
    return blocks


def _send(wire: Wire, upload: Upload, number: int, blocks: list[bytes], sha256: bytes) -> str:
    what = f"sending part {number} of {upload.path}"
    try:
        with translated(what):
            answer = wire.send(
                "PUT",
                upload.path,
                query={"partNumber": str(number), "uploadId": upload.id},
                headers=checksum(sha256),
                body=blocks,
                size=sum(map(len, blocks)),
                sha256=sha256,
            )
    except NotFound as error:
        # another deposit of this key began after us and aborted ours
        raise StorageUnavailable(str(error)) from error
    etag = answer.headers.get("etag")
    if not etag:
        message = f"{what}: the store gave no ETag"
        raise EvidenceError(message)
    return etag


def _completion(etags: list[str]) -> bytes:
    root = ET.Element("CompleteMultipartUpload")
    for number, etag in enumerate(etags, 1):
        part = ET.SubElement(root, "Part")
        ET.SubElement(part, "PartNumber").text = str(number)
        ET.SubElement(part, "ETag").text = etag
    return ET.tostring(root)
