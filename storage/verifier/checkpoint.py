"""Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log in three signed lines. Extension lines are refused."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import VerificationError
from .keys import ED25519, VerifierKey, check_name, decode_base64
from .merkle import EMPTY_ROOT, HASH_BYTES
from .note import Cosigned, open_note

if TYPE_CHECKING:
    from collections.abc import Sequence

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")
_LINES = 3


def decimal(text: str, what: str) -> int:
    """Read a whole number without sign or leading zeros, at most 16 digits; *what* names it in the message."""
    if not _DECIMAL.fullmatch(text):
        message = "{what}: {text!r} is not a plain decimal number"
        raise VerificationError(message, what=what, text=text[:40])
    return int(text)


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself at one moment; worth nothing without a signature."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_name(self.origin)
        decimal(str(self.size), "checkpoint size")
        if len(self.root) != HASH_BYTES or (self.size == 0 and self.root != EMPTY_ROOT):
            message = "checkpoint of {origin}: no tree of {size} entries has this root"
            raise VerificationError(message, origin=self.origin, size=self.size)

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read what `text` wrote; anything else raises `VerificationError`."""
        lines = text.split("\n")
        if len(lines) != _LINES + 1 or lines[-1]:
            message = "checkpoint: expected exactly three lines, found {found}"
            raise VerificationError(message, found=len(lines) - 1)
        origin, size, root, _ = lines
        return cls(origin, decimal(size, "checkpoint size"), decode_base64(root, "checkpoint root"))


@dataclass(frozen=True)
class VerifiedCheckpoint:
    """A checkpoint signed by its log, and which of the known witnesses cosigned it."""

    checkpoint: Checkpoint
    witnesses: tuple[Cosigned, ...]


def verify_checkpoint(note: str, keys: Sequence[VerifierKey], *, origin: str) -> VerifiedCheckpoint:
    """Return the checkpoint only if a key of the log itself, named like *origin*, signed it; report known witnesses."""
    own = [key for key in keys if key.algorithm == ED25519 and key.name == origin]
    if not own:
        message = "checkpoint: no key was given for the log {origin}"
        raise VerificationError(message, origin=origin)
    # A log is not its own witness: neither its name nor its key counts as one.
    used = {key.public for key in own}
    others = [key for key in keys if key.algorithm != ED25519 and key.name != origin and key.public not in used]
    opened = open_note(note, [*own, *others])
    checkpoint = Checkpoint.parse(opened.text)
    if checkpoint.origin != origin:
        message = "checkpoint: of the log {found}, expected {expected}"
        raise VerificationError(message, found=checkpoint.origin, expected=origin)
    return VerifiedCheckpoint(checkpoint, opened.witnesses)
