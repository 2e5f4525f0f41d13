"""
Bytes of a stored object over HTTP, whole or in part, in small pieces.

The store is opened, and the first piece read, before anything is answered: a store that is away is a 503 and not a broken film.
Whoever takes an object whole is not given the last piece before SHA-256 over all of them is what the ledger says; a part cannot
be checked against that digest and is given as the store gives it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import ExitStack
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.footage import Footage
from api.ranges import NotModified, Part, PreconditionFailed, Unsatisfiable, Whole, decide
from storage.errors import DigestMismatch, SourceChanged
from storage.evidence import Algorithm, Digest
from storage.objects import ObjectReader, Readable

PIECE = 512 * 1024
"""Bytes held in memory for one viewer."""

_ASIDE = {
    # a file from a camera is hostile: were it shown by itself, it could load and run nothing
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}


def send(request: Request, store: ObjectReader, footage: Footage) -> Response:
    """Answer a GET or HEAD for *footage* as RFC 9110 says; raises what the store raises, before anything is answered."""
    headers = {**_ASIDE, "ETag": footage.etag, "Accept-Ranges": "bytes"}
    decision = decide(request.headers, size=footage.size, etag=footage.etag, method=request.method)
    if isinstance(decision, PreconditionFailed):
        raise HTTPException(HTTPStatus.PRECONDITION_FAILED, "precondition", headers)
    if isinstance(decision, NotModified):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if isinstance(decision, Unsatisfiable):
        aside = {**headers, "Content-Range": decision.content_range}
        raise HTTPException(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "range", aside)
    headers["Content-Disposition"] = disposition(footage.download_as)
    status = HTTPStatus.OK
    if isinstance(decision, Part):
        headers["Content-Range"] = decision.content_range
        status = HTTPStatus.PARTIAL_CONTENT
    headers["Content-Length"] = str(decision.length)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=footage.media_type)
    return _Stream(_opened(store, footage, decision), status, headers, footage.media_type)


def disposition(download_as: str | None) -> str:
    """Write ``Content-Disposition``: in the page, or as a file with its name in RFC 8187 form and an ASCII stand-in."""
    if download_as is None:
        return "inline"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in download_as)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(download_as, safe='')}"


class _Stream(StreamingResponse):
    """Sends pieces, and closes what they come from however the connection ends."""

    def __init__(self, pieces: Generator[bytes], status: HTTPStatus, headers: dict[str, str], media_type: str) -> None:
        super().__init__(pieces, status, headers, media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await run_in_threadpool(self._pieces.close)


def _opened(store: ObjectReader, footage: Footage, wanted: Part | Whole) -> Generator[bytes]:
    """Open the object and have its first piece in hand."""
    pieces = _pieces(store, footage, wanted)
    next(pieces)
    return pieces


def _pieces(store: ObjectReader, footage: Footage, wanted: Part | Whole) -> Generator[bytes]:
    """Yield nothing, once the first piece is there; then the pieces."""
    end = wanted.start + wanted.length
    with ExitStack() as stack:
        reader = stack.enter_context(store.open(footage.name, version=footage.version, start=wanted.start, end=end))
        left, sha256 = wanted.length, hashlib.sha256()
        piece = _read(reader, footage, left)
        yield b""
        while left:
            left -= len(piece)
            if isinstance(wanted, Whole):
                sha256.update(piece)
            if not left and isinstance(wanted, Whole):
                _check(sha256.digest(), footage)
            yield piece
            piece = _read(reader, footage, left)


def _read(reader: Readable, footage: Footage, left: int) -> bytes:
    piece = reader.read(min(PIECE, left)) if left else b""
    if left and not piece:
        message = f"{footage.name} version {footage.version}: ended {left} bytes early"
        raise SourceChanged(message)
    return piece


def _check(digest: bytes, footage: Footage) -> None:
    if digest != footage.sha256.value:
        actual = Digest(Algorithm.SHA256, digest)
        raise DigestMismatch(str(footage.name), expected=footage.sha256, actual=actual)
