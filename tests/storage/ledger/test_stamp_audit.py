"""Whether what was stamped is still what it was, whatever somebody did to it; and giving it to strangers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, insert, literal, select, text, update

from storage.database import writing
from storage.errors import LedgerError, NotFound, StorageUnavailable
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.stamp_audit import Found, timestamp_faults
from storage.ledger.stamp_shelf import give_stamps, publish_stamps
from storage.ledger.timestamp import request_for
from storage.objects import Bucket
from storage.schema import timestamps
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from storage.verifier.tokenfiles import TokenFiles
from storage.verifier.tokens import read_token
from tests.servers.tsa_server import Authority, verified_by_openssl

from .conftest import wrong_steps
from .living import KEY, LivingLog
from .stamped import Clockwork, audited, due, recorded, signed, stamping

pytestmark = pytest.mark.needs("openssl")

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


@pytest.fixture
def ask(living: LivingLog, authority: Authority) -> Clockwork:
    return Clockwork(living, authority)


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
    "a reply under another size as well": lambda connection: connection.execute(
        insert(timestamps).from_select(
            ["size", "digest", "token"],
            select(literal(3), timestamps.c.digest, timestamps.c.token).order_by(timestamps.c.size.desc()).limit(1),
        )
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


def test_a_reply_that_was_kept_and_not_recorded_is_no_fault(stamped: LivingLog, authority: Authority, ask: Clockwork) -> None:
    """A crash leaves it; whoever asks next records it."""
    size = signed(stamped)
    reply = ask(request_for(due(stamping(stamped, authority))))
    stamping(stamped, authority)._keep(size, hashlib.sha256(reply).hexdigest(), reply)

    assert audited(stamped, authority) == Found(2, [])


def test_an_entry_that_says_something_else_than_the_reply_is_found(
    living: LivingLog, authority: Authority, ask: Clockwork
) -> None:
    """The reply is real, and the entry puts another time into its mouth."""
    signed(living)
    at_work = stamping(living, authority)
    head = due(at_work)
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
