"""
What a server answered instead of what was asked for (RFC 9457), as an exception of the tree in `storage.errors`.

::

    YihuError
    ├── StorageUnavailable
    │   └── ServerAway        no answer, or one that says: try again
    └── EvidenceError
        ├── NotFound
        │   └── ServerHasNone     there is no such thing there
        ├── Refused
        │   └── ServerRefused     not signed in there, or not allowed
        └── ServerSaysNo          anything else
"""

from __future__ import annotations

import json
from http import HTTPStatus

from storage.errors import EvidenceError, NotFound, Refused, StorageUnavailable, YihuError


class ServerAway(StorageUnavailable):
    """The server does not answer, or asks to try again."""

    after: float | None = None
    """Seconds after which it asks to be tried again, if it says."""


class ServerHasNone(NotFound):
    """There is no such thing at the server."""


class ServerRefused(Refused):
    """The server does not know who asks, or does not let them."""


class ServerSaysNo(EvidenceError):
    """The server cannot do what was asked, and says why."""


_LONGEST = 300
_AGAIN = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.LOCKED, HTTPStatus.INSUFFICIENT_STORAGE, HTTPStatus.TOO_MANY_REQUESTS}
_GATEWAYS = {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}


def problem_of(status: int, body: bytes) -> YihuError:
    """Return the exception that such an answer is: ``code: title: detail``, in the language that was asked for."""
    try:
        said = json.loads(body)
        code = str(said["type"]).rpartition("/")[2]
        text = ": ".join(_plain(str(part)) for part in (code, said["title"], said["detail"]))
        fields = "; ".join(_plain(f"{'.'.join(each['at'])}: {each['message']}") for each in said.get("fields", []))
    except (ValueError, KeyError, TypeError):
        return _kind(status)(f"status {status}, and no problem of ours")
    return _kind(status)(f"{text} ({fields})" if fields else text)


def _kind(status: int) -> type[YihuError]:
    if status in _AGAIN | _GATEWAYS:
        return ServerAway
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ServerRefused
    return ServerHasNone if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} else ServerSaysNo


def _plain(text: str) -> str:
    """What a server says goes to a terminal: nothing in it may steer one."""
    return "".join(character if character.isprintable() else "�" for character in text[:_LONGEST])
