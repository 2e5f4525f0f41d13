"""
Disclosures: chosen personal values of one entry, with the salts by which anybody can see that the entry committed to them.

::

    {"fields":[{"field":"name","salt":"64 hex digits","value":…},…],"log":origin,"seq":n,"v":1}

Canonical JSON, fields sorted by name, none twice, at least one. A disclosure says nothing about the fields it leaves out: their
commitments stay closed, since each has a salt of its own. It is worth what the leaf is worth: verify that one with its proof.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import VerificationError
from .keys import check_name
from .leaves import FIELD, SALT_BYTES, commitment
from .strict import LARGEST_INTEGER, Json, canonical, parse_strict

if TYPE_CHECKING:
    from .leaves import LeafRecord

LARGEST_DISCLOSURE = 2**26
"""Bytes; the list of everything on a full card fits."""

_KEYS = {"fields", "log", "seq", "v"}
_FIELD_KEYS = {"field", "salt", "value"}
_SALT = re.compile(r"[0-9a-f]{%d}" % (2 * SALT_BYTES))


@dataclass(frozen=True)
class DisclosedField:
    """One personal value and its salt."""

    field: str
    salt: bytes
    value: Json


@dataclass(frozen=True)
class Disclosure:
    """What somebody was told of entry *seq* of *log*; whether it is what the entry committed to is another question."""

    log: str
    seq: int
    fields: tuple[DisclosedField, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, sorted."""
        return tuple(one.field for one in self.fields)

    def encode(self) -> bytes:
        """Write it as the file that `parse_disclosure` reads; what cannot be read back raises `VerificationError`."""
        fields: Json = [{"field": one.field, "salt": one.salt.hex(), "value": one.value} for one in self.fields]
        raw = canonical({"fields": fields, "log": self.log, "seq": self.seq, "v": 1})
        parse_disclosure(raw)
        return raw


def parse_disclosure(raw: bytes) -> Disclosure:
    """Read a disclosure; whatever differs from its one form raises `VerificationError`."""
    if len(raw) > LARGEST_DISCLOSURE:
        _refuse("size", len(raw))
    told = parse_strict(raw)
    if not isinstance(told, dict) or told.keys() != _KEYS:
        message = "disclosure: a key is missing or unknown"
        raise VerificationError(message)
    if told["v"] is True or told["v"] != 1:
        message = "disclosure: written for another version of this format"
        raise VerificationError(message)
    log, seq = told["log"], told["seq"]
    if not isinstance(log, str):
        _refuse("log", log)
    check_name(log)
    if isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq <= LARGEST_INTEGER:
        _refuse("seq", seq)
    return Disclosure(log, seq, _fields(told["fields"]))


def verify_disclosure(disclosure: Disclosure, leaf: LeafRecord) -> tuple[str, ...]:
    """Return the names of the disclosed fields only if *leaf* is the entry they are of and committed to every value."""
    if (disclosure.log, disclosure.seq) != (leaf.log, leaf.seq):
        message = "disclosure: is of entry {found} of {log}, not of entry {index}"
        raise VerificationError(message, found=disclosure.seq, log=disclosure.log, index=leaf.seq)
    if not disclosure.fields:
        _refuse("fields", [])
    promised = dict(leaf.commitments)
    for one in disclosure.fields:
        if one.field not in promised:
            message = "disclosure: entry {index} has no field {field}"
            raise VerificationError(message, index=leaf.seq, field=one.field)
        found = commitment(one.salt, log=leaf.log, seq=leaf.seq, field=one.field, value=one.value)
        if not hmac.compare_digest(found, promised[one.field]):
            message = "disclosure: entry {index} does not commit to this value of {field}"
            raise VerificationError(message, index=leaf.seq, field=one.field)
    return disclosure.names


def _fields(value: object) -> tuple[DisclosedField, ...]:
    if not isinstance(value, list) or not value:
        _refuse("fields", value)
    fields = tuple(_field(one) for one in value)
    names = [one.field for one in fields]
    if names != sorted(set(names)):
        _refuse("fields", names)
    return fields


def _field(one: Any) -> DisclosedField:  # noqa: ANN401 — JSON of a stranger
    if not isinstance(one, dict) or one.keys() != _FIELD_KEYS:
        _refuse("fields", one)
    name, salt = one["field"], one["salt"]
    if not (isinstance(name, str) and FIELD.fullmatch(name)):
        _refuse("field", name)
    if not (isinstance(salt, str) and _SALT.fullmatch(salt)):
        _refuse("salt", salt)
    return DisclosedField(name, bytes.fromhex(salt), one["value"])


def _refuse(key: str, value: object) -> NoReturn:
    message = "disclosure: {key!r} cannot be {value}"
    raise VerificationError(message, key=key, value=repr(value)[:80])
