"""Clearing a camera: what is removed, what stays and why, and what the ledger says of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clear_policy import Reason
from ingest.progress import Progress, Step
from storage.evidence import Json
from storage.ledger.leaf import Leaf
from tests.crashes.offices import fill, touch
from tests.ingest.clearable import AT_ONCE, Place, reasons
from tests.yihu.whole_office import audited
from yihu.wiring import now


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.made(tmp_path_factory.mktemp("clearable"), files=3)


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Iterator[Place]:
    copy = made.copied(tmp_path / "copy")
    yield copy
    copy.close()


def body_of(place: Place, type_: str) -> dict[str, Json]:
    line = next(line for line in reversed(place.office.catalog.history(place.device)) if line.type == type_)
    return dict(Leaf.decode(place.office.log.leaf(line.seq)).body)


def file_in(place: Place, number: int = 0) -> Path:
    return sorted(path for path in place.card.rglob("*") if path.is_file())[number]


def test_what_is_proved_is_removed_and_the_ledger_says_so(place: Place) -> None:
    clips = place.office.catalog.clips()

    report = place.clear()

    assert (report.removed, report.removed_bytes) == (3, sum(clip.size for clip in clips))
    assert report.is_whole
    assert place.on_card() == set()
    assert place.types() == ["CLEAR_AUTHORISED", "CLEARED"]
    assert all(place.known.removed(clip.subject) for clip in clips)
    assert audited(place.office) == []


def test_the_authorisation_names_clips_digest_and_head_and_nothing_personal(place: Place) -> None:
    head = place.prove().head
    place.clear()

    body = body_of(place, "CLEAR_AUTHORISED")

    assert body.keys() == {"manifest", "policy", "files", "bytes", "clips", "root", "head"}
    assert body["head"] == {"size": head.size, "root": head.root.hex()}
    assert body["clips"] == sorted(clip.subject.id for clip in place.office.catalog.clips())
    raw = b"".join(place.office.log.leaf(line.seq) for line in place.office.catalog.history(place.device)[-2:])
    assert b"DSJ" not in raw
    assert b"DCIM" not in raw


def test_folders_and_what_is_not_ours_stay(place: Place) -> None:
    fill(place.card, {b"DCIM/100MEDIA/new.MP4": b"not taken in", b"Config.ini": b"x"})
    (place.card / "DCIM" / "link.MP4").symlink_to(place.card / "Config.ini")

    report = place.clear()

    assert report.removed == 3
    assert place.on_card() == {b"new.MP4", b"Config.ini", b"link.MP4"}
    assert (place.card / "DCIM" / "100MEDIA").is_dir()
    assert reasons(report) == {Reason.NOT_OURS}


def test_a_person_sees_what_happens_to_each_file(place: Place) -> None:
    seen: list[Progress] = []

    place.clear(place.prove(watcher=seen.append), watcher=seen.append)

    assert [one.step for one in seen if one.step is Step.CLEARED] == [Step.CLEARED] * 3
    assert {one.done for one in seen if one.step is Step.PROVING} == {clip.size for clip in place.office.catalog.clips()}


def test_clearing_twice_clears_nothing_more(place: Place) -> None:
    place.clear()

    again = place.clear()

    assert (again.removed, again.closed, place.types()) == (0, [], ["CLEAR_AUTHORISED", "CLEARED"])


class TestTheCameraChangesInBetween:
    def test_a_file_of_other_bytes_and_the_same_look_stays(self, place: Place) -> None:
        """Same size, same time of change: only reading it whole tells."""
        file = file_in(place)
        proven, before = place.prove(), file.stat()
        file.write_bytes(bytes(before.st_size))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

        report = place.clear(proven)

        assert (report.removed, place.on_card()) == (2, {os.fsencode(file.name)})
        assert reasons(report) == {Reason.CHANGED}
        clip = next(one.clip for one in report.left)
        assert clip is not None
        assert not place.known.removed(clip)
        assert body_of(place, "CLEARED")["left"] == {"changed": [clip.id]}

    def test_a_file_that_grew_stays(self, place: Place) -> None:
        proven = place.prove()
        with file_in(place).open("ab") as file:
            file.write(b"more")

        assert reasons(place.clear(proven)) == {Reason.CHANGED}
        assert len(place.on_card()) == 1

    def test_a_file_that_was_only_touched_stays_until_it_is_proved_anew(self, place: Place) -> None:
        proven = place.prove()
        touch(file_in(place), now())

        assert reasons(place.clear(proven)) == {Reason.CHANGED}
        assert place.clear().is_whole
        assert place.on_card() == set()

    def test_a_file_that_was_renamed_is_gone_and_not_by_us(self, place: Place) -> None:
        proven, file = place.prove(), file_in(place)
        file.rename(file.with_name("renamed.MP4"))

        report = place.clear(proven)

        assert reasons(report) == {Reason.GONE}
        assert place.on_card() == {b"renamed.MP4"}

    def test_a_file_with_a_second_name_stays(self, place: Place, tmp_path: Path) -> None:
        proven, file = place.prove(), file_in(place)
        os.link(file, tmp_path / "elsewhere")

        assert reasons(place.clear(proven)) == {Reason.LINKED}
        assert file.exists()

    def test_a_link_in_place_of_a_file_is_neither_followed_nor_removed(self, place: Place, tmp_path: Path) -> None:
        proven, file = place.prove(), file_in(place)
        shutil.move(file, tmp_path / "target")
        file.symlink_to(tmp_path / "target")

        assert reasons(place.clear(proven)) == {Reason.CHANGED}
        assert file.is_symlink()
        assert (tmp_path / "target").exists()

    def test_a_folder_that_became_a_link_leads_nowhere(self, place: Place, tmp_path: Path) -> None:
        proven, folder = place.prove(), place.card / "DCIM"
        shutil.move(folder, tmp_path / "DCIM")
        folder.symlink_to(tmp_path / "DCIM")

        report = place.clear(proven)

        assert (report.removed, reasons(report)) == (0, {Reason.GONE})
        assert len(list((tmp_path / "DCIM" / "100MEDIA").iterdir())) == 3

    def test_a_folder_in_place_of_a_file_stays(self, place: Place) -> None:
        proven, file = place.prove(), file_in(place)
        file.unlink()
        file.mkdir()

        assert reasons(place.clear(proven)) == {Reason.CHANGED}
        assert file.is_dir()

    def test_a_pipe_in_place_of_a_file_holds_nobody_up(self, place: Place) -> None:
        proven, file = place.prove(), file_in(place)
        file.unlink()
        os.mkfifo(file)

        assert reasons(place.clear(proven)) == {Reason.CHANGED}


class TestWhichClip:
    def test_two_clips_of_the_same_bytes_are_each_cleared(self, place: Place) -> None:
        fill(place.card, {b"DCIM/100MEDIA/a.MP4": b"same", b"DCIM/101MEDIA/a.MP4": b"same"})
        place.take_in()

        report = place.clear()

        assert (report.removed, report.is_whole) == (5, True)

    def test_the_same_name_on_another_camera_is_another_file(self, place: Place, tmp_path: Path) -> None:
        """Its bytes are not stored, though those of its name are."""
        other = tmp_path / "other"
        shutil.copytree(place.card, other)
        place.card = other
        with place.inserted() as card:
            claim = card.claim
        assert claim.value == "DEMO-1"
        for file in other.rglob("*.MP4"):
            before = file.stat()
            file.write_bytes(b"\xff" * before.st_size)
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

        report = place.clear()

        assert (report.removed, reasons(report)) == (0, {Reason.CHANGED})
        assert len(place.on_card()) == 3

    def test_names_in_no_encoding_are_cleared_by_their_bytes(self, place: Place) -> None:
        fill(place.card, {b"DCIM/\xb9\xab\xb0\xb2\xff\n.MP4": b"named by nobody"})
        place.take_in()

        assert place.clear().is_whole
        assert place.on_card() == set()

    def test_a_file_of_the_same_size_that_came_later_is_its_own_clip(self, place: Place) -> None:
        file = file_in(place)
        before = file.stat()
        file.write_bytes(b"\x01" * before.st_size)
        touch(file, now() - timedelta(hours=1))
        place.take_in()

        assert place.clear().is_whole
        assert place.on_card() == set()


def test_a_card_with_more_files_than_an_entry_can_name_is_cleared_in_several(tmp_path: Path) -> None:
    place = Place.made(tmp_path, *AT_ONCE, files=66)

    report = place.clear()

    assert (report.removed, len(report.closed)) == (66, 2)
    assert place.types() == ["CLEAR_AUTHORISED", "CLEARED"] * 2
    assert audited(place.office) == []
    place.close()
