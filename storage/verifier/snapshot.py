"""
Snapshots: how many entries each subject had and which was its last, all under one root that an entry carries.

A ``SNAPSHOT`` entry is about the log and has the body ``{"root":hex,"size":n,"subjects":m}``. It speaks of the entries before
it, ``size`` of them, which is its own number. There is a row for every subject they are about, in the order of the names; the
hash of a row is the leaf hash of the canonical JSON ``["clip:01J…",count,last]``, and the root is that of their RFC 6962 tree.

What somebody is given to see that there is nothing more about a subject, or nothing at all::

    {"log":origin,"rows":[{"count":c,"index":i,"last":n,"path":[hex,…],"subject":s},…],"seq":n,"subject":s,"v":1}

The row of the subject, or the rows to the left and to the right of the place where it would be. That the rows are in order and
count rightly is seen by whoever replays the whole log; a proof alone shows what the office has bound itself to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import VerificationError
from .keys import check_name
from .leaves import PSEUDONYM
from .merkle import Frontier, leaf_hash, verify_inclusion
from .strict import LARGEST_INTEGER, Json, canonical, parse_strict

if TYPE_CHECKING:
    from .leaves import LeafRecord

SNAPSHOT = "SNAPSHOT"
LARGEST_SNAPSHOT_PROOF = 2**16

_KEYS = {"log", "rows", "seq", "subject", "v"}
_ROW_KEYS = {"count", "index", "last", "path", "subject"}
_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST_PATH = 63
_MOST_ROWS = 2


@dataclass(frozen=True)
class Row:
    """One subject, how many entries are about it, and the number of the last of them."""

    subject: str
    count: int
    last: int

    @property
    def hash(self) -> bytes:
        """The leaf hash of the row in the tree of the snapshot."""
        return leaf_hash(canonical([self.subject, self.count, self.last]))


@dataclass(frozen=True)
class Snapshot:
    """What a ``SNAPSHOT`` entry says."""

    size: int
    subjects: int
    root: bytes


@dataclass(frozen=True)
class ProvenRow:
    """A row, its place among the rows, and its path to the root."""

    index: int
    row: Row
    path: tuple[bytes, ...]


@dataclass(frozen=True)
class SnapshotProof:
    """What is claimed of *subject* under snapshot *seq* of *log*; nothing is verified yet."""

    log: str
    seq: int
    subject: str
    rows: tuple[ProvenRow, ...]

    def encode(self) -> bytes:
        """Write it as the file that `parse_snapshot_proof` reads; what cannot be read back raises `VerificationError`."""
        rows: Json = [
            {
                "count": one.row.count,
                "index": one.index,
                "last": one.row.last,
                "path": [value.hex() for value in one.path],
                "subject": one.row.subject,
            }
            for one in self.rows
        ]
        raw = canonical({"log": self.log, "rows": rows, "seq": self.seq, "subject": self.subject, "v": 1})
        parse_snapshot_proof(raw)
        return raw


class Tally:
    """Counts entries by subject, as a snapshot does; it remembers two numbers per subject."""

    def __init__(self) -> None:
        self.size = 0
        self._rows: dict[str, tuple[int, int]] = {}

    def add(self, subject: str) -> None:
        """Count the next entry, which is about *subject*."""
        count, _ = self._rows.get(subject, (0, 0))
        self._rows[subject] = count + 1, self.size
        self.size += 1

    def rows(self) -> list[Row]:
        """Return the rows in their order."""
        return [Row(subject, *self._rows[subject]) for subject in sorted(self._rows)]

    def snapshot(self) -> Snapshot:
        """Return what a snapshot of the entries counted so far says."""
        return Snapshot(self.size, len(self._rows), Frontier().extend(row.hash for row in self.rows()).root())

    def verify(self, leaf: LeafRecord) -> None:
        """Return only if the ``SNAPSHOT`` entry *leaf* says what was counted so far."""
        if read_snapshot(leaf) != self.snapshot():
            message = "entry {index}: the snapshot is not that of the entries before it"
            raise VerificationError(message, index=leaf.seq)


def read_snapshot(leaf: LeafRecord) -> Snapshot:
    """Return what the ``SNAPSHOT`` entry *leaf* says; any other entry, and another form, raises `VerificationError`."""
    body = leaf.body
    of_ours = leaf.type == SNAPSHOT and leaf.subject.startswith("log:") and body.keys() == {"root", "size", "subjects"}
    if not of_ours or isinstance(body["size"], bool) or body["size"] != leaf.seq:
        message = "entry {index}: not a snapshot of the entries before it"
        raise VerificationError(message, index=leaf.seq)
    subjects = _number(body["subjects"], "subjects", least=0)
    return Snapshot(leaf.seq, subjects, _hash(body["root"], "root"))


def parse_snapshot_proof(raw: bytes) -> SnapshotProof:
    """Read a snapshot proof; whatever differs from its one form raises `VerificationError`."""
    if len(raw) > LARGEST_SNAPSHOT_PROOF:
        _refuse("size", len(raw))
    claim = parse_strict(raw)
    if not isinstance(claim, dict) or claim.keys() != _KEYS:
        message = "snapshot: a key is missing or unknown"
        raise VerificationError(message)
    if claim["v"] is True or claim["v"] != 1:
        message = "snapshot: written for another version of this format"
        raise VerificationError(message)
    log, rows = claim["log"], claim["rows"]
    if not isinstance(log, str):
        _refuse("log", log)
    check_name(log)
    if not isinstance(rows, list) or not 1 <= len(rows) <= _MOST_ROWS:
        _refuse("rows", rows)
    seq = _number(claim["seq"], "seq", least=0)
    return SnapshotProof(log, seq, _subject(claim["subject"]), tuple(_row(one) for one in rows))


def verify_snapshot_proof(proof: SnapshotProof, leaf: LeafRecord) -> Row | None:
    """
    Return the row of the proof's subject, or None for one without entries, only if the ``SNAPSHOT`` entry *leaf* says so.

    What is returned speaks of the entries before *leaf*. *leaf* itself is believed: verify it with its own proof.
    """
    snapshot = read_snapshot(leaf)
    if (proof.log, proof.seq) != (leaf.log, leaf.seq):
        message = "snapshot: is of entry {found} of {log}, not of entry {index}"
        raise VerificationError(message, found=proof.seq, log=proof.log, index=leaf.seq)
    for one in proof.rows:
        verify_inclusion(one.row.hash, index=one.index, size=snapshot.subjects, path=one.path, root=snapshot.root)
        if one.row.count > one.row.last + 1 or one.row.last >= snapshot.size:
            _refuse("last", one.row.last)
    if len(proof.rows) == 1 and proof.rows[0].row.subject == proof.subject:
        return proof.rows[0].row
    _verify_gap(proof, snapshot)
    return None


def _verify_gap(proof: SnapshotProof, snapshot: Snapshot) -> None:
    """Return only if the rows are neighbours with nothing between them, and the subject would stand there."""
    before = [one for one in proof.rows if one.row.subject < proof.subject]
    after = [one for one in proof.rows if one.row.subject > proof.subject]
    left = before[0].index if len(before) == 1 else -1
    right = after[0].index if len(after) == 1 else snapshot.subjects
    if len(before) + len(after) != len(proof.rows) or right != left + 1 or proof.rows != (*before, *after):
        message = "snapshot: the rows do not show that there is nothing about {subject}"
        raise VerificationError(message, subject=proof.subject)


def _row(one: Any) -> ProvenRow:  # noqa: ANN401 — JSON of a stranger
    if not isinstance(one, dict) or one.keys() != _ROW_KEYS:
        _refuse("rows", one)
    path = one["path"]
    if not isinstance(path, list) or len(path) > _LONGEST_PATH:
        _refuse("path", path)
    row = Row(_subject(one["subject"]), _number(one["count"], "count", least=1), _number(one["last"], "last", least=0))
    return ProvenRow(_number(one["index"], "index", least=0), row, tuple(_hash(value, "path") for value in path))


def _subject(value: object) -> str:
    if not (isinstance(value, str) and PSEUDONYM.fullmatch(value)):
        _refuse("subject", value)
    return value


def _number(value: object, key: str, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_INTEGER:
        _refuse(key, value)
    return value


def _hash(value: object, key: str) -> bytes:
    if not (isinstance(value, str) and _HASH.fullmatch(value)):
        _refuse(key, value)
    return bytes.fromhex(value)


def _refuse(key: str, value: object) -> NoReturn:
    message = "snapshot: {key!r} cannot be {value}"
    raise VerificationError(message, key=key, value=repr(value)[:80])
