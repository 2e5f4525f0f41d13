"""Telling somebody chosen personal values of an entry, with the salts by which he sees that the ledger committed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage import durable
from storage.database import reading
from storage.erasure import disclosed
from storage.errors import NotFound
from storage.evidence import Subject
from storage.folder_files import within_reach
from storage.ledger.leaf import Leaf
from storage.verifier.disclosure import Disclosure
from yihu.proving import EntryProof, numbers_of, write_proofs
from yihu.wiring import Office

__all__ = ["Fields", "disclose", "fields_of"]


@dataclass(frozen=True, slots=True)
class Fields:
    """Which personal fields an entry has, and which of them nobody can tell any more."""

    seq: int
    type: str
    subject: Subject
    names: tuple[str, ...]
    erased: tuple[str, ...]


def fields_of(office: Office, what: str) -> list[Fields]:
    """Return the personal fields of entry number *what*, or of every entry about the subject *what* that has some."""
    found = []
    for leaf in _leaves(office, what):
        with reading(office.engine) as connection:
            told = office.vault.open(connection, leaf.seq, leaf.commitments)
        names = tuple(name for name, _ in leaf.commitments)
        gone = tuple(name for name in names if name not in told)
        found.append(Fields(leaf.seq, leaf.type, Subject.parse(leaf.subject), names, gone))
    return [one for one in found if one.names]


def disclose(office: Office, what: str, *, fields: Sequence[str], reason: str, directory: Path) -> list[Path]:
    """
    Write the chosen *fields* of entry *what*, or of every entry about the subject *what* that has any of them, with the proofs.

    That it was told, and why, is in the ledger before the first file is written; the values are not. Raises `NotFound` for a
    field that no entry has, and `Erased` for one that is gone.
    """
    leaves = [leaf for leaf in _leaves(office, what) if _chosen(leaf, fields)]
    missing = set(fields) - {field for leaf in leaves for field in _chosen(leaf, fields)}
    if missing or not leaves:
        message = f"{what}: no entry has the field {', '.join(sorted(missing))}"
        raise NotFound(message)
    told = [_revealed(office, leaf, _chosen(leaf, fields)) for leaf in leaves]
    office.log.checkpoint()
    proofs = [EntryProof(one.seq, office.log.leaf(one.seq), office.log.proof(one.seq)) for one in told]
    files = [(directory / f"{one.seq}.disclosure.json", one.encode()) for one in told]
    office.custody.record_all(
        [
            disclosed(Subject.parse(leaf.subject), seq=leaf.seq, fields=one.names, actor=office.operator, reason=reason)
            for leaf, one in zip(leaves, told, strict=True)
        ],
    )
    # a crash from here on leaves an entry that says more was told than was: never the other way round
    with within_reach(str(directory)):
        written = write_proofs(proofs, directory)
        for path, raw in files:
            durable.replace(path, raw)
    return [*written, *(path for path, _ in files)]


def _leaves(office: Office, what: str) -> list[Leaf]:
    return [Leaf.decode(office.log.leaf(seq)) for seq in numbers_of(office, what)]


def _chosen(leaf: Leaf, fields: Sequence[str]) -> list[str]:
    return [name for name, _ in leaf.commitments if name in fields]


def _revealed(office: Office, leaf: Leaf, fields: Sequence[str]) -> Disclosure:
    with reading(office.engine) as connection:
        return Disclosure(leaf.log, leaf.seq, office.vault.reveal(connection, leaf.seq, leaf.commitments, fields))
