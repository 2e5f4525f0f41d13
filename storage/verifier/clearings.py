"""
What was removed from cameras, and whether it was rightly: by the log alone, knowing no clip but from its entries.

``CLEAR_AUTHORISED`` about a camera names clips and the head, held outside, under which their ``DEPOSITED`` entries lie;
``CLEARED`` closes it and says of every one of them that it was removed, or why it was left. So a stranger asks: had each clip
been deposited, before that head? Is the root over them the right one? Was the authorisation open when it was closed?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import VerificationError
from .leaves import LeafRecord, read_leaf
from .merkle import Frontier, leaf_hash
from .strict import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AUTHORISED, CLEARED = "CLEAR_AUTHORISED", "CLEARED"
AUTHORISING = b'"type":"CLEAR_AUTHORISED"'
"""What stands in the bytes of every authorisation."""


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


class NamedHead(NamedTuple):
    """The head that an authorisation names."""

    seq: int
    size: int
    root: str
    """In hexadecimal."""

    def verify(self, roots: Mapping[int, bytes]) -> None:
        """Return only if it is an earlier head of this log; *roots* are those of the log's own tree."""
        if roots.get(self.size, b"").hex() != self.root:
            message = "entry {index}: the checkpoint of {size} entries it names is not one of this log"
            raise VerificationError(message, index=self.seq, size=self.size)


def heads_in(leaves: Iterable[LeafRecord]) -> list[NamedHead]:
    """Return the heads that the authorisations among *leaves* name, as far as they name one."""
    named = ((leaf.seq, head_of(leaf)) for leaf in leaves if leaf.type == AUTHORISED)
    return [NamedHead(seq, *head) for seq, head in named if head is not None]


def sizes_in(raws: Iterable[bytes]) -> list[int]:
    """Return the sizes of the heads that the well-formed authorisations among *raws* name."""
    return [head.size for raw in raws if AUTHORISING in raw for head in heads_in(_readable(raw))]


def _readable(raw: bytes) -> list[LeafRecord]:
    try:
        return [read_leaf(raw)]
    except VerificationError:
        return []  # the step that reads every entry says so


def clearing_root(rows: Iterable[tuple[str, str, int]]) -> bytes:
    """Return the RFC 6962 root over ``[clip, blake3, size]`` of each file, as canonical JSON, in the order of the clips."""
    return Frontier().extend(leaf_hash(canonical(list(row))) for row in sorted(rows)).root()


class Clearings:
    """All clearings of one log; entries are told in the order of the log."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        """What was told of clips so far."""
        self.opened: dict[str, Authorised] = {}
        """The authorisation of each camera that is open."""
        self.heads: list[NamedHead] = []
        """The heads under which clips were said to be, for whoever knows the roots of the log."""

    def concerns(self, leaf: LeafRecord) -> bool:
        """Say whether there is anything to verify; learn from an entry about a clip."""
        if leaf.type == "SECURED":
            content = leaf.body.get("content")
            told = content if isinstance(content, dict) else {}
            self.known[leaf.subject] = Known(leaf.body.get("device"), told.get("blake3"), told.get("size"))
        elif leaf.type == "DEPOSITED" and leaf.subject in self.known:
            self.known[leaf.subject] = self.known[leaf.subject]._replace(deposited=leaf.seq)
        return leaf.type in {AUTHORISED, CLEARED}

    def follow(self, leaf: LeafRecord) -> None:
        """Return only if *leaf* may say what it says."""
        if leaf.type == AUTHORISED:
            self.heads += heads_in([leaf])
            if leaf.subject in self.opened:
                message = "entry {index}: {subject} has an authorisation to clear that is open, entry {open}"
                raise VerificationError(message, index=leaf.seq, subject=leaf.subject, open=self.opened[leaf.subject].seq)
            self.opened[leaf.subject] = authorised(leaf, self.known)
        else:
            closed(leaf, self.opened.pop(leaf.subject, None))


def authorised(leaf: LeafRecord, known: dict[str, Known]) -> Authorised:
    """Return the authorisation in *leaf*, if every clip it names is *known* to have been deposited under the head it names."""
    named, head = named_clips(leaf), head_of(leaf)
    if head is None or not 0 < head[0] <= leaf.seq or not named:
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


def named_clips(leaf: LeafRecord) -> list[str]:
    """Return the ids of the clips that an authorisation names; none where it has not the form of one."""
    named = leaf.body.get("clips")
    return named if isinstance(named, list) and all(map(_is_text, named)) else []


def _is_text(value: object) -> bool:
    return isinstance(value, str)
