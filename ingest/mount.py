"""Mounting the volume of a camera: for reading, so that not a bit of it changes; for clearing, once everything is proved."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.usb import Volume


@dataclass(frozen=True, slots=True)
class Mounted:
    """A volume that is mounted."""

    root: Path
    options: str
    """As they were asked for, in order: ``ro,nodev,nosuid,noexec,…``."""


class Mounting(Protocol):
    """How volumes are mounted on this host."""

    def for_reading(self, volume: Volume) -> AbstractContextManager[Mounted]:
        """
        Mount *volume* so that nothing on it changes, and let go of it at the end, lazily if it was pulled.

        Raises `SourceChanged` where it is gone or another by now, `EvidenceError` for a file system that is not read here.
        """
        ...

    def for_clearing(self, volume: Volume) -> AbstractContextManager[Mounted]:
        """Mount *volume* so that files can be removed, only for `ingest.clear`. At the end all is written to the card."""
        ...
