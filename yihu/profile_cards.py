"""
Sample cards of profiles, written into a folder: what a contributor tries a profile on, and what it is held to its contract on.

With ffmpeg the recordings are real and a few seconds long; without it they are bytes of the sample's size. Only names, places,
sizes and dates matter to a profile.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from device_profiles.samples import Sample
from device_profiles.variants import CardFile, as_it_is
from ingest.tools import Tools
from storage.errors import StorageUnavailable
from yihu.footage import Medium, Scene, gps_track, record

_SCENE = Scene(2)
_FIRST_FIX = datetime(2026, 11, 18, 1, 5, tzinfo=UTC)


def write_sample(sample: Sample, root: Path, tools: Tools | None = None) -> None:
    """Write the sample card into the folder *root*; see `write_card`."""
    write_card([as_it_is(file) for file in sample.files], root, tools)


def write_card(files: Sequence[CardFile], root: Path, tools: Tools | None = None) -> None:
    """
    Write *files* below *root*, recordings before what belongs to them; with the same tools, the same bytes every time.

    Raises `StorageUnavailable` if *root* is full or takes no such names.
    """
    for file in sorted(files, key=lambda each: (each.belongs_to is not None, each.path)):
        target = _at(root, file.path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _fill(target, file, root, tools)
            os.utime(target, ns=(file.modified_ns, file.modified_ns))
        except OSError as error:
            message = f"sample card {root}: cannot be written ({error.strerror})"
            raise StorageUnavailable(message) from error


def _fill(target: Path, file: CardFile, root: Path, tools: Tools | None) -> None:
    content = file.sample.content
    if content == "md5" and file.belongs_to is not None:
        recording = _at(root, file.belongs_to)
        digest = hashlib.md5(recording.read_bytes(), usedforsecurity=False).hexdigest()
        target.write_bytes(f"{digest}  ".encode() + os.fsencode(recording.name) + b"\n")
    elif content == "track":
        target.write_bytes(gps_track(_FIRST_FIX, seconds=_SCENE.seconds).encode("ascii"))
    elif tools is not None and content in set(Medium):
        record(target, medium=Medium(content), scene=_SCENE, tools=tools)
    else:
        target.write_bytes(_bytes(file))


def _bytes(file: CardFile) -> bytes:
    """Bytes that no other file has: two empty recordings would be one."""
    seed = hashlib.sha256(file.path).digest()
    return (seed * (file.sample.size // len(seed) + 1))[: file.sample.size]


def _at(root: Path, path: bytes) -> Path:
    return Path(os.fsdecode(os.path.join(os.fsencode(root), path)))  # noqa: PTH118 - pathlib knows no bytes
