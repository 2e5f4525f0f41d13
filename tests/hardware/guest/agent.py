"""
The hands of the tests inside the guest: takes orders as lines of JSON from a virtual serial port and answers on it.

An order is ``{"id": 1, "do": NAME, "with": {…}}``; its answer ``{"id": 1, "done": …}`` or ``{"id": 1, "failed": "…"}``. Orders
are carried out at the same time, each in a thread of its own. A job that runs in the background also says
``{"job": 7, "line": "…"}`` and in the end ``{"job": 7, "code": 0}``.
"""

from __future__ import annotations

import base64
import ctypes
import fcntl
import hashlib
import json
import os
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cards
import gadgets
import processes

PORT = "/dev/virtio-ports/rig"
ADD_ENTROPY = 0x40085203
RESEED = 0x5207


class Line:
    """The port, for many threads at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()

    def say(self, what: dict[str, Any]) -> None:
        """Send one message, whole."""
        rest = json.dumps(what).encode() + b"\n"
        with self._lock:
            while rest:
                rest = rest[os.write(self._port, rest) :]

    def orders(self) -> Any:  # noqa: ANN401 - whatever the tests say
        """Yield what is asked, as it comes."""
        with os.fdopen(os.dup(self._port), "rb") as lines:
            for line in lines:
                yield json.loads(line)


def wake(now: float, seed: str, shares: dict[str, str], program: dict[str, str]) -> None:
    """Go on after a start from a snapshot: the right time, randomness of its own, the folders of the host."""
    time.clock_settime(time.CLOCK_REALTIME, now)
    material = base64.b64decode(seed)
    with open("/dev/urandom", "wb", buffering=0) as random:  # noqa: PTH123 - a device
        fcntl.ioctl(random, ADD_ENTROPY, struct.pack("ii", len(material) * 8, len(material)) + material)
        fcntl.ioctl(random, RESEED)
    for tag, place in shares.items():
        Path(place).mkdir(parents=True, exist_ok=True)
        options = "trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose"
        subprocess.run(["mount", "-t", "9p", "-o", options, tag, place], check=True)
    processes.warm_up(program)


def write(path: str, content: str, mode: int) -> None:
    """Put *content* (base64) into a file."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(base64.b64decode(content))
    Path(path).chmod(mode)


def read(path: str) -> str:
    """Return the content of a file (base64)."""
    return base64.b64encode(Path(path).read_bytes()).decode()


def digest(path: str) -> str:
    """Return the SHA-256 of a file, as it is on the medium."""
    with open(path, "rb") as file:  # noqa: PTH123 - also of a device
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()


def power_off() -> None:
    """End the guest without a word to anybody."""
    Path("/proc/sysrq-trigger").write_text("o")


def _carry_out(line: Line, known: dict[str, Callable[..., Any]], order: dict[str, Any]) -> None:
    try:
        line.say({"id": order["id"], "done": known[order["do"]](**order["with"])})
    except BaseException:  # noqa: BLE001 - whatever it was, the test hears of it
        line.say({"id": order["id"], "failed": traceback.format_exc()})


def main() -> None:
    """Serve until the guest ends."""
    subprocess.run(["udevadm", "settle", "--timeout=60"], check=False)
    line = Line(os.open(PORT, os.O_RDWR))
    jobs = processes.Jobs(line.say)
    known: dict[str, Callable[..., Any]] = {
        **{each.__name__: each for each in (wake, processes.run, write, read, digest, power_off)},
        "start": jobs.start,
        "signal": jobs.signal,
        **gadgets.ORDERS,
        **cards.ORDERS,
    }
    ctypes.CDLL(None).sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
    line.say({"ready": sys.version})
    for order in line.orders():
        threading.Thread(target=_carry_out, args=(line, known, order)).start()


if __name__ == "__main__":
    main()
