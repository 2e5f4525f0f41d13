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
from api.desk import Desk
from api.pages import packaged
from api.services import Services
from storage.errors import StorageUnavailable
from yihu.health import operations_of
from yihu.logs import log_to_stderr
from yihu.notary import notarising
from yihu.receiving import intake_of, receiving
from yihu.wiring import Office

_GRACE = 5
"""Seconds that answers under way are given when the server ends; a stream of events has no end of its own."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    url: str
    thread: threading.Thread
    ask_to_end: Callable[[], None]
    """Lets it hear nobody new and end what is under way; twice is fine."""

    def wait(self, asked: threading.Event | None = None) -> None:
        """Wait until it ends, or somebody *asked* for it."""
        while self.thread.is_alive() and not (asked is not None and asked.wait(0.1)):
            if asked is None:
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
        board=office.home / office.settings.board.socket,
        intake=intake_of(office),
        operations=operations_of(office),
    )


class _Ending(uvicorn.Server):
    """A server that says in its loop that it ends, before it waits for what is under way."""

    def __init__(self, config: uvicorn.Config, at_end: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._at_end = at_end

    def ask_to_end(self) -> None:
        """Let it end at its next beat; from any thread."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell streams to end, then wait for requests."""
        if self._at_end is not None:
            self._at_end()
        await super().shutdown(sockets)


@contextmanager
def serving(office: Office, *, host: str, port: int) -> Iterator[Server]:
    """Serve *office* while inside; *port* 0 takes a free one. Raises `StorageUnavailable` where the port is taken."""
    services = services_of(office)
    app = create_app(services, pages=packaged())
    desk: Desk = app.state.desk
    grace = office.settings.operations.grace_seconds
    with (
        running(app, host=host, port=port, grace=grace, at_end=desk.close) as server,
        notarising(office),
        receiving(office, services.intake),
    ):
        yield server


@contextmanager
def running(
    app: Callable[..., Any], *, host: str, port: int, grace: int = _GRACE, at_end: Callable[[], None] | None = None
) -> Iterator[Server]:
    """
    Run the ASGI application *app* while inside; what `serving` says of *port* holds here.

    At the end nobody new is heard, *at_end* is called in the loop of the server, and requests under way end within *grace*.
    """
    log_to_stderr()
    listener = _listener(host, port)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=grace)
    server = _Ending(config, at_end)
    serve = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="serve", daemon=True)
    serve.start()
    try:
        yield Server(f"http://{host}:{listener.getsockname()[1]}", serve, server.ask_to_end)
    finally:
        server.ask_to_end()
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
