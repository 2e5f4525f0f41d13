"""Setting a page: a Typst template of ours and values, made into a PDF with all fonts inside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from storage.errors import EvidenceError, NotFound

__all__ = ["needing_paper", "set_page"]

_TEMPLATES = Path(__file__).parent
_FONTS = (
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "AR PL UMing CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "SimSun",
)
"""Fonts with the characters of GB 18030, those for print first."""


def set_page(template: str, values: Mapping[str, object], *, at: datetime) -> bytes:
    """
    Return the PDF that *template* makes of *values*; the same values at the same moment give the same bytes.

    Raises `NotFound` where the extra ``paper`` or a Chinese font is missing: a page with boxes for characters is no page.
    """
    with needing_paper():
        import typst  # noqa: PLC0415 - 34 MB that only pages need

        data = json.dumps({**values, "font": _chinese_font()}, ensure_ascii=False)
        try:
            page = typst.compile(
                _TEMPLATES / template, format="pdf", sys_inputs={"data": data}, timestamp=at.replace(microsecond=0)
            )
        except typst.TypstError as error:
            message = f"{template}: the page could not be set: {error.message}"
            raise EvidenceError(message) from error
    return page


@contextmanager
def needing_paper() -> Iterator[None]:
    """Say in words that the extra is missing, where it is."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"printing and reading paper needs the Python package {error.name}: install yihu[paper]"
        raise NotFound(message) from error


@cache
def _chinese_font() -> str:
    import typst  # noqa: PLC0415 - see above

    families = set(typst.Fonts().families())
    for font in _FONTS:
        if font in families:
            return font
    message = "no Chinese font is installed; on Debian and Ubuntu: apt install fonts-noto-cjk (or fonts-wqy-zenhei)"
    raise NotFound(message)
