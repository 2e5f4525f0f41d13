"""
Which key signs for a log at which size, by the word of the log itself: the entries ``KEY_ROTATED`` and ``KEY_RETIRED``.

A key is handed over by a signed note inside ``KEY_ROTATED``::

    yihu/key-rotated/v1
    <origin>
    <size and root of the last head that was signed before, one a line>
    overlap <entries>|open
    old <verifier key>         every key that was valid until now, one a line
    new <verifier key>

signed by every old key and by the new one. With *n* the number of the entry: the new key is valid for heads larger than *n*,
that is for those that cover its entry; the old ones for heads up to *n* + overlap, or until a ``KEY_RETIRED`` names them.
Validity goes by size and never by clock. The head inside the note ties it to one past: whoever steals the *new* key cannot put
it before the rotation.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint, decimal
from .errors import VerificationError
from .keys import ED25519, VerifierKey, decode_base64
from .note import SignedNote, open_note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .leaves import LeafRecord

ROTATED, RETIRED = "KEY_ROTATED", "KEY_RETIRED"
LEAST_OVERLAP = 256
"""Entries: so that a head which both keys sign is made, and shown to the witnesses, before the old key ends."""

_FIRST_LINE = "yihu/key-rotated/v1"
_OPEN = "open"
_RANGE = re.compile(r"([0-9]{1,16})(?:-([0-9]{1,16}))?")
_HEAD_LINES = 5


@dataclass(frozen=True)
class ValidKey:
    """A key of a log and the sizes of the heads it may sign, both included; *last* None: no end is known."""

    key: VerifierKey
    first: int = 0
    last: int | None = None

    @classmethod
    def parse(cls, text: str) -> ValidKey:
        """Read ``KEY``, ``KEY@FROM`` or ``KEY@FROM-TO``."""
        vkey, _, sizes = text.rpartition("@")
        found = _RANGE.fullmatch(sizes)
        if not vkey or found is None:
            return cls(VerifierKey.parse(text))
        first, last = found.groups()
        return cls(VerifierKey.parse(vkey), int(first), None if last is None else int(last))

    @property
    def text(self) -> str:
        """What `parse` reads."""
        if self.last is None:
            return f"{self.key.vkey}@{self.first}" if self.first else self.key.vkey
        return f"{self.key.vkey}@{self.first}-{self.last}"

    def is_valid_at(self, size: int) -> bool:
        """Say whether a head of *size* entries may be signed by it."""
        return self.first <= size and (self.last is None or size <= self.last)

    def from_size(self, first: int) -> ValidKey:
        """Return it valid from *first* at the earliest."""
        return replace(self, first=max(self.first, first))

    def until_size(self, last: int) -> ValidKey:
        """Return it valid up to *last* at the latest."""
        return replace(self, last=last if self.last is None else min(self.last, last))


@dataclass(frozen=True)
class Rotation:
    """What the note in a ``KEY_ROTATED`` says; worth nothing without its signatures."""

    head: Checkpoint
    old: tuple[VerifierKey, ...]
    new: VerifierKey
    overlap: int | None = None

    def __post_init__(self) -> None:
        own = (*self.old, self.new)
        if not self.old or len(set(own)) != len(own) or any(k.algorithm != ED25519 or k.name != self.head.origin for k in own):
            message = "rotation: expected different keys of the log {origin}"
            raise VerificationError(message, origin=self.head.origin)
        if self.overlap is not None and self.overlap < LEAST_OVERLAP:
            message = "rotation: an overlap of {overlap} entries, expected at least {least}"
            raise VerificationError(message, overlap=self.overlap, least=LEAST_OVERLAP)

    @property
    def text(self) -> str:
        """The lines that are signed."""
        root = base64.b64encode(self.head.root).decode("ascii")
        lines = [_FIRST_LINE, self.head.origin, str(self.head.size), root]
        lines.append("overlap " + (_OPEN if self.overlap is None else str(self.overlap)))
        lines += ["old " + key.vkey for key in self.old]
        return "\n".join([*lines, "new " + self.new.vkey, ""])

    @classmethod
    def parse(cls, text: str) -> Rotation:
        """Read what `text` wrote; anything else raises `VerificationError`."""
        lines = text.split("\n")
        if lines[0] != _FIRST_LINE or lines[-1] or len(lines) < _HEAD_LINES + 3:
            message = "rotation: not a handing over of a key"
            raise VerificationError(message)
        _, origin, size, root, overlap, *keys, _ = lines
        head = Checkpoint(origin, decimal(size, "checkpoint size"), decode_base64(root, "checkpoint root"))
        old, new = tuple(_after("old ", line) for line in keys[:-1]), _after("new ", keys[-1])
        said = overlap[len("overlap ") :]
        entries = None if said == _OPEN else decimal(said, "overlap")
        rotation = cls(head, tuple(map(VerifierKey.parse, old)), VerifierKey.parse(new), entries)
        if rotation.text != text:
            message = "rotation: not a handing over of a key"
            raise VerificationError(message)
        return rotation

    @classmethod
    def opened(cls, note: str) -> Rotation:
        """Return what the signed *note* says, if every key it names has signed it."""
        rotation = cls.parse(SignedNote.parse(note).text)
        own = [*rotation.old, rotation.new]
        refuse_unless_signed(note, own)
        return rotation


def refuse_unless_signed(note: str, keys: Iterable[VerifierKey]) -> None:
    """Return only if every one of *keys* has signed the note."""
    for key in keys:
        open_note(note, [key])


class KeyHistory:
    """The keys of one log, from those that are *given* on; entries are told in the order of the log."""

    def __init__(self, given: Iterable[ValidKey]) -> None:
        self._terms: dict[VerifierKey, ValidKey] = {}
        for one in given:
            self._terms[one.key] = one
        self._depth = dict.fromkeys(self._terms, 0)
        self._named: list[VerifierKey] = []

    def at(self, size: int) -> list[VerifierKey]:
        """Return the keys of which any one may vouch for a head of *size* entries, the newest last."""
        return [term.key for term in self._terms.values() if term.is_valid_at(size)]

    def must_sign(self, size: int) -> list[VerifierKey]:
        """Return the keys that must all have signed a head of *size*: those the log itself says are in force then."""
        return [key for key in self.at(size) if key in self._named]

    def terms(self) -> list[ValidKey]:
        """Return every key there was, the oldest first."""
        return list(self._terms.values())

    def followed(self, key: VerifierKey) -> int:
        """Return over how many rotations *key* was reached from one that was given; 0: it was given."""
        return self._depth[key]

    def rotated(self, seq: int, note: str) -> Rotation:
        """
        Take in the ``KEY_ROTATED`` that is entry *seq*; its new key counts from now on.

        Nothing changes where neither the new key nor an old one that is valid at this place is known: whoever begins with a
        later key has no use for it. Raises `VerificationError` unless every key that the note names has signed it.
        """
        rotation = Rotation.opened(note)
        if rotation.head.size > seq:
            message = "entry {index}: hands over a key at {size} entries, which are not there yet"
            raise VerificationError(message, index=seq, size=rotation.head.size)
        known = [key for key in rotation.old if key in self.at(seq + 1)]
        if not known and rotation.new not in self._terms:
            return rotation
        self._depth.setdefault(rotation.new, 1 + min([self._depth[key] for key in known], default=0))
        self._end(rotation, seq)
        # taken out and put in again: the newest stands last
        term = self._terms.pop(rotation.new, ValidKey(rotation.new))
        self._terms[rotation.new] = term.from_size(seq + 1)
        self._named += [*rotation.old, rotation.new]
        return rotation

    def retired(self, seq: int, vkey: str) -> None:
        """Take in the ``KEY_RETIRED`` that is entry *seq*; a key that is not known is none of ours."""
        key = VerifierKey.parse(vkey)
        if key in self._terms:
            self._terms[key] = self._terms[key].until_size(seq)

    def _end(self, rotation: Rotation, seq: int) -> None:
        if rotation.overlap is None:
            return
        for key in rotation.old:
            if key in self._terms:
                self._terms[key] = self._terms[key].until_size(seq + rotation.overlap)


def take_in(history: KeyHistory, leaf: LeafRecord) -> Rotation | None:
    """Tell *history* what an entry says of keys, if it is about the log and says anything; the rotation, if it is one."""
    if leaf.subject.partition(":")[0] != "log" or leaf.type not in {ROTATED, RETIRED}:
        return None
    text = leaf.body.get("note" if leaf.type == ROTATED else "vkey")
    if not isinstance(text, str):
        message = "entry {index}: {type} without its text"
        raise VerificationError(message, index=leaf.seq, type=leaf.type)
    if leaf.type == RETIRED:
        history.retired(leaf.seq, text)
        return None
    return history.rotated(leaf.seq, text)


def _after(keyword: str, line: str) -> str:
    if not line.startswith(keyword):
        message = "rotation: not a handing over of a key"
        raise VerificationError(message)
    return line[len(keyword) :]
