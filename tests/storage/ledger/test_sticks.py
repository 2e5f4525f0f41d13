"""An office without a line to its witness: requests out, answers back, on a stick that was in other hands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import EvidenceError, LedgerError, StaleState
from storage.ledger.stick import answer_requests, take_answers, write_requests

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


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    return tmp_path / "stick"


def test_requests_out_answers_back(living: LivingLog, prosecutor: Outside, stick: Path) -> None:
    other = Outside(living, "audit", "审计局")
    asked = [prosecutor.known, other.known]
    for _ in range(3):
        size = signed(living, 3)
        assert len(write_requests(living.log, asked, stick)) == 2
        for each in (prosecutor, other):
            assert [answer.status for _, answer in answer_requests(each.at_work, stick)] == [200]
        taken = list(take_answers(living.log, asked, stick))
        assert [(one.witness, one.size, one.error) for one in taken] == [(each, size, None) for each in asked]
        assert living.log.anchored_size() == size
    assert len(list(stick.iterdir())) == 4  # nothing is left of earlier rounds


def test_a_witness_that_knows_another_size_is_asked_from_there_on_the_next_round(
    living: LivingLog, prosecutor: Outside, stick: Path
) -> None:
    """A stick was lost on the way back."""
    signed(living, 3)
    write_requests(living.log, [prosecutor.known], stick.with_name("lost"))
    answer_requests(prosecutor.at_work, stick.with_name("lost"))
    size = signed(living, 3)
    write_requests(living.log, [prosecutor.known], stick)
    answer_requests(prosecutor.at_work, stick)
    taken = list(take_answers(living.log, [prosecutor.known], stick))
    assert isinstance(taken[0].error, StaleState)

    write_requests(living.log, [prosecutor.known], stick)
    answer_requests(prosecutor.at_work, stick)

    assert [one.error for one in take_answers(living.log, [prosecutor.known], stick)] == [None]
    assert living.log.anchored_size() == size


def test_answering_and_taking_twice_is_fine(living: LivingLog, prosecutor: Outside, stick: Path) -> None:
    signed(living)
    write_requests(living.log, [prosecutor.known], stick)
    first = answer_requests(prosecutor.at_work, stick)
    taken = [list(take_answers(living.log, [prosecutor.known], stick)) for _ in range(2)]

    assert [[one.error for one in each] for each in taken] == [[None], [None]]
    assert first[0][1].status == 200


@pytest.mark.parametrize("text", [b"", b"200", b"20\nx", b"\xff\xfe", b"2000\n", b"abc\n", b"200\nnonsense", b"x" * 70_000])
def test_a_stick_that_was_in_other_hands_is_not_believed(
    living: LivingLog, prosecutor: Outside, stick: Path, text: bytes
) -> None:
    signed(living)
    path = write_requests(living.log, [prosecutor.known], stick)[0].with_suffix(".answer")
    path.write_bytes(text)

    taken = list(take_answers(living.log, [prosecutor.known], stick))
    assert [type(one.error) for one in taken] in ([EvidenceError], [LedgerError])
    assert living.log.anchored_size() == 0


def test_a_link_or_a_pipe_on_a_stick_is_no_answer(living: LivingLog, prosecutor: Outside, stick: Path) -> None:
    signed(living)
    path = write_requests(living.log, [prosecutor.known], stick)[0].with_suffix(".answer")
    os.mkfifo(path)

    assert isinstance(next(iter(take_answers(living.log, [prosecutor.known], stick))).error, EvidenceError)


def test_a_request_for_another_witness_is_left_alone(living: LivingLog, prosecutor: Outside, stick: Path) -> None:
    other = Outside(living, "audit", "审计局")
    signed(living)
    write_requests(living.log, [prosecutor.known], stick)

    assert answer_requests(other.at_work, stick) == []
