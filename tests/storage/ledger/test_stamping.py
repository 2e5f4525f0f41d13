"""Having a log stamped and writing it back: what is kept, what is refused, and that any line may be the last one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

import pytest
import urllib3
from sqlalchemy import Connection, delete, event, func, insert, select, text, update

from storage.database import reading, writing
from storage.errors import EvidenceError, LedgerError, NotFound, StaleState, StorageUnavailable, YihuError
from storage.ledger.leaf import Leaf
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.stamp_audit import Found, timestamp_faults
from storage.ledger.stamp_shelf import give_stamps, publish_stamps
from storage.ledger.stamping import Stamping
from storage.ledger.timestamp import over_http, request_for
from storage.objects import Bucket
from storage.rebuild import differences
from storage.schema import entries, timestamps
from storage.timestamps import standing_in
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from storage.verifier.times import TIMESTAMPED
from storage.verifier.tokenfiles import TokenFiles
from storage.verifier.tokens import read_token
from tests.servers.tsa_server import Authority, TimeServer, tsa_server, verified_by_openssl

from .conftest import wrong_steps
from .living import ADMINISTRATOR, KEY, SUBJECT, LivingLog

pytestmark = pytest.mark.needs("openssl")

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


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


@dataclass
class Clockwork:
    """An authority whose clock goes as the log's own does, *fast* by that much."""

    living: LivingLog
    authority: Authority
    fast: timedelta = timedelta(0)
    asked: int = 0

    def __call__(self, request: bytes) -> bytes:
        self.asked += 1
        return self.authority.stamp_at(request, self.living.clock.now + self.fast)


@pytest.fixture
def ask(living: LivingLog, authority: Authority) -> Clockwork:
    return Clockwork(living, authority)


def stamping(living: LivingLog, authority: Authority) -> Stamping:
    return Stamping(living.engine, living.log, living.custody, authority.roots, SUBJECT, ADMINISTRATOR, living.clock)


def audited(living: LivingLog, authority: Authority) -> Found:
    return timestamp_faults(living.engine, living.log, authority.roots)


def kept(living: LivingLog) -> int:
    with reading(living.engine) as connection:
        return connection.scalar(select(func.count()).select_from(timestamps)) or 0


def recorded(living: LivingLog) -> list[Leaf]:
    with reading(living.engine) as connection:
        leaves = [Leaf.decode(raw) for raw in connection.scalars(select(entries.c.leaf).order_by(entries.c.seq))]
    return [leaf for leaf in leaves if leaf.type == TIMESTAMPED]


def signed(living: LivingLog, grown: int = 1) -> int:
    living.clock.now += 10 * MINUTE
    living.grow(grown).log.checkpoint()
    return int((living.log.latest() or "").split("\n")[1])


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


def reopened(living: LivingLog) -> LivingLog:
    """As a new process sees it, at the same time of day."""
    again = living.again()
    again.clock.now = living.clock.now
    return again


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
    request = request_for(_head(other))
    taken = other.accept(ask(request), request=request, size=later)
    assert taken.size == later

    assert slow.settle() == []
    with pytest.raises(StaleState):
        slow._record(head, taken.token, "f" * 64)
    assert [leaf.body["size"] for leaf in recorded(living)] == [later]
    assert audited(living, authority) == Found(1, [])
    other.engine.dispose()


def _head(at_work: Stamping) -> Any:  # noqa: ANN401 - a checkpoint
    head = at_work.due()
    assert head is not None
    return head


# --- the audit ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stamped(living: LivingLog, authority: Authority, ask: Clockwork) -> LivingLog:
    """A log that was stamped twice."""
    for _ in range(2):
        signed(living, 2)
        stamping(living, authority).ask(ask)
    with writing(living.engine) as connection:
        for act in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER timestamps_no_{act}"))
    return living


def test_without_roots_nothing_shows_who_stamped(stamped: LivingLog, authority: Authority, tmp_path: Path) -> None:
    assert timestamp_faults(stamped.engine, stamped.log, None).checked == 2
    assert "no roots are set" in timestamp_faults(stamped.engine, stamped.log, None).findings[0]
    other = Authority(tmp_path / "other", "Other")
    assert "chain does not hold" in timestamp_faults(stamped.engine, stamped.log, other.roots).findings[0]


def test_a_log_without_time_stamps_is_not_wrong(living: LivingLog, authority: Authority) -> None:
    assert audited(living, authority) == Found(0, [])
    assert timestamp_faults(living.engine, living.log, None) == Found(0, [])


