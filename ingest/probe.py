"""
What is in a media file, as far as anybody can tell without believing it.

`facts` never fails on bad media: what is wrong with a file is a finding, the file stays evidence all the same. All that ffprobe
says is parsed here as hostile text; numbers that cannot be true are left out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from ingest.structure import Container, Structure, structure
from ingest.tools import INPUT_LIMITS, Tools, ask, file_url
from storage.errors import NotFound, StorageUnavailable
from storage.evidence import MediaKind

_Said: TypeAlias = Mapping[str, Any]

_PATIENCE = timedelta(seconds=60)
_LONGEST = timedelta(days=366)
_MOST_STREAMS = 64
_LONGEST_TEXT = 64
_UNSURE = 25
"""ffprobe's own score below which it has only guessed; below it, text and noise turn into music."""
_NUMBER = re.compile(r"[0-9]{1,9}")
_DATE = re.compile(r"[0-9][0-9TZ:./+ -]{3,39}")
_RATE = re.compile(r"[0-9]{1,9}(/[0-9]{1,9})?")
_PICTURE_FORMATS = {Container.JPEG: "jpeg_pipe", Container.PNG: "png_pipe"}
"""Forced, because ffmpeg would otherwise choose image2 by a file's name, which opens other files if there is a % in it."""
_MOVIE_FORMATS = frozenset({"mov", "avi", "matroska", "mpegts", "mpeg", "asf", "dhav", "flv"})
_AUDIO_BRANDS = frozenset({"M4A", "M4B"})


class Finding(StrEnum):
    """Something about a file that a person should know. A finding never stops a file from being kept."""

    EMPTY = "empty"
    """No bytes at all."""
    NOT_MEDIA = "not_media"
    """Not a container that a camera writes; often a sidecar."""
    UNREADABLE = "unreadable"
    """A known container in which nothing could be found."""
    TRUNCATED = "truncated"
    """It ends before it says it does: the camera lost power, or the copy on the card is incomplete."""
    NO_VIDEO = "no_video"
    """A film without a picture."""
    DURATION_UNKNOWN = "duration_unknown"
    SALVAGED = "salvaged"
    """The review copy shows what could be played of a damaged file, not all that was recorded."""
    UNPLAYABLE = "unplayable"
    """No review copy could be made."""


