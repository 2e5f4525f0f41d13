"""
Passwords: what is refused as one, and how one is kept (`storage.argon`).

Length is asked for, not odd characters. Refused besides is what is tried first: the name of the account, a few words and the
walks over a keyboard, with digits and signs around them. The list is computed from what stands here; nothing leaked is copied.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from storage import argon

SHORTEST, LONGEST = 12, 200
_DISTINCT = 5
_LEFT = 4
"""Characters that must be left when everything that is tried first is taken out."""

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb")
_WORDS = ("password", "passwort", "mima", "admin", "administrator", "root", "welcome", "letmein", "yihu", "zhifa", "chengguan")
_WORDS_MORE = ("woaini", "login", "secret", "changeme", "office", "一户", "密码", "管理员", "执法", "城管")
_DISGUISES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_WALK = 4

_NOBODY = argon.hash_of_nothing()


class Weakness(StrEnum):
    """What is wrong with a password."""

    LENGTH = "length"
    NAME = "name"
    COMMON = "common"


_WANTED = {
    Weakness.LENGTH: f"{SHORTEST} to {LONGEST} characters",
    Weakness.NAME: "the name of the account not in it",
    Weakness.COMMON: "nothing that is tried first",
}


class WeakPassword(ValueError):
    """A password that is refused as one; nothing repeats it."""

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(f"password: expected {_WANTED[weakness]}")
        self.weakness = weakness


def check_password(password: str, *, login: str) -> None:
    """Raise `WeakPassword` for what is too short or tried first."""
    text = _plain(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise WeakPassword(Weakness.LENGTH)
    folded, name = text.casefold(), _plain(login).casefold()
    if name in folded or name[::-1] in folded:
        raise WeakPassword(Weakness.NAME)
    if len(set(folded)) < _DISTINCT or any(len(_rest(each)) < _LEFT for each in (folded, folded.translate(_DISGUISES))):
        raise WeakPassword(Weakness.COMMON)


def hashed_password(password: str, *, key: bytes) -> str:
    """Return what is kept of a password."""
    return argon.hashed(_plain(password), key=argon.key_for(b"password", key))


def is_right_password(password: str, kept: str | None, *, key: bytes) -> bool:
    """Say whether it is the right one; where nothing is *kept*, it is not, and finding out takes as long."""
    right = argon.is_right(_plain(password), _NOBODY if kept is None else kept, key=argon.key_for(b"password", key))
    return right and kept is not None


def _plain(text: str) -> str:
    # one keyboard writes a letter with its accent as one character, another as two
    return unicodedata.normalize("NFKC", text)


def _rest(text: str) -> str:
    """Return what is left of *text* without years, signs, words and walks."""
    left = text
    for word in (*_WORDS, *_WORDS_MORE):
        left = left.replace(word, "")
    left = re.sub(r"(?:19|20)\d\d", "", re.sub(r"[\W_]", "", left))
    return _without_walks(left)


def _without_walks(text: str) -> str:
    kept, place = "", 0
    while place < len(text):
        long = _walked(text[place:])
        kept += "" if long >= _WALK else text[place]
        place += long if long >= _WALK else 1
    return kept


def _walked(text: str) -> int:
    """Return how many characters at the beginning are a walk, either way, or one character over and over."""
    rows = [each * 2 for row in _ROWS for each in (row, row[::-1])]
    same = len(text) - len(text.lstrip(text[0]))
    return max([same, *(size for size in range(_WALK, len(text) + 1) if any(text[:size] in row for row in rows))])
