"""
Being a witness (C2SP tlog-witness): seeing to it that a log only grows, and saying so.

`judge` is the whole protocol as a pure function: a request, the keys of its log and the head that was cosigned last give either
the leave to cosign or the answer that refuses. `storage.ledger.witnessing` keeps state around it.

======  ====================================================================================
status  when
======  ====================================================================================
200     the log grew, or shows the same head again; the body is the cosignature
400     not a request, or its old size is beyond its checkpoint
403     the log's key did not sign, or signed wrongly
404     a log that nobody told this witness to watch
409     the old size is not the size that was cosigned last; the body says which that is
422     the proof does not show that the last head is the beginning of this one
======  ====================================================================================

Extension lines of other people's checkpoints are cosigned as they stand; nothing is said about them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from storage.verifier.checkpoint import Checkpoint, decimal
from storage.verifier.errors import VerificationError
from storage.verifier.keys import ED25519, VerifierKey, decode_base64
from storage.verifier.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from storage.verifier.note import SignedNote, open_note

__all__ = ["PLAIN", "SIZE", "Answer", "Head", "Request", "Verdict", "judge"]

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
"""The media type of an answer that says how large the last cosigned tree is."""

_MOST_HASHES = 63
_HEAD_LINES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says; the same over HTTP and on a stick."""

    status: int
    body: str
    media_type: str = PLAIN


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says, whether or not a tree can look like that; nothing is verified."""

    text: str
    """All lines that are signed."""
    origin: str
    size: int
    root: bytes

    @classmethod
    def of(cls, note: str) -> Head:
        """Read the signed *note*; what is none of a checkpoint raises `VerificationError`."""
        text = SignedNote.parse(note).text
        lines = text.split("\n")[:-1]
        if len(lines) < _HEAD_LINES or not all(lines):
            message = "checkpoint: expected three lines or more, none empty, found {found}"
            raise VerificationError(message, found=len(lines))
        return cls(text, lines[0], decimal(lines[1], "checkpoint size"), _hash(lines[2]))


@dataclass(frozen=True, slots=True)
class Request:
    """A log's wish to have a checkpoint cosigned: *proof* shows that it continues the tree of *old* entries."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @classmethod
    def parse(cls, body: bytes) -> Request:
        """Read the body of a request; whatever is not exactly one raises `ValueError`."""
        try:
            head, _, note = body.decode("utf-8").partition("\n\n")
            first, *lines = head.split("\n")
            if not first.startswith("old ") or len(lines) > _MOST_HASHES:
                message = f"request: expected a line 'old SIZE' and at most {_MOST_HASHES} hashes"
                raise ValueError(message)
            Head.of(note)
            return cls(decimal(first[4:], "old size"), tuple(_hash(line) for line in lines), note)
        except VerificationError as error:
            message = f"request: {error}"
            raise ValueError(message) from error

    @property
    def head(self) -> Head:
        """What is to be cosigned."""
        return Head.of(self.note)

    @property
    def body(self) -> str:
        """What is sent."""
        hashes = "".join(f"{base64.b64encode(value).decode('ascii')}\n" for value in self.proof)
        return f"old {self.old}\n{hashes}\n{self.note}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a request."""

    refusal: Answer | None
    """None where the checkpoint is to be cosigned."""
    is_signed: bool
    """Whether the log itself signed what it asked for: a refused request that it signed is evidence against it."""


def judge(request: Request, keys: Sequence[VerifierKey], last: Head | None) -> Verdict:
    """
    Say whether the checkpoint of *request* may be cosigned after *last*; *keys* are those of its log, none if it is unknown.

    Whoever cosigns must have put it where *last* was, durably and by compare-and-swap, before he answers.
    """
    origin = request.head.origin
    own = [key for key in keys if key.name == origin and key.algorithm == ED25519]
    if not own:
        return Verdict(Answer(404, f"no log {origin} is known here\n"), is_signed=False)
    try:
        open_note(request.note, own)
    except VerificationError as error:
        return Verdict(Answer(403, f"{error}\n"), is_signed=False)
    return Verdict(_refusal(request, last), is_signed=True)


def _refusal(request: Request, last: Head | None) -> Answer | None:
    asked = request.head
    size, root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
    if request.old > asked.size:
        return Answer(400, f"the old size {request.old} is beyond the checkpoint of {asked.size}\n")
    if request.old != size:
        return Answer(409, f"{size}\n", SIZE)
    try:
        Checkpoint(asked.origin, asked.size, asked.root)  # no tree of 0 entries has another root than the empty one
        verify_consistency(old_size=size, old_root=root, new_size=asked.size, new_root=asked.root, path=request.proof)
    except VerificationError as error:
        return Answer(422, f"{error}\n")
    return None


def _hash(line: str) -> bytes:
    value = decode_base64(line, "proof hash")
    if len(value) != HASH_BYTES:
        message = "proof: expected hashes of 32 bytes, found one of {found}"
        raise VerificationError(message, found=len(value))
    return value
