"""
Asking an authority for the time (the client of RFC 3161), whichever way the requests travel.

What is stamped is the text of a checkpoint: its three lines, without the signatures. So one token speaks of every entry below
the head, and a stranger verifies it with `openssl ts -verify` and a file of three lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import urllib3
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from storage.errors import EvidenceError, Refused, StorageUnavailable
from storage.ledger.checkpoint import Checkpoint
from storage.verifier.errors import VerificationError
from storage.verifier.times import LARGEST_ACCURACY_MS
from storage.verifier.tokens import LARGEST_TOKEN, Token, read_request, verify_token

__all__ = ["Authority", "judged", "over_http", "request_for"]

Authority: TypeAlias = Callable[[bytes], bytes]
"""Takes a request to the authority and brings its reply; raises `StorageUnavailable` where it cannot."""

_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_SECONDS = urllib3.Timeout(connect=5, read=15)


def request_for(head: Checkpoint) -> bytes:
    """Return a fresh request to stamp *head*: SHA-256, a nonce, and the wish for the certificates."""
    builder = TimestampRequestBuilder().data(head.text.encode("ascii")).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes()


def judged(reply: bytes, *, request: bytes, head: Checkpoint, roots: bytes) -> Token:
    """
    Return what *reply* says, if an authority under *roots* gave it to this very *request* about this very *head*.

    Raises `EvidenceError` naming what is wrong: status, imprint, nonce, signature and chain, or accuracy.
    """
    try:
        _, nonce = read_request(request)
        token = verify_token(reply, head.text, roots, nonce=nonce)
    except VerificationError as error:
        message = f"the authority's reply about the checkpoint of {head.size} entries: {error}"
        raise EvidenceError(message) from error
    if token.accuracy_ms > LARGEST_ACCURACY_MS:
        message = f"the authority is only sure of its time to {token.accuracy_ms} ms, expected at most {LARGEST_ACCURACY_MS}"
        raise EvidenceError(message)
    return token


def over_http(url: str, pool: urllib3.PoolManager) -> Authority:
    """Return the way to the authority at *url*; nothing is tried twice."""

    def deliver(request: bytes) -> bytes:
        try:
            response = pool.request(
                "POST",
                url,
                body=request,
                headers={"Content-Type": _QUERY, "Accept": _REPLY},
                timeout=_SECONDS,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                raw = response.read(LARGEST_TOKEN + 1)
            finally:
                response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            message = f"{url}: {error}"
            raise StorageUnavailable(message) from error
        return _accepted(url, response.status, response.headers.get("Content-Type", ""), raw)

    return deliver


def _accepted(url: str, status: int, media_type: str, raw: bytes) -> bytes:
    match status:
        case 200:
            if media_type.partition(";")[0].strip().lower() != _REPLY or len(raw) > LARGEST_TOKEN:
                message = f"{url}: expected {_REPLY} of at most {LARGEST_TOKEN} bytes, found {media_type[:80]!r} of {len(raw)}"
                raise EvidenceError(message)
            return raw
        case 401 | 403 | 404:
            message = f"{url}: it answered {status}"
            raise Refused(message)
        case _ if status >= 500 or status in {408, 429}:  # noqa: PLR2004 - HTTP's own border
            message = f"{url}: it answered {status}"
            raise StorageUnavailable(message)
        case _:
            message = f"{url}: it answered {status}"
            raise EvidenceError(message)
