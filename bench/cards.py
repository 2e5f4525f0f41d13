"""Cards for benchmarks: bytes that nobody can compress, or none at all, under the names a camera gives."""

from __future__ import annotations

import os
from pathlib import Path

_BLOCK = 2**24


def write_card(root: Path, *, clips: int, size: int) -> Path:
    """Write a card of *clips* recordings of *size* random bytes each."""
    folder = _folder(root)
    for number in range(1, clips + 1):
        with (folder / f"CLIP{number:04}.MP4").open("wb") as file:
            for start in range(0, size, _BLOCK):
                file.write(os.urandom(min(_BLOCK, size - start)))
    return root


def write_sparse_card(root: Path, *, size: int) -> Path:
    """Write a card of one recording of *size* bytes that take no room; reading them costs as much as any."""
    with (_folder(root) / "CLIP0001.MP4").open("wb") as file:
        file.truncate(size)
    return root


def clips_of(card: Path) -> list[Path]:
    """Give the recordings of a card."""
    return sorted(card.rglob("*.MP4"))


def _folder(root: Path) -> Path:
    folder = root / "DCIM" / "100BENCH"
    folder.mkdir(parents=True)
    return folder
