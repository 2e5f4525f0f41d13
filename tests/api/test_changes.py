"""The stream of entries goes on where it broke off: nothing is missed, nothing comes twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import changes
from api.desk import MOST_STREAMS, Desk, desk_of
from api.tokens import revoke_token
from storage.evidence import Role
from tests.api.conftest import As
from tests.api.small_office import OPERATOR, SmallOffice

STREAM = "/api/changes"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams end at once when all that is there was given."""
    monkeypatch.setattr(changes, "LONGEST", timedelta(seconds=0.1))
    monkeypatch.setattr(changes, "BEAT", timedelta(seconds=0.02))


def desk(client: TestClient) -> Desk:
    assert isinstance(client.app, FastAPI)
    return desk_of(client.app)


def events(text: str) -> list[dict[str, Any]]:
    """Read a stream as a browser does: what has no data is no event, but moves the id on."""
    found, last = [], ""
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        last = fields.get("id", last)
        if "data" in fields:
            found.append({"id": last, "event": fields["event"], **json.loads(fields["data"])})
    return [*found, {"id": last, "event": "end"}]


def follow(client: TestClient, after: object = "") -> list[dict[str, Any]]:
    answer = client.get(STREAM, headers={"Last-Event-ID": str(after)} if after != "" else {})
    assert answer.status_code == 200
    return events(answer.text)


def test_who_comes_first_begins_now(office: SmallOffice, clerk: TestClient) -> None:
    office.clip(b"before")

    (end,) = follow(clerk)

    assert int(end["id"]) == office.entries("FILED")[-1].seq


def test_every_entry_comes_once_however_often_the_link_breaks(
    office: SmallOffice, clerk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_AT_ONCE", 2)
    place, seen = follow(clerk)[-1]["id"], []
    first = int(place)
    for number in range(3):
        office.clip(b"%d" % number)
        *found, end = follow(clerk, place)
        seen += found
        # the link breaks in the middle of what came: only what was read moves the place on
        place = found[1]["id"] if number == 1 else end["id"]
        if number == 1:
            del seen[-len(found) + 2 :]
    *rest, _end = follow(clerk, place)

    assert [each["seq"] for each in seen + rest] == list(range(first + 1, first + 13))
    assert all(each["id"] == str(each["seq"]) for each in seen)
    assert {each["event"] for each in seen} == {"entry"}


@pytest.mark.parametrize("place", ["x", "-1", "99999999", "9" * 40, "5-3"])
def test_what_never_was_a_place_begins_anew(clerk: TestClient, place: str) -> None:
    first, _end = follow(clerk, place)

    assert first["event"] == "reset"
    assert int(first["id"]) > 0


def test_what_somebody_may_not_see_only_moves_the_place_on(
    office: SmallOffice, clerk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = follow(clerk)[-1]["id"]
    monkeypatch.setattr(changes, "sees", lambda _desk, _caller, line: line.type == "SECURED")
    office.clip(b"footage")

    only, end = follow(clerk, place)

    assert only["type"] == "SECURED"
    assert int(end["id"]) == int(place) + 4


def test_it_ends_with_its_token(office: SmallOffice, stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LONGEST", timedelta(seconds=60))
    monkeypatch.setattr(changes, "HEARTBEAT", timedelta(seconds=0))
    account, token = office.token(Role.CLERK)
    real = changes._Stream._stands
    asked: list[bool] = []

    def stands(self: Any) -> bool:  # noqa: ANN401 - as the method it stands for
        if len(asked) == 2:
            revoke_token(office.services.custody, account, actor=OPERATOR)
        asked.append(real(self))
        return bool(asked[-1])

    monkeypatch.setattr(changes._Stream, "_stands", stands)

    answer = stranger.get(STREAM, headers={"Authorization": f"Bearer {token}"})

    assert asked == [True, True, False]
    assert answer.text.count(":\n\n") == 2


def test_it_ends_with_the_program(office: SmallOffice, clerk: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LONGEST", timedelta(hours=1))
    desk(clerk).closing.set()

    assert follow(clerk)[-1]["event"] == "end"


def test_one_account_follows_so_many_at_the_same_time(office: SmallOffice, as_: As) -> None:
    client, other = as_(Role.CLERK), as_(Role.CLERK)
    (mine,) = [client.get("/api/session").json()["account"]]
    for _ in range(MOST_STREAMS):
        assert desk(client).streams.begin(mine)

    refused = client.get(STREAM)

    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-streams")
    assert other.get(STREAM).status_code == 200
    desk(client).streams.end(mine)
    # each that ends makes room again
    assert [client.get(STREAM).status_code for _ in range(2)] == [200, 200]


def test_strangers_see_nothing_of_it(stranger: TestClient) -> None:
    assert stranger.get(STREAM).status_code == 401
