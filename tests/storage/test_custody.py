"""Custody: a fact is recorded whole or not at all, once, in order, and everything people query follows from it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from storage import rebuild
from storage.database import reading, writing
from storage.errors import LedgerError, LifeCycleError, StorageUnavailable
from storage.evidence import Entry, Kind
from storage.identity import fresh
from storage.ledger.checkpoint import open_checkpoint
from storage.ledger.leaf import Leaf
from storage.ledger.log import count, leaves
from storage.schema import checkpoints, entries, subjects, vault_keys
from storage.verifier.keys import VerifierKey
from storage.verifier.tlogproof import parse_proof, verify_proof

from .conftest import DOCK, ORIGIN, Bench, enrolled, secured


def size(bench: Bench) -> int:
    with reading(bench.engine) as connection:
        return count(connection)


def test_a_recorded_entry_has_a_leaf_a_history_and_its_rows(bench: Bench) -> None:
    """Leaf, history and projections appear together."""
    device = bench.custody.record(enrolled()).entry.subject
    clip = bench.custody.record(secured(device)).entry.subject

    assert bench.catalog.clip(clip).name == "现场检查.mp4"
    assert [line.type for line in bench.catalog.history(clip)] == ["SECURED"]
    assert size(bench) == 2
    assert bench.differences() == []


def test_no_leaf_holds_a_name_in_clear(bench: Bench) -> None:
    """What could name a person is in the vault; the leaf commits to it."""
    device = bench.custody.record(enrolled("张三的记录仪")).entry.subject
    recorded = bench.custody.record(secured(device, name="李四 询问.mp4"))

    with reading(bench.engine) as connection:
        raw = [leaf for _seq, leaf, _hash in leaves(connection, 0, 2)]
        stored = connection.scalars(select(text("sealed")).select_from(text("vault"))).all()

    assert not [leaf for leaf in raw if "张三".encode() in leaf or "李四".encode() in leaf]
    assert not [sealed for sealed in stored if "李四".encode() in sealed]
    assert [field for field, _c in Leaf.decode(raw[recorded.seq]).commitments] == ["file"]


def test_an_entry_that_may_not_follow_changes_nothing(bench: Bench) -> None:
    """The life cycle refuses it and names the subject, its state and the entry."""
    device = bench.custody.record(enrolled()).entry.subject
    clip = bench.custody.record(secured(device)).entry.subject
    before = size(bench)

    with pytest.raises(LifeCycleError, match="SECURED may not follow when it is secured"):
        bench.custody.record(secured(device, clip=clip))
    with pytest.raises(LifeCycleError, match="not recorded yet"):
        bench.custody.record(Entry("DERIVED", fresh(Kind.CLIP), DOCK))
    with pytest.raises(LifeCycleError, match="no entry VANISHED"):
        bench.custody.record(Entry("VANISHED", clip, DOCK))

    assert size(bench) == before


def test_several_entries_are_recorded_all_or_none(bench: Bench) -> None:
    """One refused entry takes the others of its call with it, and nobody else's."""
    first = enrolled()

    with pytest.raises(LifeCycleError):
        bench.custody.record_all([first, Entry("DERIVED", fresh(Kind.CLIP), DOCK)])

    assert size(bench) == 0
    assert bench.custody.record(first).seq == 0


def test_entries_of_one_subject_are_chained(bench: Bench) -> None:
    """Each entry names the one before of the same subject, so one history can be disclosed without the others."""
    first = bench.custody.record(enrolled())
    bench.custody.record(enrolled("DEMO-0002"))
    second = bench.custody.record(Entry("DOCKED", first.entry.subject, DOCK))

    leaf = Leaf.decode(bench.log.leaf(second.seq))

    assert leaf.previous == (first.seq, first.leaf_hash)


