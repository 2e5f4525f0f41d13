"""What a witness may answer, honest or not, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database import reading
from storage.errors import EvidenceError, LedgerError, NotFound, Refused, StaleState, StorageUnavailable
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.cosigning import Cosigner, cosignatures_in
from storage.ledger.feeding import feed, request_of
from storage.ledger.witness import SIZE, Answer

from .conftest import ORIGIN, signer
from .living import LivingLog
from .outside import Outside, signed


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def prosecutor(living: LivingLog) -> Outside:
    return Outside(living, "procuratorate", "检察院")


def test_a_witness_that_knows_more_than_we_remember_is_asked_from_there(living: LivingLog, prosecutor: Outside) -> None:
    """Its answer was lost: it remembers a head whose cosignature never arrived."""
    signed(living, 3)
    prosecutor(request_of(living.log, old=0).body)
    size = signed(living, 3)

    assert feed(living.log, prosecutor.known, prosecutor) is not None
    assert living.log.anchored_size() == size


def test_a_witness_that_knows_more_than_there_is_shows_the_database_to_be_old(
    living: LivingLog, prosecutor: Outside, tmp_path: Path
) -> None:
    """The cell was put back too: now only the other organisation knows."""
    old = living.grow(3).log.checkpoint()
    yesterday = living.backup(tmp_path / "yesterday.db")
    signed(living, 10)
    feed(living.log, prosecutor.known, prosecutor)
    restored = living.put_back(yesterday)
    restored.cell.replace(living.cell.read() or "", old)
    restored.grow(1).log.checkpoint()

    with pytest.raises(LedgerError, match="it is not the newest"):
        feed(restored.log, prosecutor.known, prosecutor)
    signed(restored.again(), 20)
    with pytest.raises(LedgerError, match="another history"):
        feed(restored.log, prosecutor.known, prosecutor)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(404, "no log\n"), Refused),
        (Answer(403, "wrong signature\n"), Refused),
        (Answer(422, "inconsistent\n"), LedgerError),
        (Answer(409, "1\n", SIZE), StaleState),
        (Answer(409, "nonsense\n", SIZE), EvidenceError),
        (Answer(409, "-1\n", SIZE), EvidenceError),
        (Answer(500, "oops"), StorageUnavailable),
        (Answer(503, ""), StorageUnavailable),
        (Answer(429, ""), StorageUnavailable),
        (Answer(301, ""), EvidenceError),
        (Answer(200, ""), EvidenceError),
        (Answer(200, "nonsense"), EvidenceError),
        (Answer(200, "— other.example/w AAAAAAAA\n"), EvidenceError),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else value.__name__,
)
def test_every_answer_but_a_cosignature_is_an_error(
    living: LivingLog, prosecutor: Outside, answer: Answer, error: type[Exception]
) -> None:
    signed(living)

    with pytest.raises(error):
        feed(living.log, prosecutor.known, lambda _body: answer)
    assert living.log.anchored_size() == 0


@pytest.mark.parametrize(
    "forge",
    [
        lambda note, cosigner: cosigner.cosign(note.partition("\n\n")[0].replace("\n4\n", "\n5\n") + "\n", time=5),
        lambda note, cosigner: "\n\n" + cosigner.cosign(note + "\n\n", time=5),
        lambda note, cosigner: "\n" + cosigner.cosign(note, time=5),
        lambda note, cosigner: cosigner.cosign(note.partition("\n\n")[0] + "\n", time=0),
    ],
    ids=["of another size", "of a longer text", "of the whole note", "without a time"],
)
def test_a_cosignature_of_something_else_is_not_kept(
    living: LivingLog, prosecutor: Outside, forge: Callable[[str, Cosigner], str]
) -> None:
    signed(living, 2)
    note = living.log.latest() or ""

    def forging(_body: str) -> Answer:
        try:
            return Answer(200, forge(note, prosecutor.at_work._cosigner))
        except LedgerError:  # nor does our own witness sign such a thing
            return Answer(200, "\n")

    with pytest.raises(EvidenceError):
        feed(living.log, prosecutor.known, forging)
    with reading(living.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM cosignatures")) == 0


def test_lines_of_strangers_in_an_answer_are_passed_over(living: LivingLog, prosecutor: Outside) -> None:
    signed(living)
    stranger = Cosigner(signer(8, name="stranger.example/w"))

    def generous(body: str) -> Answer:
        honest = prosecutor(body)
        head = (living.log.latest() or "").partition("\n\n")[0] + "\n"
        return Answer(200, stranger.cosign(head, time=7) + honest.body)

    assert feed(living.log, prosecutor.known, generous) is not None
    assert "stranger" not in (living.log.newest() or "")


def test_nothing_is_asked_before_something_is_signed(living: LivingLog, prosecutor: Outside) -> None:
    with pytest.raises(NotFound, match="no checkpoint"):
        feed(living.log, prosecutor.known, prosecutor)


def test_a_cosignature_of_a_head_this_log_never_had_is_not_kept(living: LivingLog, prosecutor: Outside) -> None:
    signed(living)
    head = (living.log.latest() or "").partition("\n\n")[0] + "\n"
    other = living.log.latest() or ""
    line = prosecutor.at_work._cosigner.cosign(head, time=9)
    found = cosignatures_in(other + line, [prosecutor.known.key])[0]
    forged = sign_checkpoint(Checkpoint(ORIGIN, 77, bytes(32)), signer())
    with pytest.raises(LedgerError, match="not one of this checkpoint|signature of procuratorate"):
        living.log.anchors.keep(forged, found)
    line = prosecutor.at_work._cosigner.cosign(forged.partition("\n\n")[0] + "\n", time=9)
    with pytest.raises(LedgerError, match="does not hold"):
        living.log.anchors.keep(forged, cosignatures_in(forged + line, [prosecutor.known.key])[0])
