"""
Verifying one entry with the proof somebody carried away.

::

    signature    the checkpoint in the proof is signed by the log's own key
    witnesses    … and cosigned by everybody whose key was given (only where keys were given)
    entry        the entry is of the one form an entry has
    place        … and names the log and the number that the proof names
    inclusion    its hash is at that number under the signed root
    disclosure   the disclosed values are those the entry committed to (only where a disclosure was given)
    snapshot     the entry is a snapshot, and it says so much and no more of a subject (only where a snapshot proof was given)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .disclosure import parse_disclosure, verify_disclosure
from .errors import VerificationError
from .leaves import LeafRecord, read_leaf
from .merkle import leaf_hash, verify_inclusion
from .signatures import check_signatures, claimed
from .snapshot import parse_snapshot_proof, verify_snapshot_proof
from .steps import Check, Report, report
from .tlogproof import TlogProof, parse_proof
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .checkpoint import Checkpoint
    from .keys import VerifierKey


def verify_receipt(
    text: str,
    leaf: bytes,
    keys: Sequence[VerifierKey],
    *,
    witnesses: Sequence[VerifierKey] = (),
    disclosure: bytes | None = None,
    snapshot: bytes | None = None,
) -> Report:
    """
    Verify that the proof *text* shows the bytes *leaf* to be in the log the *keys* belong to; report every step.

    With *disclosure*, a file of values and salts, also that the entry committed to these values; with *snapshot*, a proof under
    the snapshot that the entry is, also how many entries there are about a subject.
    """
    signature, entry = Check("signature"), Check("entry")
    proof = signature.attempt(partial(parse_proof, text))
    head = None if proof is None else signature.attempt(partial(claimed, proof.checkpoint_note))
    if proof is None or head is None:
        return report([(signature, Said("-"))], vouched=False)
    results = check_signatures(signature, proof.checkpoint_note, head, keys, witnesses)
    record = entry.attempt(partial(read_leaf, leaf))
    results.append((entry, Said("{count} entries read", count=1)))
    results += _membership(proof, head, leaf, record)
    if disclosure is not None:
        results.append(_disclosed(disclosure, record))
    if snapshot is not None:
        results.append(_counted(snapshot, record))
    return report(results, vouched=bool(witnesses))


def _membership(proof: TlogProof, head: Checkpoint, leaf: bytes, record: LeafRecord | None) -> list[tuple[Check, Said]]:
    place, inclusion = Check("place"), Check("inclusion")
    if record is not None:
        place.attempt(partial(_verify_place, proof, head, record))
    value = leaf_hash(leaf)
    inclusion.attempt(partial(verify_inclusion, value, index=proof.index, size=head.size, path=proof.path, root=head.root))
    subject = f"{record.type} {record.subject} {record.at}" if record else "-"
    return [
        (place, Said("entry {index}: {subject}", index=proof.index, subject=subject)),
        (inclusion, Said("{root}", root=head.root.hex())),
    ]


def _disclosed(raw: bytes, record: LeafRecord | None) -> tuple[Check, Said]:
    check = Check("disclosure")
    if record is None:
        return check, Said("-")
    names = check.attempt(lambda: verify_disclosure(parse_disclosure(raw), record)) or ()
    return check, Said("entry {index} committed to {names}", index=record.seq, names=", ".join(names))


def _counted(raw: bytes, record: LeafRecord | None) -> tuple[Check, Said]:
    check = Check("snapshot")
    if record is None:
        return check, Said("-")
    return check, check.attempt(lambda: _count(raw, record)) or Said("-")


def _count(raw: bytes, record: LeafRecord) -> Said:
    proof = parse_snapshot_proof(raw)
    row = verify_snapshot_proof(proof, record)
    if row is None:
        return Said("before entry {index} there is none about {subject}", index=record.seq, subject=proof.subject)
    return Said(
        "before entry {index} there are {count} about {subject}, the last is {last}",
        index=record.seq,
        count=row.count,
        subject=row.subject,
        last=row.last,
    )


def _verify_place(proof: TlogProof, head: Checkpoint, record: LeafRecord) -> None:
    if (record.log, record.seq) != (head.origin, proof.index):
        message = "entry {index}: says it is number {found} of {log}"
        raise VerificationError(message, index=proof.index, found=record.seq, log=record.log)
