"""The audit of a ledger: every step, what the auditor brings, and what the verdict claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import delete, insert, text, update

from storage import witnesses
from storage.audit import Anchor, Audit, Brought, Outcome, Step, Verdict
from storage.audit.steps import gone_through, outcome_of
from storage.custody import Custody
from storage.database import writing
from storage.errors import EvidenceError, LedgerError, StorageUnavailable
from storage.evidence import Entry, Kind
from storage.identity import fresh
from storage.ledger.feeding import feed, request_of
from storage.ledger.leaf import Leaf
from storage.ledger.policy import Policy
from storage.ledger.tree import leaf_hash
from storage.lifecycle import UNBORN, LifeCycle, move
from storage.projecting import Projector
from storage.schema import APPEND_ONLY, checkpoints, entries, tiles

from .conftest import ORIGIN, signer
from .living import ADMINISTRATOR, KEY, SUBJECT, LivingLog
from .outside import Outside, signed

STEPS = ["log", "heads", "held", "witnesses", "life-cycle", "tiles", "catalog", "objects", "configuration"]


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def prosecutor(living: LivingLog) -> Outside:
    return Outside(living, "procuratorate", "检察院")


def audit(living: LivingLog, **more: Any) -> Verdict:  # noqa: ANN401 - what an audit may be told
    return Audit(living.engine, living.log, living.projector, living.vault, living.store, **more).run()


def of(verdict: Verdict, name: str) -> Step:
    (step,) = [step for step in verdict.steps if step.name == name]
    return step


def found(verdict: Verdict) -> dict[str, list[str]]:
    """What was found wrong, by step."""
    return {step.name: step.findings for step in verdict.steps if step.findings}


def tamper(living: LivingLog, *statements: Any) -> None:  # noqa: ANN401 - SQL
    """Do what the owner of the database file can."""
    with writing(living.engine) as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        guards = connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for table in APPEND_ONLY:
            for act in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER {table.name}_no_{act}"))
        for statement in statements:
            connection.execute(statement)
        for guard in guards:
            connection.execute(text(guard))


def forged(living: LivingLog, index: int, /, **changes: Any) -> Any:  # noqa: ANN401 - SQL
    """Write the entry *index* again, with the hash that belongs to it."""
    raw = replace(Leaf.decode(living.log.leaf(index)), **changes).encode()
    return update(entries).where(entries.c.seq == index).values(leaf=raw, hash=leaf_hash(raw))


def another(living: LivingLog, home: Path, grown: int) -> LivingLog:
    """Another history of the same log, signed with the same key: what whoever holds the key can make."""
    other = LivingLog.found(home)
    other.clock.now = living.clock.now + timedelta(days=1)
    signed(other, grown)
    return other


def note(living: LivingLog) -> str:
    return living.log.latest() or ""


# --- the verdict ---------------------------------------------------------------------------------------------------------


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


# --- what the auditor holds ------------------------------------------------------------------------------------------------


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


# --- each step finds what is its own -----------------------------------------------------------------------------------------


def test_a_wrong_leaf_never_keeps_a_later_step_from_looking(living: LivingLog) -> None:
    signed(living, 5)
    tamper(living, update(entries).where(entries.c.seq == 1).values(leaf=b"{}"))

    verdict = audit(living)
    assert [step.name for step in verdict.steps] == STEPS
    assert found(verdict).keys() == {"log", "life-cycle", "catalog"}
    assert of(verdict, "log").checked == 6
    assert of(verdict, "configuration").checked


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seq": 3}, "says it is number 3"),
        ({"log": "another.example/log"}, "of another.example/log"),
        ({"previous": (0, b"x" * 32)}, "does not link"),
        ({"stepped_back_ms": 5}, "the clock went back by 0 ms"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_entry_forged_with_its_hash_is_found_by_its_place(living: LivingLog, changes: dict[str, object], words: str) -> None:
    signed(living, 4)
    tamper(living, forged(living, 2, **changes))

    verdict = audit(living)
    assert any(words in finding for finding in of(verdict, "log").findings)
    assert any("do not have the root it signs" in finding for finding in of(verdict, "heads").findings)


def test_a_clock_that_went_back_unsaid_is_found(living: LivingLog) -> None:
    signed(living, 4)
    tamper(living, forged(living, 3, at=living.clock.now.replace(microsecond=0) - timedelta(days=2)))

    assert any("the clock went back by" in finding for finding in of(audit(living), "log").findings)


def test_a_leaf_beside_another_hash_and_a_number_that_cannot_be_are_found(living: LivingLog) -> None:
    signed(living, 2)
    tamper(
        living,
        update(entries).where(entries.c.seq == 1).values(hash=b"h" * 32),
        insert(entries).values(seq=-1, leaf=b"", hash=b""),
    )

    findings = of(audit(living), "log").findings
    assert findings == [
        "entry 1: it does not hash to what was recorded beside it",
        "entry -1: there is no such number",
    ]


def test_a_missing_leaf_is_named(living: LivingLog) -> None:
    signed(living, 4)
    tamper(living, delete(entries).where(entries.c.seq == 2))

    assert "leaf 2 is missing" in of(audit(living), "log").findings


def test_a_head_under_another_size_and_one_that_nobody_signed_are_found(living: LivingLog) -> None:
    signed(living, 2)
    signed(living, 2)
    tamper(
        living,
        insert(checkpoints).values(size=2, note=note(living)),
        insert(checkpoints).values(size=4, note="nonsense"),
    )

    findings = of(audit(living), "heads").findings
    assert [finding.partition(":")[0] for finding in findings] == ["checkpoint 2", "checkpoint 4"]


def test_what_is_not_signed_yet_is_said_and_a_ledger_without_any_head_fails(living: LivingLog) -> None:
    assert "there is no checkpoint: nothing is signed" in of(audit(living), "heads").findings
    signed(living)
    living.grow(3)

    verdict = audit(living)
    assert verdict.is_consistent
    assert "3 entries are not signed yet" in of(verdict, "heads").remarks


def test_a_lock_that_cannot_be_reached_is_a_finding_and_the_rest_is_looked_at(living: LivingLog) -> None:
    signed(living)
    (living.home / "other disk").rename(living.home / "unplugged")

    verdict = audit(living.again())
    assert found(verdict).keys() == {"heads"}
    assert "cannot be reached" in of(verdict, "heads").findings[0]


def test_an_entry_that_may_not_follow_is_found_by_the_code_of_strangers(living: LivingLog) -> None:
    """Recorded by a program whose life cycle allowed it."""
    lenient = Projector(LifeCycle([move(Kind.DEVICE, "DOCKED", UNBORN, "known")]), [])
    Custody(living.engine, lenient, living.vault, log=ORIGIN, clock=living.clock).record(
        Entry("DOCKED", fresh(Kind.DEVICE), ADMINISTRATOR)
    )
    signed(living)

    verdict = audit(living)
    assert found(verdict).keys() == {"life-cycle", "catalog"}
    assert "DOCKED may not follow" in of(verdict, "life-cycle").findings[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (update(tiles).values(hashes=b"x" * 8192), "does not hold the hashes"),
        (delete(tiles), "tile 0/0: missing"),
        (insert(tiles).values(level=0, tile=1, hashes=b""), "tile 0/1: no signed head"),
        (insert(tiles).values(level=1, tile=0, hashes=b""), "tile 1/0: no signed head"),
        (insert(tiles).values(level=7, tile=0, hashes=b""), "tile 7/0: no signed head"),
    ],
    ids=["changed", "missing", "beyond", "above", "far above"],
)
def test_a_tile_that_is_not_what_the_entries_make_is_found(living: LivingLog, change: Any, words: str) -> None:  # noqa: ANN401 - SQL
    signed(living, 299)
    assert of(audit(living), "tiles").checked == 1
    tamper(living, change)

    assert any(words in finding for finding in of(audit(living.again()), "tiles").findings)


def test_a_guard_that_is_gone_is_found_and_what_is_weak_is_remarked(living: LivingLog) -> None:
    signed(living)
    step = of(audit(living, program="0" * 64), "configuration")
    assert step.findings == []
    assert any("not protected from this machine" in remark for remark in step.remarks)
    assert any("same disk" in remark for remark in step.remarks)
    with writing(living.engine) as connection:
        connection.execute(text("DROP TRIGGER entries_no_update"))

    assert "a trigger" in of(audit(living), "configuration").findings[0]


def test_another_program_than_the_one_that_started_is_remarked(living: LivingLog) -> None:
    living.custody.record(Entry("STARTED", SUBJECT, ADMINISTRATOR, {"files_sha256": "1" * 64}))
    signed(living, 0)

    assert not any("this program" in remark for remark in of(audit(living, program="1" * 64), "configuration").remarks)
    step = of(audit(living, program="2" * 64), "configuration")
    assert any("this program" in remark for remark in step.remarks)
    assert step.findings == []


# --- steps that others add ---------------------------------------------------------------------------------------------------


def test_a_step_that_is_given_stands_after_the_witnesses_and_may_anchor(living: LivingLog) -> None:
    size = signed(living, 2)

    def timestamps(step: Step) -> Iterable[str]:
        step.count(2)
        step.anchor = Anchor(size, ("TSA",))
        return ()

    def keys(step: Step) -> Iterator[str]:
        step.count()
        yield "this key was never announced"

    sound = audit(living, further=[("timestamps", timestamps)])
    broken = audit(living, further=[("timestamps", timestamps), ("keys", keys)])
    assert [step.name for step in sound.steps][3:6] == ["witnesses", "timestamps", "life-cycle"]
    assert (sound.outcome, sound.anchored) == (Outcome.ANCHORED, Anchor(size, ("TSA",)))
    assert (broken.outcome, broken.anchored) == (Outcome.FAILED, None)


def _raising(error: Exception) -> Callable[[Step], Iterable[str]]:
    def check(step: Step) -> NoReturn:
        step.count()
        raise error

    return check


def test_what_a_step_raises_is_its_finding_but_a_store_that_is_away_ends_the_audit() -> None:
    kinds = (EvidenceError("a"), ValueError("b"), KeyError("c"), TypeError("d"), LedgerError(""))
    checks = [(str(number), _raising(error)) for number, error in enumerate(kinds)]
    told: list[tuple[str, int]] = []

    steps = list(gone_through(checks, lambda step: told.append((step.name, step.checked))))
    assert [step.findings for step in steps] == [["a"], ["b"], ["'c'"], ["d"], ["LedgerError('')"]]
    assert told[:2] == [("0", 0), ("0", 1)]
    with pytest.raises(StorageUnavailable):
        list(gone_through([("objects", _raising(StorageUnavailable("away")))], lambda _step: None))


def test_endless_findings_are_counted_not_kept() -> None:
    (step,) = gone_through([("log", lambda _step: (f"wrong {number}" for number in range(5000)))], lambda _step: None)

    assert len(step.findings) == 1001
    assert step.findings[-1] == "4000 more, not listed"


# --- going on from an earlier audit ------------------------------------------------------------------------------------------


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
