"""Proofs that a person can carry away: an entry's exact bytes and its place under a signed checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storage import durable
from storage.errors import NotFound
from storage.evidence import Subject
from yihu.snapshots import Complete, complete
from yihu.wiring import Office


@dataclass(frozen=True, slots=True)
class EntryProof:
    """One entry with its proof."""

    seq: int
    leaf: bytes
    proof: str


def numbers_of(office: Office, what: str) -> list[int]:
    """Return the number *what*, or those of every entry about the subject *what*; `NotFound` where there is none."""
    numbers = [int(what)] if what.isdecimal() else [line.seq for line in office.catalog.history(Subject.parse(what))]
    if not numbers:
        message = f"{what}: no entry is about it"
        raise NotFound(message)
    return numbers


def proofs_of(office: Office, what: str) -> list[EntryProof]:
    """Return the proofs of entry number *what*, or of every entry about the subject *what*, under a fresh checkpoint."""
    office.log.checkpoint()
    return [_proof(office, seq) for seq in numbers_of(office, what)]


def complete_proofs_of(office: Office, what: str) -> tuple[list[EntryProof], Complete]:
    """
    Return the proofs of every entry about the subject *what*, and that there were no more when the newest snapshot was made.

    The last of the proofs is that of the snapshot itself. There may be no others: that there is nothing can be proved too.
    """
    subject = Subject.parse(what)
    office.log.checkpoint()
    found = complete(office, subject)
    about = [line.seq for line in office.catalog.history(subject)]
    return [_proof(office, seq) for seq in (*about, found.proof.seq)], found


def _proof(office: Office, seq: int) -> EntryProof:
    return EntryProof(seq, office.log.leaf(seq), office.log.proof(seq))


def write_proofs(proofs: list[EntryProof], directory: Path) -> list[Path]:
    """Write ``<seq>.json`` and ``<seq>.tlog-proof`` for each proof and return the paths."""
    durable.make_directory(directory)
    written = []
    for proof in proofs:
        for suffix, content in (("json", proof.leaf), ("tlog-proof", proof.proof.encode())):
            path = directory / f"{proof.seq}.{suffix}"
            durable.replace(path, content)
            written.append(path)
    return written


def write_complete(found: Complete, directory: Path) -> Path:
    """Write what the snapshot says beside the proofs and return the path."""
    path = directory / f"{found.proof.subject.replace(':', '-')}.snapshot.json"
    durable.replace(path, found.proof.encode())
    return path
