"""Proofs that a person can carry away: an entry's exact bytes and its place under a signed checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storage import durable
from storage.errors import NotFound
from storage.evidence import Subject
from yihu.wiring import Office


@dataclass(frozen=True, slots=True)
class EntryProof:
    """One entry with its proof."""

    seq: int
    leaf: bytes
    proof: str


def proofs_of(office: Office, what: str) -> list[EntryProof]:
    """Return the proofs of entry number *what*, or of every entry about the subject *what*, under a fresh checkpoint."""
    office.log.checkpoint()
    numbers = [int(what)] if what.isdecimal() else [line.seq for line in office.catalog.history(Subject.parse(what))]
    if not numbers:
        message = f"{what}: no entry is about it"
        raise NotFound(message)
    return [EntryProof(seq, office.log.leaf(seq), office.log.proof(seq)) for seq in numbers]


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
