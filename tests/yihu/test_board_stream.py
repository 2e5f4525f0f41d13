"""The board over its socket: followers see what the board shows, and nobody who follows can harm the dock."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.board import AlarmKind, Bay, Board, Change, Status
from ingest.board_json import parsed
from storage.errors import EvidenceError, StorageUnavailable
from tests.api.small_office import Clock
from yihu.board_client import BoardClient
from yihu.board_stream import addressed, serving_board

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=30)
QUICK = timedelta(milliseconds=50)


@pytest.fixture
def board() -> Board:
    board = Board(Clock())
    board.show(Bay("1", Status.READING, camera="DSJ-0042", officer="张三"))
    board.ring(AlarmKind.STORE_AWAY, reason="no answer")
    return board


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Deeper than the 107 bytes an address of a socket may have."""
    return tmp_path / ("deep" * 20) / "机关" / "run" / "dock.sock"


@pytest.fixture
def client(path: Path) -> Iterator[BoardClient]:
    client = BoardClient(path)
    yield client
    client.close()


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    """A follower of another make."""
    with socket.socket(socket.AF_UNIX) as connection, addressed(path) as address:
        connection.settimeout(20)
        connection.connect(address)
        yield connection


def test_a_follower_gets_the_whole_picture_and_then_every_change(board: Board, path: Path, client: BoardClient) -> None:
    with serving_board(board, path):
        (picture,) = client.after(-1, LONG)
        assert picture == board.picture()

        board.show(Bay("2", Status.IDENTIFYING))
        (change,) = client.after(picture.number, LONG)

    assert change == Change(picture.number + 1, board.bay("2"))


def test_a_follower_that_says_nothing_gets_the_whole_picture_too(board: Board, path: Path) -> None:
    with serving_board(board, path), connected(path) as connection, connection.makefile() as said:
        assert parsed(said.readline()) == board.picture()


@pytest.mark.parametrize(
    "asked", [b"\n", b"[]\n", b"{}\n", b'{"after": 0}\n', b'{"after": "x", "start": 1}\n', b"\xff\n", b"x" * 5000]
)
def test_a_follower_that_talks_nonsense_gets_the_whole_picture(board: Board, path: Path, asked: bytes) -> None:
    with serving_board(board, path), connected(path) as connection, connection.makefile() as said:
        connection.sendall(asked)
        assert parsed(said.readline()) == board.picture()


def test_a_follower_goes_on_where_it_was(board: Board, path: Path) -> None:
    asked = json.dumps({"start": board.start, "after": 1}).encode() + b"\n"
    with serving_board(board, path), connected(path) as connection, connection.makefile() as said:
        connection.sendall(asked)
        assert parsed(said.readline()) == board.after(1, AT_ONCE)[0]


def test_a_client_whose_dock_went_away_says_so_and_goes_on_when_it_is_back(
    board: Board, path: Path, client: BoardClient
) -> None:
    with serving_board(board, path):
        (picture,) = client.after(-1, LONG)
    with pytest.raises(StorageUnavailable, match="no dock answers"):
        client.after(picture.number, LONG)
    board.show(Bay("2", Status.IDENTIFYING))

    with serving_board(board, path):
        assert client.after(picture.number, LONG) == board.after(picture.number, AT_ONCE)


def test_numbers_of_an_earlier_start_are_not_taken_for_numbers_of_this_one(
    board: Board, path: Path, client: BoardClient
) -> None:
    with serving_board(board, path):
        (picture,) = client.after(-1, LONG)
    anew = Board(Clock())
    for number in range(5):
        anew.show(Bay("9", Status.READING, done=number))

    with pytest.raises(StorageUnavailable):
        client.after(picture.number, LONG)
    with serving_board(anew, path):
        assert client.after(picture.number, LONG) == (anew.picture(),)


def test_nothing_happened_is_nothing_to_tell_but_a_heartbeat(board: Board, path: Path) -> None:
    with serving_board(board, path, heartbeat=QUICK), connected(path) as connection, connection.makefile() as said:
        said.readline()
        assert json.loads(said.readline()) == {"heartbeat": {"number": 2}}


def test_a_client_takes_a_heartbeat_for_nothing(board: Board, path: Path, client: BoardClient) -> None:
    with serving_board(board, path, heartbeat=QUICK):
        (picture,) = client.after(-1, LONG)
        assert client.after(picture.number, 4 * QUICK) == ()


def test_a_dock_that_falls_silent_is_taken_for_gone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as mute:
        with addressed(path) as address:
            mute.bind(address)
        mute.listen()
        client = BoardClient(path, heartbeat=QUICK)
        with pytest.raises(StorageUnavailable, match="fell silent"):
            client.after(-1, 4 * QUICK)


def test_what_no_dock_would_say_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as other:
        with addressed(path) as address:
            other.bind(address)
        other.listen()
        client = BoardClient(path)
        client.after(-1, AT_ONCE)
        with other.accept()[0] as connection:
            connection.sendall(b"hello\n")
            with pytest.raises(EvidenceError, match="not a line of the board|Expecting value"):
                client.after(-1, LONG)


def test_who_does_not_read_is_dropped_and_holds_nobody_up(board: Board, path: Path, client: BoardClient) -> None:
    """More is shown than fits between the two ends; the dock goes on, and so do the others."""
    with serving_board(board, path, slowest=0.2), connected(path) as lazy:
        lazy.sendall(b"\n")
        lazy.recv(100)
        number = client.after(-1, LONG)[-1].number
        for done in range(30):
            board.show(Bay("1", Status.READING, file="x" * 50_000, done=done))
            number = client.after(number, LONG)[-1].number
        client.close()
        board.show(Bay("1", Status.FAILED))
        for follower in [thread for thread in threading.enumerate() if thread.name == "board-follower"]:
            follower.join(20)
        taken = 0
        while piece := lazy.recv(1 << 20):
            taken += len(piece)

    assert number == 32
    assert 0 < taken < 30 * 50_000


def test_the_socket_is_for_its_user_alone(board: Board, path: Path) -> None:
    with serving_board(board, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == []  # noqa: PTH208 - names are enough


def test_the_socket_is_for_the_group_where_the_office_says_so(board: Board, path: Path) -> None:
    with serving_board(board, path, mode=0o660):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_a_socket_that_a_dead_dock_left_is_replaced(board: Board, path: Path, client: BoardClient) -> None:
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead, addressed(path) as address:
        dead.bind(address)
    assert path.is_socket()

    with serving_board(board, path):
        assert client.after(-1, LONG) == (board.picture(),)
    assert not path.exists()


def test_a_second_dock_does_not_take_the_socket_of_the_first(board: Board, path: Path, client: BoardClient) -> None:
    with serving_board(board, path):
        with pytest.raises(StorageUnavailable, match="another dock answers"), serving_board(Board(Clock()), path):
            pass
        assert client.after(-1, LONG) == (board.picture(),)


def test_a_file_in_the_place_of_the_socket_is_left_alone(board: Board, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("somebody's")

    with pytest.raises(EvidenceError, match="found something else"), serving_board(board, path):
        pass

    assert path.read_text() == "somebody's"


def test_where_no_dock_runs_that_is_said(client: BoardClient) -> None:
    with pytest.raises(StorageUnavailable, match="no dock answers"):
        client.after(-1, AT_ONCE)


def test_an_error_of_the_dock_is_not_taken_for_one_of_the_socket(board: Board, path: Path) -> None:
    with pytest.raises(OSError, match="card"), serving_board(board, path):
        raise OSError(5, "card")
