"""
How derivatives are made: pure functions from facts to recipes.

A recipe is a name and the arguments of one ffmpeg command, with ``{input}`` and ``{output}`` in the places of the files. Its
digest goes into the ledger beside the digest of the tool, so that anybody can make the same derivative again. Metadata and
chapters are left behind (they are claims, and the original keeps them): only the recipe and the bytes decide the result.

ffmpeg-python only composes the arguments: it takes no lists as options, and streams are chosen with a question mark, since its
``.audio`` fails on silent footage. Whatever a page plays is H.264 in 4:2:0 with AAC: Chromium plays nothing else that cameras
write, and shows HEVC as a black picture without complaint.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

import ffmpeg

from ingest.probe import Facts, Finding, StreamKind
from ingest.tools import INPUT_LIMITS, Tools, file_url
from storage.evidence import Algorithm, Digest, MediaKind

SALVAGE = "review/salvage-1"
"""The recipe that goes on past errors, and so shows only what could be played."""

_Source: TypeAlias = Any
"""A stream of ffmpeg-python, which has no types."""

_INPUT, _OUTPUT = "{input}", "{output}"
_LONG_SIDE, _SHORT_SIDE, _POSTER_SIDE = 1920, 1080, 640
_PLAYABLE = frozenset({"yuv420p", "yuvj420p"})
_STEREO = 2
_MOST_PIXELS = 1 << 27
_POSTER_AT = timedelta(seconds=1)

_MP4 = {"movflags": "+faststart", "map_metadata": "-1", "map_chapters": "-1"}
_H264 = {"c:v": "libx264", "preset": "veryfast", "crf": "23", "pix_fmt": "yuv420p", "profile:v": "high"}
# x264 gives other bytes with another number of threads; and, one time in twenty, when it looks ahead in a thread of its own
_REPEATABLE = {"threads:v": "4", "x264-params": "sync-lookahead=0"}
_AAC = {"c:a": "aac", "b:a": "96k"}
_EXACT = {"fflags": "+bitexact", "flags:v": "+bitexact", "flags:a": "+bitexact"}


class OutputKind(StrEnum):
    """What a derivative is for."""

    REVIEW = "review"
    """To be played in a browser."""
    POSTER = "poster"
    """One still picture."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way of making one derivative."""

    name: str
    """What is made, how, and in which edition of the recipe: ``review/remux-1``."""
    kind: OutputKind
    media_type: str
    file_name: str
    arguments: tuple[str, ...]

    @property
    def digest(self) -> Digest:
        """SHA-256 over the name and the arguments as JSON: no path, no machine and no tool is in it."""
        canonical = json.dumps([self.name, *self.arguments], separators=(",", ":"))
        return Digest(Algorithm.SHA256, hashlib.sha256(canonical.encode("ascii")).digest())

    def argv(self, tools: Tools, *, original: Path, target: Path) -> list[str]:
        """The whole command, for `ingest.tools.run`. It overwrites *target*."""
        files = {_INPUT: file_url(original), _OUTPUT: file_url(target)}
        quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.25"]
        return [str(tools.ffmpeg), *quiet, *(files.get(argument, argument) for argument in self.arguments)]


def review_recipes(facts: Facts) -> tuple[Recipe, ...]:
    """
    The ways to make a copy that a browser plays, best first; the next is for when one did not work. None for a photo.

    H.264 with AAC or without sound is only wrapped anew, unless it is cut off: a browser stops at the half picture at its end.
    """
    if facts.kind is MediaKind.AUDIO:
        return (_listen(facts),)
    if facts.kind is not MediaKind.VIDEO:
        return ()
    if Finding.TRUNCATED in facts.findings:
        return (_salvage(facts),)
    remux = (_remux(),) if plays_already(facts) else ()
    return (*remux, _transcode(facts), _salvage(facts))


def poster_recipes(facts: Facts) -> tuple[Recipe, ...]:
    """The ways to make a still picture, best first: of a film a tenth in, but at most one second; else its first frame."""
    if facts.kind is MediaKind.PHOTO:
        return (_photo(facts),)
    if facts.kind is not MediaKind.VIDEO:
        return ()
    moment = min(_POSTER_AT, facts.duration / 10) if facts.duration else timedelta(0)
    later = (_frame(moment),) if moment else ()
    return (*later, _frame(timedelta(0)))


