"""Only an entry that names the lost range lets a log go on that lost something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import LedgerError, LifeCycleError
from storage.evidence import Kind
from storage.identity import fresh
from storage.rebuild import differences

from .living import ADMINISTRATOR, SUBJECT, Died, Dying, LivingLog, head, refused


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def restored(living: LivingLog, tmp_path: Path) -> LivingLog:
    """Ten entries, of which the backup knows; ten more were signed and are lost."""
    living.grow(9).log.checkpoint()
    yesterday = living.backup(tmp_path / "yesterday.db")
    living.grow(10).log.checkpoint()
    return living.put_back(yesterday)


def test_the_entry_resumes_the_log(restored: LivingLog) -> None:
    lost = restored.log.lost(start=10, end=20)
    restored.custody.record(lost.entry(SUBJECT, ADMINISTRATOR, reason="硬盘损坏"))

    restored.log.confirm()
    note = restored.log.checkpoint()
    assert head(note).size == 11
    assert restored.cell.read() == note
    assert restored.log.recovered_at() == 10
    assert b'"lost":{"from":10,"to":20}' in restored.log.leaf(10)
    assert "硬盘" not in restored.log.leaf(10).decode()
    assert head(restored.grow(20).log.checkpoint()).size == 31
    assert differences(restored.engine, restored.projector, restored.vault) == []


@pytest.mark.parametrize("after", [False, True])
def test_dying_between_entry_and_signature_changes_nothing(restored: LivingLog, after: bool) -> None:  # noqa: FBT001
    restored.custody.record(restored.log.lost(start=10, end=20).entry(SUBJECT, ADMINISTRATOR, reason=""))
    with pytest.raises(Died):
        restored.again(cell=Dying(restored.cell, after=after)).log.checkpoint()

    revived = restored.again()
    revived.log.confirm()
    assert head(revived.log.checkpoint()).size == 11
    assert head(revived.grow(1).log.checkpoint()).size == 12


@pytest.mark.parametrize(("start", "end"), [(9, 20), (11, 20), (10, 19), (10, 21), (20, 20), (0, 20)])
def test_a_range_that_is_not_the_lost_one_is_refused(restored: LivingLog, start: int, end: int) -> None:
    with pytest.raises(LedgerError, match="expected 10:20"):
        restored.log.lost(start=start, end=end)


def test_entries_recorded_since_lie_in_the_range_or_after_it(restored: LivingLog) -> None:
    """Recorded while the cell was away: which of them stood in the lost branch too, only the person knows."""
    restored.grow(4)

    with pytest.raises(LedgerError, match="expected 10…14:20"):
        restored.log.lost(start=15, end=20)
    assert restored.log.lost(start=12, end=20).start == 12


def test_a_recovery_for_one_head_is_none_for_another(restored: LivingLog, tmp_path: Path) -> None:
    restored.custody.record(restored.log.lost(start=10, end=20).entry(SUBJECT, ADMINISTRATOR, reason=""))
    restored.log.checkpoint()
    again = restored.backup(tmp_path / "again.db")
    restored.grow(5).log.checkpoint()

    refused(restored.put_back(again), "the 11 stored leaves do not continue the checkpoint of 16")


def test_where_nothing_is_lost_nothing_is_recovered(living: LivingLog) -> None:
    living.grow(3).log.checkpoint()

    with pytest.raises(LedgerError, match="nothing is lost"):
        living.log.lost(start=3, end=4)


def test_a_log_without_a_cell_knows_of_no_loss(living: LivingLog) -> None:
    living.log._cell = None

    with pytest.raises(LedgerError, match="nothing is lost"):
        living.log.lost(start=3, end=4)
    living.log.confirm()


def test_a_log_that_never_started_cannot_be_recovered(restored: LivingLog) -> None:
    """The life cycle holds for this entry too."""
    with pytest.raises(LifeCycleError):
        restored.custody.record(restored.log.lost(start=10, end=20).entry(fresh(Kind.LOG), ADMINISTRATOR, reason=""))
