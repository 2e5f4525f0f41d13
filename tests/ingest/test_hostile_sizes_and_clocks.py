"""Cards that are too big, too many, out of time, or do not fit: through the whole of ingest."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.progress import Step
from storage.errors import StorageUnavailable
from storage.room import Room
from tests.crashes.offices import Watched, faults, fill, footage, founded, opened, take_in, touch
from tests.ingest.meddling import GOOD, meddling, names, problems, reasons
from yihu.wiring import Office

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with one good file."""
    return fill(tmp_path / "card", {GOOD: b"good"})


def ran(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


class TestSizesAndCounts:
    def test_files_of_no_byte_and_of_one_byte_are_taken_in(self, office: Office, card: Path) -> None:
        fill(card, {b"0.MP4": b"", b"1.MP4": b"1"})

        assert len(take_in(office, card).secured) == 3
        assert faults(office, {"DEMO-1": card}) == []

    def test_the_same_bytes_twice_are_two_clips(self, office: Office, card: Path) -> None:
        fill(card, {b"copy.MP4": b"good", b"again/good.MP4": b"good"})

        assert len(take_in(office, card).secured) == 3
        assert faults(office, {"DEMO-1": card}) == []

    @pytest.mark.parametrize("gigabytes", [1, pytest.param(20, marks=pytest.mark.full)])
    @pytest.mark.timeout(1200)
    def test_a_file_that_is_one_hole_is_taken_in_as_it_reads(self, office: Office, card: Path, gigabytes: int) -> None:
        if shutil.disk_usage(card).free < gigabytes * 3 << 30:
            pytest.skip(f"spool and store need {2 * gigabytes} GiB here: a copy has no holes")
        with (card / "hole.MP4").open("wb") as file:
            file.truncate(gigabytes << 30)

        report = take_in(office, card)

        (hole,) = [clip for clip in office.catalog.clips() if clip.name == "hole.MP4"]
        assert (report.problems, hole.size, hole.state) == ((), gigabytes << 30, "deposited")
        shutil.rmtree(office.home / "store")  # pytest keeps the directories of the last runs

    @pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.full)])
    @pytest.mark.timeout(1800)
    def test_many_tiny_files_take_little_time_each(self, office: Office, tmp_path: Path, count: int) -> None:
        """At most 15 ms of this machine's time, whatever others do with it; met again, far less."""
        card = fill(tmp_path / "card", footage(count, size=10))
        office.pipeline()

        begun = time.process_time()
        report = take_in(office, card)
        taken = time.process_time() - begun
        again = take_in(office, card)
        met = time.process_time() - begun - taken

        assert (len(report.secured), len(again.met_again), again.secured) == (count, count, ())
        assert taken / count < 0.015
        assert met / count < 0.010
        assert faults(office, {"DEMO-1": card}) == []


class TestTwoCardsThatClaimToBeOne:
    def test_other_bytes_under_the_same_name_are_another_clip(self, office: Office, tmp_path: Path) -> None:
        """Factory-formatted cards share a volume id: same path, same size, same time, and nothing is lost."""
        first = fill(tmp_path / "first", {b"DCIM/0001.MP4": b"one" * 999, b"DCIM/0002.MP4": b"same"})
        second = fill(tmp_path / "second", {b"DCIM/0001.MP4": b"two" * 999, b"DCIM/0002.MP4": b"same"})

        reports = [take_in(office, card) for card in (first, second, first, second)]

        assert [len(report.secured) for report in reports] == [2, 1, 0, 0]
        assert reports[0].device == reports[1].device
        both = fill(tmp_path / "both", {b"1": b"one" * 999, b"2": b"two" * 999, b"3": b"same"})
        assert faults(office, {"DEMO-1": both}) == []


