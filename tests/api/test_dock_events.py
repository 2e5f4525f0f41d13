"""The board of the dock in a browser: what the dock's socket says, as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import docks
from ingest.board import Bay, Board, Status
from ingest.board_json import as_json
from storage.evidence import Role
from tests.api.small_office import Clock, SmallOffice
from yihu.board_stream import serving_board

EVENTS = "/api/docks/events"


@pytest.fixture
def board() -> Board:
    board = Board(Clock())
    board.show(Bay("1", Status.READING, camera="DSJ-0042", officer="张三"))
    return board


@pytest.fixture
def office(office: SmallOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallOffice:
    """An office that knows where its dock speaks, and whose streams are short."""
    monkeypatch.setattr(docks, "LONGEST", timedelta(seconds=0.3))
    office.services = replace(office.services, board=tmp_path / ("deep" * 20) / "run" / "dock.sock")
    return office


def socket_of(office: SmallOffice) -> Path:
    assert office.services.board is not None
    return office.services.board


def events(text: str) -> Iterator[dict[str, Any]]:
    """Read a stream of events."""
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line)
        if "data" in fields:
            yield {**fields, "data": json.loads(fields["data"])}


def test_the_whole_board_comes_first(office: SmallOffice, board: Board, clerk: TestClient) -> None:
    with serving_board(board, socket_of(office)):
        answer = clerk.get(EVENTS)

    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.startswith("retry: ")
    assert list(events(answer.text)) == [
        {"id": f"{board.start}-1", "event": "picture", "data": as_json(board.picture())},
    ]


def test_a_browser_goes_on_where_it_was(office: SmallOffice, board: Board, clerk: TestClient) -> None:
    board.show(Bay("1", Status.SAFE, camera="DSJ-0042"))
    with serving_board(board, socket_of(office)):
        answer = clerk.get(EVENTS, headers={"Last-Event-ID": f"{board.start}-1"})

    (change,) = board.after(1, timedelta(0))
    assert list(events(answer.text)) == [{"id": f"{board.start}-2", "event": "change", "data": as_json(change)}]


@pytest.mark.parametrize("known", ["", "x", "-", "another-1", "99999999999999999999999", "5-x", "\u00b2"])
def test_what_is_no_place_on_this_board_gets_the_whole_of_it(
    office: SmallOffice, board: Board, clerk: TestClient, known: str
) -> None:
    with serving_board(board, socket_of(office)):
        answer = clerk.get(EVENTS, headers={b"Last-Event-ID": known.encode("latin-1")})

    assert [event["event"] for event in events(answer.text)] == ["picture"]


def test_a_heartbeat_is_no_place_to_go_on_from(
    office: SmallOffice, board: Board, clerk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docks, "LONGEST", timedelta(seconds=2))  # long enough for one on a busy machine
    with serving_board(board, socket_of(office), heartbeat=timedelta(seconds=0.05)):
        answer = clerk.get(EVENTS)

    beats = [event for event in events(answer.text) if event["event"] == "heartbeat"]
    assert beats
    assert all("id" not in beat for beat in beats)


def test_where_no_dock_runs_the_answer_is_503(office: SmallOffice, clerk: TestClient) -> None:
    answer = clerk.get(EVENTS)

    assert (answer.status_code, answer.json()["error"]) == (503, "StorageUnavailable")


def test_strangers_see_nothing_of_it(office: SmallOffice, board: Board, stranger: TestClient) -> None:
    with serving_board(board, socket_of(office)):
        assert stranger.get(EVENTS).status_code == 401


@pytest.mark.parametrize("role", [Role.CLERK, Role.OFFICER, Role.LEADER, Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_whoever_works_at_the_dock_or_runs_it_may_see_it(office: SmallOffice, board: Board, as_: Any, role: Role) -> None:  # noqa: ANN401 - a fixture
    with serving_board(board, socket_of(office)):
        assert as_(role).get(EVENTS).status_code == 200
