"""What can be asked of an office over HTTP, as the values of `api.models`; what a newer server adds is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from api.models import ClipWhole, HistoryLine, MatterFile, MatterLine, PartyLine, SignedIn, ViewingGranted
from yihu.client.problems import ServerSaysNo
from yihu.client.server import Answer, Server

T = TypeVar("T", bound=BaseModel)
_NEXT = re.compile(r'<(/[^>]*)>; rel="next"')
_MOST = 200


class RemoteOffice:
    """An office at a server."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def whoami(self) -> SignedIn:
        """Return who is asking, and what they may do there."""
        return parsed(SignedIn, self.server.get("/api/session").json())

    def find_parties(self, text: str) -> Iterator[PartyLine]:
        """Yield the parties whose name holds *text*, or whose id number it is."""
        return self._each(PartyLine, self.server.get("/api/parties", q=text, limit=_MOST))

    def matters(self) -> Iterator[MatterLine]:
        """Yield the matters, the newest first."""
        return self._each(MatterLine, self.server.get("/api/matters", limit=_MOST))

    def matter(self, matter: str) -> MatterFile:
        """Return one matter by its stages."""
        return parsed(MatterFile, self.server.get(f"/api/matters/{quote(matter)}").json())

    def clip(self, clip: str) -> ClipWhole:
        """Return all that is known of a clip."""
        return parsed(ClipWhole, self.server.get(f"/api/clips/{quote(clip)}").json())

    def history(self, clip: str) -> Iterator[HistoryLine]:
        """Yield the entries about a clip, in order."""
        return self._each(HistoryLine, self.server.get(f"/api/clips/{quote(clip)}/history", limit=_MOST))

    def ask_to_view(self, clip: str, reason: str, what: str) -> ViewingGranted:
        """Ask to see a clip, with a reason; that is recorded there."""
        asked = {"clip": clip, "reason": reason, "what": what}
        return parsed(ViewingGranted, self.server.write("POST", "/api/viewings", asked).json())

    def _each(self, kind: type[T], answer: Answer) -> Iterator[T]:
        while True:
            lines = answer.json()
            if not isinstance(lines, list):
                message = "the server answered something else than a list"
                raise ServerSaysNo(message)
            yield from (parsed(kind, line) for line in lines)
            onward = _NEXT.search(answer.headers.get("Link", ""))
            if onward is None:
                return
            answer = self.server.get(onward[1])


def parsed(kind: type[T], said: object) -> T:
    """Read what a server says as a value; raises `ServerSaysNo` where it is none."""
    try:
        return kind.model_validate(said, extra="ignore")
    except ValidationError as error:
        message = f"the server answered no {kind.__name__}: {error.error_count()} fields are not as they should be"
        raise ServerSaysNo(message) from error
