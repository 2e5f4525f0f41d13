"""``/api/status``: the one thing a stranger is told."""

from __future__ import annotations

from importlib.metadata import version

from api.models import Status
from api.rules import Ruled

router = Ruled(prefix="/api", tags=["status"])


@router.get("/status", summary="程序与版本 · Program and version")
def status() -> Status:
    """Say that we are here, and nothing about what is kept here."""
    return Status(name="yihu", version=version("yihu"))
