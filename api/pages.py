"""The pages: one HTML file for every address people see, one for the screen at the dock, and what they load."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ADDRESSES = ("/", "/signin", "/link", "/account", "/accounts", "/requests", "/alarms", "/matters/{matter}", "/parties/{party}")
"""What the pages' own script knows how to show."""

_ASK_AGAIN = {"Cache-Control": "no-cache"}
"""A browser may keep it, but asks each time whether it is still the same: an update is seen at once."""


class _Assets(StaticFiles):
    """The files that the page loads."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Answer with a file, or with 304."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(_ASK_AGAIN)
        return response


def packaged() -> Path | None:
    """Return where the pages lie in this installation; None if they were left out."""
    try:
        page = Path(str(files("web").joinpath("index.html")))
    except ModuleNotFoundError:
        return None
    return page.parent if page.is_file() else None


def served(pages: Path | None) -> frozenset[str]:
    """Return the addresses that are nothing but pages and their files."""
    return frozenset() if pages is None else frozenset({*ADDRESSES, "/kiosk", "/assets"})


def serve_pages(app: FastAPI, pages: Path) -> None:
    """Let *app* serve the pages in that directory, to strangers too: they hold nothing but words."""
    index = pages / "index.html"

    def page() -> FileResponse:
        return FileResponse(index, media_type="text/html", headers=_ASK_AGAIN)

    def kiosk() -> FileResponse:
        return FileResponse(pages / "kiosk.html", media_type="text/html", headers=_ASK_AGAIN)

    app.add_api_route("/kiosk", kiosk, methods=["GET", "HEAD"], include_in_schema=False)
    for address in ADDRESSES:
        app.add_api_route(address, page, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount("/assets", _Assets(directory=pages / "assets"))
