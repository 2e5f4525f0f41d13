"""What the program says, in English and in Chinese: the English template is the key, the values are the same in both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chinese import CHINESE
from .errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Said:
    """A sentence with values, to be said in one language or the other; ``str`` gives the English one."""

    def __init__(self, template: str, **values: object) -> None:
        self.template, self.values = template, values

    @classmethod
    def of(cls, error: VerificationError) -> Said:
        """Return what an error says."""
        return cls(error.message, **error.values)

    def in_language(self, language: str) -> str:
        """Say it in *language*, ``zh`` or ``en``."""
        values = {name: _value(name, value, language) for name, value in self.values.items()}
        return translated(self.template, language).format(**values)

    def __str__(self) -> str:
        return self.in_language("en")


def translated(template: str, language: str) -> str:
    """Return the template in *language*; one that nobody translated stays English rather than being lost."""
    return CHINESE.get(template, template) if language == "zh" else template


def language_of(environment: Mapping[str, str]) -> str:
    """Return ``zh`` where the locale is a Chinese one, else ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"


def _value(name: str, value: object, language: str) -> object:
    if isinstance(value, VerificationError):
        return Said.of(value).in_language(language)
    if isinstance(value, Said):
        return value.in_language(language)
    return translated(str(value), language) if name == "what" else value