CHANGES: dict[str, Callable[[Connection], Any]] = {
    "gone": lambda connection: connection.execute(delete(timestamps)),
    "another reply": lambda connection: connection.execute(update(timestamps).values(token=b"x")),
    "another digest": lambda connection: connection.execute(update(timestamps).values(digest=timestamps.c.digest + "0")),
    "another size": lambda connection: connection.execute(
        update(timestamps).where(timestamps.c.size == select(func.max(timestamps.c.size)).scalar_subquery()).values(size=3)
    ),
    "one too many": lambda connection: connection.execute(insert(timestamps).values(size=3, digest="0" * 64, token=b"x")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_kept_reply_that_was_tampered_with_is_found(
    stamped: LivingLog, authority: Authority, change: Callable[[Connection], Any]
) -> None:
    with writing(stamped.engine) as connection:
        change(connection)

    assert audited(stamped, authority).findings != []


def test_an_entry_that_says_something_else_than_the_reply_is_found(
    living: LivingLog, authority: Authority, ask: Clockwork
) -> None:
    """The reply is real, and the entry puts another time into its mouth."""
    signed(living)
    at_work = stamping(living, authority)
    head = _head(at_work)
    reply = ask(request_for(head))
    digest = hashlib.sha256(reply).hexdigest()
    at_work._keep(head.size, digest, reply)
    token = read_token(reply)
    at_work._record(head, replace(token, time=token.time.replace("2026", "2025")), digest)

    assert any("says something else" in finding for finding in audited(living, authority).findings)


def test_a_backdated_entry_is_found(stamped: LivingLog, authority: Authority) -> None:
    """Somebody with the machine turns the clock back before recording: the chain is whole, the signature is right."""
    stamped.clock.now -= HOUR
    signed(stamped)
    assert audited(stamped, authority).findings == [
        finding for finding in audited(stamped, authority).findings if "the clock was set back by" in finding
    ]
    assert len(audited(stamped, authority).findings) == 1


def test_thousands_of_wrong_times_are_told_shortly(stamped: LivingLog, authority: Authority) -> None:
    stamped.clock.now -= 2 * HOUR
    stamped.grow(150)

    findings = audited(stamped, authority).findings
    assert len(findings) == 101
    assert findings[-1] == "… and 50 entries more whose time cannot be true"


# --- giving it to strangers -----------------------------------------------------------------------------------------------


def test_replies_are_published_once_and_in_order(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    """Also those of a time in which the store was away."""
    assert publish_stamps(living.engine, living.store) == 0
    for expected in (1, None, 2):
        signed(living)
        stamping(living, authority).ask(ask)
        if expected is None:
            break_off(living)
        else:
            assert publish_stamps(living.engine, living.store) == expected
    assert publish_stamps(living.engine, living.store) == 0
    names = [stored.name.key for stored in living.store.inventory(Bucket.INDEX, "log-timestamps/")]
    said = [f"log-timestamps/{leaf.body['size']:016d}-{str(leaf.body['token'])[:16]}.tsr" for leaf in recorded(living)]
    assert sorted(names) == said


def break_off(living: LivingLog) -> None:
    """The store is away for one pass; the next one does what was to be done."""
    (living.home / "store").rename(living.home / "away")
    (living.home / "store").touch()
    with pytest.raises(StorageUnavailable):
        publish_stamps(living.engine, living.store)
    (living.home / "store").unlink()
    (living.home / "away").rename(living.home / "store")


def test_a_stranger_verifies_what_is_given_by_three_ways(stamped: LivingLog, authority: Authority, tmp_path: Path) -> None:
    """With openssl each token alone; with the verifier the log and all of them."""
    stamped.log.checkpoint()
    replies = give_stamps(stamped.engine, stamped.log, tmp_path / "tokens")
    assert replies == give_stamps(stamped.engine, stamped.log, tmp_path / "tokens")
    assert len(replies) == 2
    for reply in replies:
        assert verified_by_openssl(reply, reply.with_suffix(".txt"), authority.roots_file)
    publish(stamped.log, DirectoryShelf(tmp_path / "log"))
    report = verify_directory(tmp_path / "log", [KEY], tokens=TokenFiles(tmp_path / "tokens", authority.roots))
    assert (report.outcome, wrong_steps(report)) == (Outcome.CONSISTENT, set())
    assert [step.name for step in report.steps][-2:] == ["times", "tokens"]

    with writing(stamped.engine) as connection:
        connection.execute(delete(timestamps))
    with pytest.raises(NotFound, match="not kept"):
        give_stamps(stamped.engine, stamped.log, tmp_path / "again")


def test_a_kept_reply_that_cannot_be_read_stops_the_asking(living: LivingLog, authority: Authority, ask: Clockwork) -> None:
    size = signed(living)
    at_work = stamping(living, authority)
    at_work._keep(size, "0" * 64, b"nonsense")

    with pytest.raises(LedgerError, match="not strict DER"):
        at_work.ask(ask)
