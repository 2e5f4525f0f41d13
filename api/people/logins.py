"""Names by which people sign in."""

from __future__ import annotations

import re
import unicodedata

_LOGIN = re.compile(r"[\w](?:[\w.@-]{0,38}[\w])?")


def login_of(typed: str) -> str:
    """Return the name as it is kept: case, width and blanks around it do not matter. Raises `ValueError`."""
    login = folded(typed)
    if not _LOGIN.fullmatch(login):
        message = "login: expected 1 to 40 letters, digits, . _ - or @"
        raise ValueError(message)
    return login


def folded(typed: str) -> str:
    """Return what somebody typed as it is looked up, whatever it is."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()
