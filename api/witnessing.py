"""
The HTTP side of a witness (C2SP tlog-witness): an application of its own, on a machine of another office.

There is no sign-in: a request is worth what the signature in it is worth. What is refused is answered in the words of the
protocol, what breaks as everywhere else.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Path, Request
from starlette.responses import Response

from api import problems
from api.headers import Guarded
from storage.errors import NotFound
from storage.ledger.witness import PLAIN
from storage.ledger.witnessing import Witness

_HASH = "^[0-9a-f]{64}$"


async def _sent(request: Request) -> bytes:
    # the one thing that only a coroutine can do; it is short, since the length was looked at before
    return await request.body()


def create_witness_app(witness: Witness) -> FastAPI:
    """Make the application that speaks for *witness*."""
    app = FastAPI(title="Yihu witness", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)

    @app.post("/add-checkpoint")
    def add_checkpoint(body: Annotated[bytes, Depends(_sent)]) -> Response:
        """Judge a request; what is cosigned was kept before it is answered."""
        answer = witness.add_checkpoint(body)
        # not as media_type: a character set would be added, and the protocol's type for sizes has none
        return Response(answer.body, answer.status, headers={"Content-Type": answer.media_type})

    @app.get("/{origin_hash}/checkpoint")
    def checkpoint(origin_hash: Annotated[str, Path(pattern=_HASH)]) -> Response:
        """Return the last checkpoint of a log that was cosigned, for monitors."""
        note = witness.head(origin_hash)
        if note is None:
            message = f"{origin_hash}: no checkpoint of this log was cosigned"
            raise NotFound(message)
        return Response(note, media_type=PLAIN)

    problems.register(app)
    app.add_middleware(Guarded)
    return app
