"""Connections that lose a request or an answer when told to, as a pulled cable would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import urllib3

Moment: TypeAlias = Literal["before", "after"]
"""``before``: the request never arrives. ``after``: it was carried out, but its answer never arrives."""


class UnpluggedPool(urllib3.PoolManager):
    """A pool of connections without repetition, like the store's own, that fails once per `unplug`."""

    def __init__(self) -> None:
        super().__init__(maxsize=16, retries=False, timeout=urllib3.Timeout(connect=5, read=60))
        self._moment: Moment | None = None
        self._is_meant: Callable[[str, str], bool] = _never

    def unplug(self, moment: Moment, is_meant: Callable[[str, str], bool]) -> None:
        """Fail at the next request whose method and URL *is_meant*."""
        self._moment, self._is_meant = moment, is_meant

    @property
    def is_due(self) -> bool:
        """Whether the failure is still to come."""
        return self._moment is not None

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> urllib3.BaseHTTPResponse:  # type: ignore[override]  # noqa: ANN401, FBT001, FBT002 - as urllib3 has it
        """Carry a request, or not."""
        moment = self._moment if self._is_meant(method, url) else None
        if moment is not None:
            self._moment, self._is_meant = None, _never
        if moment == "before":
            raise urllib3.exceptions.ProtocolError("unplugged before the request was sent")  # noqa: EM101, TRY003
        answer = super().urlopen(method, url, redirect, **kw)
        if moment == "after":
            answer.drain_conn()
            raise urllib3.exceptions.ProtocolError("unplugged before the answer came")  # noqa: EM101, TRY003
        return answer


def _never(_method: str, _url: str) -> bool:
    return False


def creating(method: str, url: str) -> bool:
    """Whether a request begins an upload."""
    return method == "POST" and url.endswith("?uploads=")


def sending_a_part(method: str, url: str) -> bool:
    """Whether a request carries a part."""
    return method == "PUT" and "partNumber=" in url


def completing(method: str, url: str) -> bool:
    """Whether a request completes an upload."""
    return method == "POST" and "?uploadId=" in url


def putting_whole(method: str, url: str) -> bool:
    """Whether a request carries a whole object (an empty one)."""
    return method == "PUT" and "?" not in url
