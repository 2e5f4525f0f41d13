"""
A process that dies while it clears a camera, before any of its steps: footage is never lost, and nothing is told twice.

After each death the card is met again, as at the next docking, until it ends well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from sqlite3 import OperationalError

import pytest

from ingest.clear import ClearReport
from ingest.clear_policy import Reason
from ingest.progress import Progress, Step
from storage.testing import Moment
from tests.crashes.dying import DIED, Steps, die_before
from tests.crashes.test_lost_writes import MOMENTS, Fault, spoil_calls, spoil_commits
from tests.ingest.clearable import Place, gone_and_not_safe, originals, reasons
from tests.yihu.whole_office import audited


@pytest.fixture
def made(quick_path: Path) -> Place:
    return Place.made(quick_path / "template", files=2)


def healed(place: Place, before: dict[str, str]) -> list[str]:
    """Meet the camera again until it ends well, and say what is wrong then."""
    place.restarted()
    report = place.clear()
    wrong = [report.error] if report.error else []
    wrong += [
        f"not said to be removed: {clip.name}" for clip in place.office.catalog.clips() if not place.known.removed(clip.subject)
    ]
    wrong += [f"left: {one}" for one in report.left] + [f"on the card: {name!r}" for name in place.on_card()]
    wrong += gone_and_not_safe(place, before) + audited(place.office)
    types = place.types()
    if types != ["CLEAR_AUTHORISED", "CLEARED"] * (len(types) // 2) or not types:
        wrong.append(f"recorded: {types}")
    journals = list((place.home / "clearing").iterdir()) if (place.home / "clearing").exists() else []
    wrong += [f"left behind: {path.name}" for path in journals]
    place.close()
    return wrong


def lived(place: Place, number: int, note: Path) -> int:
    """Clear in a process of its own that dies before step *number*; give its exit code."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            proven = place.prove()
            die_before(Steps(number, note), place.office.engine)
            code = 0 if place.clear(proven).is_whole else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_whatever_the_last_step_was_the_next_docking_ends_well(made: Place, quick_path: Path) -> None:
    note, words = quick_path / "note", []
    for number in range(1, 500):
        place = made.copied(quick_path / "copy")
        before = originals(place.card)
        code = lived(place, number, note)
        assert code in {0, DIED}
        assert healed(place, before) == [], f"died before {note.read_text() if code else 'nothing'}"
        if code == 0:
            break
        words.append(note.read_text().split()[0])
    assert words.count("unlink") >= 2
    assert words.count("commit") >= 2
    assert words.count("fsync") >= 4


@MOMENTS
def test_an_entry_or_its_answer_is_lost(made: Place, quick_path: Path, moment: Moment) -> None:
    """Of both: what is authorised is never authorised twice, what is cleared is told once."""
    hits = 0
    for number in range(1, 20):
        place = made.copied(quick_path / "copy")
        before, proven = originals(place.card), place.prove()
        fault = Fault(number, moment, lambda: OperationalError("disk I/O error"))
        spoil_commits(place.office, fault)

        report = place.clear(proven)

        assert bool(report.error) == bool(fault.hit)
        assert healed(place, before) == [], f"commit {number}"
        if not fault.hit:
            break
        hits += 1
    assert hits >= 2


@MOMENTS
def test_the_disk_of_the_journal_fails(made: Place, quick_path: Path, monkeypatch: pytest.MonkeyPatch, moment: Moment) -> None:
    """What cannot be noted is not removed."""
    hits = 0
    for number in range(1, 60):
        place = made.copied(quick_path / "copy")
        before, proven = originals(place.card), place.prove()
        fault = Fault(number, moment, lambda: OSError(5, "Input/output error"))
        with monkeypatch.context() as patch:
            spoil_calls(patch, str(place.home), fault)
            report = place.clear(proven)

        assert fault.hit or not report.error
        assert healed(place, before) == [], f"call {number}: {fault.hit}"
        if not fault.hit:
            break
        hits += 1
    assert hits > 5


