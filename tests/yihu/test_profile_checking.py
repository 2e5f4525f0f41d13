"""``yihu profiles check``: a contributor is told everything that is wrong with a profile, in which line, and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from device_profiles.profile import load_profiles
from tests.yihu.commanding import answer, yihu
from tests.yihu.contributing import copy, edit
from yihu.checking import SHIPPED
from yihu.cli.common import Exit

NAMES = sorted(profile.name for profile in load_profiles())


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The language of the person."""
    monkeypatch.setenv("YIHU_LANG", request.param)
    return str(request.param)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A contributor's profile: a shipped one under another name, with its sample."""
    return copy(tmp_path / "mine", "gopro", "my-camera")


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_profile_is_right(name: str) -> None:
    said = answer("profiles", "check", SHIPPED / f"{name}.toml")

    assert (said["profile"], said["well"], said["breaches"]) == (name, True, [])
    assert said["files"] > said["cards"] > 0


def test_a_copy_that_was_edited_is_right(copied: Path, language: str) -> None:
    code, said = yihu("profiles", "check", copied)

    assert (code, said.startswith("✔ my-camera")) == (Exit.DONE, True)
    assert ("符合设备描述契约" if language == "zh" else "keeps the contract") in said


@pytest.mark.parametrize(
    ("old", "new", "key", "kind", "chinese", "english"),
    [
        ("under =", "udner =", "recordings.0.udner", "unknown-key", "没有这个键", "no such key"),
        ("priority = 55", 'priority = "55"', "priority", "wrong-type", "类型不对", "wrong type"),
        ('grade = "A"', 'grade = "D"', "match.0.grade", "not-allowed", "不在允许范围内", "allowed values"),
        ('grade = "A"\n', "", "match.0.grade", "missing", "缺少此项", "is missing"),
        ("P<chapter>", "P<chatper>", "names.0", "bad-group", "未知的命名组", "nobody knows"),
        ("(?P<chapter>", "((?P<chapter>", "names.0.pattern", "bad-pattern", "正则表达式有误", "regular expression"),
        ("Asia/Shanghai", "Asia/Beijing", "clock.zone", "bad-zone", "没有这个时区", "no such time zone"),
        ('"DCIM"]', '"../DCIM"]', "recordings.0.under.1", "bad-folder", "应为相对文件夹", "relative folder"),
        ('interface = "mtp"', 'interface = "mpt"', "usb.0.interface", "not-allowed", "不在允许范围内", "allowed values"),
    ],
)
def test_a_fault_is_told_with_line_and_key_in_the_language_of_the_person(
    copied: Path, language: str, old: str, new: str, key: str, kind: str, chinese: str, english: str
) -> None:
    line = copied.read_text("utf-8").partition(old)[0].count("\n") + 1
    edit(copied, old, new)

    (fault,) = answer("profiles", "check", copied, code=Exit.NOT_FOUND)["faults"]
    assert (fault["key"], fault["kind"]) == (key, kind)
    assert fault["line"] == line or kind in {"missing", "bad-group"}
    code, said = yihu("profiles", "check", copied)
    assert code == Exit.NOT_FOUND
    assert (f"第 {fault['line']} 行 {key}" if language == "zh" else f"line {fault['line']} {key}") in said
    assert (chinese if language == "zh" else english) in said


def test_every_fault_is_told_at_once(copied: Path) -> None:
    edit(copied, "under =", "udner =")
    edit(copied, "Asia/Shanghai", "Asia/Beijing")

    faults = answer("profiles", "check", copied, code=Exit.NOT_FOUND)["faults"]

    assert sorted(fault["kind"] for fault in faults) == ["bad-zone", "unknown-key"]


def test_what_is_no_toml_is_told_with_its_line(copied: Path) -> None:
    edit(copied, "[label]", "[label")

    (fault,) = answer("profiles", "check", copied, code=Exit.NOT_FOUND)["faults"]

    assert (fault["kind"], fault["line"]) == ("not-toml", copied.read_text("utf-8").partition("[label")[0].count("\n") + 1)


def test_a_file_in_gbk_is_told_with_its_line(copied: Path) -> None:
    copied.write_bytes(copied.read_text("utf-8").encode("gb18030"))

    (fault,) = answer("profiles", "check", copied, code=Exit.NOT_FOUND)["faults"]

    assert (fault["kind"], fault["line"]) == ("not-utf8", 7)


def test_a_broken_contract_is_told_by_file(copied: Path, language: str) -> None:
    edit(copied, '"jpg", "jpeg"', '"jpe"')

    said = answer("profiles", "check", copied, code=Exit.EVIDENCE)
    first = said["breaches"][1]

    assert (said["well"], first["kind"], first["expected"], first["found"]) == (False, "kind", "photo", "other")
    assert first["where"] == "DCIM/100MINE/GOPR1234.JPG"
    _code, told = yihu("profiles", "check", copied)
    assert ("种类: 应为 photo，实为 other" if language == "zh" else "kind: expected photo, found other") in told


def test_of_very_many_differences_the_rest_is_counted(copied: Path, language: str) -> None:
    edit(copied, '"mp4", "360"', '"mpg"')
    count = len(answer("profiles", "check", copied, code=Exit.EVIDENCE)["breaches"])

    _code, told = yihu("profiles", "check", copied)

    assert (f"另有 {count - 40} 处" if language == "zh" else f"and {count - 40} more") in told
    assert len(told.splitlines()) == 1 + 2 * 40 + 1


def test_a_profile_that_takes_the_cards_of_others_is_told(copied: Path) -> None:
    edit(copied, 'folders = ["DCIM/*MINE"]', 'folders = ["DCIM"]')

    breaches = answer("profiles", "check", copied, code=Exit.EVIDENCE)["breaches"]

    assert {each["where"] for each in breaches if each["kind"] == "takes-others-card"} == {"generic-dcim"}


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda file: (file.parent / "samples" / file.name).unlink(), "NotFound"),
        (Path.unlink, "NotFound"),
    ],
    ids=["no sample", "no profile"],
)
def test_a_profile_without_a_sample_is_not_known_to_work(copied: Path, spoil: Callable[[Path], None], error: str) -> None:
    spoil(copied)

    assert answer("profiles", "check", copied, code=Exit.NOT_FOUND)["error"] == error


@pytest.mark.parametrize(
    ("file", "old", "new", "kind"),
    [
        ("samples/my-camera.toml", 'profile = "my-camera"', 'profile = "gopro"', "wrong-name"),
        ("samples/my-camera.toml", "kind = ", "knid = ", "missing"),
        ("samples/my-camera.toml", 'belongs_to = "DCIM', 'belongs_to = "DICM', "wrong"),
        ("samples/my-camera.toml", "GX020135", "gx010135", "wrong"),
        ("my-camera.toml", 'name = "my-camera"', 'name = "your-camera"', "wrong-name"),
    ],
)
def test_a_sample_that_does_not_go_with_its_profile_is_told(copied: Path, file: str, old: str, new: str, kind: str) -> None:
    edit(copied.parent / file, old, new)

    assert kind in {fault["kind"] for fault in answer("profiles", "check", copied, code=Exit.NOT_FOUND)["faults"]}


def test_a_shipped_name_cannot_be_taken(tmp_path: Path) -> None:
    (fault,) = answer("profiles", "check", copy(tmp_path, "tecsar", "tecsar"), code=Exit.NOT_FOUND)["faults"]

    assert fault["kind"] == "taken-name"
