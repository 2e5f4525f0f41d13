"""What the verdict of an audit claims, and what the auditor brings for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from storage.audit import Anchor, Brought, Outcome, Step, Verdict
from storage.audit.steps import outcome_of
from storage.ledger.feeding import feed, request_of
from storage.ledger.policy import Policy
from storage.schema import entries

from .auditing import STEPS, another, audit, forged, found, note, of, tamper
from .conftest import ORIGIN, signer
from .living import ADMINISTRATOR, KEY, SUBJECT, LivingLog
from .outside import Outside, signed


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def prosecutor(living: LivingLog) -> Outside:
    return Outside(living, "procuratorate", "检察院")


def test_nothing_checked_is_a_failure(living: LivingLog) -> None:
    assert outcome_of([]) is Outcome.FAILED
    assert outcome_of([Step(1, "log"), Step(2, "heads")]) is Outcome.FAILED
    assert not Verdict(()).is_consistent

    tamper(living, delete(entries), *map(text, ("DELETE FROM subjects", "DELETE FROM history")))
    assert "there is no entry: nothing was verified" in of(audit(living), "log").findings


def test_without_anything_brought_it_is_only_internally_consistent_and_says_so(living: LivingLog) -> None:
    size = signed(living, 3)
    verdict = audit(living)

    assert (verdict.outcome, verdict.anchored) == (Outcome.CONSISTENT, None)
    assert (verdict.size, verdict.head, verdict.origin) == (size, note(living), ORIGIN)
    assert [step.name for step in verdict.steps] == STEPS
    assert [step.number for step in verdict.steps] == list(range(1, 10))
    assert "nobody but the office vouches" in "; ".join(of(verdict, "witnesses").remarks)


def test_the_offices_own_witnesses_anchor_nothing_until_the_auditor_brings_their_key(
    living: LivingLog, prosecutor: Outside
) -> None:
    size = signed(living, 4)
    feed(living.log, prosecutor.known, prosecutor)
    signed(living, 2)

    unbrought = audit(living)
    brought = audit(living, brought=Brought.keys([prosecutor.known.key.vkey]))
    assert (unbrought.outcome, unbrought.anchored) == (Outcome.CONSISTENT, None)
    assert f"{size} entries are held outside; that list proves nothing" in "; ".join(of(unbrought, "witnesses").remarks)
    assert brought.outcome is Outcome.ANCHORED
    assert brought.anchored is not None
    assert (brought.anchored.size, brought.size - brought.anchored.size) == (size, 2)
    assert prosecutor.known.key.name in brought.anchored.by[0]


def test_a_key_the_office_calls_its_own_anchors_nothing_even_if_it_is_brought(living: LivingLog) -> None:
    ours = Outside(living, "branch", "本局", is_ours=True)
    signed(living)
    feed(living.log, ours.known, ours)

    verdict = audit(living, brought=Brought.keys([ours.known.key.vkey]))
    assert verdict.outcome is Outcome.CONSISTENT
    assert any("calls its own" in remark for remark in of(verdict, "witnesses").remarks)


def test_a_brought_policy_must_be_met_as_it_stands(living: LivingLog, prosecutor: Outside) -> None:
    county = Outside(living, "county", "审计局")
    size = signed(living)
    feed(living.log, prosecutor.known, prosecutor)
    keys = {"one": prosecutor.known.key, "two": county.known.key}
    both = Policy.parse(Policy((KEY,), keys).text().replace("quorum none", "group both 2 one two\nquorum both"))

    assert audit(living, brought=Brought(policy=both)).outcome is Outcome.CONSISTENT
    feed(living.log, county.known, county)
    assert audit(living, brought=Brought(policy=both)).anchored == Anchor(size, ("one", "two"))
    asks_nobody = audit(living, brought=Brought(policy=Policy((KEY,), keys)))
    assert asks_nobody.outcome is Outcome.CONSISTENT
    assert any("asks for nobody" in remark for remark in of(asks_nobody, "witnesses").remarks)


def test_a_ledger_signed_with_another_key_than_the_one_on_paper_fails(living: LivingLog, prosecutor: Outside) -> None:
    signed(living)
    feed(living.log, prosecutor.known, prosecutor)
    foreign = signer(2).vkey

    assert audit(living, brought=Brought.keys([KEY.vkey])).outcome is Outcome.CONSISTENT
    verdict = audit(living, brought=Brought.keys([foreign, prosecutor.known.key.vkey]))
    assert (verdict.outcome, verdict.anchored) == (Outcome.FAILED, None)
    assert "another key than the one that was brought" in of(verdict, "witnesses").findings[0]
    with pytest.raises(ValueError, match="witness"):
        Brought.keys(["nonsense"])


def test_what_fails_is_not_anchored_whoever_cosigned_it(living: LivingLog, prosecutor: Outside) -> None:
    signed(living, 3)
    feed(living.log, prosecutor.known, prosecutor)
    tamper(living, forged(living, 2, role="clerk"))

    verdict = audit(living, brought=Brought.keys([prosecutor.known.key.vkey]))
    assert (verdict.outcome, verdict.anchored, verdict.head) == (Outcome.FAILED, None, None)


def test_every_form_in_which_a_head_is_held_is_read(living: LivingLog, prosecutor: Outside) -> None:
    """The note, scanned with a line too many, inside a proof, and as a witness was asked."""
    signed(living, 3)
    held = [
        ("note", note(living)),
        ("scan", note(living).replace("\n", "\r\n") + "\n"),
        ("proof", living.log.proof(1)),
        ("request", request_of(living.log, old=0).body),
    ]
    signed(living, 5)

    step = of(audit(living, brought=Brought(held)), "held")
    assert (step.checked, step.findings) == (4, [])


def test_a_rewritten_ledger_contradicts_only_what_is_held_outside(
    living: LivingLog, prosecutor: Outside, tmp_path: Path
) -> None:
    """Whoever holds the key can make another history that holds together; not one that continues the head of an auditor."""
    signed(living, 3)
    feed(living.log, prosecutor.known, prosecutor)
    other = another(living, tmp_path / "other", 9)
    other.log = type(other.log)(other.engine, signer())

    assert audit(other).outcome is Outcome.CONSISTENT
    verdict = audit(other, brought=Brought([("mine", note(living))]))
    assert verdict.outcome is Outcome.FAILED
    assert found(verdict).keys() == {"held"}
    assert "forked or rewritten" in of(verdict, "held").findings[0]


def test_a_cut_ledger_is_shorter_than_a_held_head(living: LivingLog, tmp_path: Path) -> None:
    signed(living, 2)
    backup = living.backup(tmp_path / "old.db")
    signed(living, 3)
    held = note(living)
    old = living.put_back(backup)
    old.log = type(old.log)(old.engine, signer())

    verdict = audit(old, brought=Brought([("paper", held)]))
    assert found(verdict).keys() == {"held"}
    assert "the ledger was cut or put back" in of(verdict, "held").findings[0]


def test_a_loss_that_was_recorded_is_told_as_one(living: LivingLog, tmp_path: Path) -> None:
    signed(living, 2)
    backup = living.backup(tmp_path / "old.db")
    signed(living, 3)
    held = note(living)
    old = living.put_back(backup)
    lost = old.log.lost(start=3, end=6)
    old.custody.record(lost.entry(SUBJECT, ADMINISTRATOR, reason="disk"))
    old.log.checkpoint()

    assert audit(old).outcome is Outcome.CONSISTENT
    assert "RECOVERED" in of(audit(old, brought=Brought([("paper", held)])), "held").findings[0]


@pytest.mark.parametrize("wrong", ["", "nonsense\n", "a\n\n\u2014 b c\n"])
def test_what_is_no_head_of_this_log_is_found(living: LivingLog, wrong: str, tmp_path: Path) -> None:
    signed(living)
    step = of(audit(living, brought=Brought([("file", wrong), ("good", note(living))])), "held")

    assert len(step.findings) == 1
    assert step.findings[0].startswith("file: ")
    assert any("the largest covers" in remark for remark in step.remarks)


def test_a_cosignature_that_only_the_auditor_still_holds_anchors(living: LivingLog, prosecutor: Outside) -> None:
    """The office lost its cosignatures; the copy on paper has them."""
    size = signed(living, 2)
    feed(living.log, prosecutor.known, prosecutor)
    held = living.log.newest() or ""
    tamper(living, text("DELETE FROM cosignatures"))
    brought = Brought.keys([prosecutor.known.key.vkey], held=[("paper", held), ("rubbish", "x")])

    assert audit(living, brought=replace(brought, held=brought.held[:1])).anchored == Anchor(
        size, (f"procuratorate.example/w+{prosecutor.known.key.key_id.hex()}",)
    )
    assert audit(living, brought=brought).outcome is Outcome.FAILED
