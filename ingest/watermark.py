"""
A name in the picture: the command by which ffmpeg writes whose copy it is over every frame.

The text stands in a file that ffmpeg reads as it is (``expansion=none``), so no name can be an instruction. The font is a real
one that has Chinese, found by fontconfig. Of the command only the shape is in the recipe; whose name it was, is in the vault.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path

from ingest.tools import INPUT_LIMITS, Tools, ask, file_url
from storage.errors import NotFound
from storage.evidence import Algorithm, Digest

NAME = "copy/watermark-1"
_QUESTION = timedelta(seconds=20)
_SIZE = "max(10,min(w/36,h/22))"
_PLACES = (("w/40", "h/40", "0.8"), ("w-tw-w/40", "h-th-h/40", "0.8"), ("(w-tw)/2", "(h-th)/2", "0.35"))
"""Above on the left, below on the right, and faintly in the middle, where it cannot be cut off."""
_OPTIONS = (
    *("-map", "[marked]", "-map", "0:a:0?", "-c:a", "copy", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"),
    *("-pix_fmt", "yuv420p", "-profile:v", "high", "-threads:v", "4", "-x264-params", "sync-lookahead=0"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-map_chapters", "-1"),
    *("-movflags", "+faststart", "-f", "mp4", "-y"),
)


def chinese_font() -> Path:
    """Return a font that has Chinese; raises `NotFound`, saying what to install."""
    program = shutil.which("fc-list")
    if program is not None:
        _ended, answer = ask([program, ":lang=zh-cn", "file"], timeout=_QUESTION)
        found = sorted(line.rpartition(":")[0].strip() for line in answer.decode("utf-8", "replace").splitlines() if line)
        if found:
            return Path(found[0])
    message = "a font with Chinese: install the Debian packages fontconfig and fonts-wqy-zenhei"
    raise NotFound(message)


def watermark_command(tools: Tools, *, source: Path, text: Path, font: Path, target: Path) -> list[str]:
    """Return the whole command, for `ingest.tools.run`; it overwrites *target*."""
    limits = [part for name, value in INPUT_LIMITS.items() for part in (f"-{name}", value)]
    quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-progress", "pipe:1"]
    graph = _graph(str(text.absolute()), str(font.absolute()))
    ways = ["-i", file_url(source), "-filter_complex", graph, *_OPTIONS, file_url(target)]
    return [str(tools.ffmpeg), *quiet, *limits, *ways]


def recipe_digest() -> Digest:
    """SHA-256 over the name and the shape of the command: no name, path or machine is in it."""
    shape = json.dumps([NAME, _graph("{text}", "{font}"), *_OPTIONS], separators=(",", ":"))
    return Digest(Algorithm.SHA256, hashlib.sha256(shape.encode("ascii")).digest())


def _graph(text: str, font: str) -> str:
    return f"[0:V:0]{','.join(_drawn(text, font, *place) for place in _PLACES)}[marked]"


def _drawn(text: str, font: str, x: str, y: str, alpha: str) -> str:
    options = {
        "fontfile": font,
        "textfile": text,
        "expansion": "none",
        "fontsize": _SIZE,
        "fontcolor": f"white@{alpha}",
        "borderw": "2",
        "bordercolor": f"black@{alpha}",
        "line_spacing": "4",
        "x": x,
        "y": y,
    }
    return "drawtext=" + ":".join(f"{name}={escaped(value)}" for name, value in options.items())


def escaped(value: str) -> str:
    """Write a value so that neither the list of options nor the graph around it takes a part of it for its own."""
    option = "".join(f"\\{character}" if character in "\\':" else character for character in value)
    return "".join(f"\\{character}" if character in "\\'[],;" else character for character in option)
