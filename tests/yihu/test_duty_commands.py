"""A day with cameras at the command line, in both languages: what is said, what is asked, and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cases.duty.carrying import Why
from cases.duty.fitness import Point
from cases.duty.values import Condition, How
from tests.crashes.offices import fill, footage, founded, opened, take_in
from yihu.cli import app
from yihu.cli.common import Exit
from yihu.duty_words import condition_text, how_text, point_text, why_text

from .whole_office import audited


@dataclass(frozen=True)
class Counter:
    """The counter at which cameras are given out: a camera, two officers, a keyboard."""

    home: Path

    def __call__(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        ran = CliRunner().invoke(app, [*arguments, "--config", str(self.home / "yihu.toml")], input=typed)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        return ran.exit_code, ran.output

    def answer(self, *arguments: str, typed: str = "", code: int = Exit.DONE) -> Any:  # noqa: ANN401 - JSON
        ended, said = self(*arguments, "--json", typed=typed)
        assert ended == code, said
        return json.loads(said)


@pytest.fixture(scope="module")
def founded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("duty")
    office = founded(root / "office")
    take_in(office, fill(root / "card", footage(1)))
    bureau = office.registry.add_office("演示局", code="D-1", actor=office.operator)
    for name, badge in (("演示员甲", "000001"), ("演示员乙", "000002")):
        office.registry.add_officer(name, badge=badge, office=bureau, actor=office.operator)
    office.engine.dispose()
    return office.home


@pytest.fixture
def counter(founded_home: Path, tmp_path: Path) -> Counter:
    shutil.copytree(founded_home, tmp_path / "office")
    return Counter(tmp_path / "office")


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("YIHU_LANG", request.param)
    return str(request.param)


def test_a_day_with_a_camera(counter: Counter, language: str) -> None:
    """Cards and PINs, issue, hand-over, a mistake, the return: each is said in the person's language."""
    zh = language == "zh"

    def says(chinese: str, english: str, *arguments: str, typed: str = "", code: int = 0) -> None:
        ended, said = counter(*arguments, typed=typed)
        assert (ended, (chinese if zh else english) in said) == (code, True), said

    says("工作卡已登记", "the card is known", "officer", "card", "000001", typed="0012-3456\n")
    says("PIN 已设置", "the PIN is set", "officer", "pin", "演示员乙", typed="8412\n8412\n")
    says("未检查", "not checked", "duty", "check", "DEMO-1")
    says("没有在外的", "no camera is out", "duty", "list")
    says("已配发", "issued, as entry", "duty", "issue", "DEMO-1", "--card", typed="00123456\n")
    says("刷卡", "card", "duty", "list")
    says("按流程", "life cycle", "duty", "issue", "DEMO-1", "000002", code=Exit.EVIDENCE)
    says("已交接", "handed over", "duty", "handover", "DEMO-1", "000001", "000002", "--signed")
    says("演示员乙", "演示员乙", "duty", "who", "DEMO-1")
    says("当时已入账", "recorded at the time", "duty", "who", "DEMO-1")
    says("已撤回", "taken back", "duty", "undo", "DEMO-1", "--reason", "登记错人")
    says("演示员甲", "演示员甲", "duty", "who", "demo")
    says("已归还", "returned", "duty", "return", "DEMO-1", "--condition", "damaged", "--remarks", "镜头开裂")
    says("没有领用记录", "nobody had it", "duty", "who", "DEMO-1", code=Exit.NOT_FOUND)
    says("没有权限", "Not allowed", "duty", "issue", "DEMO-1", "000002", "--pin", typed="1111\n", code=Exit.NOT_FOUND)
    says("已配发", "issued", "duty", "issue", "DEMO-1", "000002", "--pin", typed="8412\n")
    says("工作卡已注销", "counts no more", "officer", "card", "000001", "--withdraw")
    says("PIN 已取消", "no PIN any more", "officer", "pin", "000002", "--remove")
    assert audited(opened(counter.home)) == []


def test_what_a_program_is_told(counter: Counter) -> None:
    issued = counter.answer("duty", "issue", "DEMO-1", "000001", "--since", "2026-11-17 08:00")
    (line,) = counter.answer("duty", "list")["out"]
    who = counter.answer("duty", "who", "DEMO-1", "--at", "2026-11-18 09:30")

    assert (issued["how"], issued["fit"]["verdict"]) == ("choice", "unchecked")
    assert (line["label"], line["officer"], line["is_claim"], line["overdue"]) == ("DEMO-1", issued["officer"], True, False)
    assert who == {"officer": issued["officer"], "name": "演示员甲", "why": "claimed"}
    assert counter.answer("duty", "issue", "DEMO-1", "000001")["entry"] == issued["entry"]
    assert counter.answer("duty", "who", "DEMO-1", "--at", "2026-11-01", code=Exit.NOT_FOUND)["why"] == "nobody"


def test_who_filmed_a_clip_is_told_by_what_is_known_now(counter: Counter) -> None:
    """The clip was ours before anybody put in who had the camera."""
    (clip,) = [row["clip"] for row in counter.answer("clips")["clips"]]
    assert counter.answer("duty", "who", clip, code=Exit.NOT_FOUND)["why"] == "nobody"
    issued = counter.answer("duty", "issue", "DEMO-1", "000001", "--since", "2026-11-17 08:00")

    assert counter.answer("duty", "who", clip) == {"officer": issued["officer"], "name": "演示员甲", "why": "claimed"}


