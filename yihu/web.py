"""The server of an office: uvicorn over the API, and what happens to the ledger while it runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from api.app import create_app
from api.pages import packaged
from api.services import Services
from storage.errors import StorageUnavailable
from yihu.logs import log_to_stderr
from yihu.notary import notarising
from yihu.wiring import Office

_GRACE = 5
"""Seconds that answers under way are given when the server ends; a stream of events has no end of its own."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    url: str
    thread: threading.Thread

    def wait(self) -> None:
        """Wait until it ends."""
        while self.thread.is_alive():
            self.thread.join(0.5)


def services_of(office: Office) -> Services:
    """Return what the API works with."""
    return Services(
        engine=office.engine,
        custody=office.custody,
        catalog=office.catalog,
        registry=office.registry,
        dossiers=office.dossiers,
        log=office.log,
        store=office.store,
        clock=office.clock,
        log_origin=office.log.origin,
        index_key=office.index_key,
        vault=office.vault,
        board=office.home / office.settings.board.socket,
        office_name=office.settings.office.name,
    )


@contextmanager
def serving(office: Office, *, host: str, port: int) -> Iterator[Server]:
    """Serve *office* while inside; *port* 0 takes a free one. Raises `StorageUnavailable` where the port is taken."""
    app = create_app(services_of(office), pages=packaged())
    with running(app, host=host, port=port) as server, notarising(office):
        yield server


@contextmanager
def running(app: Callable[..., Any], *, host: str, port: int) -> Iterator[Server]:
    """Run the ASGI application *app* while inside; what `serving` says of *port* holds here."""
    log_to_stderr()
    listener = _listener(host, port)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=_GRACE))
    serve = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="serve", daemon=True)
    serve.start()
    try:
        yield Server(f"http://{host}:{listener.getsockname()[1]}", serve)
    finally:
        server.should_exit = True
        serve.join()


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # whoever comes before the server is awake waits instead of being turned away
        listener.listen(128)
    except OSError as error:
        listener.close()
        message = f"{host}:{port}: cannot be listened on: {error.strerror}"
        raise StorageUnavailable(message) from error
    return listener
