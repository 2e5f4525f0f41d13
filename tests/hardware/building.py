"""
The rig, built when somebody first asks for it: a small Debian of its own packages, its disk, and a start from memory.

Everything lies below one folder outside git (``.rig``, or what ``YIHU_TEST_RIG`` names). Each part is made in a folder of
another name, which is renamed when all of it is there, and is named after a digest of whatever it was made of: a part that is
there is complete and current. Two who build at once wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROGRAMS = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mke2fs", "apt-get")


class RigMissing(Exception):
    """Why a machine cannot have the rig."""


@dataclass(frozen=True, slots=True)
class Rig:
    """What a guest starts from."""

    base: Path
    image: Path

    @property
    def kernel(self) -> Path:
        return self.base / "vmlinux"

    @property
    def initrd(self) -> Path:
        return self.image / "initrd"

    @property
    def disk(self) -> Path:
        return self.image / "disk.img"


def place() -> Path:
    """Where the rig is kept."""
    return Path(os.environ.get("YIHU_TEST_RIG") or ROOT / ".rig").resolve()


def built() -> Rig:
    """Return the rig, built now if it is not there; `RigMissing` where it cannot be."""
    _look_for_what_it_takes()
    place().mkdir(parents=True, exist_ok=True)
    with locked(place() / "lock"):
        scripts = sorted((HERE / "rig").iterdir())
        base = place() / f"base-{_digest_of(scripts)}"
        made(base, lambda half: _run("sh", HERE / "rig" / "base.sh", half))
        image = place() / f"image-{_digest_of([*scripts, *sorted((HERE / 'guest').rglob('*'))])}"
        made(image, lambda half: _run("sh", HERE / "rig" / "image.sh", base, HERE / "guest", half))
        _forget_all_but({base, image})
    return Rig(base, image)


def made(part: Path, make: Callable[[Path], None]) -> None:
    """Have *part* made by *make*, unless it is there; what an earlier attempt left half-made is made again."""
    if part.exists():
        return
    half = part.with_name(f"half-{part.name}")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    make(half)
    half.rename(part)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Be the only one to build; whoever dies lets go."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _look_for_what_it_takes() -> None:
    if os.geteuid() != 0:
        message = "the rig is built by root"
        raise RigMissing(message)
    missing = ", ".join(program for program in PROGRAMS if shutil.which(program) is None)
    if missing:
        message = f"not on PATH: {missing}"
        raise RigMissing(message)
    if sys.version_info[:2] != (3, 11):
        message = "the guest has Python 3.11, and packages installed for it are lent to it; here is another Python"
        raise RigMissing(message)


def _digest_of(files: list[Path]) -> str:
    sha256 = hashlib.sha256()
    for file in files:
        if file.is_file() and file.suffix != ".pyc":
            sha256.update(f"{file.relative_to(HERE)} {file.stat().st_size}\n".encode())
            sha256.update(file.read_bytes())
    return sha256.hexdigest()[:16]


def _forget_all_but(current: set[Path]) -> None:
    for part in place().iterdir():
        if part.is_dir() and part not in current and part.name.startswith(("base-", "image-", "half-")):
            shutil.rmtree(part, ignore_errors=True)


def _run(*command: str | Path) -> None:
    """Run one step; where it fails, what it said is the reason."""
    ended = subprocess.run(list(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode:
        message = f"{command[1]}: ended with {ended.returncode}\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}"
        raise RigMissing(message)
