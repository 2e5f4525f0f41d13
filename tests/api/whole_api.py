"""Everything that answers in an application, real things to ask it for, and one of everybody who may ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api.desk import desk_of
from api.roles import SIGNING_IN
from storage.evidence import Role
from tests.api.small_office import SmallOffice
from tests.api.somebody import OWN, enrolled, sign_in
from tests.api.uploading import announced, receiving

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SPARE = "somebody.else"
"""Who has an account that may be disabled, renamed or given away."""


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One method of one route."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes(app: FastAPI) -> list[Route]:
    """Every method of every route there is, described or not."""
    contexts = [context for context in iter_route_contexts(app.routes) if getattr(context, "methods", None)]
    return sorted({Route(method, str(context.path)) for context in contexts for method in context.methods or ()})


@dataclass
class WholeApi:
    """An application over an office in which there is one of everything."""

    office: SmallOffice
    app: FastAPI
    tokens: dict[Role, str]
    ids: dict[str, list[str]] = field(default_factory=dict)
    """What really exists, by the name that paths and bodies have for it."""

    def client(self, token: str = "", **headers: str) -> TestClient:
        """Somebody with that token, or a stranger."""
        client = TestClient(self.app, raise_server_exceptions=False)
        if token:
            client.headers["Authorization"] = f"Bearer {token}"
        client.headers.update(headers)
        return client

    def page(self, login: str) -> TestClient:
        """A browser in which whoever has that login has just signed in."""
        client = self.client()
        assert sign_in(client, login=login).status_code == 201
        return client

    def filled(self, path: str, **chosen: str) -> str:
        """Put what exists into a path."""
        known = {name: values[0] for name, values in self.ids.items()} | chosen
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: known.get(found[1], "1"), path)

    def entries(self) -> int:
        """How many entries there are."""
        with self.office.services.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM entries").scalar_one())


def whole_api(office: SmallOffice, home: Path, pages: Path | None = None) -> WholeApi:
    """Put one of everything into *office*."""
    office = receiving(office, home / "spool")
    app = office.app(pages)
    desk_of(app).closing.set()  # streams that are followed end at once
    api = WholeApi(office, app, {role: office.token(role)[1] for role in sorted(SIGNING_IN)})
    clip = str(office.clip(b"footage" * 1000, poster=b"jpeg"))
    spare = enrolled(office, SPARE)
    clerk = api.client(api.tokens[Role.CLERK])
    viewing = clerk.post("/api/viewings", json={"clip": clip, "reason": "办案需要"}).json()["viewing"]
    upload = clerk.post("/api/uploads", headers=announced(7)).headers["location"].rpartition("/")[2]
    filed = clerk.get(f"/api/clips/{clip}").json()["filings"][0]["filing"]
    asked = clerk.post("/api/requests", json={"clip": clip, "reason": "移送需要", "what": "original"}).json()["request"]
    copy = clerk.post("/api/copies", json={"clip": clip, "reason": "听证会出示"}).json()["copy"]
    api.ids = {
        "clip": [clip, upload],
        "party": [str(office.party)],
        "matter": [str(office.matter)],
        "activity": [str(office.activity)],
        "account": [str(spare)],
        "viewing": [viewing],
        "filing": [filed],
        "seq": ["0", "3"],
        "tile": ["0/000.p/1", "entries/000.p/2"],
        "session": ["0" * 64],
        "role": ["auditor"],
        "request_id": [asked],
        "copy": [copy],
    }
    return api


def everybody(api: WholeApi) -> Iterator[tuple[str, dict[str, str]]]:
    """Who may ask, and the headers they are known by; a dock shows a token that is none of these."""
    yield "stranger", {}
    for role, token in api.tokens.items():
        yield role, {"Authorization": f"Bearer {token}"}
    yield "session", {**OWN, "Cookie": f"yihu_session={api.page(SPARE).cookies['yihu_session']}"}


__all__ = ["CHANGING", "SPARE", "Route", "WholeApi", "everybody", "routes", "whole_api"]
