"""
Signed notes (C2SP signed-note): a text, an empty line, and signature lines. Nothing in a note counts until it is signed.

Stricter than the specification where that costs nothing honest: one key may sign once, and a known key's wrong signature
refuses the whole note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import VerificationError
from .keys import ED25519, KEY_ID_BYTES, VerifierKey, decode_base64

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DASH = "\u2014 "
MOST_SIGNATURES = 64
"""Lines that are looked at; C2SP asks for at least 16."""


@dataclass(frozen=True)
class SignatureLine:
    """One line below a note: who claims to have signed, and the claim."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class SignedNote:
    """A note as it was written; nothing is verified yet."""

    text: str
    """With its last line feed: exactly what was signed."""
    signatures: tuple[SignatureLine, ...]

    @classmethod
    def parse(cls, note: str) -> SignedNote:
        """Take a note apart; whatever is not exactly a signed note raises `VerificationError`."""
        _check_characters(note)
        text, blank, block = note.rpartition("\n\n")
        lines = block.split("\n")
        if not (text and blank) or lines.pop() != "" or not 0 < len(lines) <= MOST_SIGNATURES:
            message = "note: expected a text, an empty line and 1 to {most} signature lines"
            raise VerificationError(message, most=MOST_SIGNATURES)
        signatures = tuple(_signature_line(line) for line in lines)
        if len({(line.name, line.key_id) for line in signatures}) != len(signatures):
            message = "note: the same key signed twice"
            raise VerificationError(message)
        return cls(text + "\n", signatures)

    def lines_of(self, key: VerifierKey) -> Iterator[SignatureLine]:
        """Return the lines that claim to be by *key*: none, or one."""
        return (line for line in self.signatures if (line.name, line.key_id) == (key.name, key.key_id))


@dataclass(frozen=True)
class Cosigned:
    """A witness's verified word that it saw this note, and when (seconds since 1970, the witness's own clock)."""

    key: VerifierKey
    time: int


@dataclass(frozen=True)
class VerifiedNote:
    """The text of a note, signed by at least one known key of type Ed25519."""

    text: str
    signers: tuple[str, ...]
    witnesses: tuple[Cosigned, ...]


def open_note(note: str, keys: Sequence[VerifierKey]) -> VerifiedNote:
    """Verify every signature by a known key; at least one key that signs for itself (not a witness) must be among them."""
    parsed = SignedNote.parse(note)
    signers, witnesses = [], []
    for key in dict.fromkeys(keys):
        for line in parsed.lines_of(key):
            moment = key.verify(parsed.text, line.signature)
            if moment is None:
                signers.append(key.name)
            else:
                witnesses.append(Cosigned(key, moment))
    if not signers:
        message = "note: not signed by {expected}"
        raise VerificationError(message, expected=", ".join(key.name for key in keys if key.algorithm == ED25519) or "-")
    return VerifiedNote(parsed.text, tuple(signers), tuple(witnesses))


def _check_characters(note: str) -> None:
    if any(character < " " and character != "\n" for character in note):
        message = "note: a control character"
        raise VerificationError(message)
    try:
        note.encode("utf-8")
    except UnicodeEncodeError as error:
        message = "note: not valid UTF-8"
        raise VerificationError(message) from error


def _signature_line(line: str) -> SignatureLine:
    name, _, encoded = line[len(_DASH) :].partition(" ")
    if not line.startswith(_DASH) or not name or "+" in name or name.split() != [name]:
        message = "note: {line!r} is not a signature line"
        raise VerificationError(message, line=line[:80])
    raw = decode_base64(encoded, "signature")
    if len(raw) <= KEY_ID_BYTES:
        message = "note: a signature of {length} bytes"
        raise VerificationError(message, length=len(raw))
    return SignatureLine(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])
