"""The server of an office: uvicorn over the API, and what happens to the ledger while it runs."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from api.app import create_app
from api.desk import desk_of
from api.pages import packaged
from api.services import Services
from storage.errors import StorageUnavailable
from yihu.health import operations_of
from yihu.logs import log_to_stderr
from yihu.notary import notarising
from yihu.receiving import intake_of, receiving
from yihu.settings import SettingsError
from yihu.strangers import counting
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
        vault=office.vault,
        board=office.home / office.settings.board.socket,
        signing_in=office.settings.signin.rules,
        office_name=office.settings.office.name,
        intake=intake_of(office),
        operations=operations_of(office),
    )


@dataclass(frozen=True, slots=True)
class Tls:
    """Files by which a server proves who it is."""

    certificate: Path
    key: Path


def tls_of(office: Office) -> Tls | None:
    """Return the files that the settings name."""
    web = office.settings.web
    return None if web.certificate is None or web.key is None else Tls(office.home / web.certificate, office.home / web.key)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a server runs and ends."""

    tls: Tls | None = None
    grace: int = _GRACE
    """Seconds that requests under way are given at the end."""
    at_end: Callable[[], None] | None = None
    """Called in the loop of the server before it waits for them."""


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
    """
    Serve *office* while inside; *port* 0 takes a free one.

    Raises `StorageUnavailable` where the port is taken, and `SettingsError` where other machines could come without TLS and
    nobody asked for that.
    """
    tls = tls_of(office)
    if tls is None and not office.settings.web.plain_http and not _is_this_machine(host):
        message = f"{host}: other machines would come without TLS: set [web] certificate and key, or plain_http = true"
        raise SettingsError(message)
    services = services_of(office)
    app = create_app(services, pages=packaged())
    desk = desk_of(app)
    how = Manner(tls, office.settings.operations.grace_seconds, desk.close)
    with (
        running(app, host=host, port=port, how=how) as server,
        notarising(office),
        counting(office, desk),
        receiving(office, services.intake),
    ):
        yield server


@contextmanager
def running(app: Callable[..., Any], *, host: str, port: int, how: Manner | None = None) -> Iterator[Server]:
    """
    Run the ASGI application *app* while inside; what `serving` says of *port* holds here.

    At the end nobody new is heard, then requests under way are given their time.
    """
    log_to_stderr()
    how = how or Manner()
    listener = _listener(host, port)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=how.grace
    )
    if how.tls is not None:
        config.ssl_certfile, config.ssl_keyfile = str(how.tls.certificate), str(how.tls.key)
    try:
        config.load()
    except OSError as error:  # of which ssl.SSLError is one
        listener.close()
        message = f"certificate or key of this server cannot be used: {error.strerror or error}"
        raise SettingsError(message) from error
    server = _Ending(config, how.at_end)
    serve = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="serve", daemon=True)
    serve.start()
    try:
        url = f"{'http' if how.tls is None else 'https'}://{host}:{listener.getsockname()[1]}"
        yield Server(url, serve, server.ask_to_end)
    finally:
        server.ask_to_end()
        serve.join()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listener(host: str, port: int) -> socket.socket:
    # Said in so many words, since asyncio sends what it has at once only where it sees TCP written there. Otherwise the body of
    # every small answer waits 40 ms until the other side has acknowledged the head.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
