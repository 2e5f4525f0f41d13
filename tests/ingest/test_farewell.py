"""What is done to a camera before it is given back: its clock is set if the office wants it, and it is locked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ingest.asking import Farewell, Unlocked
from ingest.attempts import Attempts
from ingest.camera import Asked
from ingest.camera_login import CameraLogin
from ingest.crew import Login
from ingest.dialects import Fault, Password
from ingest.passwords import Passwords
from storage import durable
from storage.custody import Custody
from storage.errors import Refused, SourceChanged, StorageUnavailable
from storage.evidence import Entry, Kind
from storage.identity import found_again
from tests.ingest.asked import AT, BC, PROFILE, Desk, attempts_in, desk
from tests.ingest.recorders import AtRecorder, BcRecorder
from tests.ingest.usb_bus import Cable
from yihu.asking import login_of
from yihu.board_words import reason_words
from yihu.wiring import Office

BACK = Unlocked(PROFILE, "bc-plus", "A1B2C3D")


def at_the_end(office: Office, cable: Cable, password: Password, *, sets_clock: bool) -> Desk:
    there = desk(office, cable, password, sets_clock=sets_clock)
    enrolled = Entry("DEVICE_ENROLLED", there.known_device, office.dock, {"identified_by": "named"}, {"label": "A1B2C3D"})
    office.custody.record(enrolled)
    return there


def test_the_clock_is_left_alone_unless_the_office_wants_it_set(office: Office) -> None:
    there = at_the_end(office, Cable(BcRecorder(is_volume=True, is_open=True)), BC, sets_clock=False)

    done = there.asking.farewell(there.cable.device, BACK, there.known_device)

    assert done == Farewell(None, is_locked=True)
    assert not there.cable.recorder.is_volume
    assert there.cable.recorder.clock == BcRecorder().clock
    assert there.entries("CLOCK_SET") == []


def test_a_set_clock_is_on_the_record_before_and_after(office: Office) -> None:
    there = at_the_end(office, Cable(BcRecorder(zone=",60,0")), BC, sets_clock=True)

    done = there.asking.farewell(there.cable.device, BACK, there.known_device)

    assert done == Farewell(None, is_locked=True)
    # the camera says that it counts one hour ahead of UTC, so it is set in that zone
    assert there.cable.recorder.clock == datetime(2026, 11, 24, 9, 0, 0)  # noqa: DTZ001 - a camera's clock has no zone
    ordered, after = (one["body"] for one in there.entries("CLOCK_SET"))
    assert ordered.pop("step") == "ordered"
    assert after.pop("step") == "done"
    assert abs(after.pop("after_ms")) < 1_000
    assert ordered == after
    assert ordered["dialect"] == "bc-plus"
    assert ordered["to"] == "2026-11-24T08:00:00.000Z"
    assert 25_206_000 < ordered["before_ms"] < 25_207_000  # 16:00:07 an hour ahead of UTC, at eight


def test_one_that_shows_no_clock_is_set_all_the_same(office: Office) -> None:
    there = at_the_end(office, Cable(AtRecorder()), AT, sets_clock=True)

    done = there.asking.farewell(there.cable.device, Unlocked(PROFILE, "at-sign", "A1B2C3D"), there.known_device)

    assert done == Farewell(None, is_locked=False)
    assert there.cable.recorder.clock == datetime(2026, 11, 24, 16, 0, 0)  # noqa: DTZ001 - it counts in the zone of its profile
    assert [set(one["body"]) for one in there.entries("CLOCK_SET")] == [{"dialect", "step", "to"}] * 2


def test_a_password_that_is_not_taken_any_more_is_told(office: Office) -> None:
    there = at_the_end(office, Cable(BcRecorder(password=AT.login)), BC, sets_clock=True)

    assert there.asking.farewell(there.cable.device, BACK, there.known_device).clock is Fault.WRONG_PASSWORD
    assert [one["body"]["step"] for one in there.entries("CLOCK_SET")] == ["ordered", "wrong-password"]
    assert there.cable.recorder.passwords_tried == 1


def test_another_camera_in_its_place_is_left_alone(office: Office) -> None:
    there = at_the_end(office, Cable(BcRecorder(device="Z9")), BC, sets_clock=True)

    with pytest.raises(SourceChanged, match="expected 'A1B2C3D', found 'Z9'"):
        there.asking.farewell(there.cable.device, BACK, there.known_device)

    assert there.cable.recorder.passwords_tried == 0


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_no_clock_is_set_that_is_not_on_the_record(office: Office, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Whether the entry or only the answer got lost, the camera is not touched, and doing it again ends well."""
    there = at_the_end(office, Cable(BcRecorder()), BC, sets_clock=True)
    really = Custody.record

    def record(self: Custody, entry: Entry) -> object:
        if moment == "after":
            really(self, entry)
        message = "the database is away"
        raise StorageUnavailable(message)

    with monkeypatch.context() as patch:
        patch.setattr(Custody, "record", record)
        with pytest.raises(StorageUnavailable):
            there.asking.farewell(there.cable.device, BACK, there.known_device)
    untouched = there.cable.recorder.clock

    assert there.asking.farewell(there.cable.device, BACK, there.known_device) == Farewell(None, is_locked=True)
    assert untouched == BcRecorder().clock
    steps = [one["body"]["step"] for one in there.entries("CLOCK_SET")]
    assert steps == ["ordered"] * (moment == "after") + ["ordered", "done"]


def test_of_a_camera_that_nobody_recorded_no_clock_is_set(office: Office) -> None:
    there = at_the_end(office, Cable(BcRecorder()), BC, sets_clock=True)

    assert there.asking.farewell(there.cable.device, BACK, None) == Farewell(None, is_locked=True)
    assert there.cable.recorder.clock == BcRecorder().clock


