"""Having a log stamped and writing it back: what is kept, what is refused, and that any line may be the last one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

import pytest
import urllib3
from sqlalchemy import Connection, event

from storage.errors import EvidenceError, NotFound, StaleState, StorageUnavailable, YihuError
from storage.ledger.stamp_audit import Found
from storage.ledger.timestamp import over_http, request_for
from storage.rebuild import differences
from storage.timestamps import standing_in
from tests.servers.tsa_server import Authority, TimeServer, tsa_server

from .living import LivingLog
from .stamped import MINUTE, Clockwork, audited, due, kept, recorded, reopened, signed, stamping

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeServer]:
    with tsa_server(tmp_path_factory.mktemp("tsa")) as made:
        yield made


@pytest.fixture(scope="module")
def authority(server: TimeServer) -> Authority:
    return server.authority


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def ask(living: LivingLog, authority: Authority) -> Clockwork:
    return Clockwork(living, authority)


def test_the_newest_head_is_stamped_and_the_log_says_so_itself(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    for number in range(1, 4):
        size = signed(living, 3)
        stamped = stamping(living, authority).ask(ask)
        assert stamped is not None
        assert (stamped.size, stamped.seq, kept(living), ask.asked) == (size, size, number, number)
        said = recorded(living)[-1].body
        assert (said["size"], said["token"], said["time"]) == (size, stamped.digest, stamped.token.time)
    assert audited(living, authority) == Found(3, [])
    assert differences(living.engine, living.projector, living.vault) == []


def test_an_idle_log_is_left_alone(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    """The entry that says it was stamped makes a new head, and that head is not worth another time-stamp."""
    signed(living)
    for _ in range(4):
        stamping(living, authority).ask(ask)
        living.log.checkpoint()
    assert (ask.asked, kept(living)) == (1, 1)
    now = standing_in(living.engine)
    assert (now.count, now.is_waiting, now.signed - now.stamped) == (1, False, 1)

    signed(living)
    assert standing_in(living.engine).is_waiting
    stamping(living, authority).ask(ask)
    assert ask.asked == 2


def test_a_log_that_was_never_signed_has_nothing_to_stamp(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    assert stamping(living, authority).ask(ask) is None
    assert ask.asked == 0


# --- what is refused ------------------------------------------------------------------------------------------------------

REFUSED = {
    "other root": (EvidenceError, "chain does not hold"),
    "wrong imprint": (EvidenceError, "imprint"),
    "wrong nonce": (EvidenceError, "nonce"),
    "rejected": (EvidenceError, "refused with status 2"),
    "garbage": (EvidenceError, "not strict DER"),
    "truncated": (EvidenceError, "not strict DER"),
    "unsure": (EvidenceError, "only sure of its time to 3600000 ms"),
    "in the past": (EvidenceError, "the clock of this machine is fast, or the authority's is slow"),
    "in the future": (EvidenceError, "the clock of this machine is slow, or the authority's is fast"),
    "a page": (EvidenceError, "expected application/timestamp-reply"),
    "endless": (EvidenceError, "of at most 65536 bytes"),
    "bad request": (EvidenceError, "answered 400"),
    "forbidden": (YihuError, "answered 403"),
    "error": (StorageUnavailable, "answered 500"),
    "cut off": (StorageUnavailable, "IncompleteRead"),
    "lost answer": (StorageUnavailable, "without response"),
}


@pytest.mark.parametrize("does", REFUSED)
def test_a_reply_that_is_wrong_is_named_and_leaves_nothing_behind(
    living: LivingLog, server: TimeServer, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    """And the same again, with an authority that has come to its senses, ends well."""
    living.clock.now = datetime.now(UTC) - 10 * MINUTE  # the server's clock is the real one
    kind, words = REFUSED[does]
    signed(living)
    authority = over_http(server.url, urllib3.PoolManager(maxsize=1))
    monkeypatch.setattr(server, "does", does)
    with pytest.raises(kind, match=words):
        stamping(living, server.authority).ask(authority)
    assert (kept(living), recorded(living)) == (0, [])

    monkeypatch.setattr(server, "does", "honest")
    assert stamping(living, server.authority).ask(authority) is not None
    assert audited(living, server.authority) == Found(1, [])


def test_an_authority_that_is_away_may_be_asked_again(living: LivingLog, authority: Authority, tmp_path: Path) -> None:
    with tsa_server(tmp_path) as gone:
        url = gone.url
    signed(living)

    with pytest.raises(StorageUnavailable, match="tsr"):
        stamping(living, authority).ask(over_http(url, urllib3.PoolManager()))
    assert kept(living) == 0


def test_an_authority_whose_clock_goes_back_is_refused(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    signed(living)
    stamping(living, authority).ask(ask)
    living.grow().log.checkpoint()
    ask.fast = -5 * timedelta(seconds=1)

    with pytest.raises(EvidenceError, match="its clock went back"):
        stamping(living, authority).ask(ask)
    assert kept(living) == 1


def test_a_smaller_head_than_the_last_says_nothing_new(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    early = signed(living)
    at_work = stamping(living, authority)
    head = at_work.due()
    assert head is not None
    request = request_for(head)
    signed(living)
    at_work.ask(ask)

    with pytest.raises(StaleState, match="was stamped already"):
        at_work.accept(ask(request), request=request, size=early)


def test_a_head_that_was_never_signed_here_is_not_found(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    signed(living)
    with pytest.raises(NotFound, match="no checkpoint of 99 entries"):
        stamping(living, authority).accept(b"", request=b"", size=99)


def test_the_same_reply_twice_is_recorded_once(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    size = signed(living)
    at_work = stamping(living, authority)
    head = at_work.due()
    assert head is not None
    request = request_for(head)
    reply = ask(request)

    first, again = (at_work.accept(reply, request=request, size=size) for _ in range(2))
    assert first == again
    assert len(recorded(living)) == 1


# --- any line may be the last one -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
@pytest.mark.parametrize("number", [1, 2], ids=["keeping", "recording"])
def test_a_write_or_its_answer_may_be_lost(
    living: LivingLog, authority: Authority, ask: Clockwork, moment: str, number: int
) -> None:
    """Whatever the database did or did not, asking again ends with one entry for every reply that was kept."""
    signed(living)
    spoil_commit(living, number, moment)
    with pytest.raises(StorageUnavailable):
        stamping(living, authority).ask(ask)
    again = reopened(living)
    stamping(again, authority).ask(ask)

    assert (len(recorded(again)), kept(again)) == (1, 1)
    assert ask.asked == (2 if (number, moment) == (1, "before") else 1)
    assert audited(again, authority) == Found(1, [])
    assert stamping(again, authority).ask(ask) is None
    again.engine.dispose()


def spoil_commit(living: LivingLog, number: int, moment: str) -> None:
    """Let one commit of a writer fail as a database does whose disk fails."""
    commit, writers = living.engine.dialect.do_commit, [0]
    state = {"writing": False}

    def is_committing(connection: Connection) -> None:
        state["writing"] = bool(connection.get_execution_options().get("writing"))

    def spoiled(connection: Any) -> None:  # noqa: ANN401 - the DBAPI has no types
        writers[0] += state["writing"]
        if not state["writing"] or writers[0] != number:
            commit(connection)
            return
        if moment == "after":
            commit(connection)
        message = "disk I/O error"
        raise OperationalError(message)

    event.listen(living.engine, "commit", is_committing)
    vars(living.engine.dialect)["do_commit"] = spoiled


def test_two_processes_cannot_record_the_later_one_first(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    """One kept its reply and stopped for a while; another stamped a larger head meanwhile. The first is no fault, only late."""
    size = signed(living)
    slow = stamping(living, authority)
    head = slow.due()
    assert head is not None
    reply = ask(request_for(head))
    slow._keep(size, hashlib.sha256(reply).hexdigest(), reply)
    later = signed(living)
    other = stamping(reopened(living), authority)
    request = request_for(due(other))
    taken = other.accept(ask(request), request=request, size=later)
    assert taken.size == later

    assert slow.settle() == []
    with pytest.raises(StaleState):
        slow._record(head, taken.token, "f" * 64)
    assert [leaf.body["size"] for leaf in recorded(living)] == [later]
    assert audited(living, authority) == Found(1, [])
    other.engine.dispose()
