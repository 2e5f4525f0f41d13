"""``yihu profiles``: a contributor is told what is wrong, where and why; an office is told what a card says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from device_profiles.faults import FaultKind
from device_profiles.matching import ConditionKind
from device_profiles.profile import QuirkCode, load_profiles
from device_profiles.variants import VariantName
from tests.crashes.offices import fill, founded
from tests.yihu.commanding import answer, yihu
from tests.yihu.contributing import copy, edit
from yihu.cli.common import Exit
from yihu.conformance import BreachKind
from yihu.profile_words import BREACHES, CLOCKS, CONDITIONS, FAULTS, KINDS, QUIRKS, SAID, VARIANTS

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


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (FaultKind, FAULTS),
        (BreachKind, BREACHES),
        (VariantName, VARIANTS),
        (ConditionKind, CONDITIONS),
        (QuirkCode, QUIRKS),
    ],
    ids=["faults", "breaches", "variants", "conditions", "quirks"],
)
def test_whatever_can_be_said_has_words_in_both_languages(codes: Any, words: dict[str, tuple[str, str]]) -> None:  # noqa: ANN401
    assert set(words) == set(get_args(codes))


def test_words_are_in_their_language() -> None:
    everything = [
        pair for words in (BREACHES, CLOCKS, CONDITIONS, FAULTS, KINDS, QUIRKS, SAID, VARIANTS) for pair in words.values()
    ]

    assert [chinese for chinese, _english in everything if chinese.isascii()] == []
    assert [english for _chinese, english in everything if not english.isascii()] == []


@pytest.mark.parametrize(
    ("command", "chinese", "english"),
    [
        ("list", "列出已知的摄像机", "List the cameras that are known"),
        ("check", "samples/名称.toml", "samples/NAME.toml"),
        ("explain", "不复制、不打开、不登记", "Nothing is copied, opened or recorded"),
        ("card", "样卡", "sample card"),
    ],
)
@pytest.mark.parametrize("spoken", ["zh", "en"])
def test_help_teaches_in_the_language_of_the_person(spoken: str, command: str, chinese: str, english: str) -> None:
    """Help is made when the program starts."""
    environment = {**os.environ, "YIHU_LANG": spoken, "COLUMNS": "200", "TERM": "dumb"}
    ran = [sys.executable, "-m", "yihu", "profiles", command, "--help"]
    said = subprocess.run(ran, env=environment, capture_output=True, text=True, check=True).stdout

    assert (chinese if spoken == "zh" else english) in said


class TestList:
    def test_every_profile_is_listed_in_the_order_in_which_it_is_asked(self) -> None:
        listed = answer("profiles", "list")["profiles"]

        assert sorted(each["name"] for each in listed) == NAMES
        assert [each["priority"] for each in listed] == sorted((each["priority"] for each in listed), reverse=True)
        assert {each["name"]: each["grades"]["match"] for each in listed}["dcam-ncc036v"] == "A"

    def test_a_person_sees_names_and_what_they_are_recognised_by(self, language: str) -> None:
        code, said = yihu("profiles", "list")

        assert code == Exit.DONE
        assert "tecsar" in said
        assert ("卷标形如" if language == "zh" else "volume label") in said

    def test_profiles_of_a_folder_and_of_an_office_are_among_them(self, copied: Path, tmp_path: Path) -> None:
        office = founded(tmp_path / "office")
        office.engine.dispose()
        edit(office.home / "yihu.toml", "[office]", f'[ingest]\nprofiles = "{copied.parent}"\n\n[office]')

        for where in (("--dir", copied.parent), ("--config", office.home)):
            assert "my-camera" in {each["name"] for each in answer("profiles", "list", *where)["profiles"]}

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        assert answer("profiles", "list", "--dir", tmp_path / "none", code=Exit.NOT_FOUND)["error"] == "NotFound"


class TestExplain:
    def test_every_file_is_explained(self, tmp_path: Path) -> None:
        folder = "DCIM/100MEDIA"
        card = fill(
            tmp_path / "card",
            {
                f"{folder}/DSJ-DEMO-0001_000001_20261118090512_0001.MP4".encode(): b"x",
                f"{folder}/DSJ-DEMO-0001_000001_20261118090512_0001.MP4.md5".encode(): b"x",
                f"{folder}/DSJ-DEMO-0001_000001_20261118091240_0004_IMP.MP4".encode(): b"x",
                f"{folder}/现场.AVI".encode("gbk"): b"x",
                b"note.pdf": b"x",
                b"Thumbs.db": b"x",
            },
        )
        (card / "link.mp4").symlink_to("/etc/hostname")

        said = answer("profiles", "explain", card)

        files = {file["path"].rpartition("/")[2]: file for file in said["files"]}
        first, last = (files[f"DSJ-DEMO-0001_000001_{name}.MP4"] for name in ("20261118090512_0001", "20261118091240_0004_IMP"))
        assert (said["profile"], said["by_hand"]) == ("generic-dcim", False)
        assert {name: file["role"] for name, file in files.items()} == {
            "DSJ-DEMO-0001_000001_20261118090512_0001.MP4": "recording",
            "DSJ-DEMO-0001_000001_20261118090512_0001.MP4.md5": "sidecar",
            "DSJ-DEMO-0001_000001_20261118091240_0004_IMP.MP4": "recording",
            "现场.AVI": "recording",
            "note.pdf": "other",
            "Thumbs.db": "ignored",
            "link.mp4": "refused",
        }
        assert (first["said"]["device"], first["said"]["officer"], first["said"]["sequence"]) == (
            "DSJ-DEMO-0001",
            "000001",
            "0001",
        )
        assert (first["clock"]["zone"], first["clock"]["at"]) == ("Asia/Shanghai", "2026-11-18T01:05:12.000Z")
        assert (first["said"]["important"], last["said"]["important"], first["unknown"]) == (False, True, [])
        assert files["现场.AVI"]["unknown"] == ["device", "officer", "sequence", "time"]
        assert [(gap["first"], gap["last"]) for gap in said["gaps"]] == [(2, 3)]

    def test_a_person_reads_which_rule_decided_and_what_is_unknown(self, tmp_path: Path, language: str) -> None:
        card = fill(tmp_path / "card", {b"DCIM/100GOPRO/GX010001.MP4": b"x", b"DCIM/100GOPRO/GX010003.MP4": b"x"})

        code, said = yihu("profiles", "explain", card)

        assert code == Exit.DONE
        for chinese, english in (
            ("✔ gopro: 文件夹 DCIM/*GOPRO ✔", "✔ gopro: folder DCIM/*GOPRO ✔"),
            ("· tecsar: 卷标形如", "· tecsar: volume label like"),
            ("未知: 设备, 警号, 时间", "unknown: device, officer, time"),
            ("缺少序号 2", "numbers missing: 2"),
            ("记录 2，", "2 recordings"),
        ):
            assert (chinese if language == "zh" else english) in said

    def test_a_person_reads_why_a_file_is_odd(self, tmp_path: Path, language: str) -> None:
        card = fill(
            tmp_path / "card",
            {
                b"Media/IMP/DCAM_DSJDEMO02_000002_19700101_093005_IMP_enc.mp4": b"x",
                b"Media/IMP/DCAM_DSJDEMO02_000002_19700101_093005_IMP_enc.mp4.md5": b"x",
                b"Temp/a.tmp": b"x",
                b"Logs/a.mp4": b"x",
            },
        )
        (card / "link.mp4").symlink_to("/etc/hostname")

        code, said = yihu("profiles", "explain", card, "--profile", "dcam-ncc036v")

        assert code == Exit.DONE
        for chinese, english in (
            ("由人指定", "chosen by hand"),
            ("重点; 加密", "important; encrypted"),
            ("! 时钟从未设置", "! the clock was never set"),
            ("→ Media/IMP/DCAM", "→ Media/IMP/DCAM"),
            ("Temp/a.tmp  (按规则忽略)", "Temp/a.tmp  (ignored by the profile)"),
            ("Logs/a.mp4  (在意外的位置)", "Logs/a.mp4  (in an unexpected place)"),
            ("link.mp4  (符号链接，不跟随)", "link.mp4  (a symbolic link, not followed)"),
        ):
            assert (chinese if language == "zh" else english) in said

    def test_a_person_tells_what_cannot_be_seen(self, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", {b"0001.mp4": b"x"})
        told = ("--usb-id", "4255:0001", "--label", "DEMO001", "--device-id", "DEMO001")

        assert answer("profiles", "explain", card)["profile"] == "generic-folder"
        known = answer("profiles", "explain", card, *told)
        assert (known["profile"], known["files"][0]["said"]["device"]) == ("amba-4255-0001", "DEMO001")
        chosen = answer("profiles", "explain", card, "--profile", "transcend-body-70")
        assert (chosen["profile"], chosen["by_hand"], chosen["rule"]) == ("transcend-body-70", True, None)

    def test_a_name_does_nothing_on_the_screen(self, tmp_path: Path) -> None:
        officer = "\x1b[31m\u202e王"
        card = fill(tmp_path / "card", {f"BWC0042_{officer}_20261121_222950_0007.mp4".encode(): b"x"})

        code, said = yihu("profiles", "explain", card)

        assert code == Exit.DONE
        assert "\\x1b[31m\\u202e王" in said
        assert not {"\x1b", "\u202e"} & set(said)

    @pytest.mark.parametrize("spoil", [Path.mkdir, lambda _card: None, Path.touch], ids=["empty", "none", "a file"])
    def test_no_card_or_nothing_on_it_is_a_failure(self, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
        """A pulled card may list as empty: nothing explained must not look as if all were well."""
        spoil(tmp_path / "card")

        assert answer("profiles", "explain", tmp_path / "card", code=Exit.NOT_FOUND)["error"] == "NotFound"

    def test_a_profile_that_is_none_is_a_mistake_in_typing(self, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", {b"0001.mp4": b"x"})

        said = answer("profiles", "explain", card, "--profile", "go-pro", code=Exit.USAGE)

        assert "expected one of amba-4255-0001" in said["detail"]

    def test_explaining_leaves_no_trace(self, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", {b"DCIM/0001.MP4": b"x"})
        before = {path: (path.lstat().st_mtime_ns, path.lstat().st_atime_ns) for path in card.rglob("*") if path.is_file()}

        answer("profiles", "explain", card)

        assert before == {
            path: (path.lstat().st_mtime_ns, path.lstat().st_atime_ns) for path in card.rglob("*") if path.is_file()
        }


class TestCard:
    @pytest.mark.media
    def test_a_sample_card_is_written_and_explained(self, tmp_path: Path) -> None:
        written = answer("profiles", "card", "gopro", tmp_path / "card")["files"]

        said = answer("profiles", "explain", tmp_path / "card")

        assert (said["profile"], len(said["files"])) == ("gopro", written)

    def test_a_folder_with_something_in_it_is_left_alone(self, tmp_path: Path, copied: Path) -> None:
        said = answer("profiles", "card", copied, tmp_path, code=Exit.USAGE)

        assert "expected an empty folder" in said["detail"]
        assert os.listdir(tmp_path) == ["mine"]  # noqa: PTH208 - names are compared

    def test_a_profile_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        assert answer("profiles", "card", "no-such", tmp_path / "card", code=Exit.NOT_FOUND)["error"] == "NotFound"


def test_ingest_takes_the_profile_a_person_chose(tmp_path: Path) -> None:
    office = founded(tmp_path / "office")
    office.engine.dispose()
    card = fill(tmp_path / "card", {b"20261118_090512.mp4": b"x"})
    told = ("ingest", card, "--device", "DEMO-1", "--config", office.home / "yihu.toml")

    refused = answer(*told, "--profile", "go-pro", code=Exit.USAGE)
    taken = answer(*told, "--profile", "transcend-body-70")["cards"][0]

    assert "there is none of that name" in refused["detail"]
    assert (taken["profile"], len(taken["secured"])) == ("transcend-body-70", 1)