# --- as a bay of the dock does it ------------------------------------------------------------------------------------------


def test_a_bay_opens_it_and_gives_it_back(office: Office) -> None:
    there = at_the_end(office, Cable(BcRecorder()), BC, sets_clock=True)
    login: Login = CameraLogin(there.asking, lambda _asked: there.known_device, office.dock.who)
    asked = login.ask(there.cable.device)
    assert asked is not None

    assert login.unlock(there.cable.device, asked) == ""
    there.cable.number = (1, 8)
    login.farewell(there.cable.device, asked)

    assert not there.cable.recorder.is_volume
    assert [one["sub"] for one in there.entries("CLOCK_SET")] == [str(there.known_device)] * 2
    assert login.askable == {"4255:0001", "1d70:01d4", "1d70:01d5", "1d70:01d6", "1d70:01d7"}


@pytest.mark.parametrize("is_known", [True, False])
def test_a_refusal_is_about_the_camera_if_it_is_known(office: Office, is_known: bool) -> None:  # noqa: FBT001 - a parameter
    there = at_the_end(office, Cable(BcRecorder(password=AT.login)), BC, sets_clock=True)
    login = CameraLogin(there.asking, lambda _asked: there.known_device if is_known else None, office.dock.who)
    asked = login.ask(there.cable.device)
    assert asked is not None

    assert login.unlock(there.cable.device, asked) == "wrong-password"
    subject = there.known_device if is_known else office.dock.who
    assert [one["sub"] for one in there.entries("UNLOCK_REFUSED")] == [str(subject)]


def test_the_office_knows_a_camera_again_by_what_it_says(office: Office) -> None:
    login, said = login_of(office), Asked("bc-plus", "A1B2C3D")
    before = login.known(said)
    device = found_again(office.index_key, Kind.DEVICE, "asked:A1B2C3D")
    office.custody.record(Entry("DEVICE_ENROLLED", device, office.dock, {"identified_by": "asked"}, {"label": "A1B2C3D"}))

    assert (before, login.known(said), login.known(Asked("bc-plus"))) == (None, device, None)


@pytest.mark.parametrize("fault", list(Fault))
def test_why_it_was_not_opened_has_words(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    for language in ("zh", "en"):
        monkeypatch.setenv("YIHU_LANG", language)
        assert reason_words(fault.value) != fault.value
        assert reason_words(fault.value).isascii() is (language == "en")


# --- what is written down ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_an_attempt_that_cannot_be_written_down_is_not_made(
    office: Office, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    there = desk(office, Cable(BcRecorder()), BC)
    asked = there.asking.ask(there.cable.device)
    assert asked is not None
    really = durable.write_new

    def write_new(path: Path, data: bytes) -> None:
        if moment == "after":
            really(path, data)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(durable, "write_new", write_new)
        with pytest.raises(StorageUnavailable, match="nothing is tried"):
            there.asking.unlock(there.cable.device, asked, office.dock.who)

    assert there.cable.recorder.passwords_tried == 0
    assert attempts_in(office.home / "tried") == ["unlock"] * (moment == "after")


def test_attempts_of_an_earlier_start_of_the_machine_are_forgotten(tmp_path: Path) -> None:
    device = Cable(BcRecorder()).device
    assert Attempts(tmp_path, "earlier").claim(device, "unlock")

    now = Attempts.since_boot(tmp_path)

    assert now.claim(device, "unlock")
    assert not Attempts.since_boot(tmp_path).claim(device, "unlock")
    assert attempts_in(tmp_path) == ["unlock"]


@pytest.mark.parametrize("password", [BC, AT])
def test_a_password_is_read_as_it_was_set_and_by_nobody_else(tmp_path: Path, password: Password) -> None:
    path = Passwords(tmp_path / "keys").set(password, PROFILE)

    assert Passwords(tmp_path / "keys").of(PROFILE, "A1B2C3D") == password
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert Passwords(tmp_path / "keys").of("yz-1d70") is None


def test_one_camera_may_have_a_password_of_its_own(tmp_path: Path) -> None:
    passwords = Passwords(tmp_path)
    passwords.set(AT, PROFILE)
    passwords.set(BC, PROFILE, "A1B2C3D")

    assert (passwords.of(PROFILE, "A1B2C3D"), passwords.of(PROFILE, "Z9"), passwords.of(PROFILE)) == (BC, AT, AT)


@pytest.mark.parametrize("device", ["../../etc/passwd", "", "样例机", "a/b"])
def test_what_a_camera_calls_itself_is_no_path(tmp_path: Path, device: str) -> None:
    passwords = Passwords(tmp_path)
    passwords.set(BC, PROFILE)

    assert passwords.of(PROFILE, device) == BC
    with pytest.raises(ValueError, match="expected letters"):
        passwords.set(BC, PROFILE, device)


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\nc\n", b"a\0b\n", b"\xff\x1b\n"])
def test_a_file_that_holds_no_password_is_refused_without_repeating_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / PROFILE).touch(mode=0o600)
    (tmp_path / PROFILE).write_bytes(content)

    with pytest.raises(Refused, match="expected a password in one line"):
        Passwords(tmp_path).of(PROFILE)


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_only_a_file_holds_a_password(tmp_path: Path, kind: str) -> None:
    (tmp_path / "elsewhere").touch(mode=0o600)
    if kind == "link":
        (tmp_path / PROFILE).symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / PROFILE).mkdir(mode=0o700)

    with pytest.raises(Refused):
        Passwords(tmp_path).of(PROFILE)
