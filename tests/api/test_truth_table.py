"""Every route × every role × what the object is to whoever asks: real requests against the table in truth_table.csv."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Depends, FastAPI

from api.roles import Act
from api.rules import ANONYMOUS, Ruled, acts, require_rules
from api.signin import allowed
from tests.api.small_office import SmallOffice, copied
from tests.api.truth import ROLES, World, rows, world


@pytest.fixture(scope="module")
def everything(founded: tuple[SmallOffice, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One office for all of it: nothing in the table changes what another row is about."""
    made = world(copied(founded[0], source=founded[1], home=tmp_path_factory.mktemp("truth")))
    yield made
    made.office.services.engine.dispose()


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["route"] + (f" ({row['how']})" if row["how"] else ""))
def test_each_role_may_do_to_each_thing_what_the_table_says(everything: World, row: dict[str, str]) -> None:
    """What is allowed is answered as the table says; all else is 403."""
    method, _, path = row["route"].partition(" ")
    body = json.loads(row["body"]) if row["body"] else None
    wrong = {}
    for role in ROLES:
        answers = {letter: everything.ask(role, letter, method, path, body) for letter in row["asked"]}
        found = "".join(letter for letter, status in answers.items() if status != 403) or "-"
        unexpected = {status for status in answers.values() if status != 403} - set(map(int, row["answers"].split("|")))
        if found != row[role.value] or unexpected:
            wrong[role.value] = (found, answers)

    assert wrong == {}


def test_the_table_has_a_row_for_every_route_that_has_a_rule(everything: World) -> None:
    ruled = {name for name, act in acts(everything.app).items() if act is not None}

    assert {row["route"] for row in rows()} == ruled
    assert len(ruled) > 35


def test_whoever_is_asked_nothing_stands_in_one_list_with_the_reason(everything: World) -> None:
    assert {name for name, act in acts(everything.app).items() if act is None} == ANONYMOUS.keys()
    assert all(len(reason.split()) > 3 for reason in ANONYMOUS.values())


def test_every_refusal_of_the_table_is_an_entry_with_its_reason(everything: World) -> None:
    """Asked once for a clip of another office: who, what, about which clip, and why not."""
    role = ROLES[0]
    assert everything.ask(role, "x", "GET", "/api/clips/{clip}/history", None) == 403

    refused = everything.office.entries("REFUSED")[-1].entry
    about = everything.things["x"]["clip"]
    assert refused.body == {"act": "read", "route": "GET /api/clips/{clip}/history", "about": about, "why": "scope"}


def naked() -> None:
    """Answer anybody."""


def test_a_route_without_a_rule_cannot_be_registered() -> None:
    router = Ruled(prefix="/api/new")
    with pytest.raises(LookupError, match="GET /api/new/thing"):
        router.get("/thing")(naked)
    with pytest.raises(LookupError, match="POST /api/new/hidden"):
        router.post("/hidden", include_in_schema=False)(naked)

    assert router.routes == []
    router.get("/thing", dependencies=[Depends(allowed(Act.READ))])(naked)
    assert len(router.routes) == 1


@pytest.mark.parametrize("shown", [True, False])
def test_an_application_with_a_route_without_a_rule_does_not_start(*, shown: bool) -> None:
    """However it got there: the application is asked as a whole, by `create_app`."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/api/naked", naked, include_in_schema=shown)

    with pytest.raises(LookupError, match="GET /api/naked"):
        require_rules(app, frozenset())
