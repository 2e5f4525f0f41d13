"""Going on from an earlier audit: only what is new is read, and the report says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from storage import witnesses
from storage.audit import Brought, Outcome
from storage.database import writing
from storage.ledger.feeding import feed
from storage.ledger.tree import leaf_hash
from storage.schema import entries

from .auditing import another, audit, forged, note, of, tamper
from .living import ADMINISTRATOR, SUBJECT, LivingLog
from .outside import Outside, signed


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def prosecutor(living: LivingLog) -> Outside:
    return Outside(living, "procuratorate", "检察院")


def test_only_what_is_new_is_read_after_the_old_root_was_proved(living: LivingLog) -> None:
    signed(living, 299)
    head = audit(living).head
    signed(living, 230)

    verdict = audit(living, since=head)
    assert (verdict.outcome, verdict.since, verdict.size) == (Outcome.CONSISTENT, 300, 530)
    assert (of(verdict, "log").checked, of(verdict, "life-cycle").checked, of(verdict, "tiles").checked) == (230, 230, 1)
    assert verdict.root == audit(living).root
    assert any("entries before 300 were not read again" in text_ for text_ in verdict.not_checked)


def test_a_change_in_the_new_part_is_found_and_one_in_the_old_part_is_not_looked_for(living: LivingLog) -> None:
    """Honestly: the report says that it did not look, and a whole audit finds it."""
    signed(living, 5)
    head = audit(living).head
    signed(living, 5)
    tamper(living, update(entries).where(entries.c.seq == 2).values(leaf=b"{}"))
    unseen = audit(living, since=head)
    assert unseen.steps[0].findings == []
    assert any("were not read again" in text_ for text_ in unseen.not_checked)
    assert of(audit(living), "log").findings

    tamper(living, update(entries).where(entries.c.seq == 8).values(leaf=b"{}"))
    assert "entry 8" in of(audit(living, since=head), "log").findings[0]


def test_the_old_part_cannot_be_exchanged_behind_its_head(living: LivingLog, tmp_path: Path) -> None:
    """A head that the stored hashes do not have is a finding, and then everything is looked at."""
    signed(living, 3)
    head = note(living)
    other = another(living, tmp_path / "other", 9)

    verdict = audit(other, since=head)
    assert (verdict.outcome, verdict.since) == (Outcome.FAILED, 0)
    assert "cannot go on from the checkpoint" in of(verdict, "log").findings[0]
    assert of(verdict, "log").checked == 10
    unsigned = audit(living, since="nonsense")
    assert "cannot go on" in of(unsigned, "log").findings[0]


def test_nothing_new_is_said_to_be_nothing_new(living: LivingLog) -> None:
    signed(living, 3)
    head = audit(living).head

    verdict = audit(living, since=head)
    assert (verdict.outcome, verdict.since, of(verdict, "log").checked) == (Outcome.CONSISTENT, 4, 0)
    assert of(verdict, "heads").checked


def test_a_new_link_to_the_old_part_is_followed(living: LivingLog) -> None:
    """The first new entry of a subject must name its last old one."""
    signed(living, 3)
    head = audit(living).head
    signed(living, 2)
    old = living.log.leaf(1)
    tamper(living, forged(living, 4, previous=(1, leaf_hash(old))))

    assert any("entry 4: does not link" in finding for finding in of(audit(living, since=head), "log").findings)


def test_an_anchor_before_the_new_part_still_counts(living: LivingLog, prosecutor: Outside) -> None:
    size = signed(living, 3)
    feed(living.log, prosecutor.known, prosecutor)
    head = audit(living).head
    signed(living, 2)

    verdict = audit(living, since=head, brought=Brought.keys([prosecutor.known.key.vkey]))
    assert verdict.anchored is not None
    assert (verdict.outcome, verdict.since, verdict.anchored.size) == (Outcome.ANCHORED, size, size)


def test_a_cosignature_changed_in_the_new_part_is_found(living: LivingLog, prosecutor: Outside) -> None:
    signed(living, 3)
    head = audit(living).head
    signed(living, 2)
    feed(living.log, prosecutor.known, prosecutor)
    tamper(living, text("UPDATE cosignatures SET time = 5"))

    assert "cosignature" in of(audit(living, since=head), "witnesses").findings[0]


def test_a_quorum_that_does_not_fit_its_witnesses_is_found(living: LivingLog, prosecutor: Outside) -> None:
    signed(living)
    living.custody.record(witnesses.quorum_set(witnesses.Quorum(least=1), log=SUBJECT, actor=ADMINISTRATOR))
    with writing(living.engine) as connection:
        connection.execute(text("UPDATE quorums SET least = 9"))

    assert any("does not fit the witnesses" in finding for finding in of(audit(living), "witnesses").findings)
