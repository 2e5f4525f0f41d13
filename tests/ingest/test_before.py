"""What a card tells of the time before it came to us: each question by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from ingest.before import (
    CardFinding,
    Space,
    ahead,
    gone,
    lost_marks,
    missing_numbers,
    room,
    traces,
    unfamiliar,
)
from ingest.manifest import ManifestRow, Verdict
from storage.earlier import EarlierClip
from storage.evidence import DevicePath, Kind, MediaKind
from storage.identity import fresh

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
MARKED = next(profile for profile in load_profiles() if profile.name == "amba-4255-0001")
CLUSTER = 32 * 2**10


def row(path: str, *, size: int = 10, modified_ns: int = 7, verdict: Verdict = Verdict.READ) -> ManifestRow:
    return ManifestRow(DevicePath(path.encode()), size, modified_ns, MediaKind.VIDEO, verdict)


def clip(path: str, *, size: int = 10, modified_ns: int = 7) -> EarlierClip:
    subject = fresh(Kind.CLIP)
    return EarlierClip(subject, MediaKind.VIDEO, path.encode(), size, modified_ns, None, None, None, ())


def numbered(number: int, mark: str = "") -> str:
    return f"DCIM/DEMO-1_000001_20261118_0900{number % 60:02}_{number:04}{mark}.MP4"


def codes(found: Iterable[CardFinding]) -> dict[str, int]:
    return {finding.code: finding.count for finding in found}


class TestMissingNumbers:
    def test_they_are_counted_and_both_neighbours_named(self) -> None:
        rows = [row(numbered(number)) for number in (1, 2, 5, 6, 9)]

        (finding,), beside = missing_numbers(MARKED, rows, [])

        assert (finding.count, finding.figures) == (2, {"missing": 4})
        assert beside == {row(numbered(number)).path for number in (2, 5, 6, 9)}

    def test_what_became_ours_before_is_not_missing(self) -> None:
        rows = [row(numbered(number)) for number in (1, 4)]

        assert missing_numbers(MARKED, rows, [clip(numbered(2)), clip(numbered(3))]) == ([], frozenset())

    def test_a_gap_after_the_last_docking_is_noticed(self) -> None:
        (finding,), beside = missing_numbers(MARKED, [row(numbered(7))], [clip(numbered(4))])

        assert finding.figures == {"missing": 2}
        assert beside == {row(numbered(7)).path}

    def test_an_old_gap_between_clips_that_are_gone_is_not_told_again(self) -> None:
        assert missing_numbers(MARKED, [row(numbered(9))], [clip(numbered(1)), clip(numbered(4)), clip(numbered(8))])[0] == []


class TestLostMarks:
    def test_the_same_recording_without_its_mark_is_found_and_the_clip_it_was(self) -> None:
        was = clip(numbered(1, "_IMP"))

        assert lost_marks(MARKED, [row(numbered(1))], [was], []) == {row(numbered(1)).path: was}

    def test_one_that_never_became_ours_is_known_by_the_last_list(self) -> None:
        assert lost_marks(MARKED, [row(numbered(1))], [], [row(numbered(1, "_IMP"))]) == {row(numbered(1)).path: None}

    def test_another_of_the_same_size_and_time_that_lay_beside_it_lost_nothing(self) -> None:
        beside = row(numbered(2))

        assert lost_marks(MARKED, [beside], [clip(numbered(1, "_IMP")), clip(numbered(2))], []) == {}
        assert lost_marks(MARKED, [beside], [], [row(numbered(1, "_IMP")), beside]) == {}

    @pytest.mark.parametrize(
        "now",
        [[row(numbered(1, "_IMP"))], [row(numbered(1, "_IMP")), row("copy.MP4")], [row(numbered(1), size=11)], []],
        ids=["still marked", "copied besides", "another recording", "gone"],
    )
    def test_nothing_else_lost_its_mark(self, now: list[ManifestRow]) -> None:
        assert lost_marks(MARKED, now, [clip(numbered(1, "_IMP"))], []) == {}


class TestGone:
    EARLIER = (row(numbered(1)), row(numbered(2)), row(numbered(3)))

    def test_it_matters_whether_it_was_ours_and_who_removed_it(self) -> None:
        clips = [clip(numbered(1)), clip(numbered(2))]

        found = list(gone([], self.EARLIER, clips, {clips[1].subject}))

        assert codes(found) == {"gone-ours": 1, "gone-unsecured": 1}
        assert [finding.paths for finding in found] == [(self.EARLIER[0].path,), (self.EARLIER[2].path,)]

    def test_what_was_only_moved_or_is_no_recording_is_not_gone(self) -> None:
        ignored = row("old.MP4", size=99, verdict=Verdict.IGNORED)

        assert list(gone([row(f"moved/{number}.MP4") for number in range(3)], [*self.EARLIER, ignored], [])) == []


class TestUnfamiliar:
    SINCE = NOW - timedelta(days=1)
    AFTER = int(NOW.timestamp()) * 10**9

    def test_a_new_file_that_the_camera_would_not_call_so_is_named(self) -> None:
        rows = [row(numbered(1), modified_ns=self.AFTER), row("DCIM/edited.MP4", modified_ns=self.AFTER)]

        assert codes(unfamiliar(MARKED, rows, [], self.SINCE)) == {"unfamiliar-new": 1}

    @pytest.mark.parametrize(
        ("names", "modified_ns", "since"),
        [
            (["odd.MP4"], AFTER, SINCE),
            ([numbered(1), "odd.MP4"], 7, SINCE),
            ([numbered(1), "odd.MP4"], AFTER, None),
            ([numbered(1), numbered(2)], AFTER, SINCE),
        ],
        ids=["nothing on it is familiar", "it is old", "never docked before", "all familiar"],
    )
    def test_nothing_else_is(self, names: list[str], modified_ns: int, since: datetime | None) -> None:
        rows = [row(name, modified_ns=modified_ns) for name in names]

        assert list(unfamiliar(MARKED, rows, [], since)) == []


def test_a_recording_from_the_future_bounds_a_clock_that_nobody_could_ask() -> None:
    (finding,) = ahead(NOW + timedelta(minutes=10), NOW)

    assert (finding.code, finding.figures) == ("clock-ahead", {"ms": 600_000})
    assert list(ahead(NOW + timedelta(seconds=30), NOW)) == list(ahead(None, NOW)) == []


class TestRoom:
    TOTAL = 2**30

    def space(self, used: int) -> Space:
        return Space(used, self.TOTAL, CLUSTER)

    def test_files_take_whole_clusters(self) -> None:
        rows = [row(f"{number}.MP4", size=1) for number in range(2_000)]

        assert list(room(rows, self.space(2_000 * CLUSTER))) == []

    def test_room_that_no_file_takes_is_told_in_bytes(self) -> None:
        (finding,) = room([row("1.MP4", size=CLUSTER)], self.space(CLUSTER + 200 * 2**20))

        assert (finding.code, finding.figures) == ("space-unexplained", {"bytes": 200 * 2**20})

    def test_files_that_claim_more_than_is_taken_are_told(self) -> None:
        (finding,) = room([row("1.MP4", size=2**40)], self.space(CLUSTER))

        assert finding.code == "space-contradicted"

    def test_what_a_file_system_needs_for_itself_is_nothing(self) -> None:
        assert list(room([], self.space(16 * 2**20))) == []

    def test_a_folder_has_no_room_of_its_own(self, tmp_path: Path) -> None:
        assert (Space.of(tmp_path), Space.of(tmp_path / "gone")) == (None, None)
        assert list(room([row("1.MP4")], None)) == []

    def test_a_file_system_is_asked(self) -> None:
        found = Space.of(Path("/proc")) or Space.of(Path("/"))

        assert found is not None
        assert (found.cluster > 0, found.used <= found.total) == (True, True)


class TestTraces:
    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("System Volume Information/WPSettings.dat", "host-windows"),
            ("DCIM/Thumbs.db", "host-windows"),
            ("$RECYCLE.BIN/x", "host-windows"),
            (".fseventsd/0001", "host-macos"),
            ("DCIM/._0001.MP4", "host-macos"),
            (".Trash-1000/files/1.MP4", "host-linux"),
            ("LOST.DIR/1", "host-android"),
            ("FOUND.000/FILE0000.CHK", "repaired"),
        ],
    )
    def test_a_desktop_leaves_files_under_names_of_its_own(self, path: str, code: str) -> None:
        (finding,) = traces([row(path, verdict=Verdict.IGNORED), row(numbered(1))])

        assert (finding.code, finding.count, finding.paths) == (code, 1, (row(path).path,))

    def test_an_empty_folder_is_a_trace_too(self) -> None:
        assert codes(traces([], ["DCIM", ".Trashes"])) == {"host-macos": 1}

    def test_a_card_that_only_its_camera_wrote_has_none(self) -> None:
        assert list(traces([row(numbered(1)), row("MISC/found.txt")], ["DCIM", "MISC"])) == []

    @given(st.lists(st.text(min_size=1).filter(lambda text: "\0" not in text)))
    def test_no_name_is_too_odd(self, folders: list[str]) -> None:
        assert all(finding.count > 0 for finding in traces([], folders))