@MOMENTS
@pytest.mark.parametrize("call", ["unlink", "fsync"])
def test_the_card_fails_while_a_file_is_removed(
    made: Place, quick_path: Path, monkeypatch: pytest.MonkeyPatch, moment: Moment, call: str
) -> None:
    place = made.copied(quick_path / "copy")
    before, proven = originals(place.card), place.prove()
    fault, real = Fault(1, moment, lambda: OSError(5, "Input/output error")), getattr(os, call)

    def spoiled(*args: object, **kwargs: object) -> object:
        about = kwargs.get("dir_fd", args[0])
        is_card = isinstance(about, int) and str(place.card) in str(Path(f"/proc/self/fd/{about}").readlink())
        return fault.around(call, lambda: real(*args, **kwargs)) if is_card else real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, spoiled)
        report = place.clear(proven)

    assert (report.error, place.types()) == ("SourceChanged", ["CLEAR_AUTHORISED"])
    assert healed(place, before) == []


class TestPulled:
    def pulled(self, place: Place, *, before_file: int) -> ClearReport:
        """Take the card out when file number *before_file* is about to be read; an emptied folder stands there instead."""
        seen: list[Progress] = []
        proven = place.prove()

        def pull(progress: Progress) -> None:
            seen.append(progress)
            begun = [one for one in seen if one.step is Step.CLEARING and not one.done]
            if len(begun) == before_file and begun[-1] is progress:
                place.card.rename(place.card.with_name("pulled"))
                place.card.mkdir()

        return place.clear(proven, watcher=pull)

    def put_back(self, place: Place) -> None:
        place.card.rmdir()
        place.card.with_name("pulled").rename(place.card)

    @pytest.mark.parametrize("number", [1, 2])
    def test_a_camera_that_was_pulled_is_finished_when_it_comes_again(self, made: Place, quick_path: Path, number: int) -> None:
        place = made.copied(quick_path / "copy")
        before = originals(place.card)

        report = self.pulled(place, before_file=number)

        assert report.error == "SourceChanged"
        assert place.types() == ["CLEAR_AUTHORISED"]
        self.put_back(place)
        assert healed(place, before) == []

    def test_an_empty_folder_says_nothing_of_what_is_gone(self, made: Place, quick_path: Path) -> None:
        """Something else that calls itself the same camera: what was not removed by us is not called removed."""
        place = made.copied(quick_path / "copy")
        self.pulled(place, before_file=2)
        place.restarted()

        report = place.clear()

        assert report.removed == 1
        clearing = place.known.last(place.device)
        assert clearing is not None
        assert sorted(str(what) for what in clearing.became.values()) == ["gone", "removed"]
        place.close()

    def test_a_policy_that_changed_meanwhile_closes_it_without_removing(self, made: Place, quick_path: Path) -> None:
        place = made.copied(quick_path / "copy")
        self.pulled(place, before_file=2)
        self.put_back(place)
        place.close()
        settings_ = place.home / "yihu.toml"
        settings_.write_text(settings_.read_text().replace('"at-once"', '"never"'))

        report = place.clear()

        assert (report.removed, reasons(report)) == (1, {Reason.POLICY})
        assert place.types() == ["CLEAR_AUTHORISED", "CLEARED"]
        assert len(place.on_card()) == 1
        place.close()

    def test_a_camera_that_never_comes_again_is_given_up(self, made: Place, quick_path: Path) -> None:
        from yihu.clearing import CameraClearing  # noqa: PLC0415

        place = made.copied(quick_path / "copy")
        self.pulled(place, before_file=2)
        self.put_back(place)
        clearing = CameraClearing(place.office).clearing

        report = clearing.give_up(place.device)

        assert (report.removed, clearing.is_open(place.device)) == (1, False)
        assert len(place.on_card()) == 1
        assert clearing.give_up(place.device).closed == []
        assert audited(place.office) == []
        place.close()