def test_a_clock_that_steps_back_is_recorded_and_stops_nothing(bench: Bench) -> None:
    """The leaf says by how much."""
    bench.custody.record(enrolled())
    bench.clock.now -= timedelta(hours=1)

    recorded = bench.custody.record(enrolled("DEMO-0002"))

    assert Leaf.decode(bench.log.leaf(recorded.seq)).stepped_back_ms == 3_600_000 - 7


def test_many_threads_record_at_once_without_gap_or_loss(bench: Bench) -> None:
    """Waiting callers share commits; every one gets its own answer."""
    results: list[int] = []

    def work(number: int) -> None:
        results.extend(bench.custody.record(enrolled(f"DEMO-{number}-{i}")).seq for i in range(5))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == list(range(40))
    assert bench.differences() == []


def test_a_database_that_is_not_whole_is_storage_unavailable(bench: Bench) -> None:
    """The caller learns that trying again may help, and can when it is back."""
    with writing(bench.engine) as connection:
        connection.execute(text("ALTER TABLE entries RENAME TO hidden"))
    with pytest.raises(StorageUnavailable, match="database"):
        bench.custody.record(enrolled())
    with writing(bench.engine) as connection:
        connection.execute(text("ALTER TABLE hidden RENAME TO entries"))

    assert bench.custody.record(enrolled()).seq == 0


def test_a_checkpoint_covers_everything_and_each_entry_has_a_proof(bench: Bench) -> None:
    """Across tile borders, proofs verify with nothing but the public key."""
    bench.custody.record_all([enrolled(f"DEMO-{n}") for n in range(260)])
    note = bench.log.checkpoint()
    key = VerifierKey.parse(bench.log.vkey)

    assert open_checkpoint(note, [key], origin=ORIGIN).size == 260
    for index in (0, 1, 254, 255, 256, 259):
        proof = parse_proof(bench.log.proof(index))
        verify_proof(proof, bench.log.leaf(index), [key], origin=ORIGIN)


def test_the_head_of_an_empty_log_is_signed_and_not_kept(bench: Bench) -> None:
    """It proves nothing, and an audit would ask which leaves it covers."""
    key = VerifierKey.parse(bench.log.vkey)

    assert open_checkpoint(bench.log.checkpoint(), [key], origin=ORIGIN).size == 0
    assert bench.log.latest() is None


def test_a_checkpoint_without_new_entries_is_the_same_checkpoint(bench: Bench) -> None:
    """Signing is idempotent."""
    bench.custody.record(enrolled())

    assert bench.log.checkpoint() == bench.log.checkpoint()


def test_the_log_signs_nothing_over_a_leaf_that_rotted(bench: Bench) -> None:
    """A flipped bit in a stored leaf stops the next checkpoint and is named."""
    for n in range(3):
        bench.custody.record(enrolled(f"DEMO-{n}"))
    bench.unguard()
    with writing(bench.engine) as connection:
        raw = connection.scalar(select(entries.c.leaf).where(entries.c.seq == 1)) or b""
        rotten = raw.replace(b'"seq":1', b'"seq":7')
        connection.execute(update(entries).where(entries.c.seq == 1).values(leaf=rotten))

    with pytest.raises(LedgerError, match="stored leaf 1"):
        bench.log.checkpoint()
    assert bench.log.latest() is None


def test_the_log_does_not_sign_what_does_not_extend_the_last_checkpoint(bench: Bench) -> None:
    """A history rewritten under a signed head is refused."""
    bench.custody.record(enrolled())
    bench.log.checkpoint()
    bench.unguard()
    with writing(bench.engine) as connection:
        connection.execute(update(entries).values(hash=b"\0" * 32))
    bench.custody.record(enrolled("DEMO-0002"))

    with pytest.raises(LedgerError, match="do not extend"):
        bench.log.checkpoint()


def test_rebuilding_gives_the_same_rows(bench: Bench) -> None:
    """The catalog is a function of ledger and vault."""
    device = bench.custody.record(enrolled()).entry.subject
    clip = bench.custody.record(secured(device)).entry.subject
    before = bench.catalog.clip(clip)

    assert rebuild.rebuild(bench.engine, bench.projector, bench.vault) == 2
    assert bench.catalog.clip(clip) == before


