"""
Cameras that are as slow as cameras: read-only file systems that the kernel lets be read at so many bytes a second each.

A card is made once, as an image that lies in memory, and every camera is a loop device over it. Whoever is started as
`Cameras.reading` prepares it belongs to a control group for which each of these devices is throttled (``blkio`` of cgroup v1,
``io`` of v2), so that one program and another meet exactly the same cameras. No process stands in between: what these
cost is spent by threads of the kernel (`Cameras.spent`) and counted for nobody.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cards import clips_of, write_card
from bench.measure import Command, RunFailed

RATE = 40_000_000
"""Bytes a second of one camera."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a card must not be read from the disk that the spool is written to
_V1 = Path("/sys/fs/cgroup/blkio")
_V2 = Path("/sys/fs/cgroup")
_GROUP = "yihu-bench"
_MARGIN = 16 * 2**20
"""Room for what a file system keeps for itself."""
_TICK = os.sysconf("SC_CLK_TCK")
_PROGRAMS = ("losetup", "mke2fs", "mount", "umount")


@dataclass(frozen=True, slots=True)
class Group:
    """A control group in which block devices are throttled."""

    path: Path
    rule: str
    """The file that takes rules."""

    @property
    def members(self) -> Path:
        """Where a process writes its number to belong to the group."""
        return self.path / "cgroup.procs"

    def throttle(self, device: int, rate: int) -> None:
        """Let the group read *device* at *rate* bytes a second."""
        key = "rbps=" if self.rule == "io.max" else ""
        (self.path / self.rule).write_text(f"{os.major(device)}:{os.minor(device)} {key}{rate}\n")


@dataclass(frozen=True, slots=True)
class Cameras:
    """So many cameras with the same recordings; nothing of them is in the memory of the host."""

    group: Group
    roots: tuple[Path, ...]
    """Where they are mounted."""
    devices: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all recordings."""
        return sum(clip.stat().st_size for root in self.roots for clip in clips_of(root))

    def reading(self, command: Command) -> Command:
        """Make *command* meet the cameras as slow as they are, and with nothing of them read yet."""
        for root, device in zip(self.roots, self.devices, strict=True):
            _run("umount", str(root))
            _mount(device, root)
        joining = f'echo $$ > {shlex.quote(str(self.group.members))} && exec "$@"'
        return Command(["sh", "-c", joining, "sh", *command.words], command.settings)

    @staticmethod
    def spent() -> float:
        """Seconds of processor time that working threads of the kernel have spent so far, in which loop devices are served."""
        return sum(_kernel_seconds(Path(process)) for process in Path("/proc").glob("[0-9]*"))


def missing() -> str:
    """Say why there can be no such cameras here, or nothing."""
    programs = [program for program in _PROGRAMS if shutil.which(program) is None]
    if programs:
        return f"not installed: {', '.join(programs)}"
    if os.geteuid() != 0:
        return "loop devices and control groups need root"
    try:
        with _group():
            return ""
    except OSError as error:
        return f"no control group that throttles block devices: {error}"


@contextmanager
def cameras(work: Path, *, count: int, clips: int, size: int, rate: int = RATE) -> Iterator[Cameras]:
    """Have *count* cameras while inside, each with *clips* recordings of *size* bytes."""
    memory = MEMORY if MEMORY.is_dir() else work
    with ExitStack() as stack:
        group = stack.enter_context(_group())
        image = _image(Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory))), clips=clips, size=size)
        roots = [Path(stack.enter_context(tempfile.TemporaryDirectory(dir=work, prefix="camera-"))) for _ in range(count)]
        devices = [stack.enter_context(_plugged(image, root)) for root in roots]
        for root in roots:
            group.throttle(root.stat().st_dev, rate)
        yield Cameras(group, tuple(roots), tuple(devices))


def _image(place: Path, *, clips: int, size: int) -> Path:
    card, image = write_card(place / "card", clips=clips, size=size), place / "card.img"
    with image.open("wb") as file:
        file.truncate(clips * size + clips * size // 32 + _MARGIN)
    _run("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-N", "64", "-O", "^has_journal", "-m", "0", "-d", str(card), str(image))
    shutil.rmtree(card)
    return image


@contextmanager
def _plugged(image: Path, root: Path) -> Iterator[str]:
    device = _run("losetup", "--find", "--show", "--read-only", str(image)).strip()
    try:
        _mount(device, root)
        try:
            yield device
        finally:
            _run("umount", str(root))
    finally:
        _run("losetup", "--detach", device)


def _mount(device: str, root: Path) -> None:
    _run("mount", "-t", "ext4", "-o", "ro,nodev,nosuid,noexec", device, str(root))


@contextmanager
def _group() -> Iterator[Group]:
    is_v1 = _V1.is_dir()
    if not is_v1:
        (_V2 / "cgroup.subtree_control").write_text("+io")
    path = (_V1 if is_v1 else _V2) / f"{_GROUP}-{os.getpid()}"
    path.mkdir()
    try:
        group = Group(path, "blkio.throttle.read_bps_device" if is_v1 else "io.max")
        (path / group.rule).read_text()
        yield group
    finally:
        path.rmdir()


def _kernel_seconds(process: Path) -> float:
    try:
        name, _, rest = (process / "stat").read_text().rpartition(")")
    except OSError:  # it has ended meanwhile
        return 0.0
    user, system = rest.split()[11:13]
    return (int(user) + int(system)) / _TICK if "(kworker/" in name else 0.0


def _run(*words: str) -> str:
    ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        message = f"{shlex.join(words)}: {ended.stderr.strip()}"
        raise RunFailed(message)
    return ended.stdout
