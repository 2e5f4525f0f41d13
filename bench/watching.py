"""
Those who watch, in a process of their own: ``watch`` reads ranges of an object over plain sockets and throws the bytes away.

They say how long it took and how many bytes came. Nobody goes on before everybody has the beginning of their first range: then
the server has its hands full for each of them at the same time.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from bench.measure import Command, RunFailed, words_of

_PROGRAM = "import sys; from bench.watching import watch; watch(sys.argv[1])"
_BUFFER = 2**20
_TIMEOUT = 300
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes from *start* up to, not including, *end* that one of them asks for; *end* 0 asks for the whole, without a range."""

    path: str
    headers: dict[str, str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What came."""

    wall: float
    size: int


def watched(port: int, viewers: Sequence[Sequence[Range]]) -> Watched:
    """Have each viewer read its ranges, one after another on one connection, all viewers at once."""
    asked = {"port": port, "viewers": [[asdict(each) for each in ranges] for ranges in viewers]}
    return Watched(**json.loads(words_of(Command([sys.executable, "-c", _PROGRAM, json.dumps(asked)]))))


def watch(asked: str) -> None:
    """Do what the module says."""
    said = json.loads(asked)
    viewers = [[Range(**each) for each in ranges] for ranges in said["viewers"]]
    sizes, all_have_begun = list[int](), threading.Barrier(len(viewers), timeout=_TIMEOUT)
    threads = [threading.Thread(target=_view, args=(said["port"], ranges, all_have_begun, sizes)) for ranges in viewers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - began
    if len(sizes) != len(viewers):
        sys.exit("a viewer was not given what was asked for")
    print(json.dumps(asdict(Watched(wall, sum(sizes)))))


def _view(port: int, ranges: Sequence[Range], all_have_begun: threading.Barrier, sizes: list[int]) -> None:
    size, buffer = 0, bytearray(_BUFFER)
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as line:
        for number, wanted in enumerate(ranges):
            length, come = _asked(line, wanted, buffer)
            if number == 0:
                all_have_begun.wait()
            _rest(line, length - come, buffer)
            size += length
    sizes.append(size)


def _asked(line: socket.socket, wanted: Range, buffer: bytearray) -> tuple[int, int]:
    """Ask, and return how many bytes are announced and how many of them came with the head."""
    lines = [f"GET {wanted.path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in wanted.headers.items())]
    if wanted.end:
        lines.append(f"Range: bytes={wanted.start}-{wanted.end - 1}")
    line.sendall("\r\n".join([*lines, "", ""]).encode())
    said = 0
    while (end := buffer.find(_END, 0, said)) < 0:
        said += _received(line, memoryview(buffer)[said:])
    head = bytes(buffer[:end]).decode("latin-1").lower()
    length = int(head.partition("content-length: ")[2].split()[0])
    status = HTTPStatus.PARTIAL_CONTENT if wanted.end else HTTPStatus.OK
    if not head.startswith(f"http/1.1 {status.value}") or (wanted.end and length != wanted.end - wanted.start):
        raise RunFailed(head)
    return length, said - end - len(_END)


def _rest(line: socket.socket, left: int, buffer: bytearray) -> None:
    room = memoryview(buffer)
    while left:
        left -= _received(line, room[: min(_BUFFER, left)])


def _received(line: socket.socket, room: memoryview) -> int:
    size = line.recv_into(room)
    if not size:
        message = "the answer ended early"
        raise RunFailed(message)
    return size
