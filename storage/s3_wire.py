"""
Signed requests to an S3 server, and what its answers mean in our words.

Nothing here repeats a request: whoever asked knows whether asking again is harmless. A request is signed over the digest of its
body that we have already, so a body is never hashed only in order to sign it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import minio.time
import urllib3
from minio.credentials.credentials import Credentials
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.signer import sign_v4_s3

from storage.errors import DigestMismatch, EvidenceError, NotFound, Refused, RetentionRefused, StorageUnavailable

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 120
"""A server may have to put thousands of parts together before it answers."""
_CONNECTIONS = 16

_NOT_THERE = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "ResourceNotFound"})
_OTHER_BYTES = frozenset({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_NOT_ACCEPTED = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed"}
)
_KEPT = frozenset({"AccessDenied", "InvalidRequest", "MethodNotAllowed", "ObjectLocked", "InvalidRetentionPeriod"})
"""What servers answer when a lock keeps an object: MinIO ``InvalidRequest`` or ``ObjectLocked``, SeaweedFS ``AccessDenied``."""
_TRY_AGAIN = frozenset({"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
"""Said by code, because a server that finds out late says it inside an answer that began with 200."""
_BUSY = frozenset({408, 412, 429})
"""Timeout, a condition that no longer holds, too many requests: asking again may help."""


def http_pool(ca_file: Path | None = None) -> urllib3.PoolManager:
    """Make connections on which nothing is tried twice; *ca_file* names an authority to trust instead of the system's."""
    return urllib3.PoolManager(
        maxsize=_CONNECTIONS,
        retries=False,
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
        ca_certs=None if ca_file is None else str(ca_file),
    )


class Wire:
    """A way to one S3 server, with one key."""

    def __init__(self, endpoint: str, credentials: Credentials, *, region: str, http: urllib3.PoolManager) -> None:
        self._url = urlsplit(endpoint)
        if self._url.scheme not in {"http", "https"} or not self._url.netloc or self._url.path.strip("/"):
            message = f"S3 endpoint {endpoint!r}: expected http://HOST:PORT or https://HOST:PORT"
            raise ValueError(message)
        self._credentials, self._region, self._http = credentials, region, http

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        size: int = 0,
        sha256: bytes = hashlib.sha256(b"").digest(),
    ) -> urllib3.BaseHTTPResponse:
        """
        Send one request for ``/BUCKET/KEY`` and give the whole answer.

        *sha256* and *size* say what *body* gives. Raises `minio.error.S3Error` and urllib3's errors, for `translated`.
        """
        url = SplitResult(self._url.scheme, self._url.netloc, quote(path, safe="/~"), urlencode(query, quote_via=quote), "")
        date = minio.time.utcnow()
        unsigned: dict[str, str | list[str] | tuple[str]] = {
            **(headers or {}),
            "Host": self._url.netloc,
            "Content-Length": str(size),
            "x-amz-content-sha256": sha256.hex(),
            "x-amz-date": minio.time.to_amz_date(date),
        }
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self._region,
            headers=unsigned,
            credentials=self._credentials,
            content_sha256=sha256.hex(),
            date=date,
        )
        answer = self._http.request(method, url.geturl(), body=body, headers={k: str(v) for k, v in signed.items()})
        _refuse_errors(answer)
        return answer


def checksum(sha256: bytes) -> dict[str, str]:
    """Give the header by which a server checks a body; the signature alone does not make every server do so."""
    return {"x-amz-checksum-sha256": base64.b64encode(sha256).decode()}


def _refuse_errors(answer: urllib3.BaseHTTPResponse) -> None:
    if answer.status >= 300:  # noqa: PLR2004  (a redirect is nothing we asked for)
        if answer.data.lstrip().startswith(b"<"):
            raise S3Error.fromxml(answer)
        text = f"server failed with HTTP status code {answer.status}"
        raise ServerError(text, answer.status)
    # S3 may begin with 200 and find out later
    if b"<Error>" in answer.data[:1000]:
        raise S3Error.fromxml(answer)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Say in our errors what minio, urllib3 and XML say in theirs; *what* was attempted."""
    try:
        yield
    except S3Error as error:
        raise _meaning(what, error) from error
    except ServerError as error:
        raise _by_status(what, error.status_code) from error
    except (InvalidResponseError, urllib3.exceptions.HTTPError, ET.ParseError) as error:
        message = f"{what}: {error}"
        raise StorageUnavailable(message) from error


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Like `translated`, for what a lock may refuse."""
    with translated(what):
        try:
            yield
        except S3Error as error:
            if error.code not in _KEPT:
                raise
            message = f"{what}: kept by the store ({error.code}: {error.message})"
            raise RetentionRefused(message) from error


def _meaning(what: str, error: S3Error) -> Exception:
    message = f"{what}: {error.code}: {error.message}"
    if error.code in _NOT_THERE:
        return NotFound(message)
    if error.code in _OTHER_BYTES:
        return DigestMismatch(what, expected="the promised bytes", actual=f"others, says the store ({error.code})")
    if error.code in _NOT_ACCEPTED:
        return Refused(message)
    if error.code in _TRY_AGAIN:
        return StorageUnavailable(message)
    return _by_status(message, error.response.status)


def _by_status(message: str, status: int) -> Exception:
    if status >= 500 or status in _BUSY:  # noqa: PLR2004  (HTTP's own border)
        return StorageUnavailable(f"{message} (HTTP {status})")
    if status in {401, 403}:
        return Refused(message)
    return EvidenceError(message)
