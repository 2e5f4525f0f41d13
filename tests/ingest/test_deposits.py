"""Store, database or key may be away or wrong: what was read waits in the spool, says why, and goes on at the next start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from sqlite3 import OperationalError

import pytest
from sqlalchemy import event

from ingest.progress import Progress, Step
from storage.clips import SECURED
from storage.errors import EvidenceError, LedgerError, StorageUnavailable
from storage.ledger.keys import FileSigner
from storage.local_s3 import LocalS3
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.testing import FaultyStore
from storage.vault import make_key
from tests.crashes.offices import ORIGIN, Watched, faults, fill, footage, founded, opened, take_in
from tests.servers.fixtures import seaweed
from yihu.wiring import Office

__all__ = ["seaweed"]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A small real office that renders nothing."""
    office = founded(tmp_path / "office")
    yield office
    office.engine.dispose()


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with eight clips."""
    return fill(tmp_path / "card", footage(8))


class TestAStoreThatIsAway:
    def test_clips_wait_with_their_names_and_the_reason_and_go_on_at_the_next_start(self, office: Office, card: Path) -> None:
        vars(office)["store"] = FaultyStore(office.store, away=True)
        watched = Watched()

        report = take_in(office, card, watcher=watched)

        assert (len(report.secured), report.problems, len(report.waiting)) == (8, (), 8)
        assert {waiting.error for waiting in report.waiting} == {"StorageUnavailable"}
        assert {waiting.name.rpartition("/")[2] for waiting in report.waiting} == {clip.name for clip in office.catalog.clips()}
        assert "the store cannot be reached" in {waiting.reason for waiting in report.waiting}
        assert sum(shown.step is Step.WAITING for shown in watched.shown) == 8
        assert {clip.state for clip in office.catalog.clips()} == {SECURED}
        again = opened(office.home)
        assert again.pipeline().advance() == ()
        assert faults(again, {"DEMO-1": card}) == []

    def test_it_is_not_asked_for_every_clip_when_it_does_not_answer(self, office: Office, card: Path) -> None:
        """Each attempt may take as long as a connection waits; the store gets a few, not one for each clip."""
        store = CountingStore(office.store, away=True)
        vars(office)["store"] = store

        report = take_in(office, card)

        assert 3 <= store.asked <= 4
        assert len([waiting for waiting in report.waiting if "not tried" in waiting.reason]) == 8 - store.asked

    def test_a_store_that_comes_back_in_between_gets_everything(self, office: Office, card: Path) -> None:
        store = FaultyStore(office.store, fault="before")
        vars(office)["store"] = store

        assert len(take_in(office, card).waiting) == 1
        assert take_in(office, card).waiting == ()
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_card_that_comes_again_is_recognised_without_the_store(self, office: Office, card: Path) -> None:
        take_in(office, card)
        vars(office)["store"] = FaultyStore(office.store, away=True)

        report = take_in(office, card)

        assert (report.secured, len(report.met_again), report.problems, report.waiting) == ((), 8, (), ())
        assert not list(office.spool.berths())

    def test_the_folder_of_a_store_that_is_not_mounted_is_away(self, office: Office, card: Path) -> None:
        (office.home / "store").write_bytes(b"where a folder should be mounted")

        assert {waiting.error for waiting in take_in(office, card).waiting} == {"StorageUnavailable"}
        (office.home / "store").unlink()
        take_in(office, card)
        assert faults(office, {"DEMO-1": card}) == []


@dataclass(slots=True)
class CountingStore(FaultyStore):
    """A store that counts how often somebody tried to reach it."""

    asked: int = 0

    def _reach(self) -> None:
        self.asked += 1
        FaultyStore._reach(self)


@pytest.mark.servers
class TestKeysOfTheStore:
    @pytest.fixture
    def on_s3(self, tmp_path: Path, seaweed: LocalS3) -> Office:
        """An office whose evidence lies on a real S3 server."""
        office = founded(tmp_path / "s3", "", "[store]", 'kind = "s3"', f'endpoint = "{seaweed.endpoint}"')
        put_keys(office, seaweed.access_key, seaweed.secret_key)
        return office

    @pytest.mark.parametrize("wrong", ["access", "secret"])
    def test_wrong_keys_are_refused_by_name_and_nothing_is_lost(
        self, on_s3: Office, card: Path, seaweed: LocalS3, wrong: str
    ) -> None:
        """Expired ones look the same. With the right ones it goes on."""
        right = (seaweed.access_key, seaweed.secret_key)
        put_keys(on_s3, *(("nobody", right[1]) if wrong == "access" else (right[0], "wrong-secret-wrong-secret")))

        report = take_in(on_s3, card)

        assert (len(report.secured), {waiting.error for waiting in report.waiting}) == (8, {"Refused"})
        assert "InvalidAccessKeyId" in report.waiting[0].reason or "SignatureDoesNotMatch" in report.waiting[0].reason
        put_keys(on_s3, *right)
        again = opened(on_s3.home)
        assert again.pipeline().advance() == ()
        assert [line for line in faults(again, {"DEMO-1": card}) if "named by no entry" not in line] == []

    def test_a_server_that_is_not_there_is_away(self, on_s3: Office, card: Path, seaweed: LocalS3) -> None:
        settings = on_s3.home / "yihu.toml"
        settings.write_text(settings.read_text().replace(seaweed.endpoint, "http://127.0.0.1:9"))

        report = take_in(opened(on_s3.home), card)

        assert (len(report.secured), {waiting.error for waiting in report.waiting}) == (8, {"StorageUnavailable"})

    def test_keys_that_others_may_read_are_refused(self, on_s3: Office, card: Path) -> None:
        (on_s3.home / "keys" / "s3-secret").chmod(0o644)

        report = take_in(on_s3, card)

        assert {waiting.error for waiting in report.waiting} == {"Refused"}
        assert "must not be readable by others" in report.waiting[0].reason


def put_keys(office: Office, access: str, secret: str) -> None:
    for name, text in (("s3-access", access), ("s3-secret", secret)):
        (office.home / "keys" / name).touch(mode=0o600)
        (office.home / "keys" / name).write_text(text)


class TestAStoreThatHoldsSomethingElse:
    def test_another_content_under_our_key_is_never_taken_for_ours(self, office: Office, card: Path) -> None:
        """A person must look; the others go on."""
        vars(office)["store"] = FaultyStore(office.store, away=True)
        take_in(office, card)
        again = opened(office.home)
        victim = again.catalog.clips()[0]
        name = ObjectName(Bucket.EVIDENCE, f"clips/{victim.subject.id}/original")
        (again.home / "planted").write_bytes(b"planted")
        promise = Promise.of_bytes(b"planted")
        planted = (again.home / "planted").open
        deposit(again.store, name, lambda: planted("rb"), promise, retain_until=again.clock() + timedelta(days=1))

        (waiting,) = again.pipeline().advance()

        assert (waiting.clip, waiting.error) == (victim.subject, "EvidenceError")
        assert f"expected {victim.size} bytes" in waiting.reason
        assert again.catalog.clip(victim.subject).state == SECURED


class TestADatabaseThatIsAway:
    def test_before_anything_was_read_nothing_is_read(self, office: Office, card: Path) -> None:
        database = Database(office)
        database.is_away = True
        with pytest.raises(StorageUnavailable, match="unable to open database file"):
            take_in(office, card)
        database.is_away = False

        assert not list(office.spool.berths())
        take_in(office, card)
        assert faults(office, {"DEMO-1": card}) == []

    @pytest.mark.parametrize("moment", [Step.READING, Step.SECURED])
    def test_while_a_card_is_read_every_file_is_named_and_none_is_lost(self, office: Office, card: Path, moment: Step) -> None:
        """It is away for good: reading stops after a few files, and what was read is recorded without the camera later."""
        database = Database(office)

        def vanish(progress: Progress) -> None:
            database.is_away = database.is_away or progress.step is moment

        report = take_in(office, card, watcher=vanish)
        database.is_away = False

        assert len(report.secured) == (1 if moment is Step.SECURED else 0)
        assert len(report.secured) + len(report.problems) == 8
        assert {problem.error for problem in report.problems} == {"StorageUnavailable"}
        assert "unable to open database file" in report.problems[0].reason
        assert "unable to open database file" in report.unsigned
        read = [berth.clip for berth in office.spool.berths() if berth.state == "complete"]
        assert len(read) == 1
        assert opened(office.home).pipeline().advance() == ()
        assert [clip.subject for clip in office.catalog.clips()] == read
        take_in(office, card)
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_moment_of_it_costs_one_file_one_attempt(self, office: Office, card: Path) -> None:
        """The others are taken in; the next start does the rest."""
        database = Database(office)
        moments = iter([Step.READING])

        def blink(progress: Progress) -> None:
            database.is_away = progress.step is Step.READING and next(moments, None) is Step.READING

        report = take_in(office, card, watcher=blink)

        assert (len(report.secured), len(report.problems), report.unsigned) == (7, 1, "")
        take_in(office, card)
        assert faults(office, {"DEMO-1": card}) == []


class Database:
    """The database of an office, which may be taken away: then every statement fails as the driver says it."""

    def __init__(self, office: Office) -> None:
        self.is_away = False
        event.listen(office.engine, "do_execute", self._execute)

    def _execute(self, *_statement: object) -> None:
        if self.is_away:
            message = "unable to open database file"
            raise OperationalError(message)


class TestOurKeys:
    def test_another_vault_key_is_said_to_be_another(self, office: Office, card: Path) -> None:
        take_in(office, card)
        (office.home / "keys" / "vault.key").unlink()
        make_key(office.home / "keys" / "vault.key")

        with pytest.raises(LedgerError, match="not the master key that wrapped it"):
            take_in(opened(office.home), card)

    def test_another_signing_key_signs_nothing(self, office: Office, card: Path) -> None:
        take_in(office, card)
        (office.home / "keys" / "log.pem").unlink()
        FileSigner.generate(office.home / "keys" / "log.pem", name=ORIGIN)

        with pytest.raises(LedgerError):
            take_in(opened(office.home), fill(card, {b"new.MP4": b"new"}))

    @pytest.mark.parametrize("key", ["vault.key", "index.key", "log.pem"])
    def test_a_key_that_is_missing_is_named(self, office: Office, card: Path, key: str) -> None:
        (office.home / "keys" / key).unlink()

        with pytest.raises(EvidenceError, match=key):
            take_in(opened(office.home), card)


def test_a_secret_that_is_missing_is_named(tmp_path: Path, card: Path) -> None:
    office = founded(tmp_path / "s3", "", "[store]", 'kind = "s3"', 'endpoint = "http://127.0.0.1:9"')

    waiting = take_in(office, card).waiting

    assert {each.error for each in waiting} == {"NotFound"}
    assert "s3-access: there is no such file" in waiting[0].reason
