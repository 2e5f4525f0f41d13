"""Processes of the guest: started from nothing, or split off from a Python that has the program in memory (`warm`)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warm import NUMBER, PLACE

WARM_WITHIN = 180.0


@dataclass(frozen=True, slots=True)
class Started:
    """A process that runs."""

    pid: int
    wait: Callable[[], int]
    out: Any
    err: Any


def started(command: list[str], env: dict[str, str], user: str | None, directory: str, stdin: str, program: str) -> Started:
    """Start *command*; with a *program* in Python, in a process split off, with *command* as its words."""
    given_read, given_write = os.pipe()
    if program:
        begun = _split_off(command, env, user, directory, given_read, program)
    else:
        begun = _from_nothing(command, env, user, directory, given_read)
    os.close(given_read)
    threading.Thread(target=_feed, args=(given_write, stdin.encode()), daemon=True).start()
    return begun


def run(
    command: list[str],
    env: dict[str, str],
    user: str | None,
    directory: str,
    seconds: float,
    stdin: str = "",
    program: str = "",
) -> dict[str, Any]:
    """Run a command to its end, or for *seconds*."""
    begun = started(command, env, user, directory, stdin, program)
    said: dict[str, str] = {}
    readers = [threading.Thread(target=_gather, args=(said, name, getattr(begun, name))) for name in ("out", "err")]
    for reader in readers:
        reader.start()
    late = threading.Timer(seconds, os.kill, (begun.pid, signal.SIGKILL))
    late.start()
    code = begun.wait()
    late.cancel()
    for reader in readers:
        reader.join()
    return {"code": code, **said}


class Jobs:
    """What runs in the background."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        self._say = say
        self._running: dict[int, int] = {}

    def start(
        self, job: int, command: list[str], env: dict[str, str], user: str | None, directory: str, program: str = ""
    ) -> int:
        """Start a command; its lines and its end are told as they come."""
        begun = started(command, env, user, directory, "", program)
        self._running[job] = begun.pid
        tellers = [threading.Thread(target=self._tell, args=(job, name, getattr(begun, name))) for name in ("out", "err")]
        for teller in tellers:
            teller.start()
        threading.Thread(target=self._await, args=(job, begun, tellers)).start()
        return begun.pid

    def signal(self, job: int, number: int) -> None:
        """Send a signal to a job that runs."""
        os.kill(self._running[job], number)

    def _tell(self, job: int, name: str, stream: Any) -> None:  # noqa: ANN401 - a pipe
        with stream:
            for line in stream:
                self._say({"job": job, "on": name, "line": text(line.rstrip(b"\n"))})

    def _await(self, job: int, begun: Started, tellers: list[threading.Thread]) -> None:
        code = begun.wait()
        for teller in tellers:
            teller.join()
        self._say({"job": job, "code": code})


def warm_up(env: dict[str, str]) -> None:
    """Start the Python that has the program in memory; it is asked when it is there."""
    subprocess.Popen(
        [sys.executable, "-m", "warm"], env={**os.environ, **env, "PYTHONPATH": f"/usr/lib/rig:{env['PYTHONPATH']}"}
    )


def text(said: bytes) -> str:
    """Return what a program said."""
    return said.decode("utf-8", "replace")


def _from_nothing(command: list[str], env: dict[str, str], user: str | None, directory: str, given: int) -> Started:
    process = subprocess.Popen(
        command,
        env={**os.environ, **env},
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd=directory,
        stdin=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return Started(process.pid, process.wait, process.stdout, process.stderr)


def _split_off(command: list[str], env: dict[str, str], user: str | None, directory: str, given: int, program: str) -> Started:
    end = time.monotonic() + WARM_WITHIN
    while not Path(PLACE).exists() and time.monotonic() < end:
        time.sleep(0.05)
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    caller.connect(PLACE)
    (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe()
    order = {"argv": command, "env": env, "user": user, "directory": directory, "program": program}
    socket.send_fds(caller, [json.dumps(order).encode()], [given, out_write, err_write])
    os.close(out_write)
    os.close(err_write)
    (pid,) = NUMBER.unpack(caller.recv(NUMBER.size))

    def wait() -> int:
        with caller:
            return int(NUMBER.unpack(caller.recv(NUMBER.size))[0])

    return Started(pid, wait, os.fdopen(out_read, "rb"), os.fdopen(err_read, "rb"))


def _feed(given: int, content: bytes) -> None:
    with os.fdopen(given, "wb") as stream:
        stream.write(content)


def _gather(said: dict[str, str], name: str, stream: Any) -> None:  # noqa: ANN401 - a pipe
    with stream:
        said[name] = text(stream.read())
