"""Directories that stand for volumes, where nothing can be mounted or need not be: `Mounting` for tests of what comes after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ingest.mount import Mounted
from ingest.usb import Volume
from storage.errors import SourceChanged

OPTIONS = "ro,nodev,nosuid,noexec,tz=UTC"


@dataclass(slots=True)
class PlainMounting:
    """Gives the directory of a volume; one that has none was pulled."""

    roots: dict[str, Path] = field(default_factory=dict)
    """By the path of the volume in sysfs."""
    mounted: list[str] = field(default_factory=list)
    """What is mounted now."""

    @contextmanager
    def for_reading(self, volume: Volume) -> Iterator[Mounted]:
        """See `Mounting`."""
        with self._mounted(volume, OPTIONS) as mounted:
            yield mounted

    @contextmanager
    def for_clearing(self, volume: Volume) -> Iterator[Mounted]:
        """See `Mounting`."""
        with self._mounted(volume, OPTIONS.replace("ro,", "rw,")) as mounted:
            yield mounted

    @contextmanager
    def _mounted(self, volume: Volume, options: str) -> Iterator[Mounted]:
        root = self.roots.get(volume.sysfs)
        if root is None:
            message = f"{volume.node}: it was pulled"
            raise SourceChanged(message)
        self.mounted.append(volume.sysfs)
        try:
            yield Mounted(root, options)
        finally:
            self.mounted.remove(volume.sysfs)
