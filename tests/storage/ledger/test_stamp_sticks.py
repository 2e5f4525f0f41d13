"""An office without a line to an authority: requests out, replies back, on a stick that was in other hands."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.errors import EvidenceError, NotFound, StaleState, StorageUnavailable
from storage.ledger.stamp_audit import Found, timestamp_faults
from storage.ledger.stamp_stick import answer_requests, take_replies, write_request
from storage.ledger.stamping import Stamping
from tests.servers.tsa_server import Authority, about_something_else, with_another_nonce

from .living import ADMINISTRATOR, SUBJECT, LivingLog

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def at_work(living: LivingLog, authority: Authority) -> Stamping:
    return Stamping(living.engine, living.log, living.custody, authority.roots, SUBJECT, ADMINISTRATOR, living.clock)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    return tmp_path / "stick"


class Elsewhere:
    """An authority on the other side of the city, whose clock goes as ours does."""

    def __init__(self, living: LivingLog, authority: Authority) -> None:
        self.living, self.authority, self.asked = living, authority, 0

    def __call__(self, request: bytes) -> bytes:
        self.asked += 1
        return self.authority.stamp_at(request, self.living.clock.now)


@pytest.fixture
def elsewhere(living: LivingLog, authority: Authority) -> Elsewhere:
    return Elsewhere(living, authority)


def signed(living: LivingLog, grown: int = 1) -> int:
    living.clock.now += timedelta(minutes=10)
    living.grow(grown).log.checkpoint()
    return int((living.log.latest() or "").split("\n")[1])


def test_requests_out_replies_back(living: LivingLog, at_work: Stamping, stick: Path, elsewhere: Elsewhere) -> None:
    """The office goes on meanwhile; nothing of earlier rounds that nobody answered is left."""
    for _ in range(3):
        size = signed(living, 2)
        assert write_request(at_work, stick) == stick / f"{size}.tsq"
        assert (stick / f"{size}.txt").read_text().split("\n")[1] == str(size)
        assert [one.error for one in answer_requests(stick, elsewhere)] == [None]
        signed(living, 2)
        taken = [one for one in take_replies(at_work, stick) if one.stamped and one.stamped.size == size]
        assert [one.error for one in taken] == [None]
    assert timestamp_faults(living.engine, living.log, at_work.roots) == Found(3, [])


def test_a_newer_request_takes_the_place_of_one_that_nobody_answered(living: LivingLog, at_work: Stamping, stick: Path) -> None:
    signed(living)
    write_request(at_work, stick)
    size = signed(living)
    write_request(at_work, stick)

    assert sorted(path.name for path in stick.iterdir()) == [f"{size}.tsq", f"{size}.txt"]


def test_asking_twice_about_the_same_head_keeps_the_request(
    living: LivingLog, at_work: Stamping, stick: Path, elsewhere: Elsewhere
) -> None:
    """Its reply may be under way: another nonce would make it worthless. What is no request of ours is written again."""
    signed(living)
    path = write_request(at_work, stick)
    assert path is not None
    before = path.read_bytes()
    assert write_request(at_work, stick) == path
    assert path.read_bytes() == before

    for nonsense in (b"nonsense", about_something_else(before)):
        path.write_bytes(nonsense)
        write_request(at_work, stick)
        assert path.read_bytes() not in (nonsense, before)
    list(answer_requests(stick, elsewhere))
    assert [one.error for one in take_replies(at_work, stick)] == [None]


def test_nothing_is_asked_where_nothing_happened(
    living: LivingLog, at_work: Stamping, stick: Path, elsewhere: Elsewhere
) -> None:
    assert write_request(at_work, stick) is None
    signed(living)
    write_request(at_work, stick)
    list(answer_requests(stick, elsewhere))
    list(take_replies(at_work, stick))
    living.log.checkpoint()

    assert write_request(at_work, stick) is None


def test_answering_and_taking_twice_is_fine(living: LivingLog, at_work: Stamping, stick: Path, elsewhere: Elsewhere) -> None:
    signed(living)
    write_request(at_work, stick)
    for expected in (1, 0):
        assert len(list(answer_requests(stick, elsewhere))) == expected
    first, again = (list(take_replies(at_work, stick)) for _ in range(2))

    assert first == again
    assert elsewhere.asked == 1


def test_anybody_with_openssl_can_answer(living: LivingLog, at_work: Stamping, stick: Path, authority: Authority) -> None:
    """The request is a file as every time-stamping program reads it."""
    living.clock.now = datetime.now(UTC) - timedelta(minutes=10)  # the authority's clock is the real one
    size = signed(living)
    path = write_request(at_work, stick)
    assert path is not None
    command = ["openssl", "ts", "-query", "-in", str(path), "-text"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    assert "Hash Algorithm: sha256" in shown
    assert "Certificate required: yes" in shown
    path.with_suffix(".tsr").write_bytes(authority.stamp(path.read_bytes()))

    (taken,) = take_replies(at_work, stick)
    assert taken.stamped is not None
    assert taken.stamped.size == size


def test_an_old_stick_that_turns_up_late_says_nothing_new(
    living: LivingLog, at_work: Stamping, stick: Path, elsewhere: Elsewhere
) -> None:
    signed(living)
    late = stick.with_name("late")
    write_request(at_work, late)
    list(answer_requests(late, elsewhere))
    signed(living)
    at_work.ask(elsewhere)

    (taken,) = take_replies(at_work, late)
    assert isinstance(taken.error, StaleState)


@pytest.mark.parametrize("change", [about_something_else, with_another_nonce], ids=["imprint", "nonce"])
def test_an_authority_that_answers_something_else_is_not_written_down(
    living: LivingLog, at_work: Stamping, stick: Path, authority: Authority, change: Callable[[bytes], bytes]
) -> None:
    signed(living)
    write_request(at_work, stick)

    (answered,) = answer_requests(stick, lambda request: authority.stamp(change(request)))
    assert isinstance(answered.error, EvidenceError)
    assert not answered.path.exists()


def test_an_authority_that_is_away_is_said(living: LivingLog, at_work: Stamping, stick: Path) -> None:
    def away(_: bytes) -> bytes:
        message = "away"
        raise StorageUnavailable(message)

    signed(living)
    write_request(at_work, stick)
    assert [type(one.error) for one in answer_requests(stick, away)] == [StorageUnavailable]


@pytest.mark.parametrize("raw", [b"", b"\x30", b"\xff" * 100, b"x" * 70_000], ids=["empty", "cut", "nonsense", "endless"])
def test_a_stick_that_was_in_other_hands_is_not_believed(
    living: LivingLog, at_work: Stamping, stick: Path, elsewhere: Elsewhere, raw: bytes
) -> None:
    signed(living)
    path = write_request(at_work, stick)
    assert path is not None
    reply = path.with_suffix(".tsr")
    reply.write_bytes(raw)
    assert [type(one.error) for one in take_replies(at_work, stick)] == [EvidenceError]

    reply.write_bytes(elsewhere(path.read_bytes()))
    path.write_bytes(raw)
    assert [type(one.error) for one in take_replies(at_work, stick)] == [EvidenceError]


def test_a_pipe_or_a_reply_to_nothing_of_ours_is_no_reply(living: LivingLog, at_work: Stamping, stick: Path) -> None:
    signed(living)
    path = write_request(at_work, stick)
    assert path is not None
    os.mkfifo(path.with_suffix(".tsr"))
    (stick / "99.tsr").write_bytes(b"x")
    (stick / "99.tsq").write_bytes(b"x")
    (stick / "notes.tsr").write_bytes(b"left alone")
    (stick / "007.tsr").write_bytes(b"left alone")

    assert [type(one.error) for one in take_replies(at_work, stick)] == [EvidenceError, NotFound]
