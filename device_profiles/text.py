"""Names from cameras as text that rules can be held against."""

from __future__ import annotations

from fnmatch import fnmatchcase


def readable(raw: bytes) -> str:
    """Read bytes from a camera as UTF-8, else as GB 18030 (the superset of GBK), else with escapes. Never raises."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


def lies_under(text: str, folder: str) -> bool:
    """Say whether a path lies anywhere beneath *folder*, whose parts may hold ``*``; case does not matter (FAT)."""
    wanted, parts = folder.lower().split("/"), text.lower().split("/")
    return len(parts) > len(wanted) and all(fnmatchcase(part, glob) for part, glob in zip(parts, wanted, strict=False))
