"""What an audit says, in English and in Chinese: as a text it is the English sentence, and it remembers what it was made of."""

from __future__ import annotations

from typing import Self

from storage.audit.chinese import CHINESE
from storage.verifier import words
from storage.verifier.errors import VerificationError

__all__ = ["Said", "in_language"]


class Said(str):
    """A sentence with values."""

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        """Fill the values into the English *template*."""
        said = super().__new__(cls, template.format(**values))
        said.template, said.values = template, values
        return said


def in_language(sentence: str, language: str) -> str:
    """Say it in *language* (``zh`` or ``en``); what nobody translated stays as it is rather than being lost."""
    if not isinstance(sentence, Said):
        return sentence
    template = CHINESE.get(sentence.template, sentence.template) if language == "zh" else sentence.template
    return template.format(**{name: _value(value, language) for name, value in sentence.values.items()})


def _value(value: object, language: str) -> object:
    if isinstance(value, VerificationError):
        return words.Said.of(value).in_language(language)
    return in_language(value, language) if isinstance(value, str) else value
