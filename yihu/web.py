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
from yihu.logs import log_to_stderr
from yihu.notary import notarising
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
        signing_in=office.settings.signin.rules,
        office_name=office.settings.office.name,
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
    app = create_app(services_of(office), pages=packaged())
    with running(app, host=host, port=port, tls=tls) as server, notarising(office), counting(office, desk_of(app)):
        yield server


@contextmanager
def running(app: Callable[..., Any], *, host: str, port: int, tls: Tls | None = None) -> Iterator[Server]:
    """Run the ASGI application *app* while inside; what `serving` says of *port* holds here."""
    log_to_stderr()
    listener = _listener(host, port)
    config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=_GRACE)
    if tls is not None:
        config.ssl_certfile, config.ssl_keyfile = str(tls.certificate), str(tls.key)
    try:
        config.load()
    except OSError as error:  # of which ssl.SSLError is one
        listener.close()
        message = f"certificate or key of this server cannot be used: {error.strerror or error}"
        raise SettingsError(message) from error
    server = uvicorn.Server(config)
    serve = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="serve", daemon=True)
    serve.start()
    try:
        yield Server(f"{'http' if tls is None else 'https'}://{host}:{listener.getsockname()[1]}", serve)
    finally:
        server.should_exit = True
        serve.join()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
