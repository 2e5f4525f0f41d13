"""DER (X.690), as far as time-stamp tokens need it: elements with one-octet tags, every length in its one shortest form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from .errors import VerificationError

INTEGER, OCTETS, OBJECT_ID, UTF8, TIME, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x0C, 0x18, 0x30, 0x31
_MANY_OCTETS = 0x1F
_LONG_LENGTH = 0x80
_CONTINUED = 0x80
_WIDEST_LENGTH = 3


@dataclass(frozen=True)
class Element:
    """A tag and what stands behind it."""

    tag: int
    content: bytes

    @property
    def raw(self) -> bytes:
        """The bytes it was read from: there is only one spelling."""
        size = len(self.content)
        if size < _LONG_LENGTH:
            return bytes((self.tag, size)) + self.content
        length = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes((self.tag, _LONG_LENGTH | len(length))) + length + self.content

    def children(self) -> tuple[Element, ...]:
        """Take the content apart into elements; `VerificationError` where it is none."""
        found, rest = [], memoryview(self.content)
        while rest:
            element, rest = _first(rest)
            found.append(element)
        return tuple(found)

    def only(self, tag: int) -> Element:
        """Return the one element inside, which must bear *tag*."""
        inside = self.children()
        if len(inside) != 1 or inside[0].tag != tag:
            _refuse()
        return inside[0]

    def integer(self) -> int:
        """Read the content as an integer that is not negative."""
        raw = self.content
        if not raw or raw[0] >= _LONG_LENGTH or (len(raw) > 1 and raw[0] == 0 and raw[1] < _LONG_LENGTH):
            _refuse()
        return int.from_bytes(raw, "big")

    def dotted(self) -> str:
        """Read the content as an object identifier."""
        arcs, value = [], 0
        if not self.content or self.content[-1] >= _CONTINUED:
            _refuse()
        for octet in self.content:
            value = value << 7 | octet & 0x7F
            if octet < _CONTINUED:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def read_element(raw: bytes, tag: int) -> Element:
    """Read *raw* as exactly one element with *tag*; anything else raises `VerificationError`."""
    element, rest = _first(memoryview(raw))
    if rest or element.tag != tag:
        _refuse()
    return element


def _first(raw: memoryview) -> tuple[Element, memoryview]:
    if len(raw) < 2 or raw[0] & _MANY_OCTETS == _MANY_OCTETS:  # noqa: PLR2004 — a tag and a length
        _refuse()
    size, start = raw[1], 2
    if size >= _LONG_LENGTH:
        start += size - _LONG_LENGTH
        length = bytes(raw[2:start])
        size = int.from_bytes(length, "big")
        # one octet too many, a zero in front, or "until further notice" (BER)
        if not 1 <= len(length) <= _WIDEST_LENGTH or length[0] == 0 or size < _LONG_LENGTH:
            _refuse()
    if len(raw) < start + size:
        _refuse()
    return Element(raw[0], bytes(raw[start : start + size])), raw[start + size :]


def _refuse() -> NoReturn:
    message = "time-stamp: not strict DER"
    raise VerificationError(message)
