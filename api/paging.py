"""
Parts of lists: ``?limit=`` says how many lines, ``?cursor=`` where to go on, and the ``Link`` header (RFC 8288) gives the rest.

The body stays a plain list. ``rel="first"`` is always said, ``rel="next"`` where there is more: an answer with the one and
without the other is the end. A cursor is the number of the last entry that was shown, under a code over that number and the
list with all that limits it: one that somebody made up, or that belongs to another list, is a 422.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from api.desk import AtDesk
from storage.slices import Slice

MOST = 200
"""Lines in one answer."""
USUAL = 50
_NUMBER, _CODE = 8, 16
_LENGTH = (_NUMBER + _CODE) * 4 // 3
_OURS = ("cursor", "limit")

Limit = Annotated[int, Query(ge=1, le=MOST, description="最多几行 · how many lines at most", examples=[USUAL])]
Cursor = Annotated[
    str | None,
    Query(
        min_length=_LENGTH,
        max_length=_LENGTH,
        description="上次应答 Link 头所给的位置 · where to go on, from the Link header of the answer before",
    ),
]


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list somebody asks for, and how the next one is named."""

    request: Request
    response: Response
    key: bytes
    limit: int
    after: int | None

    def slice(self, *, newest_first: bool = False) -> Slice:
        """Return the part that is wanted."""
        return Slice(self.limit, self.after, newest_first)

    def lead_on(self, last: int | None) -> None:
        """Say in the answer where the list begins, and where it goes on if there is more."""
        links = [f'<{self._address()}>; rel="first"']
        if last is not None:
            links.append(f'<{self._address(cursor=written(self.key, _list(self.request), last))}>; rel="next"')
        self.response.headers["Link"] = ", ".join(links)

    def _address(self, **more: str) -> str:
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name != "cursor"]
        query = urlencode([*kept, *more.items()])
        return f"{self.request.url.path}?{query}" if query else self.request.url.path


def _page(request: Request, response: Response, desk: AtDesk, limit: Limit = USUAL, cursor: Cursor = None) -> Page:
    key = hmac.digest(desk.services.index_key, b"yihu cursor/1", "sha256")
    after = None if cursor is None else read(key, _list(request), cursor)
    if cursor is not None and after is None:
        found = {"type": "cursor", "loc": ("query", "cursor"), "msg": "this list never gave that cursor"}
        raise RequestValidationError([found])
    return Page(request, response, key, limit, after)


AtPage = Annotated[Page, Depends(_page)]

LINKED = {
    "Link": {
        "description": 'RFC 8288: rel="first"；有下文时另有 rel="next" · the first part, and the next if any',
        "schema": {"type": "string"},
        "example": '</api/matters>; rel="first", </api/matters?cursor=AAAAAAAAAAf3r9Qm0yX2kT1c5Wv8bN4e>; rel="next"',
    }
}
LISTED: dict[int | str, dict[str, Any]] = {200: {"description": "一部分 · a part of the list", "headers": LINKED}}


def written(key: bytes, place: bytes, last: int) -> str:
    """Return the cursor that goes on after number *last* of the list *place*."""
    number = last.to_bytes(_NUMBER, "big")
    return base64.urlsafe_b64encode(number + _code(key, place, number)).decode()


def read(key: bytes, place: bytes, cursor: str) -> int | None:
    """Return the number in a cursor, None where it is none of ours for that list."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        return None
    number, code = raw[:_NUMBER], raw[_NUMBER:]
    return int.from_bytes(number, "big") if hmac.compare_digest(code, _code(key, place, number)) else None


def _list(request: Request) -> bytes:
    """The list, with everything that limits it."""
    limits = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _OURS)
    return hashlib.sha256(repr((request.url.path, limits)).encode()).digest()


def _code(key: bytes, place: bytes, number: bytes) -> bytes:
    return hmac.digest(key, place + number, "sha256")[:_CODE]