def plays_already(facts: Facts) -> bool:
    """Whether a browser would play these streams as they are, once in an MP4."""
    video, audio = facts.first(StreamKind.VIDEO), facts.first(StreamKind.AUDIO)
    seen = video is not None and video.codec == "h264" and video.pixel_format in _PLAYABLE
    return seen and (audio is None or audio.codec == "aac")


def _remux() -> Recipe:
    return _film("review/remux-1", _source(fflags="+genpts"), {"c": "copy", "fflags": "+bitexact"})


def _transcode(facts: Facts) -> Recipe:
    return _film("review/h264-1", _source(fflags="+genpts"), _encoding(facts))


def _salvage(facts: Facts) -> Recipe:
    source = _source(fflags="+genpts+discardcorrupt", err_detect="ignore_err")
    return _film(SALVAGE, source, {**_encoding(facts), "max_error_rate": "1"})


def _encoding(facts: Facts) -> dict[str, str]:
    # a keyframe every two seconds, so that seeking is quick
    film = {"vf": _fit(), "force_key_frames": "expr:gte(t,n_forced*2)", "max_muxing_queue_size": "4096"}
    return {**_H264, **_REPEATABLE, **film, **_sound(facts), **_EXACT}


def _sound(facts: Facts) -> dict[str, str]:
    audio = facts.first(StreamKind.AUDIO)
    return {**_AAC, "ac": "2"} if audio and (audio.channels or 0) > _STEREO else _AAC


def _fit() -> str:
    """Into 1920 by 1080, or 1080 by 1920 for upright pictures; never larger; sides divisible by two, as 4:2:0 needs."""
    width = f"'if(gte(iw,ih),min({_LONG_SIDE},iw),min({_SHORT_SIDE},iw))'"
    height = f"'if(gte(iw,ih),min({_SHORT_SIDE},ih),min({_LONG_SIDE},ih))'"
    return f"scale=w={width}:h={height}:force_original_aspect_ratio=decrease:force_divisible_by=2"


def _film(name: str, source: _Source, options: dict[str, str]) -> Recipe:
    # a capital V leaves out attached pictures
    output = ffmpeg.output(source["V:0"], source["a:0?"], _OUTPUT, format="mp4", **_MP4, **options)
    return Recipe(name, OutputKind.REVIEW, "video/mp4", "review.mp4", _compiled(output))


def _listen(facts: Facts) -> Recipe:
    # ipod is an MP4 that says of itself that there is no picture to miss
    output = ffmpeg.output(_source(fflags="+genpts")["a:0"], _OUTPUT, format="ipod", **_MP4, **_sound(facts), **_EXACT)
    return Recipe("review/aac-1", OutputKind.REVIEW, "audio/mp4", "review.m4a", _compiled(output))


def _frame(moment: timedelta) -> Recipe:
    return _still("poster/frame-1", _source(ss=f"{moment.total_seconds():.3f}"))


def _photo(facts: Facts) -> Recipe:
    return _still("poster/photo-1", _source(format=facts.container or "jpeg_pipe"))


def _still(name: str, source: _Source) -> Recipe:
    size = f"scale=w='min({_POSTER_SIDE},iw)':h='min({_POSTER_SIDE},ih)':force_original_aspect_ratio=decrease"
    picture = {"frames:v": "1", "c:v": "mjpeg", "pix_fmt": "yuvj420p", "q:v": "4", "vf": size, "threads:v": "1"}
    output = ffmpeg.output(source["V:0"], _OUTPUT, format="mjpeg", map_metadata="-1", **picture, **_EXACT)
    return Recipe(name, OutputKind.POSTER, "image/jpeg", "poster.jpg", _compiled(output))


def _source(**options: str) -> _Source:
    return ffmpeg.input(_INPUT, **INPUT_LIMITS, max_pixels=str(_MOST_PIXELS), **options)


def _compiled(output: _Source) -> tuple[str, ...]:
    return tuple(ffmpeg.get_args(output, overwrite_output=True))
