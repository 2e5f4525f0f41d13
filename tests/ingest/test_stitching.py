"""Which files are one recording that the camera cut into several."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.profile import Profile, load_profiles
from ingest.manifest import ManifestRow, Verdict
from ingest.stitching import MISSING, Part, Segment, stitched
from storage.earlier import EarlierClip
from storage.evidence import DevicePath, Kind, MediaKind
from storage.identity import fresh

PROFILES = {profile.name: profile for profile in load_profiles()}
FIVE_MINUTES = PROFILES["aseko-ar-pe6"]
WITH_ENDS = PROFILES["dahua-dsj"]
GOPRO = PROFILES["gopro"]
NUMBERED = PROFILES["amba-4255-0001"].model_copy(update={"segments": FIVE_MINUTES.segments})


def row(path: str, *, verdict: Verdict = Verdict.READ, kind: MediaKind = MediaKind.VIDEO) -> ManifestRow:
    return ManifestRow(DevicePath(path.encode()), 10, 7, kind, verdict)


def clip(path: str, *, event: str | None = None, part: int | None = None, duration_ms: int | None = None) -> EarlierClip:
    """A clip that came from this camera before."""
    subject = fresh(Kind.CLIP)
    return EarlierClip(subject, MediaKind.VIDEO, path.encode(), 10, 7, duration_ms, event, part, ())


def name(first: Segment) -> str:
    return f"event of {first.path.decode()}"


def events(profile: Profile, paths: Iterable[str], clips: Iterable[EarlierClip] = ()) -> dict[str, Part]:
    found = stitched(profile, [row(path) for path in paths], list(clips), name)
    return {path.text: part for path, part in found.items()}


def at(clock: str) -> str:
    return f"20261118_{clock}.mp4"


class TestByTimes:
    def test_an_hour_of_twelve_files_is_one_event(self) -> None:
        hour = [at(f"09{minute:02}00") for minute in range(0, 60, 5)]

        found = events(FIVE_MINUTES, hour)

        assert {part.event for part in found.values()} == {f"event of {hour[0]}"}
        assert [found[path].part for path in hour] == list(range(1, 13))
        assert {(part.parts, part.findings) for part in found.values()} == {(12, ())}

    @pytest.mark.parametrize(
        ("second", "is_one"),
        [("090500", True), ("090502", True), ("090503", False), ("090430", True), ("090429", False), ("090000", False)],
        ids=["exactly", "2 s later", "3 s later", "30 s told twice", "31 s told twice", "at the same time"],
    )
    def test_a_pause_that_names_cannot_show_is_none(self, second: str, *, is_one: bool) -> None:
        found = events(FIVE_MINUTES, [f"a/{at('090000')}", f"b/{at(second)}"])

        assert (len({part.event for part in found.values()}) == 1) == is_one

    def test_a_missing_middle_is_said_of_its_neighbours_and_leaves_room_in_the_numbers(self) -> None:
        found = events(FIVE_MINUTES, [at("090000"), at("090500"), at("091500"), at("092000")])

        assert [found[at(clock)].part for clock in ("090000", "090500", "091500", "092000")] == [1, 2, 4, 5]
        assert {path for path, part in found.items() if MISSING in part.findings} == {at("090500"), at("091500")}

    def test_after_four_missing_parts_it_is_another_recording(self) -> None:
        assert len({part.event for part in events(FIVE_MINUTES, [at("090000"), at("092500")]).values()}) == 2

    def test_numbers_that_go_on_without_a_gap_miss_no_part(self) -> None:
        """The button was pressed again five minutes later, by chance."""
        paths = [f"DEMO-1_000001_20261118_{clock}_{number:04}.MP4" for clock, number in (("090000", 1), ("091000", 2))]

        assert {part.findings for part in events(NUMBERED, paths).values()} == {()}
        assert len({part.event for part in events(NUMBERED, paths).values()}) == 2

    def test_the_end_in_a_name_is_believed_and_midnight_passed(self) -> None:
        day, next_day = "mpt/2026-11-18/001/dav", "mpt/2026-11-19/001/dav"
        paths = [
            f"{day}/23/23.50.00-23.55.00[R][0@0][0].mp4",
            f"{day}/23/23.55.00-00.00.00[R][0@0][0].mp4",
            f"{next_day}/00/00.00.00-00.01.07[R][0@0][0].mp4",
            f"{next_day}/00/00.30.00-00.31.00[R][0@0][0].mp4",
        ]

        found = events(WITH_ENDS, paths)

        assert [found[path].part for path in paths] == [1, 2, 3, 1]

    def test_two_cameras_on_one_card_are_kept_apart(self) -> None:
        paths = ["DEMO-1_000001_20261118_090000_0001.MP4", "DEMO-2_000001_20261118_090500_0002.MP4"]

        assert len({part.event for part in events(NUMBERED, paths).values()}) == 2

    def test_pictures_and_refused_files_are_in_no_event(self) -> None:
        rows = [row("20261118_090000.jpg", kind=MediaKind.PHOTO), row(at("090000"), verdict=Verdict.REFUSED)]

        assert stitched(FIVE_MINUTES, rows, [], name) == {}


class TestByChapters:
    def test_chapters_are_one_event_and_other_numbers_are_not(self) -> None:
        folder = "DCIM/100GOPRO"
        found = events(GOPRO, [f"{folder}/{file}" for file in ("GX010135.MP4", "GX020135.MP4", "GX010136.MP4")])

        assert found[f"{folder}/GX020135.MP4"] == Part(f"event of {folder}/GX010135.MP4", 2, 2)
        assert found[f"{folder}/GX010136.MP4"].parts == 1

    def test_a_first_chapter_without_a_number_is_the_first(self) -> None:
        found = events(GOPRO, ["GOPR1234.MP4", "GP011234.MP4", "GP021234.MP4"])

        assert [(found[path].part, found[path].findings) for path in sorted(found)] == [(1, ()), (2, ()), (3, ())]

    @pytest.mark.parametrize(
        ("paths", "beside"),
        [
            (["GX010135.MP4", "GX030135.MP4"], {"GX010135.MP4", "GX030135.MP4"}),
            (["GX020135.MP4", "GX030135.MP4"], {"GX020135.MP4"}),
        ],
        ids=["the middle", "the first"],
    )
    def test_a_missing_chapter_is_noticed(self, paths: list[str], beside: set[str]) -> None:
        found = events(GOPRO, paths)

        assert {path for path, part in found.items() if MISSING in part.findings} == beside
        assert len({part.event for part in found.values()}) == 1


class TestWhatIsOursAlready:
    def test_a_part_of_a_later_docking_joins_the_event(self) -> None:
        earlier = [clip(at("090000"), event="e", part=1), clip(at("090500"), event="e", part=2)]

        assert events(FIVE_MINUTES, [at("091000")], earlier)[at("091000")] == Part("e", 3, 3)

    def test_a_part_before_the_first_is_counted_down(self) -> None:
        earlier = [clip(at("090500"), event="e", part=1)]

        assert events(FIVE_MINUTES, [at("090000")], earlier)[at("090000")] == Part("e", 0, 2)

    def test_a_clip_that_still_lies_there_is_not_counted_twice(self) -> None:
        earlier = [clip(at("090000"), event="e", part=1)]

        found = events(FIVE_MINUTES, [at("090000"), at("090500")], earlier)

        assert (found[at("090000")], found[at("090500")]) == (Part("e", 1, 2), Part("e", 2, 2))

    def test_the_length_of_a_rendered_clip_is_its_end(self) -> None:
        earlier = [clip(at("090000"), event="e", part=1, duration_ms=67_000)]

        assert events(FIVE_MINUTES, [at("090107")], earlier)[at("090107")].event == "e"
        assert events(FIVE_MINUTES, [at("090500")], earlier)[at("090500")].event != "e"

    def test_what_was_erased_is_not_asked(self) -> None:
        gone = EarlierClip(fresh(Kind.CLIP), MediaKind.VIDEO, None, 10, 7, None, "e", 1, ())

        assert events(FIVE_MINUTES, [at("090500")], [gone])[at("090500")].parts == 1


@given(st.lists(st.integers(0, 86_399), min_size=1, max_size=40, unique=True), st.randoms(use_true_random=False))
def test_every_recording_is_one_part_of_one_event_whatever_the_order(seconds: list[int], shuffle: object) -> None:
    paths = [at(f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}") for second in seconds]
    mixed = list(paths)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]

    found = events(FIVE_MINUTES, paths)

    assert set(found) == set(paths)
    assert found == events(FIVE_MINUTES, mixed)
    numbers = [(part.event, part.part) for part in found.values()]
    assert len(set(numbers)) == len(numbers)


@given(st.lists(st.binary(min_size=1, max_size=30).filter(lambda raw: b"\0" not in raw), max_size=20, unique=True))
def test_no_name_is_too_odd(names: list[bytes]) -> None:
    rows = []
    for raw in names:
        try:
            rows.append(ManifestRow(DevicePath(raw), 10, 7, MediaKind.VIDEO, Verdict.READ))
        except ValueError:
            continue

    for profile in PROFILES.values():
        assert set(stitched(profile, rows, [], lambda first: first.path.hex())) == {row.path for row in rows}
