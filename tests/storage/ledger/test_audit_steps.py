"""Each step of an audit finds what is its own, and none keeps a later one from looking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import delete, insert, text, update

from storage.audit import Anchor, Outcome, Step
from storage.audit.steps import gone_through
from storage.custody import Custody
from storage.database import writing
from storage.errors import EvidenceError, LedgerError, StorageUnavailable
from storage.evidence import Entry, Kind
from storage.identity import fresh
from storage.lifecycle import UNBORN, LifeCycle, move
from storage.projecting import Projector
from storage.schema import checkpoints, entries, tiles

from .auditing import STEPS, audit, forged, found, note, of, tamper
from .conftest import ORIGIN
from .living import ADMINISTRATOR, SUBJECT, LivingLog
from .outside import signed


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


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
