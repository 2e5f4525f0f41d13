"""A guest as tests see it: commands, files, and programs in the background whose lines are read as they come."""

from __future__ import annotations

import base64
import json
import queue
import secrets
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.hardware.building import Rig
from tests.hardware.machine import RESTORE, SHARES, GuestFailed, Machine, Snapshot, overlay

PATIENCE: Final = 120.0
"""Seconds for one order, if nobody says better."""
PROGRAM: Final = {"PYTHONPATH": f"{SHARES['site']}:{SHARES['code']}", "YIHU_LANG": "en", "PYTHONDONTWRITEBYTECODE": "1"}
YIHU: Final = "import yihu.__main__; yihu.__main__.main()"
"""The program, as Python that has it in memory starts it."""


class Silence(GuestFailed):
    """A program said nothing more in time."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def answer(self) -> Any:  # noqa: ANN401 - JSON
        """Return what it printed, which is JSON."""
        assert self.out, self
        return json.loads(self.out)


@dataclass(slots=True)
class Job:
    """A program in the background."""

    guest: Guest
    number: int
    said: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    code: int | None = None
    _news: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)

    def told(self, message: dict[str, Any]) -> None:
        """Take in what the guest says of it."""
        self._news.put(message)

    def until(self, is_it: Callable[[dict[str, Any]], object], seconds: float = PATIENCE) -> dict[str, Any]:
        """Return the next line of JSON that *is_it*; fails when none comes."""
        end = time.monotonic() + seconds
        while self.code is None:
            line = self._next(end)
            if line is not None and is_it(found := json.loads(line)):
                return dict(found)
        raise GuestFailed(self._story("ended"))

    def until_line(self, beginning: str, seconds: float = PATIENCE) -> str:
        """Return the next line that begins so; fails when none comes."""
        end = time.monotonic() + seconds
        while self.code is None:
            line = self._next(end)
            if line is not None and line.startswith(beginning):
                return line
        raise GuestFailed(self._story("ended"))

    def listen(self, end: float) -> None:
        """Take in one line, if one comes before *end*."""
        with suppress(queue.Empty):
            self._take(self._news.get(timeout=max(0.0, end - time.monotonic())))

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.guest.order("signal", job=self.number, number=number)

    def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for its end and return its exit code."""
        end = time.monotonic() + seconds
        while self.code is None:
            self._next(end)
        return self.code

    def _next(self, end: float) -> str | None:
        """Take in one message; return its line if it was said on standard output."""
        try:
            message = self._news.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise Silence(self._story("nothing more came")) from None
        return self._take(message)

    def _take(self, message: dict[str, Any]) -> str | None:
        if "code" in message:
            self.code = message["code"]
            return None
        (self.said if message["on"] == "out" else self.errors).append(message["line"])
        return str(message["line"]) if message["on"] == "out" else None

    def _story(self, what: str) -> str:
        return "\n".join([what, *self.said[-40:], *self.errors[-40:]])


class Guest:
    """A guest that runs and takes orders."""

    def __init__(self, machine: Machine, disk: Path) -> None:
        self.machine = machine
        self.disk = disk
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._jobs: dict[int, Job] = {}
        self._last = 0
        self._lock = threading.Lock()
        self.ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def order(self, do: str, *, patience: float = PATIENCE, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Have *do* done and return what came of it."""
        answers: queue.Queue[dict[str, Any]] = queue.Queue()
        with self._lock:
            self._last += 1
            number = self._last
            self._answers[number] = answers
            self.machine.line.sendall(json.dumps({"id": number, "do": do, "with": arguments}).encode() + b"\n")
        try:
            answer = answers.get(timeout=patience)
        except queue.Empty:
            message = f"{do} {arguments}: no answer\n{self.machine.said()}"
            raise GuestFailed(message) from None
        if "failed" in answer:
            message = f"{do} {arguments}: {answer['failed']}"
            raise GuestFailed(message)
        return answer["done"]

    def run(
        self,
        *command: object,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        directory: str = "/",
        code: int | None = 0,
        stdin: str = "",
        program: str = "",
    ) -> Ran:
        """Run a command (a single word is a shell's line); it must end with *code*, unless that is None."""
        words = [str(word) for word in command]
        words = ["bash", "-c", words[0]] if len(words) == 1 and not program else words
        told = {
            "command": words,
            "env": dict(env or {}),
            "user": user,
            "directory": directory,
            "stdin": stdin,
            "program": program,
        }
        ran = Ran(**self.order("run", seconds=PATIENCE, patience=PATIENCE + 5, **told))
        if code is not None and ran.code != code:
            message = f"{shlex.join(words)}: ended with {ran.code}\n{ran.out[-3000:]}{ran.err[-3000:]}"
            raise GuestFailed(message)
        return ran

    def python(self, program: str, *arguments: object, **how: Any) -> Ran:  # noqa: ANN401 - as `run`
        """Run a small program with ours at hand."""
        return self.run("-c", *arguments, program=program, **how)

    def start(self, *command: object, user: str | None = None, directory: str = "/", program: str = "") -> Job:
        """Start a command in the background."""
        with self._lock:
            job = self._jobs[len(self._jobs)] = Job(self, len(self._jobs))
        words = [str(word) for word in command]
        told: dict[str, Any] = {"command": words, "env": {}, "user": user, "directory": directory, "program": program}
        self.order("start", job=job.number, **told)
        return job

    def write(self, path: str, content: bytes | str, mode: int = 0o644) -> None:
        """Put a file there."""
        raw = content.encode() if isinstance(content, str) else content
        self.order("write", path=path, content=base64.b64encode(raw).decode(), mode=mode)

    def read(self, path: str) -> bytes:
        """Return a file."""
        return base64.b64decode(self.order("read", path=path))

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a file."""
        return str(self.order("digest", path=path))

    def _listen(self) -> None:
        with self.machine.line.makefile("rb") as lines:
            try:
                for line in lines:
                    self._heard(json.loads(line))
            except (OSError, ValueError):
                return  # its power was taken away in the middle of a word

    def _heard(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self.ready.set()
        elif "job" in message:
            self._jobs[message["job"]].told(message)
        else:
            self._answers.pop(message["id"]).put(message)


def woken(rig: Rig, snapshot: Snapshot, place: Path) -> Guest:
    """Return a guest that starts from memory, with a disk of its own in *place*."""
    disk = place / "disk.qcow2"
    overlay(snapshot.disk, disk)
    machine = Machine(rig, place, accelerator=snapshot.accelerator, disk=disk, memory=snapshot.memory)
    guest = Guest(machine, disk)
    _wake(guest, RESTORE)
    return guest


def started_again(rig: Rig, snapshot: Snapshot, disk: Path, place: Path, patience: float) -> Guest:
    """Return a guest that starts from a disk whose last guest lost its power."""
    machine = Machine(rig, place, accelerator=snapshot.accelerator, disk=disk)
    guest = Guest(machine, disk)
    if not guest.ready.wait(patience):
        raise GuestFailed(machine.said())
    _wake(guest, RESTORE)
    return guest


def _wake(guest: Guest, patience: float) -> None:
    seed = base64.b64encode(secrets.token_bytes(64)).decode()
    guest.order("wake", now=time.time(), seed=seed, shares=SHARES, program=PROGRAM, patience=patience)
