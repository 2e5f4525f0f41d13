"""
QR codes of signed notes: written for paper, read from a scan or a photograph.

What the code holds are the bytes of the note, nothing around them, so that any reader that gives bytes will do
(``zbarimg --raw -Sbinary``); the reader of this project is only one of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import EvidenceError, NotFound
from storage.folder_files import within_reach
from yihu.paper.printing import needing_paper

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["LARGEST", "fitting", "notes_in", "qr_svg"]

LARGEST = 2300
"""Bytes that one QR code of error correction level M holds, with some to spare."""
_LARGEST_FILE = 64 * 2**20
_MOST_PAGES = 50
_MOST_PIXELS = 100_000_000
_POINTS_AN_INCH = 72
_DOTS_AN_INCH = 300


def fitting(note: str, *, largest: int = LARGEST) -> tuple[str, int]:
    """
    Return *note* as far as one code holds it, and how many signature lines had to be left out.

    Cosignatures are left out from the end; the log's own stay, since a note without them proves nothing.
    """
    text, blank, block = note.rpartition("\n\n")
    lines = block.splitlines()
    for kept in range(len(lines), 0, -1):
        shorter = text + blank + "".join(f"{line}\n" for line in lines[:kept])
        if len(shorter.encode()) <= largest:
            return shorter, len(lines) - kept
    message = f"a note of {len(note.encode())} bytes fits no QR code ({largest} bytes)"
    raise EvidenceError(message)


def qr_svg(note: str) -> str:
    """Return a QR code of the bytes of *note* as SVG, quiet zone included."""
    with needing_paper():
        import zxingcpp  # noqa: PLC0415 - only paper needs it

        code = zxingcpp.create_barcode(note.encode(), zxingcpp.BarcodeFormat.QRCode, ec_level="M")
        drawn: str = zxingcpp.write_barcode_to_svg(code)
        return drawn


def notes_in(scan: Path) -> list[str]:
    """
    Return the texts of all QR codes in *scan* (PDF, PNG, JPEG, TIFF …), each once, in the order of the pages.

    Raises `NotFound` where there is no code to be read, and `EvidenceError` for what is no picture: naming the file.
    """
    with needing_paper(), within_reach(f"scan {scan}"):
        import zxingcpp  # noqa: PLC0415 - only paper needs it

        found: dict[str, None] = {}
        wanted = zxingcpp.barcode_formats_from_str("QRCode")
        for picture in _pictures(scan):
            for code in zxingcpp.read_barcodes(picture, formats=wanted):
                found[_text(scan, code.bytes)] = None
    if not found:
        message = f"{scan}: no QR code could be read; scan the page flat, sharp and whole, with at least 200 dpi"
        raise NotFound(message)
    return list(found)


def _text(scan: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{scan}: a QR code that holds no text"
        raise EvidenceError(message) from error


def _pictures(scan: Path) -> Iterator[Image]:
    if not scan.is_file():
        message = f"{scan}: there is no such file"
        raise NotFound(message)
    if scan.stat().st_size > _LARGEST_FILE:
        message = f"{scan}: larger than {_LARGEST_FILE // 2**20} MiB"
        raise EvidenceError(message)
    with scan.open("rb") as file:
        is_pdf = file.read(5) == b"%PDF-"
    yield from _pages(scan) if is_pdf else _image(scan)


def _image(scan: Path) -> Iterator[Image]:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only paper needs it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(scan) as picture:
                yield picture.convert("L")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        message = f"{scan}: a picture too large to be a page ({error})"
        raise EvidenceError(message) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        message = f"{scan}: not a picture that can be read ({error})"
        raise EvidenceError(message) from error


def _pages(scan: Path) -> Iterator[Image]:
    import pypdfium2  # noqa: PLC0415 - only paper needs it

    try:
        with pypdfium2.PdfDocument(scan) as document:
            if len(document) > _MOST_PAGES:
                message = f"{scan}: more than {_MOST_PAGES} pages"
                raise EvidenceError(message)
            for page in document:
                scale = _DOTS_AN_INCH / _POINTS_AN_INCH
                width, height = (round(side * scale) for side in page.get_size())
                if width * height > _MOST_PIXELS:
                    message = f"{scan}: a page too large, {width}x{height} dots"
                    raise EvidenceError(message)
                yield page.render(scale=scale, grayscale=True).to_pil()
    except pypdfium2.PdfiumError as error:
        message = f"{scan}: not a PDF that can be read ({error})"
        raise EvidenceError(message) from error
