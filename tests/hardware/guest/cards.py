"""Images of memory cards: made, filled by the guest's own file systems, and looked into."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import processes

FIRST_SECTOR = 2048
MAKERS = {
    "vfat": "mkfs.vfat -F 32 -n {label} {device}",
    "exfat": "mkfs.exfat -L {label} {device}",
    "ext4": "mkfs.ext4 -q -L {label} {device}",
}
TYPES = {"vfat": "c", "exfat": "7", "ext4": "83"}


def make_card(image: str, *, filesystem: str, mebibytes: int, partitioned: bool, label: str) -> None:
    """Make an empty card."""
    Path(image).parent.mkdir(parents=True, exist_ok=True)
    with open(image, "wb") as file:  # noqa: PTH123 - for truncate
        file.truncate(mebibytes << 20)
    if partitioned:
        table = f"label: dos\nstart={FIRST_SECTOR}, type={TYPES[filesystem]}\n"
        _run("sfdisk", "--quiet", image, given=table)
    with _loop(image, partitioned=partitioned) as device:
        _run(*shlex.split(MAKERS[filesystem].format(label=label, device=device)))


def fill_card(image: str, *, partitioned: bool, files: dict[str, int], sample: str | None, program: str) -> None:
    """Write *files* of given sizes onto a card, no two alike; *program* writes the *sample* of a profile there."""
    with _loop(image, partitioned=partitioned) as device, _mounted(device, "rw") as root:
        for name, size in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(_bytes(f"{image}:{name}", size))
        if sample is not None:
            ran = processes.run(["-c", sample, str(root)], {}, None, "/", 120, program=program)
            if ran["code"]:
                raise OSError(ran["err"])


def list_card(image: str, *, partitioned: bool) -> dict[str, str]:
    """Return SHA-256 of every file on a card by its path."""
    with _loop(image, partitioned=partitioned) as device, _mounted(device, "ro") as root:
        return {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(root.rglob("*"))
            if file.is_file()
        }


def _bytes(seed: str, size: int) -> bytes:
    """Bytes that no other file has, quickly."""
    block = hashlib.shake_128(seed.encode()).digest(min(size, 1 << 16))
    return b"".join(number.to_bytes(8, "big") + block[8:] for number in range(size // len(block) + 1))[:size] if size else b""


@contextmanager
def _loop(image: str, *, partitioned: bool) -> Iterator[str]:
    offset = FIRST_SECTOR * 512 if partitioned else 0
    device = _run("losetup", "--find", "--show", "--offset", str(offset), image).strip()
    try:
        yield device
    finally:
        _run("losetup", "--detach", device)


@contextmanager
def _mounted(device: str, options: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as root:
        _run("mount", "-o", options, device, root)
        try:
            yield Path(root)
        finally:
            _run("umount", root)


def _run(*command: str, given: str = "") -> str:
    ended = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if ended.returncode:
        message = f"{shlex.join(command)}: {ended.stderr or ended.stdout}"
        raise OSError(message)
    return ended.stdout


ORDERS: dict[str, Callable[..., Any]] = {each.__name__: each for each in (make_card, fill_card, list_card)}
