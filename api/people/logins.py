"""
Names by which people sign in, made so that two accounts do not look alike.

Of the letters that look like others in most fonts only those of ASCII are taken: no Cyrillic, Greek or accented Latin ones. The
scripts that names in China are written in stay. Characters of one script that resemble each other (己, 已) stay apart only to
whoever looks closely: lists show the name of a person beside the login.
"""

from __future__ import annotations

import re
import unicodedata

_SCRIPTS = frozenset({"CJK", "IDEOGRAPHIC", "TIBETAN", "MONGOLIAN", "YI", "HANGUL", "ARABIC"})
_LOGIN = re.compile(r"[\w](?:[\w.@-]{0,38}[\w])?")


def login_of(typed: str) -> str:
    """Return the name as it is kept: case, width and blanks around it do not matter. Raises `ValueError`."""
    login = folded(typed)
    if not _LOGIN.fullmatch(login) or not all(c.isascii() or _script(c) in _SCRIPTS for c in login):
        message = "login: expected 1 to 40 letters, digits, . _ - or @"
        raise ValueError(message)
    return login


def folded(typed: str) -> str:
    """Return what somebody typed as it is looked up, whatever it is."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def _script(character: str) -> str:
    return "" if character.isdecimal() else unicodedata.name(character, "").partition(" ")[0]
