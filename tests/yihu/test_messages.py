"""Whatever goes wrong with a card is told in the person's language: which file, why, and by an exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from typer.testing import CliRunner, Result

from ingest.cards import Card, What
from ingest.clear_policy import Reason
from ingest.manifest import HOSTILE_NAME, IMPOSSIBLE_SIZE
from ingest.progress import Step
from storage.errors import EvidenceError, YihuError
from storage.evidence import DevicePath
from storage.folder import FolderStore
from storage.room import Room
from tests.crashes.offices import faults, fill, founded, opened
from yihu.clear_words import clear_reason_text
from yihu.cli import app
from yihu.cli.common import Exit
from yihu.cli.watching import _WORDS
from yihu.language import explained, reason_text

ROOMS = ("api", "cases", "device_profiles", "ingest", "storage", "yihu")


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The language of the person."""
    monkeypatch.setenv("YIHU_LANG", request.param)
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An office that renders nothing."""
    office = founded(tmp_path / "office")
    office.engine.dispose()
    return office.home


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with a good file and one that something happens to."""
    return fill(tmp_path / "card", {b"good.MP4": b"good", "现场.MP4".encode("gbk"): b"x" * 9_000})


def ingest(home: Path, card: Path) -> Result:
    return CliRunner().invoke(app, ["ingest", str(card), "--device", "DEMO-1", "--config", str(home / "yihu.toml")])


def test_every_error_has_words_of_its_own_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {}
    for language in ("zh", "en"):
        monkeypatch.setenv("YIHU_LANG", language)
        said[language] = {kind.__name__: explained(kind.__name__) for kind in all_errors()}

    assert len(set(said["zh"].values())) == len(said["zh"])
    assert len(set(said["en"].values())) == len(said["en"])
    assert not [text for text in said["zh"].values() if text.isascii()]
    assert not [text for text in said["en"].values() if not text.isascii()]
    assert "未预料" not in "".join(said["zh"].values())


def all_errors() -> Iterator[type[YihuError]]:
    """Every error of every room, the roots left out that are never raised."""
    for room in ROOMS:
        for module in walk_packages(import_module(room).__path__, f"{room}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                import_module(module.name)
    waiting = [YihuError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind is not YihuError and kind.__module__.partition(".")[0] in ROOMS:
            yield kind


def test_every_reason_of_a_manifest_has_words(language: str) -> None:
    reasons = [what.value for what in What if what not in {What.FILE, What.FOLDER}] + [HOSTILE_NAME, IMPOSSIBLE_SIZE]

    assert [reason for reason in reasons if reason_text(reason) == reason] == []
    assert all(reason_text(reason).isascii() == (language == "en") for reason in reasons)


def test_every_reason_to_leave_a_file_on_its_camera_has_words(language: str) -> None:
    assert [reason for reason in Reason if clear_reason_text(reason).isascii() != (language == "en")] == []


def test_every_step_has_words() -> None:
    assert set(_WORDS) == set(Step) - {Step.READING, Step.LISTED, Step.PROVING, Step.CLEARING}


def links(card: Path, _patch: pytest.MonkeyPatch) -> None:
    (card / "link.MP4").symlink_to("/etc/hostname")


def pipes(card: Path, _patch: pytest.MonkeyPatch) -> None:
    os.mkfifo(card / "pipe.MP4")


def no_room(_card: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Room, "free", lambda _room: 5_000)


def vanishing(card: Path, patch: pytest.MonkeyPatch) -> None:
    really = Card.open

    def open_too_late(self: Card, path: DevicePath) -> object:
        if path.raw == "现场.MP4".encode("gbk"):
            (card / os.fsdecode(path.raw)).unlink(missing_ok=True)
        return really(self, path)

    patch.setattr(Card, "open", open_too_late)


def no_store(card: Path, _patch: pytest.MonkeyPatch) -> None:
    (card.parent / "office" / "store").touch()


def other_bytes(_card: Path, patch: pytest.MonkeyPatch) -> None:
    def lies(*_args: object, **_kwargs: object) -> object:
        message = "the store says that other bytes stand there"
        raise EvidenceError(message)

    patch.setattr(FolderStore, "deposit", lies)


@dataclass(frozen=True, slots=True)
class Case:
    """What is done to a card or its surroundings, and what must be told of it."""

    spoil: Callable[[Path, pytest.MonkeyPatch], None]
    file: str
    zh: str
    en: str
    detail: str
    code: Exit


CASES = [
    Case(links, "link.MP4", "符号链接，不跟随", "a symbolic link, not followed", "", Exit.PARTIAL),
    Case(pipes, "pipe.MP4", "管道文件", "a named pipe", "", Exit.PARTIAL),
    Case(no_room, "现场.MP4", "暂存盘已满", "The spool is full", "needed 9000 bytes, 5000 are free", Exit.PARTIAL),
    Case(vanishing, "现场.MP4", "中断或消失", "broke off or vanished", "No such file or directory", Exit.PARTIAL),
    Case(no_store, "现场.MP4", "存储或数据库暂时不可用", "A store or the database is away", "File exists", Exit.TRY_AGAIN),
    Case(other_bytes, "good.MP4", "发现与记录不符", "is not what was recorded", "other bytes stand there", Exit.EVIDENCE),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.spoil.__name__)
def test_a_person_is_told_which_file_and_why(
    home: Path, card: Path, language: str, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    with monkeypatch.context() as patch:
        case.spoil(card, patch)
        told = ingest(home, card)

    (line,) = [line for line in told.stdout.splitlines() if line.strip().startswith(("✘", "…")) and case.file in line]
    assert (case.zh if language == "zh" else case.en) in line
    assert case.detail in line
    assert told.exit_code == case.code
    assert f" {case.file}" in told.stderr or not case.detail


def test_what_could_not_be_done_is_done_by_the_same_command(home: Path, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person need not know more than to run it again."""
    with monkeypatch.context() as patch:
        no_room(card, patch)
        no_store(card, patch)
        assert ingest(home, card).exit_code == Exit.TRY_AGAIN
    (home / "store").unlink()

    assert ingest(home, card).exit_code == Exit.DONE
    assert faults(opened(home), {"DEMO-1": card}) == []


@pytest.mark.parametrize("spoil", ["missing", "readable by others", "of another office"])
def test_a_key_that_cannot_be_used_is_named(home: Path, card: Path, language: str, spoil: str) -> None:
    key = home / "keys" / "vault.key"
    if spoil == "missing":
        key.unlink()
    elif spoil == "readable by others":
        key.chmod(0o644)
    else:
        assert ingest(home, card).exit_code == Exit.DONE
        key.write_text("00" * 32 + "\n")

    told = ingest(home, card)

    assert told.exit_code == (Exit.NOT_FOUND if spoil == "missing" else Exit.EVIDENCE)
    assert ("错误" if language == "zh" else "error") in told.stderr
    assert ("vault.key" if spoil != "of another office" else "not the master key") in told.stderr
    assert "Traceback" not in told.output


def test_a_database_that_is_none_any_more_takes_a_person(home: Path, card: Path, language: str) -> None:
    (home / "yihu.db").write_bytes(b"this is not a database, and never was one" * 99)

    told = ingest(home, card)

    assert told.exit_code == Exit.EVIDENCE
    assert ("请联系审计人员" if language == "zh" else "call an auditor") in told.stderr
    assert "the database is damaged: file is not a database" in told.stderr
