"""An office that receives: a real server on loopback, and senders whose links break."""

from __future__ import annotations

import base64
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from storage.intake import Intake
from storage.receiving import Allowance, Receiving
from tests.api.small_office import INDEX_KEY, SmallOffice

TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**said: str) -> str:
    """Write ``Upload-Metadata``."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def announced(size: int, **said: str) -> dict[str, str]:
    """The headers that begin an upload."""
    told = {"filename": "路口.MP4", "from": "示例李", "reason": "群众提供", **said}
    return {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**told)}


def receiving(office: SmallOffice, spool: Path, allowance: Allowance | None = None) -> SmallOffice:
    """Let *office* receive into *spool*."""
    place = Receiving(spool, reserve=0, clock=office.clock, allowance=allowance)
    services = office.services
    intake = Intake(place, services.custody, services.catalog, INDEX_KEY)
    return replace(office, services=replace(services, intake=intake))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Run a server while inside; gives its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def serving_office(office: SmallOffice) -> Iterator[str]:
    """Serve *office* while inside."""
    with served(create_app(office.services, pages=None)) as url:
        yield url


@dataclass(frozen=True, slots=True)
class WeakLink:
    """A sender that sends so many bytes of what it promised, and then its link is gone."""

    url: str
    token: str

    def patch(self, path: str, body: bytes, *, offset: int, breaks_after: int) -> None:
        """Send *body*, break off after some bytes, and never wait for an answer."""
        with self.left_open(path, body, offset=offset, breaks_after=breaks_after) as link:
            # half of them end in good order, the others are torn
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", breaks_after % 2, 0))

    @contextmanager
    def left_open(self, path: str, body: bytes, *, offset: int, breaks_after: int) -> Iterator[socket.socket]:
        """Send some bytes of *body* and fall silent while inside."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        said = {**OCTETS, "Host": host, "Authorization": f"Bearer {self.token}", "Upload-Offset": str(offset)}
        said["Content-Length"] = str(len(body))
        head = "".join(f"{key}: {value}\r\n" for key, value in said.items())
        with socket.create_connection((host, int(port))) as link:
            link.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n".encode() + body[:breaks_after])
            yield link