class StreamKind(StrEnum):
    """What a stream carries."""

    VIDEO = "video"
    AUDIO = "audio"
    COVER = "cover"
    """A still picture attached to something else."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a file, in the file's own words. None where it does not say, or what it says cannot be."""

    kind: StreamKind
    codec: str
    pixel_format: str | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: str | None = None
    """Frames a second as a fraction: ``25`` or ``30000/1001``."""
    sample_rate: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is in a media file. Length and times are what it claims, not what was checked."""

    kind: MediaKind
    size: int
    container: str | None = None
    duration: timedelta | None = None
    streams: tuple[Stream, ...] = ()
    created: str | None = None
    """Its creation time, as claimed and as written there; None unless it is made of digits and what stands between them."""
    findings: tuple[Finding, ...] = ()

    def first(self, kind: StreamKind) -> Stream | None:
        """The first stream of that kind, which is the one that gets rendered."""
        return next((stream for stream in self.streams if stream.kind is kind), None)


def facts(path: Path, tools: Tools) -> Facts:
    """
    Read what is in the file at *path*.

    Raises `NotFound` if it is not there and `StorageUnavailable` if its disk cannot be read; bad media only gives findings.
    """
    size, shape = _examined(path)
    if size == 0:
        return Facts(MediaKind.OTHER, size, findings=(Finding.EMPTY,))
    return interpret(_said(path, shape, tools), shape=shape, size=size)


def interpret(said: _Said, *, shape: Structure, size: int) -> Facts:
    """Turn what ffprobe said, and the structure of the file, into facts: the rule, without the programs."""
    damage = () if shape.whole else (Finding.TRUNCATED,)
    outline = _mapping(said.get("format"))
    streams = tuple(_stream(_mapping(each)) for each in _list(said.get("streams"))[:_MOST_STREAMS])
    guessed = shape.container is None and (_whole_number(outline.get("probe_score")) or 0) < _UNSURE
    if not streams or guessed:
        missing = Finding.NOT_MEDIA if shape.container is None else Finding.UNREADABLE
        return Facts(MediaKind.OTHER, size, findings=(missing, *damage))
    kind = _kind(streams, outline, shape)
    duration = None if kind is MediaKind.PHOTO else _duration(outline, _list(said.get("streams")))
    tags = _mapping(outline.get("tags"))
    return Facts(
        kind=kind,
        size=size,
        container=_text(outline.get("format_name")),
        duration=duration,
        streams=streams,
        created=_moment(tags.get("creation_time")),
        findings=(*damage, *_shortcomings(kind, duration, streams, outline)),
    )


def _examined(path: Path) -> tuple[int, Structure]:
    try:
        with path.open("rb") as file:
            return path.stat().st_size, structure(file)
    except FileNotFoundError as error:
        message = "media file: it is not there any more"
        raise NotFound(message) from error
    except OSError as error:
        message = f"media file: cannot be read ({error.strerror})"
        raise StorageUnavailable(message) from error


def _said(path: Path, shape: Structure, tools: Tools) -> _Said:
    limits = [word for name, value in INPUT_LIMITS.items() for word in (f"-{name}", value)]
    form = _PICTURE_FORMATS.get(shape.container) if shape.container else None
    forced = ["-f", form] if form else []
    show = ["-show_format", "-show_streams", "-print_format", "json"]
    argv = [str(tools.ffprobe), "-v", "error", *limits, *forced, *show, "-i", file_url(path)]
    _, answer = ask(argv, timeout=_PATIENCE)
    try:
        return _mapping(json.loads(answer.decode("utf-8", "replace")))
    except (ValueError, RecursionError):  # nothing was said, it was cut off, or a number in it has thousands of digits
        return {}


def _kind(streams: tuple[Stream, ...], outline: _Said, shape: Structure) -> MediaKind:
    kinds = {stream.kind for stream in streams}
    if StreamKind.VIDEO in kinds:
        single = shape.container in _PICTURE_FORMATS or str(outline.get("format_name")).endswith("_pipe")
        return MediaKind.PHOTO if single else MediaKind.VIDEO
    return MediaKind.AUDIO if StreamKind.AUDIO in kinds else MediaKind.OTHER


def _shortcomings(
    kind: MediaKind,
    duration: timedelta | None,
    streams: tuple[Stream, ...],
    outline: _Said,
) -> tuple[Finding, ...]:
    if kind is MediaKind.PHOTO:
        return ()
    film = str(outline.get("format_name")).split(",")[0] in _MOVIE_FORMATS
    music = str(_mapping(outline.get("tags")).get("major_brand")).strip() in _AUDIO_BRANDS
    sightless = film and not music and all(stream.kind is not StreamKind.VIDEO for stream in streams)
    found = {Finding.NO_VIDEO: sightless, Finding.DURATION_UNKNOWN: duration is None}
    return tuple(finding for finding, holds in found.items() if holds)


def _stream(said: _Said) -> Stream:
    return Stream(
        kind=_stream_kind(said),
        codec=_text(said.get("codec_name")) or "unknown",
        pixel_format=_text(said.get("pix_fmt")),
        width=_whole_number(said.get("width")),
        height=_whole_number(said.get("height")),
        frame_rate=_frame_rate(said.get("avg_frame_rate")),
        sample_rate=_whole_number(said.get("sample_rate")),
        channels=_whole_number(said.get("channels")),
    )


def _stream_kind(said: _Said) -> StreamKind:
    match said.get("codec_type"):
        case "video":
            return StreamKind.COVER if _mapping(said.get("disposition")).get("attached_pic") else StreamKind.VIDEO
        case "audio":
            return StreamKind.AUDIO
        case _:
            return StreamKind.OTHER


def _duration(outline: _Said, streams: list[Any]) -> timedelta | None:
    claims = [_length(outline.get("duration")), *(_length(_mapping(stream).get("duration")) for stream in streams)]
    return claims[0] or max((claim for claim in claims if claim), default=None)


def _length(said: object) -> timedelta | None:
    try:
        seconds = float(str(said))
    except ValueError:
        return None
    if not math.isfinite(seconds) or not 0 < seconds <= _LONGEST.total_seconds():
        return None
    return timedelta(seconds=seconds)


def _frame_rate(said: object) -> str | None:
    text = str(said)
    try:
        rate = Fraction(text) if _RATE.fullmatch(text) else Fraction(0)
    except ZeroDivisionError:
        return None
    return str(rate) if rate else None


def _whole_number(said: object) -> int | None:
    text = str(said)
    return int(text) or None if _NUMBER.fullmatch(text) else None


def _moment(said: object) -> str | None:
    """A tag is free text and may hold a name; this one goes into a leaf, where no name may stand."""
    return said if isinstance(said, str) and _DATE.fullmatch(said) else None


def _text(said: object) -> str | None:
    """What a file says in words, without anything that a terminal or a page would act on."""
    if not isinstance(said, str):
        return None
    return "".join(character for character in said[:_LONGEST_TEXT] if character.isprintable()).strip() or None


def _mapping(said: object) -> _Said:
    return said if isinstance(said, dict) else {}


def _list(said: object) -> list[Any]:
    return said if isinstance(said, list) else []