@pytest.mark.parametrize("damage", ["DELETE FROM projection_shape", "DROP TABLE clips"], ids=["other shape", "missing table"])
def test_rebuilding_makes_tables_anew_where_they_are_not_as_they_should_be(bench: Bench, damage: str) -> None:
    """A new version of the program, or somebody's mistake."""
    bench.custody.record(secured(bench.custody.record(enrolled()).entry.subject))
    with writing(bench.engine) as connection:
        connection.execute(text(damage))

    assert rebuild.rebuild(bench.engine, bench.projector, bench.vault) == 2
    assert rebuild.is_current(bench.engine)
    assert bench.differences() == []


def test_whoever_reads_while_the_catalog_is_made_again_sees_what_stood_before(bench: Bench) -> None:
    """An audit that runs meanwhile raises no false alarm."""
    bench.custody.record(enrolled())
    with reading(bench.engine) as before:
        assert count(before) == 1
        rebuild.rebuild(bench.engine, bench.projector, bench.vault)
        assert before.scalar(select(func.count()).select_from(subjects)) == 1


def test_a_row_edited_behind_the_ledger_is_found(bench: Bench) -> None:
    """The report names table, row, column, and both values."""
    bench.custody.record(enrolled())
    with writing(bench.engine) as connection:
        connection.execute(update(subjects).values(state="stolen"))

    (difference,) = bench.differences()

    assert (difference.table, difference.column, difference.live, difference.replayed) == (
        "subjects",
        "state",
        "'stolen'",
        "'known'",
    )


def test_erasing_a_subject_leaves_every_proof_valid(bench: Bench) -> None:
    """The value is gone from the catalog after a rebuild; the leaf and its proof stand."""
    device = bench.custody.record(enrolled()).entry.subject
    recorded = bench.custody.record(secured(device))
    bench.log.checkpoint()
    with writing(bench.engine) as connection:
        bench.vault.erase(connection, recorded.entry.subject)
    rebuild.rebuild(bench.engine, bench.projector, bench.vault)

    assert bench.catalog.clip(recorded.entry.subject).name == "(erased)"
    proof = parse_proof(bench.log.proof(recorded.seq))
    verify_proof(proof, bench.log.leaf(recorded.seq), [VerifierKey.parse(bench.log.vkey)], origin=ORIGIN)


def test_a_changed_vault_value_is_found(bench: Bench) -> None:
    """A sealed value that was changed or moved does not open."""
    bench.custody.record(enrolled())
    bench.custody.record(enrolled("DEMO-0002"))
    bench.unguard()
    with writing(bench.engine) as connection:
        connection.execute(text("UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE seq = 1) WHERE seq = 0"))

    with pytest.raises(LedgerError, match="entry 0"):
        bench.differences()


def test_a_stored_checkpoint_with_a_flipped_byte_is_refused(bench: Bench) -> None:
    """Our own signature is checked before anything is built on it."""
    bench.custody.record(enrolled())
    bench.log.checkpoint()
    bench.unguard()
    with writing(bench.engine) as connection:
        note = connection.scalar(select(checkpoints.c.note)) or ""
        connection.execute(update(checkpoints).values(note=note.replace("\n1\n", "\n2\n")))

    with pytest.raises(LedgerError):
        bench.log.checkpoint()


def test_a_data_key_wrapped_by_another_master_is_named(bench: Bench) -> None:
    """A wrong vault key file is a clear error, not garbage."""
    recorded = bench.custody.record(enrolled())
    with writing(bench.engine) as connection:
        connection.execute(update(vault_keys).values(wrapped=b"\0" * 60))
        assert connection.scalar(select(func.count()).select_from(vault_keys)) == 1

    with pytest.raises(LedgerError, match=str(recorded.entry.subject)):
        bench.differences()
