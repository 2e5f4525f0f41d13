"""A server that is asked to end: what is under way ends well, and what has no end of its own ends too."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from api.app import create_app
from api.desk import desk_of
from storage.evidence import Kind, Role, Subject
from tests.api.conftest import founded, office
from tests.api.small_office import SmallOffice
from tests.api.uploading import WeakLink, announced, receiving
from yihu.web import Manner, Server, running

__all__ = ["founded", "office"]

FILE = bytes(3_000_000)
GRACE = 20
"""More than any of it takes, so that nothing ends by being cut off."""


@contextmanager
def silent_dock(home: Path) -> Iterator[Path]:
    """A dock on which nothing happens."""
    place = home / "dock.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        picture = json.dumps({"picture": {"start": "a", "number": 1}}).encode() + b"\n"

        def hosted() -> None:
            with listener.accept()[0] as guest:
                guest.sendall(picture)
                while guest.recv(1000):
                    pass

        thread = threading.Thread(target=hosted)
        thread.start()
        yield place
        thread.join()


@pytest.fixture
def receiver(office: SmallOffice, tmp_path: Path) -> SmallOffice:
    return receiving(office, tmp_path / "spool")


def test_an_event_stream_and_an_upload_end_when_the_server_does(receiver: SmallOffice, tmp_path: Path) -> None:
    token = receiver.token(Role.CLERK)[1]
    headers = {"Authorization": f"Bearer {token}"}
    with silent_dock(tmp_path) as board:
        app = create_app(replace(receiver.services, board=board), pages=None)
        with running(app, host="127.0.0.1", port=0, how=Manner(grace=GRACE, at_end=desk_of(app).close)) as server:
            stream = requests.get(f"{server.url}/api/docks/events", headers=headers, stream=True, timeout=30)
            events = stream.iter_lines()
            assert next(events) == b"retry: 1000"
            where = requests.post(f"{server.url}/api/uploads", headers={**headers, **announced(len(FILE))}, timeout=10).headers[
                "location"
            ]
            with WeakLink(server.url, token).left_open(where, FILE, offset=0, breaks_after=2_000_000):
                _until_something_came(tmp_path, where)
                began = time.monotonic()
                _end(server)
                assert time.monotonic() - began < GRACE / 2
            assert b"event: picture" in list(events)

    intake = receiver.services.intake
    assert intake is not None
    assert 0 < intake.receiving.find(Subject.parse(where.rsplit("/", 1)[-1], Kind.CLIP)).offset <= 2_000_000


def _until_something_came(home: Path, where: str) -> None:
    part = home / "spool" / ".receiving" / where.rsplit(":", 1)[-1] / "original.part"
    until = time.monotonic() + 10
    while part.stat().st_size == 0:
        assert time.monotonic() < until


def _end(server: Server) -> None:
    server.ask_to_end()
    server.thread.join()
