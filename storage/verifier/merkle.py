"""
The hash tree of RFC 6962 with SHA-256, as far as a reader needs it: hashing, the growing right edge, checking proofs.

A proof binds a leaf or an older root to a root, never to a size: take size and root together from one signed checkpoint.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962 §2.1)."""


def leaf_hash(raw: bytes) -> bytes:
    """Hash the bytes of a leaf: SHA-256(0x00 || raw)."""
    return hashlib.sha256(b"\x00" + raw).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees into their parent: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Fold a power of two of neighbouring hashes into the root of the complete subtree over them."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


@dataclass(frozen=True)
class Frontier:
    """
    All that must be remembered to go on growing a tree: the roots of its complete subtrees, largest first.

    A value: `append` and `extend` return a new frontier and leave this one alone, so a transaction that is rolled back costs
    nothing. There are as many hashes as the size has bits set.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != bin(self.size).count("1") or any(len(h) != HASH_BYTES for h in self.hashes):
            message = "frontier of {size} leaves: expected {expected} hashes of 32 bytes, found {found}"
            raise VerificationError(message, size=self.size, expected=bin(self.size).count("1"), found=len(self.hashes))

    @classmethod
    def of(cls, size: int, hashes: Iterable[bytes]) -> Frontier:
        """Make the frontier of *size* leaves from the roots of its complete subtrees, largest first."""
        return cls(size, tuple(hashes))

    def append(self, leaf: bytes) -> Frontier:
        """Return the frontier with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the frontier with more leaf hashes."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            grown, bits = leaf, size
            while bits & 1:
                grown = node_hash(hashes.pop(), grown)
                bits >>= 1
            hashes.append(grown)
            size += 1
        return Frontier(size, tuple(hashes))

    def root(self) -> bytes:
        """Return the root of the tree that ends here."""
        if not self.hashes:
            return EMPTY_ROOT
        *larger, root = self.hashes
        for left in reversed(larger):
            root = node_hash(left, root)
        return root


def verify_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Return only if the leaf hash *leaf* is number *index* of the *size* leaves under *root* (RFC 9162 §2.1.3.2)."""
    _check_hashes((leaf, root, *path))
    if not 0 <= index < size:
        message = "inclusion: entry {index} cannot be in a tree of {size}"
        raise VerificationError(message, index=index, size=size)
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            _path_length("inclusion", path)
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            place, last = _while_even(place, last)
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        _path_length("inclusion", path)
    _same("inclusion of entry {index} in {size}: the path leads to another root", found, root, index=index, size=size)


def verify_consistency(*, old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Return only if the tree under *new_root* begins with the whole tree under *old_root* (RFC 9162 §2.1.4.2)."""
    _check_hashes((old_root, new_root, *path))
    if not 0 <= old_size <= new_size:
        message = "consistency: a tree of {old} cannot have grown to {new}"
        raise VerificationError(message, old=old_size, new=new_size)
    if old_size in {0, new_size}:
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if path:
            _path_length("consistency", path)
        _same("consistency: {old} and {new} entries, another root", expected, old_root, old=old_size, new=new_size)
        if new_size == 0:
            _same("consistency: {old} and {new} entries, another root", expected, new_root, old=old_size, new=new_size)
        return
    hashes = list(path) if old_size & (old_size - 1) else [old_root, *path]
    found_old, found_new = _roots_of(hashes, old_size, new_size)
    _same("consistency: the path leads to another root at {size}", found_old, old_root, size=old_size)
    _same("consistency: the path leads to another root at {size}", found_new, new_root, size=new_size)


def _roots_of(hashes: Sequence[bytes], old_size: int, new_size: int) -> tuple[bytes, bytes]:
    """Return the two roots a consistency path leads to; *hashes* begins with the largest complete subtree at the old edge."""
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not hashes:
        _path_length("consistency", hashes)
    found_old = found_new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            _path_length("consistency", hashes)
        if place & 1 or place == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            place, last = _while_even(place, last)
        else:
            found_new = node_hash(found_new, sibling)
        place, last = place >> 1, last >> 1
    if last:
        _path_length("consistency", hashes)
    return found_old, found_new


def _while_even(place: int, last: int) -> tuple[int, int]:
    """Skip the levels on which the right edge has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            message = "proof: expected hashes of 32 bytes, found one of {found}"
            raise VerificationError(message, found=len(value))


def _path_length(what: str, path: Sequence[bytes]) -> None:
    message = "{what}: a path of {found} hashes has the wrong length"
    raise VerificationError(message, what=what, found=len(path))


def _same(message: str, found: bytes, expected: bytes, **values: object) -> None:
    if not hmac.compare_digest(found, expected):
        raise VerificationError(message, **values)
