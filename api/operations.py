"""
``/healthz``, ``/readyz`` and ``/metrics``: for the programs that watch this one.

The first says that the process lives and asks nobody else. The second looks at what is needed and is 503 where something fails.
Both tell strangers states and reasons out of a short list. Metrics are for this machine, or for whoever has their token.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict
from http import HTTPStatus
from ipaddress import ip_address

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.checks import Operations, is_ready
from api.desk import AtDesk
from api.metrics import MEDIA_TYPE
from api.rules import Ruled

router = Ruled(include_in_schema=False)

_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers of a proxy: whoever asks it is not this machine."""


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """Say that the process lives."""
    return JSONResponse({"alive": True})


@router.get("/readyz")
def readyz(desk: AtDesk) -> JSONResponse:
    """Say whether everything that is needed is there."""
    operations = desk.services.operations
    checks = () if operations is None else operations.checks()
    ready = is_ready(checks)
    body = {"ready": ready, "checks": [asdict(check) for check in checks]}
    return JSONResponse(body, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


@router.get("/metrics")
def metrics(request: Request, desk: AtDesk) -> Response:
    """Return the metrics to whoever may read them; to others there are none."""
    operations = desk.services.operations
    if operations is None or not _may(request, operations):
        raise HTTPException(HTTPStatus.NOT_FOUND, "not-found")
    return Response(desk.metrics.text(desk), headers={"Content-Type": MEDIA_TYPE})


def _may(request: Request, operations: Operations) -> bool:
    if operations.may_scrape == "token":
        shown = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        return bool(operations.token) and hmac.compare_digest(shown, operations.token.encode())
    return operations.may_scrape == "loopback" and _is_here(request)


def _is_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
