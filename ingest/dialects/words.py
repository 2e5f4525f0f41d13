"""What cameras answer, as values: never believed, never too long, and never a reason to raise."""

from __future__ import annotations

import re

_LONGEST = 64
"""Characters of an id or a version."""
_CLOCK = re.compile(rb"[0-9]{14}")
_NUMBER = re.compile(rb"-?[0-9]{1,4}")
_PERCENT = re.compile(rb"([0-9]{1,3})%?")
_WIDEST_ZONE = 14 * 60


def word(raw: bytes) -> str | None:
    """Read a short text in UTF-8, else GB 18030, padded with NUL or spaces; None where it is none that can be shown."""
    padded = raw.partition(b"\0")[0].strip()
    for encoding in ("utf-8", "gb18030"):
        try:
            text = padded.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if 0 < len(text) <= _LONGEST and text.isprintable() else None
    return None


def clock_digits(raw: bytes) -> str | None:
    """Read ``YYYYMMDDhhmmss``, whatever day that is; None where it is anything else."""
    padded = raw.partition(b"\0")[0].strip()
    return padded.decode("ascii") if _CLOCK.fullmatch(padded) else None


def zone_minutes(raw: bytes) -> int | None:
    """Read minutes from UTC; None where no place on earth has them."""
    padded = raw.partition(b"\0")[0].strip()
    minutes = int(padded) if _NUMBER.fullmatch(padded) else None
    return minutes if minutes is not None and abs(minutes) <= _WIDEST_ZONE else None


def percent(raw: bytes) -> int | None:
    """Read 0 to 100, with or without a sign; None for anything else, since the unit is not told."""
    found = _PERCENT.fullmatch(raw.partition(b"\0")[0].strip())
    return int(found[1]) if found and int(found[1]) <= 100 else None  # noqa: PLR2004 - a hundred in a hundred
