"""
The outermost structure of a media file, read from its bytes: what container it is, and whether it ends before it says it does.

ffprobe cannot be asked this. It calls a text file named .mp4 and a clip whose camera lost power by the same name ("moov atom
not found"), and of a clip that was cut off in the middle it reports the full length without complaint. Only a few bytes of
headers are read, however long the file is, and none of them is believed: every loop ends.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

_MOST_BOXES = 20_000
_TAIL = 64 << 10
_UNKNOWN_32 = 0xFFFFFFFF
_TS_PACKET = 188
_HEADER = 8
_NAME = re.compile(rb"[ -~\xa9]{4}")
"""What a box may be called; what follows the last box may be zeros or worse."""


class Container(StrEnum):
    """A container format that tells itself by its first bytes."""

    MP4 = "mp4"
    AVI = "avi"
    WAV = "wav"
    MATROSKA = "matroska"
    MPEG_TS = "mpegts"
    JPEG = "jpeg"
    PNG = "png"


@dataclass(frozen=True, slots=True)
class Structure:
    """What the headers say. ``whole`` is False only if bytes that they promise are missing."""

    container: Container | None
    whole: bool = True
    indexed: bool = True
    """False if the part without which nothing can be played (the moov box of an MP4) is not there."""


def structure(file: BinaryIO) -> Structure:
    """Look at the outermost structure of *file*, which must be seekable."""
    size = file.seek(0, os.SEEK_END)
    container = _container(_read(file, 0, 3 * _TS_PACKET))
    match container:
        case Container.MP4:
            return _mp4(file, size)
        case Container.AVI | Container.WAV:
            return Structure(container, whole=_whole_riff(file, size, container))
        case Container.MATROSKA:
            return Structure(container, whole=_whole_matroska(file, size))
        case Container.MPEG_TS:
            return Structure(container, whole=size % _TS_PACKET == 0)
        case Container.JPEG | Container.PNG:
            # inside a JPEG's picture an FF is never followed by D9; some cameras write more after the picture
            end = b"\xff\xd9" if container is Container.JPEG else b"IEND"
            return Structure(container, whole=end in _read(file, max(0, size - _TAIL), _TAIL))
        case None:
            return Structure(None)


def _read(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)


def _container(head: bytes) -> Container | None:
    if head[:4] == b"RIFF":
        return {b"AVI ": Container.AVI, b"WAVE": Container.WAV}.get(head[8:12])
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"styp", b"sidx"}:
        return Container.MP4
    if head[:1] == b"\x47" and set(head[::_TS_PACKET]) == {0x47} and len(head) > _TS_PACKET:
        return Container.MPEG_TS
    magics = {
        b"\x1a\x45\xdf\xa3": Container.MATROSKA,
        b"\xff\xd8\xff": Container.JPEG,
        b"\x89PNG\r\n\x1a\n": Container.PNG,
    }
    return next((container for magic, container in magics.items() if head.startswith(magic)), None)


def _mp4(file: BinaryIO, size: int) -> Structure:
    """Walk the boxes: each says how long it is, so the last one tells whether the file goes on as far as it should."""
    seen: set[bytes] = set()
    offset = 0
    for _ in range(_MOST_BOXES):
        box = _box(file, offset, size)
        if box is None:
            break
        name, end = box
        seen.add(name)
        if end > size:
            return Structure(Container.MP4, whole=False, indexed=b"moov" in seen - {name})
        offset = end
    indexed = b"moov" in seen
    return Structure(Container.MP4, whole=indexed and not seen.isdisjoint({b"mdat", b"moof"}), indexed=indexed)


def _box(file: BinaryIO, offset: int, size: int) -> tuple[bytes, int] | None:
    """The name and end of the box at *offset*; None at the end of the file or where what follows is padding, not a box."""
    head = _read(file, offset, 16)
    length, name = int.from_bytes(head[:4]), head[4:8]
    if not _NAME.fullmatch(name):
        return None
    if length == 0:  # by definition it goes on to the end
        return name, size
    if length == 1:
        length = int.from_bytes(head[8:16])
    return (name, offset + length) if length >= _HEADER else None


def _whole_riff(file: BinaryIO, size: int, container: Container) -> bool:
    """
    Whether the chunks that carry the media are all there.

    A camera fills the sizes in when it stops, so zero means that it never did; a pipe cannot, and says 2^32 - 1.
    """
    payload, offset = (b"movi", 12) if container is Container.AVI else (b"data", 12)
    names: set[bytes] = set()
    for _ in range(_MOST_BOXES):
        head = _read(file, offset, 12)
        if len(head) < _HEADER:
            break
        length = int.from_bytes(head[4:8], "little")
        name = head[8:12] if head[:4] in {b"LIST", b"RIFF"} else head[:4]
        if name == payload and length == _UNKNOWN_32:
            return True
        if name == payload and (length == 0 or offset + _HEADER + length > size):
            return False
        names.add(name)
        # of an OpenDML file the parts after the first gigabyte are RIFF lists of their own, each with chunks inside
        offset += 12 if head[:4] == b"RIFF" else _HEADER + length + length % 2
    return payload in names and offset <= size + 1 and (container is Container.WAV or _indexed_avi(file, names))


def _indexed_avi(file: BinaryIO, names: set[bytes]) -> bool:
    return b"idx1" in names or b"indx" in _read(file, 0, _TAIL)


def _whole_matroska(file: BinaryIO, size: int) -> bool:
    """Whether the file reaches as far as its segment says; a live recording does not say, and counts as whole."""
    header = _vint(_read(file, 4, 8))
    if header is None:
        return False
    length, width = header
    start = 4 + width + length
    head = _read(file, start, 12) if start < size else b""
    if head[:4] != b"\x18\x53\x80\x67":
        return False
    segment = _vint(head[4:])
    if segment is None:
        return False
    length, width = segment
    unknown = length == (1 << 7 * width) - 1
    return unknown or start + 4 + width + length <= size


def _vint(data: bytes) -> tuple[int, int] | None:
    """The value and width of an EBML size: the zero bits that it begins with say how many more bytes it has."""
    if not data or not data[0]:
        return None
    width = 9 - data[0].bit_length()
    if len(data) < width:
        return None
    return int.from_bytes(data[:width]) & ((1 << 7 * width) - 1), width
