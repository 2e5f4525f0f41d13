"""The last moment before a file goes: after it was read the journal is written, and that takes a while."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.clear_policy import Reason
from ingest.removing import Journal
from storage.errors import SourceChanged
from storage.evidence import Kind, Subject
from storage.identity import fresh
from tests.ingest.clearable import Place, reasons


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.made(tmp_path_factory.mktemp("clearable"), files=3)


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Iterator[Place]:
    copy = made.copied(tmp_path / "copy")
    yield copy
    copy.close()


def file_in(place: Place) -> Path:
    return min(path for path in place.card.rglob("*") if path.is_file())


def meddle(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    note = Journal.note

    def noted(self: Journal, clip: Subject) -> None:
        note(self, clip)
        act()

    monkeypatch.setattr(Journal, "note", noted)


@pytest.mark.parametrize("act", ["append", "replace", "remove"])
def test_what_changed_then_stays(place: Place, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    proven, file = place.prove(), file_in(place)
    content = file.read_bytes()
    acts: dict[str, Callable[[], object]] = {
        "append": lambda: file.write_bytes(content + b"more"),
        "replace": lambda: (file.rename(file.with_name("kept")), file.write_bytes(content)),
        "remove": lambda: file.unlink(missing_ok=True),
    }
    one = replace(proven, files=proven.files[:1])
    meddle(monkeypatch, acts[act])

    report = place.clear(one)

    assert (report.removed, reasons(report)) == (0, {Reason.CHANGED})
    assert file.exists() == (act != "remove")


def test_what_the_card_does_not_let_go_is_not_called_removed_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    proven, unlink = place.prove(), os.unlink
    seen: list[frozenset[str]] = []

    def refused(path: Any, *, dir_fd: int | None = None) -> None:  # noqa: ANN401 - as `os` has it
        if dir_fd is not None:
            raise PermissionError(errno.EACCES, "Permission denied")
        seen.append(Journal(path).noted())
        unlink(path)

    monkeypatch.setattr(os, "unlink", refused)

    report = place.clear(proven)

    assert (report.removed, reasons(report), len(place.on_card())) == (0, {Reason.UNREMOVABLE}, 3)
    assert seen == [frozenset()]


def test_what_cannot_be_read_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    proven = place.prove()

    def broken(*_args: object, **_kwargs: object) -> None:
        raise SourceChanged from OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("ingest.removing.read_through", broken)

    assert reasons(place.clear(proven)) == {Reason.UNREADABLE}
    assert len(place.on_card()) == 3


def test_half_a_line_of_the_journal_is_nobody(tmp_path: Path) -> None:
    journal, clip, other = Journal(tmp_path / "new" / "journal"), fresh(Kind.CLIP), fresh(Kind.CLIP)
    journal.note(clip)
    with journal.path.open("a") as file:
        file.write("01J0")
    journal.note(other)
    journal.strike(clip)

    assert journal.noted() == {"01J0", other.id}
    journal.end()
    journal.end()
    assert journal.noted() == frozenset()
