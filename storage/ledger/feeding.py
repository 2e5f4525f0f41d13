"""
Asking witnesses for cosignatures (the client of C2SP tlog-witness), whichever way the requests travel.

A witness under another administrator remembers the largest tree it saw of this log. What it answers may therefore be worth more
than a signature: that it holds a *larger* tree, or another one of the same size, is the sign that this database is not the one
that signed last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import urllib3

from storage.errors import EvidenceError, LedgerError, NotFound, Refused, StaleState, StorageUnavailable
from storage.ledger.administrators import Witness
from storage.ledger.cosigning import Cosignature, cosignatures_in
from storage.ledger.log import Log
from storage.ledger.witness import Answer, Request

__all__ = ["Deliver", "accept", "feed", "last_size", "over_http", "request_of", "size_told"]

Deliver: TypeAlias = Callable[[str], Answer]
"""Takes the body of a request to one witness and brings the answer; raises `StorageUnavailable` where it cannot."""

_LARGEST_ANSWER = 65_536
_SECONDS = urllib3.Timeout(connect=5, read=15)
_CONFLICT = 409


def request_of(log: Log, *, old: int) -> Request:
    """Return the wish to have the newest checkpoint cosigned by a witness that cosigned *old* entries last (0: never)."""
    note = log.latest()
    if note is None:
        message = f"{log.origin}: there is no checkpoint to be cosigned yet"
        raise NotFound(message)
    size = log.keys.opened(note).size
    if old > size:
        message = f"{log.origin}: a witness cosigned {old} entries, this database has signed only {size}: it is not the newest"
        raise LedgerError(message)
    return Request(old, tuple(log.consistency(old, size) if 0 < old < size else ()), note)


def feed(log: Log, witness: Witness, deliver: Deliver) -> Cosignature | None:
    """
    Have *witness* cosign the newest checkpoint and keep what it gives; None where it has cosigned that one already.

    Raises what `accept` raises. A witness that is found to know another size is asked once more from there.
    """
    old = last_size(log, witness)
    request = request_of(log, old=old)
    if old and request.head.size == old:
        return None
    answer = deliver(request.body)
    if answer.status == _CONFLICT:
        request = request_of(log, old=size_told(witness, answer))
        answer = deliver(request.body)
    return accept(log, witness, request.note, answer)


def last_size(log: Log, witness: Witness) -> int:
    """Return how many entries the newest head covers that *witness* cosigned, as far as we know; 0 for none."""
    last = log.anchors.last_by(witness.key)
    return 0 if last is None else last[0]


def size_told(witness: Witness, answer: Answer) -> int:
    """Return the size of the tree that a witness says it cosigned last."""
    text = answer.body.removesuffix("\n")
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):  # noqa: PLR2004 - digits
        message = f"witness {witness.name}: it answered 409 without a size"
        raise EvidenceError(message)
    return int(text)


def accept(log: Log, witness: Witness, note: str, answer: Answer) -> Cosignature:
    """
    Keep the cosignature in *answer* to the request about *note*, and return it.

    Raises `LedgerError` where the witness holds another history, `StaleState` where it knows another size, `Refused` where it
    does not know the log or its key, and `StorageUnavailable` where it may be asked again.
    """
    said = f"witness {witness.name}: {answer.status} {answer.body.strip()[:200]!r}"
    match answer.status:
        case 200:
            found = cosignatures_in(note + answer.body, [witness.key])
            if len(found) != 1:
                message = f"witness {witness.name}: its answer holds no cosignature by its key"
                raise EvidenceError(message)
            log.anchors.keep(note, found[0])
            return found[0]
        case 422:
            message = f"{said}: it cosigned another history of this log"
            raise LedgerError(message)
        case 409:
            raise StaleState(said)
        case 403 | 404:
            raise Refused(said)
        case status if status >= 500 or status in {408, 429}:  # noqa: PLR2004 - HTTP's own border
            raise StorageUnavailable(said)
        case _:
            raise EvidenceError(said)


def over_http(url: str, pool: urllib3.PoolManager) -> Deliver:
    """Return the way to the witness whose submission prefix is *url*; nothing is tried twice."""

    def deliver(body: str) -> Answer:
        target = f"{url.rstrip('/')}/add-checkpoint"
        try:
            response = pool.request(
                "POST",
                target,
                body=body.encode(),
                headers={"Content-Type": "text/plain; charset=utf-8"},
                timeout=_SECONDS,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                raw = response.read(_LARGEST_ANSWER + 1)
            finally:
                response.release_conn()
            return Answer(response.status, _text(raw), response.headers.get("Content-Type", ""))
        except urllib3.exceptions.HTTPError as error:
            message = f"{target}: {error}"
            raise StorageUnavailable(message) from error

    return deliver


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8") if len(raw) <= _LARGEST_ANSWER else ""
    except UnicodeDecodeError:
        return ""
