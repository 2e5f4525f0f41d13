"""
What was removed from cameras, and whether it was rightly: by the log alone, knowing no clip but from its entries.

``CLEAR_AUTHORISED`` about a camera names clips and the head, held outside, under which their ``DEPOSITED`` entries lie;
``CLEARED`` closes it and says of every one of them that it was removed, or why it was left. So a stranger asks: had each clip
been deposited, before that head? Is the root over them the right one? Was the authorisation open when it was closed?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import VerificationError
from .merkle import Frontier, leaf_hash
from .strict import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .leaves import LeafRecord

AUTHORISED, CLEARED = "CLEAR_AUTHORISED", "CLEARED"


class Known(NamedTuple):
    """What the log says of a clip."""

    device: Any
    blake3: Any
    size: Any
    deposited: int | None = None
    """The number of its ``DEPOSITED`` entry."""


class Authorised(NamedTuple):
    """An authorisation that is open."""

    seq: int
    clips: frozenset[str]


def clearing_root(rows: Iterable[tuple[str, str, int]]) -> bytes:
    """Return the RFC 6962 root over ``[clip, blake3, size]`` of each file, as canonical JSON, in the order of the clips."""
    return Frontier().extend(leaf_hash(canonical(list(row))) for row in sorted(rows)).root()


class Clearings:
    """All clearings of one log; entries are told in the order of the log."""

    def __init__(self) -> None:
        self._clips: dict[str, Known] = {}
        self._open: dict[str, Authorised] = {}

    def concerns(self, leaf: LeafRecord) -> bool:
        """Say whether there is anything to verify; learn from an entry about a clip."""
        if leaf.type == "SECURED":
            content = leaf.body.get("content")
            told = content if isinstance(content, dict) else {}
            self._clips[leaf.subject] = Known(leaf.body.get("device"), told.get("blake3"), told.get("size"))
        elif leaf.type == "DEPOSITED" and leaf.subject in self._clips:
            self._clips[leaf.subject] = self._clips[leaf.subject]._replace(deposited=leaf.seq)
        return leaf.type in {AUTHORISED, CLEARED}

    def follow(self, leaf: LeafRecord) -> None:
        """Return only if *leaf* may say what it says."""
        if leaf.type == AUTHORISED:
            if leaf.subject in self._open:
                message = "entry {index}: {subject} has an authorisation to clear that is open, entry {open}"
                raise VerificationError(message, index=leaf.seq, subject=leaf.subject, open=self._open[leaf.subject].seq)
            self._open[leaf.subject] = authorised(leaf, self._clips)
        else:
            closed(leaf, self._open.pop(leaf.subject, None))


def authorised(leaf: LeafRecord, known: dict[str, Known]) -> Authorised:
    """Return the authorisation in *leaf*, if every clip it names is *known* to have been deposited under the head it names."""
    named, head = leaf.body.get("clips"), head_of(leaf)
    if head is None or head[0] > leaf.seq or not isinstance(named, list) or not named or not all(map(_is_text, named)):
        message = "entry {index}: no authorisation to clear"
        raise VerificationError(message, index=leaf.seq)
    rows = [(f"clip:{clip}", known.get(f"clip:{clip}")) for clip in named]
    for clip, one in rows:
        if one is None or one.device != leaf.subject:
            message = "entry {index}: {clip} is no clip of {subject}"
            raise VerificationError(message, index=leaf.seq, clip=clip, subject=leaf.subject)
        if one.deposited is None or one.deposited >= head[0]:
            message = "entry {index}: {clip} was not deposited under the checkpoint of {size} entries"
            raise VerificationError(message, index=leaf.seq, clip=clip, size=head[0])
    told = [(clip, str(one.blake3), one.size) for clip, one in rows if one is not None and isinstance(one.size, int)]
    said = (leaf.body.get("files"), leaf.body.get("bytes"), leaf.body.get("root"))
    if said != (len(set(named)), sum(size for _, _, size in told), clearing_root(told).hex()) or len(told) != len(named):
        message = "entry {index}: number, bytes or root are not those of the clips it names"
        raise VerificationError(message, index=leaf.seq)
    return Authorised(leaf.seq, frozenset(named))


def closed(leaf: LeafRecord, open_: Authorised | None) -> None:
    """Return only if the ``CLEARED`` *leaf* closes the authorisation *open_* and says what became of each of its clips."""
    if open_ is None or leaf.body.get("authorised") != open_.seq:
        message = "entry {index}: it closes no open authorisation to clear {subject}"
        raise VerificationError(message, index=leaf.seq, subject=leaf.subject)
    told = told_of(leaf)
    if told is None or len(told) != len(open_.clips) or frozenset(told) != open_.clips:
        message = "entry {index}: it does not say of each authorised clip what became of it"
        raise VerificationError(message, index=leaf.seq)


def told_of(leaf: LeafRecord) -> list[str] | None:
    """Return every clip that a ``CLEARED`` speaks of, or None where it has not the form of one."""
    removed, left = leaf.body.get("removed"), leaf.body.get("left")
    if not isinstance(removed, list) or not isinstance(left, dict) or not all(isinstance(some, list) for some in left.values()):
        return None
    told = [*removed, *(clip for some in left.values() for clip in some)]
    return told if all(map(_is_text, told)) else None


def head_of(leaf: LeafRecord) -> tuple[int, str] | None:
    """Return size and root (hexadecimal) of the head that an authorisation names."""
    head = leaf.body.get("head")
    if not isinstance(head, dict) or head.keys() != {"root", "size"}:
        return None
    size, root = head["size"], head["root"]
    return (size, root) if isinstance(size, int) and not isinstance(size, bool) and isinstance(root, str) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)
