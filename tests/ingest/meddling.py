"""Files to which something happens while they are taken in, and what a report says of them."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from ingest.cards import Card
from ingest.progress import CardReport
from storage.evidence import DevicePath
from yihu.wiring import Office

GOOD = b"DCIM/good.MP4"


def problems(report: CardReport) -> dict[str, str]:
    return {problem.path.text: problem.error for problem in report.problems}


def reasons(report: CardReport) -> dict[str, str]:
    return {problem.path.text: problem.reason for problem in report.problems}


def names(office: Office) -> list[str]:
    return sorted(clip.name for clip in office.catalog.clips())


@contextmanager
def meddling(monkeypatch: pytest.MonkeyPatch, path: bytes, meddle: Callable[[Card], object]) -> Iterator[None]:
    """Let something happen when *path* is opened, after it was listed."""
    really = Card.open

    def opened_by(self: Card, wanted: DevicePath) -> BinaryIO:
        other = meddle(self) if wanted.raw == path else None
        return other if isinstance(other, io.IOBase) else really(self, wanted)  # type: ignore[return-value]

    with monkeypatch.context() as patch:
        patch.setattr(Card, "open", opened_by)
        yield


class MeddledFile(io.FileIO):
    """A file to which something happens while it is read."""

    def __init__(self, path: Path, meddle: Callable[[Path], object]) -> None:
        super().__init__(path)
        self._path, self._meddle = path, meddle

    def readinto(self, room: Any) -> int:  # noqa: ANN401 - any buffer
        taken = super().readinto(room) or 0
        if taken:
            self._meddle(self._path)
        return taken


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more" * 99)


def shrink(path: Path) -> None:
    os.truncate(path, 2_000_000)


def files_of(*cards: Path) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for number, card in enumerate(cards):
        found |= {b"%d-%s" % (number, file.name.encode()): file.read_bytes() for file in card.rglob("*.MP4")}
    return found
