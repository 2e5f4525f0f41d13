"""What is held outside: cosignatures asked for, brought back, kept for ever, and counted by whose hands they come from."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import proofbundle
import pytest
from sqlalchemy import delete, text, update

from storage import witnesses
from storage.audit import Audit
from storage.database import reading, writing
from storage.errors import LedgerError, StaleState
from storage.ledger.administrators import Witness
from storage.ledger.cosigning import Cosigner
from storage.ledger.feeding import feed
from storage.ledger.publish import DirectoryShelf, publish
from storage.rebuild import differences
from storage.schema import cosignatures
from storage.verifier.logdir import verify_directory
from storage.verifier.receipt import verify_receipt
from storage.verifier.steps import Outcome
from storage.witnesses import Quorum

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


def test_without_a_witness_nothing_is_held_outside(living: LivingLog) -> None:
    signed(living)

    assert living.log.anchors.policy() is None
    assert living.log.anchored_size() == 0
    assert not living.log.is_anchored(0)


def test_what_a_witness_cosigned_is_held_outside_and_what_came_after_is_not(living: LivingLog, prosecutor: Outside) -> None:
    size = signed(living, 5)
    found = feed(living.log, prosecutor.known, prosecutor)
    signed(living, 2)

    assert found is not None
    assert living.log.anchored_size() == size
    assert (living.log.is_anchored(size - 1), living.log.is_anchored(size)) == (True, False)
    assert living.log.anchors.last_by(prosecutor.known.key) == (size, found.time)
    assert feed(living.log, prosecutor.known, prosecutor) is not None
    assert feed(living.log, prosecutor.known, prosecutor) is None  # nothing new: nothing is asked
    assert living.log.anchored_size() == size + 2


def test_the_newest_head_carries_its_cosignatures(living: LivingLog, prosecutor: Outside) -> None:
    signed(living, 3)
    feed(living.log, prosecutor.known, prosecutor)
    newest = living.log.newest()

    assert newest is not None
    assert newest.startswith(living.log.latest() or "-")
    assert proofbundle.verify_witnessed_checkpoint(newest, KEY.vkey, [prosecutor.known.key.vkey], expected_origin=ORIGIN)["ok"]
    signed(living)
    assert living.log.newest() == living.log.latest()


def test_a_proof_is_under_the_newest_head_that_is_held_outside_if_that_covers_it(
    living: LivingLog, prosecutor: Outside
) -> None:
    size = signed(living, 5)
    feed(living.log, prosecutor.known, prosecutor)
    signed(living, 2)

    vouched, unvouched = (
        verify_receipt(living.log.proof(index), living.log.leaf(index), [KEY], witnesses=[prosecutor.known.key])
        for index in (2, size)
    )
    assert vouched.outcome is Outcome.VERIFIED
    assert unvouched.outcome is Outcome.FAILED
    assert verify_receipt(living.log.proof(size), living.log.leaf(size), [KEY]).outcome is Outcome.CONSISTENT


def test_a_published_log_is_vouched_for_by_the_witness(living: LivingLog, prosecutor: Outside, tmp_path: Path) -> None:
    """Published, then cosigned, then published again: the head is the same, with one line more."""
    signed(living, 300)
    shelf = DirectoryShelf(tmp_path / "log")
    publish(living.log, shelf)
    assert verify_directory(tmp_path / "log", [KEY], witnesses=[prosecutor.known.key]).outcome is Outcome.FAILED

    feed(living.log, prosecutor.known, prosecutor)
    assert publish(living.log, shelf).files == 0
    assert verify_directory(tmp_path / "log", [KEY], witnesses=[prosecutor.known.key]).outcome is Outcome.VERIFIED


def test_the_quorum_counts_administrators(living: LivingLog) -> None:
    """Two offices of the auditors and our own are one outside administrator; the prosecutor is the second."""
    audit = [Outside(living, f"audit{number}", "审计局") for number in range(2)]
    ours = Outside(living, "branch", "本局", is_ours=True)
    prosecutor = Outside(living, "procuratorate", "检察院")
    living.custody.record(witnesses.quorum_set(Quorum(least=2), log=SUBJECT, actor=ADMINISTRATOR))
    size = signed(living)

    for each in (*audit, ours):
        feed(living.log, each.known, each)
    assert living.log.anchored_size() == 0
    feed(living.log, prosecutor.known, prosecutor)
    assert living.log.anchored_size() == size


def test_the_newest_quorum_counts_not_the_newest_cosignature(living: LivingLog) -> None:
    first, second = Outside(living, "audit", "审计局"), Outside(living, "procuratorate", "检察院")
    living.custody.record(witnesses.quorum_set(Quorum(least=2), log=SUBJECT, actor=ADMINISTRATOR))
    sizes = []
    for round_ in range(4):
        sizes.append(signed(living))
        feed(living.log, first.known, first)
        if round_ in {0, 2}:
            feed(living.log, second.known, second)

    assert living.log.anchored_size() == sizes[2]


def test_a_quorum_may_be_lines_of_a_policy_file(living: LivingLog) -> None:
    first, second = Outside(living, "audit", "审计局"), Outside(living, "procuratorate", "检察院")
    lines = "group both all audit procuratorate\nquorum both\n"
    living.custody.record(witnesses.quorum_set(Quorum(lines=lines), log=SUBJECT, actor=ADMINISTRATOR))
    signed(living)

    feed(living.log, first.known, first)
    assert living.log.anchored_size() == 0
    feed(living.log, second.known, second)
    assert living.log.anchored_size() > 0
    policy = living.log.anchors.policy()
    assert policy is not None
    assert policy.text().endswith("group both 2 audit procuratorate\nquorum both\n")


def test_a_quorum_that_does_not_fit_the_witnesses_holds_nothing(living: LivingLog, prosecutor: Outside) -> None:
    """However it came about: no quorum becomes smaller by itself."""
    Outside(living, "audit", "审计局")
    living.custody.record(witnesses.quorum_set(Quorum(least=2), log=SUBJECT, actor=ADMINISTRATOR))
    living.custody.record(witnesses.removed("audit", log=SUBJECT, actor=ADMINISTRATOR))
    signed(living)

    with pytest.raises(LedgerError, match="does not fit the witnesses"):
        living.log.anchored_size()


def test_a_witness_that_was_removed_counts_no_more(living: LivingLog, prosecutor: Outside) -> None:
    Outside(living, "audit", "审计局")
    signed(living)
    feed(living.log, prosecutor.known, prosecutor)
    assert living.log.anchored_size() > 0

    living.custody.record(witnesses.removed("procuratorate", log=SUBJECT, actor=ADMINISTRATOR))

    assert living.log.anchored_size() == 0
    assert [one.name for one in living.log.anchors.witnesses()] == ["audit"]


def test_witnesses_are_entries_and_the_catalog_is_replayed_from_them(living: LivingLog, prosecutor: Outside) -> None:
    same = Witness("again", prosecutor.known.key, "检察院")
    with pytest.raises(StaleState):
        living.custody.record(witnesses.added(same, log=SUBJECT, actor=ADMINISTRATOR))
    with pytest.raises(StaleState):
        living.custody.record(witnesses.removed("nobody", log=SUBJECT, actor=ADMINISTRATOR))
    with_url = Witness("far", Cosigner(signer(7, name="far.example/w")).key, "审计局", url="https://far.example/w")
    recorded = living.custody.record(witnesses.added(with_url, log=SUBJECT, actor=ADMINISTRATOR))

    assert "far.example/w" in living.log.leaf(recorded.seq).decode()  # the key's name
    assert "https" not in living.log.leaf(recorded.seq).decode()
    assert living.log.anchors.witnesses()[-1] == with_url
    assert differences(living.engine, living.projector, living.vault) == []


def test_cosignatures_are_append_only(living: LivingLog, prosecutor: Outside) -> None:
    signed(living)
    feed(living.log, prosecutor.known, prosecutor)

    for statement in (delete(cosignatures), update(cosignatures).values(time=0)):
        with pytest.raises(Exception, match="append-only"), writing(living.engine) as connection:
            connection.execute(statement)
    with reading(living.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM cosignatures")) == 1


def test_a_cosignature_that_was_changed_in_the_database_counts_for_nothing(living: LivingLog, prosecutor: Outside) -> None:
    signed(living)
    found = feed(living.log, prosecutor.known, prosecutor)
    assert found is not None
    raw = bytearray(base64.b64decode(found.line.split(" ")[2]))
    raw[-1] ^= 1
    with writing(living.engine) as connection:
        connection.execute(text("DROP TRIGGER cosignatures_no_update"))
        changed = f"— {prosecutor.known.key.name} {base64.b64encode(raw).decode()}\n"
        connection.execute(update(cosignatures).values(line=changed))

    with pytest.raises(LedgerError, match="signature of procuratorate"):
        living.log.anchored_size()


@pytest.mark.parametrize(
    ("column", "value"),
    [("size", 1), ("witness", "nonsense"), ("witness", KEY.vkey), ("time", 5), ("line", "nonsense\n"), ("line", "")],
)
def test_the_audit_finds_a_changed_cosignature(living: LivingLog, prosecutor: Outside, column: str, value: object) -> None:
    """Every column; a row that is gone is found by whoever holds the cosigned head."""
    signed(living)
    feed(living.log, prosecutor.known, prosecutor)
    audit = Audit(living.engine, living.log, living.projector, living.vault, living.store)
    assert audit.run().is_consistent
    with writing(living.engine) as connection:
        connection.execute(text("DROP TRIGGER cosignatures_no_update"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("INSERT INTO checkpoints SELECT 1, note FROM checkpoints"))
        connection.execute(update(cosignatures).values({column: value}))

    (step,) = [step for step in audit.run().steps if step.name == "witnesses"]
    assert any("cosignature of checkpoint" in finding for finding in step.findings)


def test_the_audit_finds_a_database_that_is_not_the_newest(living: LivingLog, tmp_path: Path) -> None:
    signed(living)
    yesterday = living.backup(tmp_path / "yesterday.db")
    signed(living)
    old = living.put_back(yesterday)

    findings = Audit(old.engine, old.log, old.projector, old.vault, old.store).run().steps[1].findings
    assert ["do not continue" in finding for finding in findings] == [True]
