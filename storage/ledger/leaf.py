"""
A leaf: an entry with its place in the log, as the bytes that are hashed.

The form is frozen; `storage.verifier.leaves` describes it, and a leaf that is made here was read by that strict reader before
anybody sees it. A leaf holds pseudonyms, digests and commitments, never anything personal in clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from storage.errors import LedgerError
from storage.evidence import utc_moment, utc_text
from storage.verifier import leaves
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import SALT_BYTES, read_leaf
from storage.verifier.merkle import leaf_hash
from storage.verifier.strict import canonical, parse_strict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.evidence import Json

__all__ = ["LARGEST_LEAF", "SALT_BYTES", "Leaf", "LeafTooLarge", "canonical", "commitment", "parse_strict"]

LARGEST_LEAF = 4096
"""Bytes, by policy; the bundle format would hold 65,535."""


class LeafTooLarge(LedgerError):
    """An entry has more to say than a leaf may hold; lists belong in the vault or an object, with their root in the leaf."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry with its place in the log. Its time is checked when it is made, everything else when it is encoded."""

    log: str
    """The origin: one log, one tree, for ever."""
    seq: int
    at: datetime
    """The log's own clock: UTC, whole milliseconds."""
    type: str
    subject: str
    actor: str
    role: str
    body: Mapping[str, Json]
    commitments: tuple[tuple[str, str], ...]
    """Field name and commitment in hexadecimal, sorted by name."""
    previous: tuple[int, bytes] | None
    """Number and leaf hash of the last entry of the same subject."""
    stepped_back_ms: int = 0
    """How far the clock is behind the time of the entry before it in the log; 0 where it is not."""

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0) or self.at.microsecond % 1000:
            message = f"leaf {self.seq}: expected a time in UTC with whole milliseconds, found {self.at.isoformat()}"
            raise ValueError(message)
        object.__setattr__(self, "body", MappingProxyType(dict(self.body)))

    def encode(self) -> bytes:
        """Return the bytes of the leaf, at most `LARGEST_LEAF`; a leaf that no reader would accept raises `LedgerError`."""
        try:
            raw = canonical(self._envelope())
            read_leaf(raw)
        except VerificationError as error:
            message = f"leaf {self.seq} of {self.subject}: {error}"
            raise LedgerError(message) from error
        return _of_allowed_size(raw, self.seq)

    @classmethod
    def decode(cls, raw: bytes) -> Leaf:
        """Read the bytes of a leaf; whatever `encode` would not have written exactly so raises `LedgerError`."""
        try:
            read = read_leaf(raw)
        except VerificationError as error:
            raise LedgerError(str(error)) from error
        _of_allowed_size(raw, read.seq)
        return cls(
            log=read.log,
            seq=read.seq,
            at=utc_moment(read.at),
            type=read.type,
            subject=read.subject,
            actor=read.actor,
            role=read.role,
            body=read.body,
            commitments=read.commitments,
            previous=read.previous,
            stepped_back_ms=read.stepped_back_ms,
        )

    @property
    def hash(self) -> bytes:
        """The leaf hash of the tree: SHA-256(0x00 || encoded)."""
        return leaf_hash(self.encode())

    def _envelope(self) -> dict[str, Json]:
        envelope: dict[str, Json] = {
            "act": {"k": self.actor, "role": self.role},
            "alg": "jcs/1",
            "body": dict(self.body),
            "log": self.log,
            "pii": [{"c": value, "f": name} for name, value in self.commitments],
            "seq": self.seq,
            "sub": self.subject,
            "t": utc_text(self.at),
            "type": self.type,
            "v": 1,
        }
        if self.stepped_back_ms:
            envelope["back"] = self.stepped_back_ms
        if self.previous is not None:
            seq, value = self.previous
            envelope["prev"] = {"leaf": value.hex(), "seq": seq}
        return envelope


def commitment(salt: bytes, *, log: str, seq: int, field: str, value: Json) -> str:
    """
    Return what stands in a leaf for a personal *value*: hex of HMAC-SHA256(salt, JCS([log, seq, field, value])).

    A fresh salt of 32 bytes per value; without it a badge number is guessed in seconds. Raises `ValueError` for another salt
    and for a value that has no canonical form.
    """
    try:
        return leaves.commitment(salt, log=log, seq=seq, field=field, value=value)
    except VerificationError as error:
        raise ValueError(str(error)) from error


def _of_allowed_size(raw: bytes, seq: int) -> bytes:
    if len(raw) > LARGEST_LEAF:
        message = f"leaf {seq}: expected at most {LARGEST_LEAF} bytes, found {len(raw)}"
        raise LeafTooLarge(message)
    return raw
