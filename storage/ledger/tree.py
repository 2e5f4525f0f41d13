"""
Proofs made from a tree that is not in memory: whoever asks brings a `HashReader` for the complete subtrees.

A reader is believed. Compare `root_at` with the root that was signed before a proof made from the same reader is given to
anybody, or let `verify_inclusion` judge the proof against that root.
"""

from __future__ import annotations

from collections.abc import Callable

from storage.verifier.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    leaf_hash,
    node_hash,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Frontier",
    "HashReader",
    "consistency_proof",
    "frontier_at",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_at",
    "subtree_root",
    "verify_consistency",
    "verify_inclusion",
]

HashReader = Callable[[int, int], bytes]
"""Given (level, index), the hash of the complete subtree over the 2**level leaves from index * 2**level on."""


def frontier_at(size: int, read: HashReader) -> Frontier:
    """Return the frontier of the first *size* leaves."""
    return Frontier.of(size, _complete_subtrees(0, size, read))


def root_at(size: int, read: HashReader) -> bytes:
    """Return the root of the tree over the first *size* leaves."""
    return frontier_at(size, read).root()


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """Return the hashes that lead from leaf *index* to the root of *size* leaves, leaf's sibling first (RFC 6962 §2.1.1)."""
    if not 0 <= index < size:
        message = f"inclusion proof: entry {index} is not in a tree of {size}"
        raise ValueError(message)
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_root_between(middle, high, read))
            high = middle
        else:
            path.append(_root_between(low, middle, read))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, read: HashReader) -> list[bytes]:
    """Return the hashes that show a tree of *new* leaves to begin with that of *old* (RFC 6962 §2.1.2); none for old = 0."""
    if not 0 <= old <= new:
        message = f"consistency proof: a tree of {old} has not grown to {new}"
        raise ValueError(message)
    if old == 0:
        return []
    path, low, high = [], 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_root_between(middle, high, read))
            high = middle
        else:
            path.append(_root_between(low, middle, read))
            low = middle
    if low:  # the old tree's last subtree is not known from its root alone
        path.append(_root_between(low, high, read))
    return path[::-1]


def _split(count: int) -> int:
    """Return the largest power of two smaller than *count*."""
    return 1 << (count - 1).bit_length() - 1


def _root_between(low: int, high: int, read: HashReader) -> bytes:
    return Frontier.of(high - low, _complete_subtrees(low, high, read)).root()


def _complete_subtrees(low: int, high: int, read: HashReader) -> list[bytes]:
    """Return the roots of the complete subtrees over leaves *low* up to *high*, largest first; *low* lies on their grid."""
    hashes, start = [], low
    for level in range((high - low).bit_length() - 1, -1, -1):
        if (high - low) >> level & 1:
            hashes.append(read(level, start >> level))
            start += 1 << level
    return hashes
