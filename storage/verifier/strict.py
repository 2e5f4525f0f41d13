"""
JSON that can be written in one way only: RFC 8785 (JCS), restricted until the standard library alone can do it.

Strings, integers within ±(2^53 - 1), booleans, null, arrays, and objects with ASCII keys. No floats: their shortest form is
where implementations differ. Reading means: parse, write again, compare the bytes. That one comparison refuses doubled keys,
white space, a byte order mark, CRLF, needless escapes, ``-0`` and any other second way to write the same thing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, List, NoReturn, Union

from .errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable

Json = Union[str, int, bool, None, List[Any], Dict[str, Any]]

LARGEST_INTEGER = 2**53 - 1
_LONGEST_INTEGER = len("-9007199254740991")
DEEPEST = 16
"""Objects and arrays inside each other. Leaves need three; a parser that recurses must not be led further."""

_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)


def canonical(value: Json) -> bytes:
    """Write *value* in its one canonical form, or raise `VerificationError` where it has none."""
    _check(value, DEEPEST)
    return _written(value)


def parse_strict(raw: bytes, *, deepest: int = DEEPEST) -> Json:
    """Read *raw*, which must be exactly what `canonical` writes; anything else raises `VerificationError`."""
    value: Json
    try:
        value, _ = _READER.raw_decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        message = "JSON: not parsable ({reason})"
        raise VerificationError(message, reason=type(error).__name__) from error
    # The reader let no wrong number through. In bytes that are all ASCII, with no more brackets than levels, whatever else is
    # wrong (an escaped key of other letters, white space, something after the end) is found by the comparison.
    if not raw.isascii() or raw.count(b"{") + raw.count(b"[") > deepest:
        _check(value, deepest)
    if _written(value) != raw:
        message = "JSON: not in canonical form (doubled key, white space, escape, order or number format)"
        raise VerificationError(message)
    return value


def _written(value: Json) -> bytes:
    try:
        return _WRITER.encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        message = "JSON: a string holds half of a surrogate pair"
        raise VerificationError(message) from error


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:  # to read a number of many digits takes long
        _check_integer(LARGEST_INTEGER + 1)
    value = int(text)
    _check_integer(value)
    return value


def _other_number(_text: str) -> NoReturn:
    _refuse_type("float")


_READER = json.JSONDecoder(parse_int=_integer, parse_float=_other_number, parse_constant=_other_number)


def _check(value: object, depth: int) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        _check_integer(value)
    elif isinstance(value, dict):
        _check_keys(value)
        _check_items(value.values(), depth)
    elif isinstance(value, list):
        _check_items(value, depth)
    else:
        _refuse_type(type(value).__name__)


def _check_items(items: Iterable[object], depth: int) -> None:
    if depth == 0:
        message = "JSON: nested deeper than {deepest} levels"
        raise VerificationError(message, deepest=DEEPEST)
    for item in items:
        if not isinstance(item, str):
            _check(item, depth - 1)


def _check_integer(value: int) -> None:
    if abs(value) > LARGEST_INTEGER:
        message = "JSON: an integer beyond ±(2^53 - 1)"
        raise VerificationError(message)


def _check_keys(keys: Iterable[object]) -> None:
    for key in keys:
        if not (isinstance(key, str) and key.isascii()):
            message = "JSON: the object key {key!r} is not an ASCII string"
            raise VerificationError(message, key=key)


def _refuse_type(kind: str) -> NoReturn:
    message = "JSON: a value of type {kind}; expected string, integer, boolean, null, array or object"
    raise VerificationError(message, kind=kind)
