"""Who may do what: every route has a rule, and every refusal leaves its trace."""

from __future__ import annotations

from fastapi.testclient import TestClient

from api.rules import ANONYMOUS
from storage.evidence import Role
from tests.api.conftest import As
from tests.api.small_office import SmallOffice

OPEN = {tuple(name.split(" ")) for name in ANONYMOUS}
"""What strangers may ask."""


def test_a_stranger_is_answered_401_on_every_route_and_leaves_no_entry(office: SmallOffice, stranger: TestClient) -> None:
    """Read from the description of the API itself, so that a new route without a rule fails here."""
    clip = str(office.clip(b"footage"))
    values = {"clip": clip, "matter": str(office.matter), "party": str(office.party), "seq": "0", "tile": "0/000.p/1"}
    values |= {"viewing": f"viewing:{clip[5:]}", "filing": clip[5:]}
    values |= {"account": f"account:{clip[5:]}", "session": "0" * 64, "role": "clerk", "request_id": clip[5:], "copy": clip[5:]}
    described = stranger.get("/openapi.json").json()["paths"]
    routes = [(method, path) for path, methods in described.items() for method in methods]
    before = office.services.log.leaf, len(office.entries("REFUSED"))

    answers = {
        route: stranger.request(route[0], route[1].format(**values), headers={"X-Yihu": "1"}).status_code
        for route in routes
        if (route[0].upper(), route[1]) not in OPEN
    }

    assert len(answers) > 15
    assert set(answers.values()) == {401}
    assert len(office.entries("REFUSED")) == before[1] == 0
    assert stranger.app.state.desk.strangers.count == len(answers)  # type: ignore[attr-defined]


def test_an_auditor_may_not_file_and_the_refusal_is_an_entry(office: SmallOffice, as_: As) -> None:
    clip = office.clip(b"footage")
    auditor = as_(Role.AUDITOR)

    answer = auditor.post("/api/filings", json={"clip": str(clip), "activity": str(office.activity)})

    assert (answer.status_code, answer.json()["error"]) == (403, "Refused")
    [refused] = office.entries("REFUSED")
    assert refused.entry.actor.role is Role.AUDITOR
    assert refused.entry.subject == refused.entry.actor.who
    assert refused.entry.body == {"act": "file", "route": "POST /api/filings"}


def test_a_refusal_names_what_it_was_about(office: SmallOffice, as_: As) -> None:
    clip = office.clip(b"footage", poster=b"jpeg")
    as_(Role.SECURITY).get(f"/api/clips/{clip}/poster")

    [refused] = office.entries("REFUSED")
    assert refused.entry.body == {"act": "view", "route": "GET /api/clips/{clip}/poster", "about": str(clip)}


def test_nothing_that_a_stranger_to_the_role_wrote_gets_into_a_leaf(office: SmallOffice, as_: As) -> None:
    as_(Role.ADMINISTRATOR).get("/api/clips/张三/poster")

    assert [recorded.entry.body.get("about") for recorded in office.entries("REFUSED")] == [None]


def test_an_auditor_reads_everything_and_sees_no_footage(office: SmallOffice, as_: As) -> None:
    clip = office.clip(b"footage")
    auditor = as_(Role.AUDITOR)
    places = ["/api/matters", f"/api/parties/{office.party}/dossier", f"/api/clips/{clip}/history", "/api/entries/0/proof"]

    assert [auditor.get(place).status_code for place in places] == [200] * 4
    assert office.entries("REFUSED") == []
    assert auditor.get(f"/api/clips/{clip}/poster").status_code == 403
