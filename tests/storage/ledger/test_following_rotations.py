"""A stranger with an old key: what leads to the new one, what does not, and that the verdict says which it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import log_keys
from storage.database import reading
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import VerifierKey
from storage.ledger.publish import DirectoryShelf, publish
from storage.verifier.errors import VerificationError
from storage.verifier.logdir import verify_directory
from storage.verifier.rotation import LEAST_OVERLAP, Rotation, ValidKey
from storage.verifier.steps import Outcome, Report

from .conftest import ORIGIN, wrong_steps
from .living import ADMINISTRATOR, SUBJECT, LivingLog
from .rotating import NEW, NEW_KEY, OLD, OLD_KEY, THIEF, THIEF_KEY, THIRD, THIRD_KEY, hand_over, retire


@pytest.fixture
def living(tmp_path: Path) -> LivingLog:
    """A log of five entries, signed."""
    made = LivingLog.found(tmp_path / "office").grow(4)
    made.log.checkpoint()
    return made


def published(living: LivingLog, to: Path) -> Path:
    publish(living.log, DirectoryShelf(to))
    return to


def verdict(directory: Path, *keys: VerifierKey | ValidKey, held: tuple[str, ...] = ()) -> Report:
    return verify_directory(directory, keys, held=held)


def test_during_the_overlap_either_key_on_paper_is_enough(tmp_path: Path, living: LivingLog) -> None:
    living = hand_over(living, NEW)
    living.log.checkpoint()
    directory = published(living, tmp_path / "log")

    for keys in ([OLD_KEY], [NEW_KEY], [OLD_KEY, NEW_KEY]):
        report = verdict(directory, *keys)
        assert (report.outcome, wrong_steps(report)) == (Outcome.CONSISTENT, set())
        assert "signed by its own key" in str(report.steps[0].detail)


def test_after_it_the_old_key_leads_to_the_new_one_and_the_verdict_says_so(tmp_path: Path, living: LivingLog) -> None:
    living = hand_over(living, NEW)
    living.log.checkpoint()
    living = hand_over(retire(living, OLD_KEY, NEW), THIRD, NEW)
    living.log.checkpoint()
    living = retire(living, NEW_KEY, THIRD)
    living.log.checkpoint()
    directory = published(living, tmp_path / "log")

    followed, given = verdict(directory, OLD_KEY), verdict(directory, THIRD_KEY)

    assert (followed.outcome, given.outcome) == (Outcome.CONSISTENT, Outcome.CONSISTENT)
    assert "followed 2 rotations" in str(followed.steps[0].detail)
    assert "signed by its own key" in str(given.steps[0].detail)
    assert followed.steps[1].name == "keys"
    assert verdict(directory, THIEF_KEY).outcome is Outcome.FAILED


def test_a_head_of_the_overlap_that_one_key_did_not_sign_is_refused(tmp_path: Path, living: LivingLog) -> None:
    living = hand_over(living, NEW)
    head = living.log.keys.opened(living.log.checkpoint())
    directory = published(living, tmp_path / "log")
    for alone in (OLD, NEW):
        (directory / "checkpoint").write_text(sign_checkpoint(head, alone), "utf-8")
        assert wrong_steps(verdict(directory, OLD_KEY)) == {"signature"}


def test_a_head_that_only_a_retired_key_signed_is_refused(tmp_path: Path, living: LivingLog) -> None:
    living = retire(hand_over(living, NEW), OLD_KEY, NEW)
    head = living.log.keys.opened(living.log.checkpoint())
    directory = published(living, tmp_path / "log")
    (directory / "checkpoint").write_text(sign_checkpoint(head, OLD), "utf-8")

    assert wrong_steps(verdict(directory, OLD_KEY)) == {"signature"}
    assert "signature" in wrong_steps(verdict(directory, OLD_KEY, NEW_KEY))


def test_sizes_given_with_a_key_hold(tmp_path: Path, living: LivingLog) -> None:
    directory = published(living, tmp_path / "log")

    for text in (OLD.vkey, f"{OLD.vkey}@0", f"{OLD.vkey}@5", f"{OLD.vkey}@2-5"):
        assert verdict(directory, ValidKey.parse(text)).outcome is Outcome.CONSISTENT
    for text in (f"{OLD.vkey}@6", f"{OLD.vkey}@0-4"):
        assert wrong_steps(verdict(directory, ValidKey.parse(text))) == {"signature"}


@pytest.mark.parametrize("text", ["@5", "", "x@1", f"{OLD.vkey}@", f"{OLD.vkey}@5-", f"{OLD.vkey}@-5", f"{OLD.vkey}@1-2-3"])
def test_what_is_no_key_with_sizes_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        ValidKey.parse(text)


def test_a_key_that_ended_before_the_rotation_leads_nowhere(tmp_path: Path, living: LivingLog) -> None:
    living = retire(hand_over(living, NEW), OLD_KEY, NEW)
    living.log.checkpoint()
    report = verdict(published(living, tmp_path / "log"), ValidKey(OLD_KEY, 0, 3))

    assert wrong_steps(report) == {"signature"}
    assert "no key that was given is valid at 7 entries" in str(report.steps[0].detail)


def test_heads_that_were_held_are_opened_by_the_key_of_their_time(tmp_path: Path, living: LivingLog) -> None:
    held = living.log.latest() or ""
    living = hand_over(living, NEW)
    living.log.checkpoint()
    living = retire(living, OLD_KEY, NEW)
    living.log.checkpoint()
    directory = published(living, tmp_path / "log")

    report = verdict(directory, OLD_KEY, held=(held,))
    assert (report.outcome, report.tail) == (Outcome.CONSISTENT, 2)  # two entries more than were held outside
    late = sign_checkpoint(living.log.keys.opened(living.log.latest() or ""), OLD)
    assert wrong_steps(verdict(directory, OLD_KEY, held=(late,))) == {"held"}


def test_whoever_has_only_the_new_key_cannot_write_another_past(tmp_path: Path, living: LivingLog) -> None:
    """The handing over names a head; in a log with another beginning it is found out."""
    living = hand_over(living, NEW)
    with reading(living.engine) as connection:
        (act,) = log_keys.key_acts(connection)
    other = LivingLog.found(tmp_path / "forged")
    other.clock.now += timedelta(hours=1)
    other.grow(8)
    other.custody.record(log_keys.rotated(act.note or "", log=SUBJECT, actor=ADMINISTRATOR))
    other = retire(other, OLD_KEY, NEW)
    other.log.checkpoint()
    directory = published(other, tmp_path / "log")

    assert wrong_steps(verdict(directory, OLD_KEY)) == {"keys"}


@pytest.mark.parametrize("change", ["cut", "overlap", "new", "lines"])
def test_a_changed_handing_over_is_refused(living: LivingLog, change: str) -> None:
    note = living.log.keys.handing_over(living.log.keys.opened(living.log.latest() or ""), NEW, overlap=None)
    changed = {
        "cut": note.rsplit("\n", 2)[0] + "\n",
        "overlap": note.replace("overlap open", "overlap 999"),
        "new": note.replace(NEW.vkey, THIEF.vkey),
        "lines": note.replace("overlap open\n", "overlap open\n\n"),
    }[change]

    assert Rotation.opened(note).new == NEW_KEY
    with pytest.raises(VerificationError):
        Rotation.opened(changed)


@given(
    size=st.integers(1, 2**50),
    root=st.binary(min_size=32, max_size=32),
    old=st.sampled_from([(OLD_KEY,), (OLD_KEY, THIRD_KEY)]),
    overlap=st.one_of(st.none(), st.integers(LEAST_OVERLAP, 2**50)),
)
def test_a_handing_over_is_read_as_it_was_written(
    size: int, root: bytes, old: tuple[VerifierKey, ...], overlap: int | None
) -> None:
    made = Rotation(Checkpoint(ORIGIN, size, root), old, NEW_KEY, overlap)

    assert Rotation.parse(made.text) == made


@given(text=st.text(alphabet=st.sampled_from("yihu/key-rotated1\n 0overlapnw+="), max_size=200))
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(VerificationError):
        Rotation.parse(text)


@given(first=st.integers(0, 2**50), last=st.one_of(st.none(), st.integers(0, 2**50)))
def test_a_key_with_sizes_is_read_as_it_is_written(first: int, last: int | None) -> None:
    text = f"{OLD.vkey}@{first}" + ("" if last is None else f"-{last}")

    assert ValidKey.parse(text) == ValidKey(OLD_KEY, first, last)
