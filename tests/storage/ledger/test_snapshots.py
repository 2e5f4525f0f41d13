"""Snapshots: that there is nothing more about a subject, or nothing at all, and that a wrong one is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.leaf import canonical
from storage.ledger.tree import inclusion_proof, root_at
from storage.verifier import VerificationError
from storage.verifier.keys import VerifierKey
from storage.verifier.leaves import LeafRecord, read_leaf
from storage.verifier.snapshot import (
    ProvenRow,
    Row,
    SnapshotProof,
    Tally,
    parse_snapshot_proof,
    read_snapshot,
    verify_snapshot_proof,
)
from storage.verifier.strict import Json

from .conftest import ORIGIN, SmallLog, log_of, one_bit_off, reader_of, signer

LOG = "log:01J"
KEYS = [VerifierKey.parse(signer().vkey)]


def counted(log: SmallLog) -> list[Row]:
    """The rows of everything in *log*, counted in the plainest way."""
    subjects = sorted({leaf.subject for leaf in log.leaves})
    return [
        Row(
            subject,
            sum(leaf.subject == subject for leaf in log.leaves),
            max(i for i, leaf in enumerate(log.leaves) if leaf.subject == subject),
        )
        for subject in subjects
    ]


def body_of(rows: list[Row], size: int) -> dict[str, Json]:
    return {"root": root_at(len(rows), reader_of([row.hash for row in rows])).hex(), "size": size, "subjects": len(rows)}


def add_snapshot(log: SmallLog, **changes: Json) -> LeafRecord:
    """Record a snapshot of *log* in it; *changes* make its body a lie."""
    log.add(type="SNAPSHOT", subject=LOG, commitments=(), body={**body_of(counted(log), len(log.leaves)), **changes})
    return read_leaf(log.raws[-1])


def proven(rows: list[Row], *places: int) -> tuple[ProvenRow, ...]:
    hashes = [row.hash for row in rows]
    return tuple(ProvenRow(i, rows[i], tuple(inclusion_proof(i, len(rows), reader_of(hashes)))) for i in places)


def claim(seq: int, subject: str, rows: tuple[ProvenRow, ...]) -> SnapshotProof:
    return SnapshotProof(ORIGIN, seq, subject, rows)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_every_subject_and_every_gap_can_be_proved_and_nothing_else(numbers: list[int]) -> None:
    log = SmallLog()
    for number in numbers:
        log.add(subject=f"clip:{number:02}")
    rows = counted(log)
    leaf = add_snapshot(log)

    for place, row in enumerate(rows):
        assert verify_snapshot_proof(claim(leaf.seq, row.subject, proven(rows, place)), leaf) == row
    for number in range(31):
        subject = f"clip:{number:02}"
        if number not in numbers:
            left = sum(row.subject < subject for row in rows)
            around = [i for i in (left - 1, left) if 0 <= i < len(rows)]
            assert verify_snapshot_proof(claim(leaf.seq, subject, proven(rows, *around)), leaf) is None


@given(
    st.sets(st.integers(0, 30), min_size=1, max_size=12),
    st.integers(0, 30),
    st.lists(st.integers(0, 11), min_size=1, max_size=2),
)
def test_no_rows_show_that_there_is_nothing_about_a_subject_that_has_entries(
    numbers: set[int], asked: int, places: list[int]
) -> None:
    """Whatever rows are shown: with true paths, "nothing" is accepted only where there is nothing."""
    log = SmallLog()
    for number in sorted(numbers):
        log.add(subject=f"clip:{number:02}")
    rows = counted(log)
    leaf = add_snapshot(log)
    made = claim(leaf.seq, f"clip:{asked:02}", proven(rows, *(place % len(rows) for place in places)))

    try:
        said = verify_snapshot_proof(made, leaf)
    except VerificationError:
        return
    assert (said is None) == (asked not in numbers)


def test_the_same_rows_are_counted_by_a_tally() -> None:
    tally, log = Tally(), log_of(25)
    for leaf in log.leaves:
        tally.add(leaf.subject)

    assert tally.rows() == counted(log)
    assert tally.snapshot() == read_snapshot(add_snapshot(log))


HONEST = log_of(25)
ROWS = counted(HONEST)
LEAF = add_snapshot(HONEST)
PRESENT = claim(25, "clip:1", proven(ROWS, 1))
ABSENT = claim(25, "clip:10", proven(ROWS, 1, 2))


@pytest.mark.parametrize(("proof", "row"), [(PRESENT, ROWS[1]), (ABSENT, None)], ids=["present", "absent"])
def test_a_proof_is_written_and_read_back(proof: SnapshotProof, row: Row | None) -> None:
    read = parse_snapshot_proof(proof.encode())

    assert read == proof
    assert verify_snapshot_proof(read, LEAF) == row


@given(st.sampled_from([PRESENT, ABSENT]), st.integers(min_value=0))
def test_no_changed_bit_goes_unnoticed(proof: SnapshotProof, bit: int) -> None:
    """Only the name of a subject about which there is nothing may change into another one that stands in the same gap."""
    raw = proof.encode()
    try:
        changed = parse_snapshot_proof(one_bit_off(raw, bit % (8 * len(raw))))
        row = verify_snapshot_proof(changed, LEAF)
    except VerificationError:
        return
    assert row is None
    assert changed.rows == ABSENT.rows
    assert "clip:1" < changed.subject < "clip:2"


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_snapshot_proof(raw)


HOSTILE: dict[str, Callable[[Any], object]] = {
    "no rows": lambda it: it.update(rows=[]),
    "three rows": lambda it: it.update(rows=it["rows"] * 3),
    "rows that are no list": lambda it: it.update(rows={}),
    "a row that is no object": lambda it: it.update(rows=[1]),
    "a key too many": lambda it: it.update(more=1),
    "a key too many in a row": lambda it: it["rows"][0].update(more=1),
    "another version": lambda it: it.update(v=2),
    "true for the version": lambda it: it.update(v=True),
    "a log that is no text": lambda it: it.update(log=None),
    "a subject that is none": lambda it: it.update(subject="clip"),
    "true for a number": lambda it: it.update(seq=True),
    "no entries at all": lambda it: it["rows"][0].update(count=0),
    "a negative place": lambda it: it["rows"][0].update(index=-1),
    "a path that is no list": lambda it: it["rows"][0].update(path="0"),
    "a path without end": lambda it: it["rows"][0].update(path=["0" * 64] * 64),
    "a hash in capitals": lambda it: it["rows"][0].update(path=["A" * 64]),
}


@pytest.mark.parametrize("edit", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_not_of_the_one_form_is_refused(edit: Callable[[Any], object]) -> None:
    document = json.loads(PRESENT.encode())
    edit(document)

    with pytest.raises(VerificationError):
        parse_snapshot_proof(canonical(document))


def test_a_list_and_a_flood_are_refused() -> None:
    for raw in (b"[]", b" " * 2**17):
        with pytest.raises(VerificationError):
            parse_snapshot_proof(raw)


@pytest.mark.parametrize(
    "rows",
    [proven(ROWS, 0, 2), proven(ROWS, 2, 1), proven(ROWS, 1), proven(ROWS, 2), proven(ROWS, 0, 1), proven(ROWS, 1, 1)],
    ids=["not neighbours", "the wrong way round", "only the left one", "only the right one", "another gap", "the same twice"],
)
def test_other_rows_do_not_show_that_there_is_nothing(rows: tuple[ProvenRow, ...]) -> None:
    with pytest.raises(VerificationError, match="do not show that there is nothing about clip:10"):
        verify_snapshot_proof(claim(25, "clip:10", rows), LEAF)


def test_a_row_that_counts_otherwise_is_refused() -> None:
    lie = ProvenRow(1, Row("clip:1", 9, 19), PRESENT.rows[0].path)

    with pytest.raises(VerificationError, match="the path leads to another root"):
        verify_snapshot_proof(claim(25, "clip:1", (lie,)), LEAF)


def test_a_recorded_row_that_cannot_be_is_refused() -> None:
    """More entries than there are numbers up to its last, or a last one that is yet to come."""
    for row in (Row("clip:0", 3, 1), Row("clip:0", 1, 99)):
        log = log_of(25)
        log.add(type="SNAPSHOT", subject=LOG, commitments=(), body=body_of([row], 25))
        with pytest.raises(VerificationError, match="'last' cannot be"):
            verify_snapshot_proof(claim(25, "clip:0", proven([row], 0)), read_leaf(log.raws[-1]))


@pytest.mark.parametrize("proof", [claim(24, "clip:1", PRESENT.rows), SnapshotProof("a.example/b", 25, "clip:1", PRESENT.rows)])
def test_a_proof_under_another_snapshot_is_refused(proof: SnapshotProof) -> None:
    with pytest.raises(VerificationError, match="not of entry 25"):
        verify_snapshot_proof(proof, LEAF)
