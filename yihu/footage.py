"""
Footage out of nothing: test pictures and tones in the formats that cameras write, for the demo, tests and measurements.

The picture is ffmpeg's own test pattern, in which a counter runs; drawing a clock into it is not tried, as not every ffmpeg can
(it needs the drawtext filter and a font). No metadata, so that the same call gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from ingest.tools import Tools, file_url, run
from storage.errors import StorageUnavailable

_PATIENCE = timedelta(minutes=5)
_FRAME_RATE = 25

_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-g", "50", "-pix_fmt", "yuv420p")
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "32", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error")
_AAC = ("-c:a", "aac", "-b:a", "64k")
_MJPEG = ("-c:v", "mjpeg", "-q:v", "8", "-pix_fmt", "yuvj420p")
_EXACT = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")


class Medium(StrEnum):
    """A kind of file that cameras write."""

    H264 = "h264"
    """MP4 with its index in front, H.264 and AAC."""
    H264_SILENT = "h264-silent"
    HEVC = "hevc"
    """MP4, HEVC and AAC: no browser here plays it."""
    MJPEG = "mjpeg"
    """AVI, motion JPEG and PCM."""
    PHOTO = "photo"
    WAV = "wav"
    AAC = "aac"


_ENCODINGS: Mapping[Medium, tuple[str, ...]] = {
    Medium.H264: (*_X264, *_AAC, "-movflags", "+faststart", "-f", "mp4"),
    Medium.H264_SILENT: (*_X264, "-an", "-f", "mp4"),
    Medium.HEVC: (*_X265, "-tag:v", "hvc1", *_AAC, "-f", "mp4"),
    Medium.MJPEG: (*_MJPEG, "-c:a", "pcm_s16le", "-f", "avi"),
    Medium.PHOTO: (*_MJPEG, "-an", "-frames:v", "1", "-f", "mjpeg"),
    Medium.WAV: ("-vn", "-c:a", "pcm_s16le", "-f", "wav"),
    Medium.AAC: ("-vn", *_AAC, "-f", "adts"),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What is seen and heard, and for how long."""

    seconds: int = 3
    size: str = "640x360"
    pattern: str = "testsrc2"
    """A source of ffmpeg's lavfi: ``testsrc2``, in which a counter runs, or ``smptebars``."""
    tone: int = 440
    """In hertz."""


def record(target: Path, *, medium: Medium, scene: Scene, tools: Tools) -> None:
    """
    Record *scene* to the file *target*, replacing it.

    The same scene gives the same bytes with the same tools. Raises `StorageUnavailable` if it could not be written.
    """
    picture = f"{scene.pattern}=size={scene.size}:rate={_FRAME_RATE}:duration={scene.seconds}"
    sound = f"sine=frequency={scene.tone}:sample_rate=48000:duration={scene.seconds}"
    sources = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound)
    head = (str(tools.ffmpeg), "-hide_banner", "-nostdin", "-v", "error", "-y")
    part = target.with_name(f"{target.name}.part")
    ended = run([*head, *sources, *_ENCODINGS[medium], *_EXACT, file_url(part)], timeout=_PATIENCE)
    if not ended.well:
        part.unlink(missing_ok=True)
        message = f"sample footage ({medium}): ffmpeg ended with {ended.code}: {ended.tail[-200:].strip()}"
        raise StorageUnavailable(message)
    part.replace(target)


def gps_track(start: datetime, *, seconds: int) -> str:
    """An NMEA sidecar: one GPGGA line a second, of somebody who walks north from a round place. *start* is in UTC."""
    lines = (_position(start + timedelta(seconds=second), second) for second in range(seconds))
    return "".join(f"${line}*{checksum(line):02X}\r\n" for line in lines)


def checksum(sentence: str) -> int:
    """The checksum of an NMEA sentence: all between ``$`` and ``*``, exclusive-or."""
    total = 0
    for byte in sentence.encode("ascii"):
        total ^= byte
    return total


def _position(moment: datetime, second: int) -> str:
    minutes = 1 + second * 0.0008  # about a metre and a half
    return f"GPGGA,{moment:%H%M%S}.00,30{minutes:07.4f},N,12001.0000,E,1,08,1.0,12.0,M,0.0,M,,"