class TestClocks:
    @pytest.mark.parametrize(
        ("moment", "finding"),
        [
            (datetime(1970, 1, 1, tzinfo=UTC), "clock-unset"),
            (datetime(1901, 12, 14, tzinfo=UTC), "clock-unset"),
            (datetime(1980, 1, 1, tzinfo=UTC), "clock-unset"),
            (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), "clock-rollover"),
            (datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC), "clock-rollover"),
        ],
        ids=str,
    )
    def test_an_implausible_time_is_a_finding(self, office: Office, card: Path, moment: datetime, finding: str) -> None:
        touch(card / os.fsdecode(GOOD), moment)

        assert take_in(office, card).problems == ()
        assert finding in office.catalog.clips()[0].findings
        assert faults(office, {"DEMO-1": card}) == []

    @pytest.mark.parametrize("claimed", ["00990101000000", "99991231235959", "20260230100000", "00000000000000"])
    def test_an_impossible_time_in_a_name_is_a_finding(self, office: Office, tmp_path: Path, claimed: str) -> None:
        card = fill(tmp_path / "card", {f"DCIM/100MEDIA/DSJ-DEMO-0001_000001_{claimed}_0001.MP4".encode(): b"x"})

        assert take_in(office, card).problems == ()
        (clip,) = office.catalog.clips()
        assert clip.findings
        assert clip.recorded_at is None or len(clip.recorded_at) == len("0099-01-01T00:00:00.000Z")
        assert faults(office, {"DEMO-1": card}) == []

    def test_our_own_clock_may_step_back_at_any_moment(self, tmp_path: Path, card: Path) -> None:
        """The ledger says by how much; no retention is shortened, nothing stops."""
        founded(tmp_path / "office").engine.dispose()
        times = iter(range(10_000))

        def stepping_back() -> datetime:
            return datetime(2026, 11, 21, tzinfo=UTC) - timedelta(minutes=next(times))

        office = opened(tmp_path / "office", stepping_back)
        fill(card, footage(3))

        assert take_in(office, card).problems == ()
        assert faults(office, {"DEMO-1": card}) == []


class TestSpool:
    def test_a_spool_that_is_full_refuses_only_what_does_not_fit(
        self, office: Office, card: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Everything refused is named; with room again it is taken in."""
        fill(card, {b"a-large.MP4": b"l" * 100_000, b"z-small.MP4": b"s"})
        with monkeypatch.context() as patch:
            patch.setattr(Room, "free", lambda _room: 50_000)
            report = take_in(office, card)

        assert problems(report) == {"a-large.MP4": "SpoolFull"}
        assert reasons(report)["a-large.MP4"] == "the spool has no room: needed 100000 bytes, 50000 are free"
        assert names(office) == ["good.MP4", "z-small.MP4"]
        assert not list(office.spool.berths())
        take_in(office, card)
        assert faults(office, {"DEMO-1": card}) == []

    @ROOT_ONLY
    def test_a_disk_that_is_really_full(self, office: Office, card: Path) -> None:
        spool = office.home / "spool"
        try:
            ran("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(spool))
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"not even root may mount here: {error}")
        try:
            fill(card, {b"a-large.MP4": b"l" * 1_000_000, b"z-small.MP4": b"s"})
            report = take_in(office, card)

            assert problems(report) == {"a-large.MP4": "SpoolFull"}
            assert names(office) == ["good.MP4", "z-small.MP4"]
            assert [path.name for path in spool.iterdir()] == [".lock"]
        finally:
            ran("umount", str(spool))
        take_in(office, card)
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_disk_that_fills_up_while_a_file_is_read(
        self, office: Office, card: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(card, {b"A-large.MP4": b"l" * 3_000_000})
        left = iter([10_000_000, -1, 10_000_000, -1])
        with monkeypatch.context() as patch:
            patch.setattr(Room, "free", lambda _room: next(left, 10_000_000))
            report = take_in(office, card)

        assert problems(report) == {"A-large.MP4": "SpoolFull"}
        assert not list(office.spool.berths())
        take_in(office, card)
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_spool_that_another_process_works_is_said_to_be(self, office: Office, card: Path) -> None:
        with opened(office.home).spool.lock(), pytest.raises(StorageUnavailable, match=f"in use by process {os.getpid()}"):
            take_in(office, card)


class TestEveryFileIsShown:
    def test_while_it_happens(self, office: Office, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A person who watches sees that the card was listed, each failure with the name of the file, and each success."""
        fill(card, {b"gone.MP4": b"x"})
        watched = Watched()
        with meddling(monkeypatch, b"gone.MP4", lambda _card: (card / "gone.MP4").unlink()):
            take_in(office, card, watcher=watched)

        ends = {(shown.name, shown.step, shown.error) for shown in watched.shown if shown.step is not Step.READING}
        assert ends == {
            (str(card), Step.LISTED, ""),
            (str(card), Step.READ, ""),
            ("gone.MP4", Step.FAILED, "SourceChanged"),
            ("DCIM/good.MP4", Step.SECURED, ""),
            ("DCIM/good.MP4", Step.DEPOSITED, ""),
        }