@pytest.mark.parametrize(
    ("arguments", "typed", "code"),
    [
        (("issue", "DEMO-2", "000001"), "", Exit.NOT_FOUND),
        (("issue", "DEMO-1", "000009"), "", Exit.NOT_FOUND),
        (("issue", "DEMO-1"), "", Exit.USAGE),
        (("issue", "DEMO-1", "000001", "--card", "--pin"), "", Exit.USAGE),
        (("issue", "DEMO-1", "--card"), "99999999\n", Exit.NOT_FOUND),
        (("issue", "DEMO-1", "--card"), "", Exit.USAGE),
        (("issue", "DEMO-1", "000001", "--pin"), "8412\n", Exit.NOT_FOUND),
        (("issue", "DEMO-1", "000001", "--since", "2999-01-01"), "", Exit.USAGE),
        (("who", "DEMO-1", "--at", "0001-01-01"), "", Exit.USAGE),
        (("who", "DEMO-1", "--at", "9999-12-31"), "", Exit.NOT_FOUND),
        (("return", "DEMO-1"), "", Exit.EVIDENCE),
        (("return", "DEMO-1", "--condition", "lost"), "", Exit.USAGE),
        (("undo", "DEMO-1", "--reason", "x"), "", Exit.EVIDENCE),
        (("handover", "DEMO-1", "000001", "000001"), "", Exit.USAGE),
        (("handover", "DEMO-1", "000001", "000002"), "", Exit.EVIDENCE),
        (("who", "clip:01J00000000000000000000000"), "", Exit.NOT_FOUND),
    ],
)
def test_what_cannot_be_done_ends_in_its_exit_code(
    counter: Counter, arguments: tuple[str, ...], typed: str, code: Exit
) -> None:
    ended, said = counter("duty", *arguments, typed=typed)

    assert (ended, "Traceback" in said) == (code, False), said
    assert counter.answer("duty", "list") == {"out": []}


def test_both_sides_of_a_hand_over_confirm_by_their_cards(counter: Counter) -> None:
    for badge, card in (("000001", "11112222"), ("000002", "33334444")):
        counter("officer", "card", badge, typed=f"{card}\n")
    counter("duty", "issue", "DEMO-1", "--card", typed="11112222\n")
    assert counter("duty", "handover", "DEMO-1", "--card", typed="11112222\n99999999\n")[0] == Exit.NOT_FOUND
    handed = counter.answer("duty", "handover", "DEMO-1", "--card", typed="11112222\n33334444\n")

    assert handed["from"] != handed["to"]
    assert counter.answer("duty", "who", "DEMO-1")["officer"] == handed["to"]


def test_a_card_of_somebody_else_is_not_the_one_of_whoever_was_named(counter: Counter) -> None:
    counter("officer", "card", "000001", typed="11112222\n")

    assert counter("duty", "issue", "DEMO-1", "000002", "--card", typed="11112222\n")[0] == Exit.NOT_FOUND
    assert counter("duty", "issue", "DEMO-1", "000001", "--card", typed="11112222\n")[0] == Exit.DONE


def test_where_a_choice_is_not_enough_nobody_is_chosen(counter: Counter) -> None:
    settings = counter.home / "yihu.toml"
    settings.write_text(f"{settings.read_text()}\n[duty]\nby_choice = false\npin_attempts = 1\n")
    counter("officer", "pin", "000001", typed="8412\n8412\n")

    assert counter("duty", "issue", "DEMO-1", "000001")[0] == Exit.NOT_FOUND
    locked = counter.answer("duty", "issue", "DEMO-1", "000001", "--pin", typed="1111\n", code=Exit.NOT_FOUND)
    assert (locked["error"], "1111" in str(locked)) == ("LockedOut", False)
    assert counter("duty", "issue", "DEMO-1", "000001", "--signed")[0] == Exit.DONE


def test_pins_that_differ_or_are_too_easy_are_not_set(counter: Counter) -> None:
    for typed in ("8412\n8413\n", "45678\n45678\n", "77777\n77777\n", "\n\n"):
        ended, said = counter("officer", "pin", "000001", typed=typed)
        assert (ended, [pin for pin in typed.split() if pin in said]) == (Exit.USAGE, [])
    assert counter("officer", "pin", "000001", "--remove")[0] == Exit.EVIDENCE


def test_every_code_has_words_of_its_own(language: str) -> None:
    texts = [
        *(why_text(one) for one in Why),
        *(point_text(one) for one in Point),
        *(how_text(one) for one in How),
        *(condition_text(one) for one in Condition),
    ]

    assert len({*texts}) == len(texts)
    assert [text for text in texts if text.isascii() != (language == "en") and text != "PIN"] == []


@pytest.mark.parametrize("command", ["issue", "return", "handover", "undo", "who", "check"])
def test_help_teaches_and_names_the_exit_codes(language: str, command: str) -> None:
    # the language is chosen when the program starts
    ran = subprocess.run([sys.executable, "-m", "yihu", "duty", command, "--help"], capture_output=True, check=True)
    assert ("退出码" if language == "zh" else "Exit codes") in ran.stdout.decode()
