"""
The envelope of an entry: which keys a leaf has, and what may stand behind each.

::

    {"act":{"k":…,"role":…},"alg":"jcs/1","back":ms,"body":{…},"log":origin,"pii":[{"c":hex,"f":name},…],
     "prev":{"leaf":hex,"seq":n},"seq":n,"sub":…,"t":"2026-11-21T22:29:50.123Z","type":…,"v":1}

``back`` is there only where the log's clock went back, ``prev`` only where the subject has an earlier entry, nothing else ever.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

from .errors import VerificationError
from .keys import check_name
from .merkle import leaf_hash
from .strict import DEEPEST, LARGEST_INTEGER, Json, canonical, parse_strict
from .tilefiles import LARGEST_ENTRY

SALT_BYTES = 32

_REQUIRED = frozenset({"act", "alg", "body", "log", "pii", "seq", "sub", "t", "type", "v"})
_ALLOWED = _REQUIRED | {"back", "prev"}
_TYPE = re.compile(r"[A-Z][A-Z_]{1,39}")
PSEUDONYM = re.compile(r"[a-z]{1,20}:[0-9A-Za-z]{1,64}")
_ROLE = re.compile(r"[a-z]{1,20}")
FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HASH = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
# some versions of Python read the hour 24, others do not: it is no moment here

_USUAL = re.compile(
    rb'\{"act":\{"k":"(?P<actor>[a-z]{1,20}:[0-9A-Za-z]{1,64})","role":"(?P<role>[a-z]{1,20})"\},"alg":"jcs/1",'
    rb'(?:"back":(?P<back>[1-9][0-9]{0,14}),)?"body":(?P<body>\{.*\}),"log":"(?P<log>[!#-*,-\[\]-~]{1,255})",'
    rb'"pii":\[(?P<pii>(?:\{"c":"[0-9a-f]{64}","f":"[a-z][a-z0-9_]{0,39}"\}(?:,(?=\{))?)*)\],'
    rb'(?:"prev":\{"leaf":"(?P<leaf>[0-9a-f]{64})","seq":(?P<earlier>0|[1-9][0-9]{0,14})\},)?'
    rb'"seq":(?P<seq>0|[1-9][0-9]{0,14}),"sub":"(?P<subject>[a-z]{1,20}:[0-9A-Za-z]{1,64})",'
    rb'"t":"(?P<t>[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)","type":"(?P<type>[A-Z][A-Z_]{1,39})","v":1\}',
    re.DOTALL,
)
"""
A leaf as one pattern around its body, because parsing and writing again is what costs most in reading a million of them.

