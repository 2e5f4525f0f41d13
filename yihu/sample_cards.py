"""
Two camera cards as they come out of cameras, with real footage on them, for the demo.

Nothing on them is anybody's: devices are called DSJ-DEMO-0001 and DSJDEMO02, officers 000001 and 000002. What a clerk meets in
a year is there at once: formats that no browser plays, a clip cut off in the middle, an empty one, names in GBK, a sidecar
whose digest is wrong, and what desktop systems leave behind.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from ingest.tools import Tools
from storage.errors import StorageUnavailable
from yihu.footage import Medium, Scene, gps_track, record

Progress = Callable[[int, int], None]
"""Told how many files are written, and how many there will be."""

_CHINA = timezone(timedelta(hours=8))
_FIRST_DAY = datetime(2026, 11, 18, tzinfo=_CHINA)
_SECOND_DAY = datetime(2026, 11, 19, tzinfo=_CHINA)
_HD = "1280x720"


@dataclass(frozen=True, slots=True)
class _File:
    path: bytes
    """On the card, as raw bytes: a camera may write GBK."""
    written: datetime
    make: Callable[[Path], None]


def write_sample_cards(root: Path, tools: Tools, progress: Progress = lambda _done, _all: None) -> tuple[Path, Path]:
    """
    Write the two cards under *root* and return where they are: one with a DCIM folder, one of a DCAM recorder.

    Doing it again gives the same names, times and, with the same tools, bytes; files that are there already are replaced.
    Raises `StorageUnavailable` if *root* is full or takes no such names.
    """
    cards = {"DSJ-DEMO-0001": _dcim_card(tools), "DSJDEMO02": _dcam_card(tools)}
    files = [(root / name, file) for name, card in cards.items() for file in card]
    for done, (card, file) in enumerate(files):
        progress(done, len(files))
        _write(card, file)
    progress(len(files), len(files))
    first, second = (root / name for name in cards)
    return first, second


def _write(card: Path, file: _File) -> None:
    target = Path(os.fsdecode(os.path.join(os.fsencode(card), file.path)))  # noqa: PTH118 - pathlib knows no bytes
    moment = int(file.written.timestamp()) * 10**9
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file.make(target)
        os.utime(target, ns=(moment, moment))
    except OSError as error:
        message = f"sample card {card}: cannot be written ({error.strerror})"
        raise StorageUnavailable(message) from error


def _dcim_card(tools: Tools) -> Iterable[_File]:
    film = partial(_film, tools)
    folder, prefix = "DCIM/100MEDIA", "DSJ-DEMO-0001_000001_20261118"
    start = _at(_FIRST_DAY, 9, 5, 12)
    return (
        _File(f"{folder}/{prefix}090512_0001.MP4".encode(), start, film(Medium.H264, Scene(5, _HD))),
        _File(f"{folder}/NMEA_20261118_090512.txt".encode(), start, _track(start, 5)),
        _File(f"{folder}/{prefix}091240_0002.MP4".encode(), _at(_FIRST_DAY, 9, 12, 40), film(Medium.H264_SILENT, Scene(3))),
        _File(f"{folder}/{prefix}093001_0003.MP4".encode(), _at(_FIRST_DAY, 9, 30, 1), film(Medium.HEVC, Scene(3, tone=330))),
        _File(f"{folder}/{prefix}094210_0004.AVI".encode(), _at(_FIRST_DAY, 9, 42, 10), film(Medium.MJPEG, Scene(3))),
        _File(f"{folder}/{prefix}095500_0005.JPG".encode(), _at(_FIRST_DAY, 9, 55, 0), film(Medium.PHOTO, Scene(1, _HD))),
        _File(f"{folder}/{prefix}100130_0006.WAV".encode(), _at(_FIRST_DAY, 10, 1, 30), film(Medium.WAV, Scene(4))),
        _File(f"{folder}/{prefix}101500_0007.MP4".encode(), _at(_FIRST_DAY, 10, 15, 0), _cut(film(Medium.H264, Scene(6)))),
        _File(f"{folder}/{prefix}102200_0008.MP4".encode(), _at(_FIRST_DAY, 10, 22, 0), _text(b"")),
        _File(
            f"{folder}/现场检查_样例商铺_20261118.MP4".encode(),
            _at(_FIRST_DAY, 10, 40, 0),
            film(Medium.H264, Scene(3, pattern="smptebars", tone=520)),
        ),
        _File(
            f"{folder}/询问笔录_样例当事人.MP4".encode("gbk"),
            _at(_FIRST_DAY, 11, 2, 0),
            film(Medium.H264, Scene(4, pattern="smptebars", tone=600)),
        ),
        _File(b"System Volume Information/IndexerVolumeGuid", _FIRST_DAY, _text(b"{00000000-0000-0000-0000-000000000000}")),
        _File(f"{folder}/Thumbs.db".encode(), _FIRST_DAY, _text(b"\xd0\xcf\x11\xe0 not really")),
        _File(b".Trashes/501/._old.MP4", _FIRST_DAY, _text(b"\0\5\26\7")),
    )


def _dcam_card(tools: Tools) -> Iterable[_File]:
    film = partial(_film, tools)
    start, later = _at(_SECOND_DAY, 9, 30, 5), _at(_SECOND_DAY, 9, 45, 12)
    important, photo, sound = _at(_SECOND_DAY, 10, 15, 0), _at(_SECOND_DAY, 10, 17, 30), _at(_SECOND_DAY, 10, 30, 0)
    return (
        _File(_dcam("Video", start, ".mp4"), start, film(Medium.H264, Scene(4, _HD, tone=360))),
        _File(_dcam("Video", start, ".mp4.md5"), start, _right_digest),
        _File(f"Media/Video/2026-11-19/NMEA_{start:%Y%m%d_%H%M%S}.txt".encode(), start, _track(start, 4)),
        _File(_dcam("Video", later, ".mp4"), later, film(Medium.HEVC, Scene(3, tone=480))),
        _File(_dcam("Video", later, ".mp4.md5"), later, _wrong_digest),
        _File(_dcam("IMP", important, "_IMP.mp4"), important, film(Medium.H264, Scene(3, tone=700))),
        _File(_dcam("IMP", important, "_IMP.mp4.md5"), important, _right_digest),
        _File(_dcam("Image", photo, ".jpg"), photo, film(Medium.PHOTO, Scene(1, pattern="smptebars"))),
        _File(_dcam("Audio", sound, ".aac"), sound, film(Medium.AAC, Scene(4, tone=250))),
        _File(b"Config/dcam_config.cson", _SECOND_DAY, _text(b'device: "DSJDEMO02"\n')),
        _File(b"Logs/logs.txt", sound, _text(b"2026-11-19 09:30:00 power on\n2026-11-19 10:31:00 power off\n")),
        _File(b"Temp/recording.tmp", sound, _text(b"unfinished")),
    )


def _at(day: datetime, hour: int, minute: int, second: int) -> datetime:
    return day.replace(hour=hour, minute=minute, second=second)


def _dcam(folder: str, moment: datetime, ending: str) -> bytes:
    return f"Media/{folder}/{moment:%Y-%m-%d}/DCAM_DSJDEMO02_000002_{moment:%Y%m%d_%H%M%S}{ending}".encode()


def _film(tools: Tools, medium: Medium, scene: Scene) -> Callable[[Path], None]:
    return partial(record, medium=medium, scene=scene, tools=tools)


def _cut(film: Callable[[Path], None]) -> Callable[[Path], None]:
    """A clip of which only the first part reached the card."""

    def make(target: Path) -> None:
        film(target)
        os.truncate(target, target.stat().st_size * 6 // 10)

    return make


def _text(content: bytes) -> Callable[[Path], None]:
    def make(target: Path) -> None:
        target.write_bytes(content)

    return make


def _track(start: datetime, seconds: int) -> Callable[[Path], None]:
    return _text(gps_track(start.astimezone(UTC), seconds=seconds).encode("ascii"))


def _right_digest(target: Path) -> None:
    clip = target.with_suffix("")
    digest = hashlib.md5(clip.read_bytes(), usedforsecurity=False).hexdigest()
    target.write_text(f"{digest}  {clip.name}\n", encoding="utf-8")


def _wrong_digest(target: Path) -> None:
    target.write_text(f"{'0' * 32}  {target.with_suffix('').name}\n", encoding="utf-8")
