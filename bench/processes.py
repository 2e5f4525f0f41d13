"""Servers that a benchmark starts, and what each of them and its children have cost so far, as the kernel accounts for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bench.measure import RunFailed

_TICK = os.sysconf("SC_CLK_TCK")
_START_SECONDS, _STOP_SECONDS = 60, 20
_POLL_SECONDS = 0.02
_USER, _SYSTEM = 11, 12
"""Fields of /proc/PID/stat, counted from behind the name."""
_RESET_PEAK = "5"
_T = TypeVar("_T")


class Family:
    """A process and the children it has now."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def cpu(self) -> float:
        """Seconds that they have spent, user and system."""
        return sum(_spent(pid) for pid in self._pids())

    def peak(self) -> float:
        """MiB that they had when each had most, added up."""
        return sum(_status(pid, "VmHWM") for pid in self._pids())

    def forget_peak(self) -> None:
        """Let `peak` begin anew."""
        for pid in self._pids():
            Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        return [self._pid, *map(int, children)]


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICK


def _status(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


@contextmanager
def running(words: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the context ends; what it says is in *log*."""
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def first_line(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for the first whole line that a server says."""

    def said() -> str | None:
        text = log.read_text(errors="replace")
        return text.partition("\n")[0] if "\n" in text else None

    return _until(process, log, said)


def listening(process: subprocess.Popen[bytes], log: Path, port: int) -> None:
    """Wait until a server can be connected to."""

    def answers() -> bool | None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return None
        return True

    _until(process, log, answers)


def _until(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], _T | None]) -> _T:
    ended = time.monotonic() + _START_SECONDS
    while (found := ready()) is None:
        if process.poll() is not None or time.monotonic() > ended:
            message = f"a server did not start: {log.read_text(errors='replace')[-2000:]}"
            raise RunFailed(message)
        time.sleep(_POLL_SECONDS)
    return found


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