What matches, with a body in canonical form, can be parsed in one way only, and that is a leaf: a shortcut, not a second form.
What does not match (a log with a quotation mark in its name is still a leaf) is read field by field.
"""

_COMMITMENT = re.compile(rb'"c":"([0-9a-f]{64})","f":"([a-z0-9_]+)"')


class LeafRecord(NamedTuple):
    """A leaf that was read strictly: every field is of its form; whether it is true is another question."""

    log: str
    seq: int
    at: str
    """``2026-11-21T22:29:50.123Z``; as text such times compare as the moments do."""
    type: str
    subject: str
    actor: str
    role: str
    body: dict[str, Json]
    commitments: tuple[tuple[str, str], ...]
    previous: tuple[int, bytes] | None
    stepped_back_ms: int
    hash: bytes


def read_leaf(raw: bytes) -> LeafRecord:
    """Read the bytes of a leaf; whatever differs from the one form of an entry raises `VerificationError`."""
    if len(raw) > LARGEST_ENTRY:
        _refuse("size", len(raw))
    match = _USUAL.fullmatch(raw)
    usual = None if match is None else _read_usual(raw, match)
    return read_fields(raw) if usual is None else usual


def _read_usual(raw: bytes, match: re.Match[bytes]) -> LeafRecord | None:
    """Return the leaf, or None where it takes `read_fields` to say what is wrong with it."""
    actor, role, back, body, log, pii, linked, earlier, seq, subject, at, type_ = match.groups(b"")
    commitments = _usual_commitments(pii)
    if commitments is None or (linked and int(earlier) >= int(seq)):
        return None
    try:
        content: Any = parse_strict(body, deepest=DEEPEST - 1)
        moment_of(at.decode())
    except (VerificationError, ValueError):
        return None
    return LeafRecord(
        log=log.decode(),
        seq=int(seq),
        at=at.decode(),
        type=type_.decode(),
        subject=subject.decode(),
        actor=actor.decode(),
        role=role.decode(),
        body=content,
        commitments=commitments,
        previous=(int(earlier), bytes.fromhex(linked.decode())) if linked else None,
        stepped_back_ms=int(back or 0),
        hash=leaf_hash(raw),
    )


def _usual_commitments(pii: bytes) -> tuple[tuple[str, str], ...] | None:
    """Return names and commitments, or None where the names are not in order."""
    found = tuple((name.decode(), value.decode()) for value, name in _COMMITMENT.findall(pii))
    names = [name for name, _ in found]
    return found if names == sorted(set(names)) else None


def read_fields(raw: bytes) -> LeafRecord:
    """Read the bytes of a leaf field by field; `read_leaf` does the same, faster."""
    leaf = parse_strict(raw)
    if not isinstance(leaf, dict) or not _REQUIRED <= leaf.keys() <= _ALLOWED:
        message = "leaf: a key is missing or unknown"
        raise VerificationError(message)
    if leaf["alg"] != "jcs/1" or leaf["v"] is True or leaf["v"] != 1:
        message = "leaf: written for another version of this format"
        raise VerificationError(message)
    actor = _object(leaf, "act", {"k", "role"})
    seq = _number(leaf["seq"], "seq", least=0)
    return LeafRecord(
        log=_origin(leaf["log"]),
        seq=seq,
        at=check_moment(leaf["t"]),
        type=_text(leaf["type"], "type", _TYPE),
        subject=_text(leaf["sub"], "sub", PSEUDONYM),
        actor=_text(actor["k"], "act", PSEUDONYM),
        role=_text(actor["role"], "role", _ROLE),
        body=_object(leaf, "body", None),
        commitments=_commitments(leaf["pii"]),
        previous=_previous(leaf, seq),
        stepped_back_ms=_number(leaf["back"], "back", least=1) if "back" in leaf else 0,
        hash=leaf_hash(raw),
    )


def check_moment(value: object) -> str:
    """Return *value* if it is a real moment written as in leaves: UTC, milliseconds, year with four digits."""
    if not (isinstance(value, str) and _MOMENT.fullmatch(value)):
        _refuse("t", value)
    try:
        moment_of(value)
    except ValueError:
        _refuse("t", value)
    return value


def moment_of(text: str) -> datetime:
    """Return the moment behind the text of a leaf, in UTC but naive: only differences of them mean anything."""
    return datetime.fromisoformat(text[:-1])


def commitment(salt: bytes, *, log: str, seq: int, field: str, value: Json) -> str:
    """Return the salted HMAC-SHA256 over ``[log, seq, field, value]`` that stands in a leaf for a personal value, in hex."""
    if len(salt) != SALT_BYTES:
        message = "commitment to {field}: expected a salt of 32 bytes, found {found}"
        raise VerificationError(message, field=field, found=len(salt))
    return hmac.new(salt, canonical([log, seq, field, value]), hashlib.sha256).hexdigest()


def _previous(leaf: dict[str, Any], seq: int) -> tuple[int, bytes] | None:
    if "prev" not in leaf:
        return None
    previous = _object(leaf, "prev", {"leaf", "seq"})
    earlier = _number(previous["seq"], "prev", least=0)
    if earlier >= seq:
        _refuse("prev", earlier)
    return earlier, bytes.fromhex(_text(previous["leaf"], "prev", _HASH))


def _commitments(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        _refuse("pii", value)
    pairs = [_object({"pii": item}, "pii", {"c", "f"}) for item in value]
    found = tuple((_text(pair["f"], "pii", FIELD), _text(pair["c"], "pii", _HASH)) for pair in pairs)
    names = [name for name, _ in found]
    if names != sorted(set(names)):
        _refuse("pii", names)
    return found


def _object(leaf: dict[str, Any], key: str, expected: set[str] | None) -> dict[str, Any]:
    value = leaf[key]
    if not isinstance(value, dict) or (expected is not None and value.keys() != expected):
        _refuse(key, value)
    return value


def _number(value: object, key: str, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_INTEGER:
        _refuse(key, value)
    return value


def _text(value: object, key: str, pattern: re.Pattern[str]) -> str:
    if not (isinstance(value, str) and pattern.fullmatch(value)):
        _refuse(key, value)
    return value


def _origin(value: object) -> str:
    if not isinstance(value, str):
        _refuse("log", value)
    check_name(value)
    return value


def _refuse(key: str, value: object) -> NoReturn:
    message = "leaf: {key!r} cannot be {value}"
    raise VerificationError(message, key=key, value=repr(value)[:80])
