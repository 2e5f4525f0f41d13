"""When a file in a watched folder may be read: once nobody has touched it for a while. A rule without a clock or a disk."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.evidence import DevicePath


@dataclass(frozen=True, slots=True)
class _Watched:
    size: int
    modified_ns: int
    since: datetime
    """Since when it has looked like this."""
    seen: datetime
    """When it was last looked at."""
    taken: bool = False


class Settling:
    """
    Files that may still be growing. A file has settled once it has been left alone for *quiet*.

    Told what was seen and when; asked what has settled. Look once more at what it gives before believing it, since nobody tells
    it of a change that nobody saw. When the clock steps back, files wait again, at most *quiet* after they are next seen.
    """

    def __init__(self, quiet: timedelta) -> None:
        self.quiet = quiet
        self._files: dict[DevicePath, _Watched] = {}

    def saw(self, path: DevicePath, *, size: int, modified_ns: int, at: datetime) -> None:
        """Note that a file is there and what it looks like. One that changed begins to settle anew, even if it was taken."""
        known = self._files.get(path)
        if known is None or (known.size, known.modified_ns) != (size, modified_ns):
            self._files[path] = _Watched(size, modified_ns, since=at, seen=at)
        elif at < known.seen:  # the clock stepped back: how long the file was left alone is not known any more
            self._files[path] = replace(known, since=at, seen=at)
        else:
            self._files[path] = replace(known, seen=at)

    def vanished(self, path: DevicePath) -> None:
        """Forget a file, or all files below a folder, because it is not there any more."""
        if self._files.pop(path, None) is None:
            below = path.raw + b"/"
            self._files = {known: file for known, file in self._files.items() if not known.raw.startswith(below)}

    def replaced(self, path: DevicePath) -> None:
        """Forget a file because something that is no file has its name now."""
        self._files.pop(path, None)

    def keep(self, paths: Collection[DevicePath]) -> None:
        """Forget every file that is not among *paths*: somebody looked at everything."""
        self._files = {path: file for path, file in self._files.items() if path in paths}

    def settled(self, now: datetime) -> list[DevicePath]:
        """Give the files that were left alone for *quiet* and were not taken yet, in the order of their paths."""
        return sorted(path for path, file in self._files.items() if not file.taken and now - file.since >= self.quiet)

    def take(self, paths: Collection[DevicePath]) -> None:
        """Note that somebody cares for these files now: they are not given again unless they change."""
        for path in paths:
            known = self._files.get(path)
            if known is not None:
                self._files[path] = replace(known, taken=True)

    def give_back(self, paths: Collection[DevicePath]) -> None:
        """Note that nothing came of these files: they are given again."""
        for path in paths:
            known = self._files.get(path)
            if known is not None:
                self._files[path] = replace(known, taken=False)

    def next_at(self) -> datetime | None:
        """Say when asking is worth while again; None while nothing is settling."""
        return min((file.since + self.quiet for file in self._files.values() if not file.taken), default=None)
