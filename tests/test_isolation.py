"""What `conftest.py` promises to every other test."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_no_test_connects_beyond_this_machine(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as outgoing, pytest.raises(RuntimeError, match=address):
        outgoing.connect((address, 9))


def test_no_test_sends_a_datagram_beyond_this_machine() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as outgoing, pytest.raises(RuntimeError, match="192"):
        outgoing.sendto(b"", ("192.0.2.1", 9))


def test_no_test_asks_a_name_server() -> None:
    with pytest.raises(RuntimeError, match="store.example"):
        socket.create_connection(("store.example", 443))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        server.accept()[0].close()


def test_settings_of_the_developer_are_gone() -> None:
    assert [name for name in os.environ if name.startswith("YIHU_") and not name.startswith("YIHU_TEST_")] == []


def test_local_time_is_not_utc() -> None:
    """A naive time that was meant to be UTC is then eight hours off, and some test fails."""
    assert datetime.now(UTC).astimezone().utcoffset() != datetime.now(UTC).utcoffset()
