"""``yihu camera``: who is in login mode, and setting the password for it."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
import usb.backend.libusb1
from typer.testing import CliRunner, Result

from ingest.passwords import Passwords
from tests.crashes.offices import founded
from tests.ingest.asked import AT, BC, PROFILE
from tests.ingest.recorders import AtRecorder, BcRecorder
from tests.ingest.usb_bus import Bus, Cable
from yihu.cli import app
from yihu.cli.common import Exit


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The language of the person."""
    monkeypatch.setenv("YIHU_LANG", request.param)
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An office that renders nothing and is in no hurry."""
    office = founded(tmp_path / "office", "", "[cameras]", "answer_ms = 10")
    office.engine.dispose()
    return office.home


def yihu(home: Path, *words: str, told: str = "") -> Result:
    return CliRunner().invoke(app, ["camera", *words, "--config", str(home / "yihu.toml")], input=told)


def plugged(patch: pytest.MonkeyPatch, *cables: Cable) -> None:
    """What libusb finds."""
    patch.setattr(usb.backend.libusb1, "get_backend", lambda: Bus(*cables))


def test_who_is_connected_is_told_and_nothing_set(home: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    Passwords(home / "keys/cameras").set(BC, PROFILE)
    cable = Cable(BcRecorder())
    plugged(monkeypatch, cable, Cable(BcRecorder(), usb_id="1234:abcd", number=(1, 8)))

    told = yihu(home, "ask")

    assert told.exit_code == Exit.DONE, told.output
    assert f"1-4.2  4255:0001  {PROFILE}" in told.output
    assert ("设备 A1B2C3D；警号 000001" if language == "zh" else "device A1B2C3D; officer 000001") in told.output
    assert ("未在真机上验证过" if language == "zh" else "never tried on the maker's hardware") in told.output
    assert cable.recorder.passwords_tried == 0
    assert all(command.endswith(b"?\r\n") for command in cable.recorder.commands)


def test_all_of_it_is_told_as_json(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged(monkeypatch, Cable(BcRecorder()))

    (one,) = json.loads(yihu(home, "ask", "--json").output)["cameras"]

    assert (one["port"], one["profile"], one["verified"], one["error"]) == ("1-4.2", PROFILE, False, None)
    assert (one["asked"]["device"], one["asked"]["clock"]["raw"]) == ("A1B2C3D", "20261124160007")


def test_no_password_goes_with_a_question(home: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    Passwords(home / "keys/cameras").set(AT, PROFILE)
    cable = Cable(AtRecorder())
    plugged(monkeypatch, cable)

    told = yihu(home, "ask")

    assert ("没有听懂的回答" if language == "zh" else "no answer that is understood") in told.output
    assert cable.recorder.commands == [b"BC+SYSTIME?\r\n"]


def test_a_missing_udev_rule_is_named(home: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    plugged(monkeypatch, Cable(BcRecorder(), open_error=errno.EACCES))

    told = yihu(home, "ask")

    assert told.exit_code == Exit.PARTIAL
    assert ("缺少 udev 规则" if language == "zh" else "a udev rule is missing") in told.output


@pytest.mark.parametrize(("words", "expected"), [((), "USB"), (("--port", "9-1"), "9-1")])
def test_that_there_is_none_is_told(home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: str) -> None:
    plugged(monkeypatch, Cable(BcRecorder(), usb_id="1234:abcd"))

    told = yihu(home, "ask", *words)

    assert told.exit_code == Exit.NOT_FOUND
    assert f"{expected}: expected a camera that must be asked" in told.output


@pytest.mark.parametrize(
    ("typed", "password", "words", "file"),
    [
        ("654321\n", BC, (), PROFILE),
        ("87654321\n11112222\n", AT, (), PROFILE),
        ("654321", BC, ("--device", "A1B2C3D"), f"{PROFILE}@A1B2C3D"),
    ],
)
def test_a_password_is_written_and_not_shown(
    home: Path, typed: str, password: object, words: tuple[str, ...], file: str
) -> None:
    told = yihu(home, "password", PROFILE, *words, told=typed)

    assert told.exit_code == Exit.DONE, told.output
    assert typed.split("\n", maxsplit=1)[0] not in told.output
    assert Passwords(home / "keys/cameras").of(PROFILE, "A1B2C3D") == password
    assert (home / "keys/cameras" / file).stat().st_mode & 0o777 == 0o600


def test_a_password_may_be_changed(home: Path) -> None:
    yihu(home, "password", PROFILE, told="111111\n")
    yihu(home, "password", PROFILE, told="654321\n")

    assert Passwords(home / "keys/cameras").of(PROFILE) == BC
    assert [path.name for path in (home / "keys/cameras").iterdir()] == [PROFILE]


@pytest.mark.parametrize(
    ("profile", "typed", "code", "why"),
    [
        ("gopro", "654321", Exit.NOT_FOUND, "no camera of it that must be asked"),
        ("nobody", "654321", Exit.NOT_FOUND, "no camera of it that must be asked"),
        (PROFILE, "1234", Exit.USAGE, "expected 6 characters"),
        (PROFILE, "", Exit.USAGE, "expected 6 characters"),
        (PROFILE, "1\n2\n3", Exit.USAGE, "expected one or two lines"),
        ("yz-1d70", "87654321", Exit.USAGE, "expected 6 characters"),
    ],
)
def test_what_no_camera_would_take_is_not_written(home: Path, profile: str, typed: str, code: Exit, why: str) -> None:
    told = yihu(home, "password", profile, told=typed)

    assert told.exit_code == code
    assert why in told.output
    assert not (home / "keys/cameras").exists()
