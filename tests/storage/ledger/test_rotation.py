"""A log changes its key: who signs at which size, what opens which head, and what nobody can bring in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from storage import log_keys
from storage.database import reading, writing
from storage.errors import LedgerError, StaleState
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint, signature_line
from storage.ledger.feeding import feed
from storage.ledger.keys import FileSigner, Signer, VerifierKey
from storage.ledger.tree import EMPTY_ROOT
from storage.schema import checkpoints
from storage.verifier.errors import VerificationError
from storage.verifier.note import SignedNote
from storage.verifier.rotation import LEAST_OVERLAP, Rotation

from .conftest import ORIGIN
from .living import ADMINISTRATOR, SUBJECT, Died, Dying, LivingLog
from .outside import Outside
from .rotating import NEW, NEW_KEY, OLD, OLD_KEY, THIEF, THIEF_KEY, THIRD, THIRD_KEY, hand_over, retire


@pytest.fixture
def living(tmp_path: Path) -> LivingLog:
    """A log of five entries, signed."""
    made = LivingLog.found(tmp_path / "office").grow(4)
    made.log.checkpoint()
    return made


def signers_of(note: str | None) -> list[bytes]:
    return [line.key_id for line in SignedNote.parse(note or "").signatures]


# --- who signs -----------------------------------------------------------------------------------------------------------


def test_from_its_entry_on_both_keys_sign_and_after_retiring_only_the_new_one(living: LivingLog) -> None:
    before = living.log.latest()
    living = hand_over(living, NEW)
    both = living.log.checkpoint()
    living = retire(living, OLD_KEY, NEW)
    after = living.log.checkpoint()

    assert signers_of(before) == [OLD_KEY.key_id]
    assert signers_of(both) == [NEW_KEY.key_id, OLD_KEY.key_id]
    assert signers_of(after) == [NEW_KEY.key_id]
    assert living.log.vkey == NEW.vkey
    for size, note in ((5, before), (6, both), (7, after)):
        assert living.log.keys.opened(note or "").size == size


def test_the_old_key_ends_by_itself_after_the_overlap_that_was_said(living: LivingLog) -> None:
    living = hand_over(living, NEW, overlap=LEAST_OVERLAP)
    at_the_end = living.grow(LEAST_OVERLAP - 1).log.checkpoint()
    after = living.grow(1).log.checkpoint()

    assert signers_of(at_the_end) == [NEW_KEY.key_id, OLD_KEY.key_id]
    assert signers_of(after) == [NEW_KEY.key_id]
    assert [(term.first, term.last) for term in living.log.keys.all()] == [(0, 5 + LEAST_OVERLAP), (6, None)]


def test_an_overlap_too_short_to_be_seen_is_refused(living: LivingLog) -> None:
    with pytest.raises(LedgerError, match="overlap"):
        living.log.keys.handing_over(Checkpoint(ORIGIN, 0, EMPTY_ROOT), NEW, overlap=LEAST_OVERLAP - 1)


def test_a_head_signed_by_a_retired_key_alone_is_refused(living: LivingLog) -> None:
    """Whoever kept the old key signs heads that nobody opens any more."""
    living = retire(hand_over(living, NEW), OLD_KEY, NEW)
    head = living.log.keys.opened(living.log.checkpoint())

    with pytest.raises(LedgerError, match="not signed by"):
        living.log.keys.opened(sign_checkpoint(head, OLD))
    with pytest.raises(LedgerError, match="not signed by"):
        living.log.keys.opened(sign_checkpoint(Checkpoint(ORIGIN, 5, head.root), NEW))


def test_a_second_rotation_during_an_overlap_is_signed_by_all_three(living: LivingLog) -> None:
    living = hand_over(living, NEW)
    living.log.checkpoint()
    living = hand_over(living, THIRD, OLD, NEW)
    all_three = living.log.checkpoint()
    living = retire(living, NEW_KEY, OLD, THIRD)
    living = retire(living, OLD_KEY, THIRD)

    assert set(signers_of(all_three)) == {key.key_id for key in (OLD_KEY, NEW_KEY, THIRD_KEY)}
    assert signers_of(living.log.checkpoint()) == [THIRD_KEY.key_id]
    assert living.log.vkey == THIRD.vkey


def test_without_every_key_that_must_sign_nothing_is_signed(living: LivingLog) -> None:
    hand_over(living, NEW)

    with pytest.raises(LedgerError, match=OLD_KEY.key_id.hex()):
        living.again(signs=[NEW]).log.checkpoint()
    assert living.again(signs=[OLD, NEW]).log.checkpoint()


def test_a_lost_key_can_be_retired_by_the_one_that_is_left(living: LivingLog) -> None:
    """Retiring needs no signature of the key that goes."""
    hand_over(living, NEW)
    left = retire(living.again(signs=[NEW]), OLD_KEY, NEW)

    assert signers_of(left.log.checkpoint()) == [NEW_KEY.key_id]


def test_a_process_that_began_before_finds_the_new_key_beside_the_old_one(tmp_path: Path, living: LivingLog) -> None:
    del tmp_path
    from storage.ledger.log import Log  # noqa: PLC0415 - only here

    running = Log(living.engine, OLD, cell=living.cell, look=lambda: [OLD, NEW])
    hand_over(living, NEW)

    assert signers_of(running.checkpoint()) == [NEW_KEY.key_id, OLD_KEY.key_id]


# --- what cannot be brought in -------------------------------------------------------------------------------------------


def forged(*signs: Signer, old: tuple[VerifierKey, ...] = (OLD_KEY,), new: VerifierKey = THIEF_KEY) -> str:
    """A handing over with exactly these signatures."""
    text = Rotation(Checkpoint(ORIGIN, 0, EMPTY_ROOT), old, new).text
    return f"{text}\n{''.join(signature_line(text, one, what='-') for one in signs)}"


@pytest.mark.parametrize("signs", [(THIEF,), (OLD,), (NEW, THIEF)], ids=["new alone", "old alone", "another"])
def test_nobody_hands_over_for_others(living: LivingLog, signs: tuple[FileSigner, ...]) -> None:
    with pytest.raises(VerificationError):
        log_keys.rotated(forged(*signs), log=SUBJECT, actor=ADMINISTRATOR)
    assert living.again().log.vkey == OLD.vkey


def put_in(living: LivingLog, note: str, new: VerifierKey) -> None:
    row = {"seq": 4, "act": "KEY_ROTATED", "vkey": new.vkey, "note": note}
    with writing(living.engine) as connection:
        connection.execute(insert(log_keys.log_keys).values(row))


@pytest.mark.parametrize(
    "note",
    [forged(THIEF), forged(NEW, THIEF, old=(NEW_KEY,)), "x"],
    ids=["unsigned by the old", "a chain of its own", "no note"],
)
def test_whoever_writes_to_the_database_brings_in_no_key(living: LivingLog, note: str) -> None:
    put_in(living, note, THIEF_KEY)

    with pytest.raises(LedgerError, match="its keys"):
        living.again().log.latest()


def test_rows_of_keys_that_were_taken_out_leave_nothing_that_opens(living: LivingLog) -> None:
    living = retire(hand_over(living, NEW), OLD_KEY, NEW)
    living.log.checkpoint()
    with writing(living.engine) as connection:
        connection.execute(delete(log_keys.log_keys))

    with pytest.raises(LedgerError, match="not signed by"):
        living.again(signs=[OLD, NEW]).log.latest()


def test_a_key_comes_once(living: LivingLog) -> None:
    """A lost answer makes nobody rotate twice, and no retired key comes back."""
    note = living.log.keys.handing_over(living.log.keys.opened(living.log.latest() or ""), NEW, overlap=None)
    entry = log_keys.rotated(note, log=SUBJECT, actor=ADMINISTRATOR)
    living.custody.record(entry)

    with pytest.raises(StaleState):
        living.custody.record(entry)
    again = retire(living.again(signs=[OLD, NEW]), OLD_KEY, NEW)
    with pytest.raises(LedgerError, match="before"):
        again.log.keys.handing_over(again.log.keys.opened(again.log.checkpoint()), OLD, overlap=None)


def test_a_log_without_any_key_signs_nothing(living: LivingLog) -> None:
    """The command refuses to retire the last one; recorded past it, nobody goes on as if nothing had happened."""
    with pytest.raises(LedgerError, match="no key is left"):
        retire(living, OLD_KEY, OLD).log.checkpoint()


# --- crashes -------------------------------------------------------------------------------------------------------------


def test_dying_before_the_first_head_of_both_keys_is_made_good(living: LivingLog) -> None:
    """Recorded, not signed: whoever signs next signs with both."""
    living = hand_over(living, NEW)
    for after in (False, True):
        with pytest.raises(Died):
            living.again(cell=Dying(living.cell, after=after), signs=[OLD, NEW]).log.checkpoint()

    made_good = living.again(signs=[OLD, NEW])
    assert signers_of(made_good.log.checkpoint()) == [NEW_KEY.key_id, OLD_KEY.key_id]
    assert made_good.cell.read() == made_good.log.latest()
    with reading(living.engine) as connection:
        assert connection.scalars(select(checkpoints.c.size).order_by(checkpoints.c.size)).all() == [5, 6]


def test_the_rollback_lock_knows_a_head_of_the_new_key(tmp_path: Path, living: LivingLog) -> None:
    backup = living.backup(tmp_path / "backup.db")
    living = hand_over(living, NEW)
    living.log.checkpoint()
    living = retire(living, OLD_KEY, NEW)
    living.log.checkpoint()
    living.grow(2).log.checkpoint()
    living.log.confirm()

    with pytest.raises(LedgerError, match=r"not signed by|do not continue"):
        living.put_back(backup).log.confirm()


# --- witnesses -----------------------------------------------------------------------------------------------------------


def test_a_witness_that_knows_the_old_key_cosigns_during_the_overlap_and_then_must_be_told(living: LivingLog) -> None:
    witness = Outside(living, "county", "检察院")
    living.log.checkpoint()
    assert feed(living.log, witness.known, witness) is not None
    living = hand_over(living, NEW)
    living.log.checkpoint()
    during = feed(living.log, witness.known, witness)
    living = retire(living, OLD_KEY, NEW)
    living.log.checkpoint()

    assert during is not None
    assert witness.at_work.add_checkpoint(_request(living, witness)).status == 403
    witness.at_work.watch(NEW_KEY)
    assert feed(living.log, witness.known, witness) is not None
    assert living.log.anchored_size() == living.log.keys.opened(living.log.latest() or "").size


def _request(living: LivingLog, witness: Outside) -> bytes:
    from storage.ledger.feeding import last_size, request_of  # noqa: PLC0415 - only here

    return request_of(living.log, old=last_size(living.log, witness.known)).body.encode()
