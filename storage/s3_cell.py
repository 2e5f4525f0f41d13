"""
The rollback lock as an object on an S3 server: conditional writes (``If-Match``), one object, its old versions removed.

Not every server that takes the header keeps the condition, so `create` tries to break it and refuses a server that lets it. The
server's administrator can put back an older object as whoever owns a disk can put back a file: what `storage.ledger.cell` says
of trust holds here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import urllib3
from minio.credentials.credentials import Credentials
from minio.error import S3Error

from storage.errors import EvidenceError, LedgerError, StaleState
from storage.s3_wire import Wire, http_pool, translated

__all__ = ["S3Cell"]

_LARGEST = 65_536
_NEVER = '"00000000000000000000000000000000"'
"""An entity tag that no object has."""
_BROKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted"})


class _Standing(NamedTuple):
    text: str
    tag: str
    version: str | None


class S3Cell:
    """A cell in ``/BUCKET/KEY``; the bucket may be versioned."""

    def __init__(
        self,
        endpoint: str,
        *,
        access_key: str,
        secret_key: str,
        bucket: str,
        key: str,
        region: str = "us-east-1",
        ca_file: Path | None = None,
        http: urllib3.PoolManager | None = None,
    ) -> None:
        credentials = Credentials(access_key, secret_key)
        self._http = http or http_pool(ca_file)
        self._wire = Wire(endpoint, credentials, region=region, http=self._http)
        self._path = f"/{bucket}/{key}"

    def __str__(self) -> str:
        return f"s3:/{self._path}"

    def read(self) -> str | None:
        """Get the object."""
        standing = self._standing()
        return None if standing is None else standing.text

    def create(self, text: str) -> None:
        """Put the object, after the server has shown that it keeps conditions; `EvidenceError` if it does not."""
        if self._standing() is not None:
            message = f"cell {self}: it holds something already"
            raise StaleState(message)
        self._try_the_server()
        # MinIO of 2024 takes no notice of this header: two who create at the same moment are not told apart there
        self._put(self._path, text, {"If-None-Match": "*"})

    def _try_the_server(self) -> None:
        path = f"{self._path}.probe"
        self._put(path, "first", {})
        try:
            self._put(path, "second", {"If-Match": _NEVER})
        except StaleState:
            return
        finally:
            while (left := self._get(path)) is not None:
                self._remove(path, left)
        message = f"cell {self}: the server took a write whose condition did not hold; it cannot be a lock"
        raise EvidenceError(message)

    def replace(self, old: str, new: str) -> None:
        """Put the object on condition that it is still the one that was read."""
        standing = self._standing()
        if standing is None or standing.text != old:
            message = f"cell {self}: it does not hold what was expected; somebody else has signed"
            raise StaleState(message)
        self._put(self._path, new, {"If-Match": standing.tag})
        # a versioned bucket would keep every head there ever was, and servers bound the versions of one object
        self._remove(self._path, standing)

    def _standing(self) -> _Standing | None:
        return self._get(self._path)

    def _get(self, path: str) -> _Standing | None:
        with translated(f"reading cell {self}"):
            try:
                answer = self._wire.send("GET", path, query={})
            except S3Error as error:
                if error.code in {"NoSuchKey", "NoSuchVersion"}:
                    return None
                raise
        raw, tag = answer.data, answer.headers.get("ETag", "")
        if not (raw and tag) or len(raw) > _LARGEST:
            message = f"cell {self}: it holds no text of at most {_LARGEST} bytes"
            raise LedgerError(message)
        return _Standing(raw.decode("utf-8", "replace"), tag, answer.headers.get("x-amz-version-id"))

    def _put(self, path: str, text: str, condition: Mapping[str, str]) -> None:
        body = text.encode()
        with translated(f"writing cell {self}"):
            try:
                self._wire.send(
                    "PUT",
                    path,
                    query={},
                    headers=condition,
                    body=body,
                    size=len(body),
                    sha256=hashlib.sha256(body).digest(),
                )
            except S3Error as error:
                if error.code not in _BROKEN:
                    raise
                # MinIO hangs up on whom it refuses without saying so; the next request would find a dead connection
                self._http.clear()
                message = f"cell {self}: it does not hold what was expected; somebody else has signed"
                raise StaleState(message) from error

    def _remove(self, path: str, standing: _Standing) -> None:
        query = {} if standing.version in {None, "", "null"} else {"versionId": str(standing.version)}
        if query or path != self._path:
            with translated(f"removing an old version of cell {self}"):
                self._wire.send("DELETE", path, query=query)
