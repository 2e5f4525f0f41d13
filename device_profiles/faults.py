"""
What is wrong with a profile or a sample, so that its author finds it: in which line, at which key, and of which kind.

The kinds are words of ours, whoever found the fault: people read them in their own language (``yihu/profile_words.py``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

FaultKind: TypeAlias = Literal[
    "not-utf8", "not-toml", "unknown-key", "missing", "wrong-type", "not-allowed", "bad-pattern", "bad-group", "bad-zone",
    "bad-folder", "guessed-id", "empty-rule", "wrong-name", "taken-name", "wrong",
]  # fmt: skip
"""Every kind of fault; ``wrong`` where the reason says it all."""

_TABLE = re.compile(r"^\s*(?P<list>\[)?\[\s*(?P<name>[\w.-]+)\s*\]")
_KEY = re.compile(r"^\s*(?P<key>[\w-]+)\s*=")
_LINE_OF_TOML = re.compile(r"at line (\d+)")
_BY_PYDANTIC: Mapping[str, FaultKind] = {
    "extra_forbidden": "unknown-key",
    "missing": "missing",
    "string_pattern_mismatch": "not-allowed",
    "literal_error": "not-allowed",
    "greater_than_equal": "not-allowed",
    "less_than_equal": "not-allowed",
    "too_short": "missing",
    "string_too_short": "missing",
}

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right."""

    kind: FaultKind
    key: str
    """Where, as in ``match.0.usb_ids.0``; ``whole file`` where it is nowhere in particular."""
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


class Misread(ValueError):
    """A value that breaks a rule of ours, raised while a file is read."""

    def __init__(self, message: str, *, kind: FaultKind) -> None:
        super().__init__(message)
        self.kind = kind


class ProfileError(ValueError):
    """A profile or a sample cannot be read; `faults` says everything that is wrong with it."""

    def __init__(self, origin: str, faults: Sequence[Fault]) -> None:
        super().__init__(f"profile {origin}: {'; '.join(map(str, faults))}")
        self.origin = origin
        self.faults = tuple(faults)


def read_model(model: type[_Model], text: str, *, origin: str) -> _Model:
    """Read *text* as TOML into *model*; raise `ProfileError` with every fault and its line."""
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = _LINE_OF_TOML.search(str(error))
        fault = Fault("not-toml", "whole file", f"not TOML: {error}", int(line[1]) if line else None)
        raise ProfileError(origin, [fault]) from error
    except ValidationError as error:
        raise ProfileError(origin, [_fault(found, text) for found in _causes(error)]) from error


def decoded(raw: bytes, origin: str) -> str:
    """Give the text of a file, or raise `ProfileError`."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        fault = Fault("not-utf8", "whole file", f"not UTF-8: {error}", raw[: error.start].count(b"\n") + 1)
        raise ProfileError(origin, [fault]) from error


def line_of(text: str, location: Sequence[int | str]) -> int | None:
    """
    Say in which line of a TOML file the key at *location* stands; the head of its table where the key is missing.

    Knows tables and keys at the start of a line, as profiles are written; None for what it cannot find.
    """
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return None
    table: tuple[str, int] = ("", 0)
    counts: dict[str, int] = {}
    wanted = _table_of(location)
    found: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if head := _TABLE.match(line):
            counts[head["name"]] = counts.get(head["name"], -1) + 1
            table = (head["name"], counts[head["name"]])
            found = number if table == wanted else found
        elif (key := _KEY.match(line)) and table in {wanted, ("", 0)} and key["key"] == names[-1 if table == wanted else 0]:
            return number
    return found


def _table_of(location: Sequence[int | str]) -> tuple[str, int]:
    match location:
        case [str(name), int(place), *_]:
            return name, place
        case [str(name), *_]:
            return name, 0
    return "", 0


def _causes(error: ValidationError) -> Sequence[Mapping[str, Any]]:
    """Leave out that a list is too short because its only entry is wrong."""
    found = error.errors()
    places = {tuple(each["loc"])[:-end] for each in found for end in range(1, len(each["loc"]))}
    return [each for each in found if each["type"] != "too_short" or tuple(each["loc"]) not in places]


def _fault(found: Mapping[str, Any], text: str) -> Fault:
    location: tuple[int | str, ...] = tuple(found["loc"])
    error = found.get("ctx", {}).get("error")
    kind = error.kind if isinstance(error, Misread) else _BY_PYDANTIC.get(found["type"])
    if kind is None:
        kind = "wrong-type" if found["type"].endswith("_type") else "wrong"
    reason = "unknown key" if kind == "unknown-key" else found["msg"]
    return Fault(kind, ".".join(map(str, location)) or "whole file", reason, line_of(text, location))
