"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from storage import durable


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_new_file_is_private_and_whole(tmp_path: Path) -> None:
    durable.write_new(tmp_path / "key", b"secret")

    assert (tmp_path / "key").read_bytes() == b"secret"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["key"]


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    """Not even of a link that leads nowhere."""
    (tmp_path / "link").symlink_to("nowhere")
    durable.write_new(tmp_path / "key", b"first")

    for name in ("key", "link"):
        with pytest.raises(FileExistsError):
            durable.write_new(tmp_path / name, b"second")

    assert (tmp_path / "key").read_bytes() == b"first"


def test_replacing_shows_all_of_the_new(tmp_path: Path) -> None:
    durable.write_new(tmp_path / "state", b"long before")

    durable.replace(tmp_path / "state", b"now")

    assert (tmp_path / "state").read_bytes() == b"now"


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full half-way through the new bytes costs neither the old ones nor a stray file."""
    durable.write_new(tmp_path / "state", b"before")
    write = os.write

    def half(descriptor: int, data: memoryview) -> int:
        if len(data) <= 2:
            raise OSError(errno.ENOSPC, "no room")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="no room"):
        durable.replace(tmp_path / "state", b"after this")

    assert (tmp_path / "state").read_bytes() == b"before"
    assert names(tmp_path) == ["state"]


def test_everything_is_synced_before_and_after_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes before the rename, the directory after it: in any other order a loss of power may leave an empty file."""
    steps: list[str] = []
    fsync, rename = os.fsync, os.rename

    def synced(descriptor: int) -> None:
        steps.append("directory" if Path(f"/proc/self/fd/{descriptor}").resolve() == tmp_path else "bytes")
        fsync(descriptor)

    def renamed(old: Path, new: Path) -> None:
        steps.append("rename")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    durable.write_new(tmp_path / "file", b"x")

    assert steps == ["bytes", "rename", "directory"]


def test_a_write_that_takes_nothing_does_not_go_on_for_ever() -> None:
    with pytest.raises(BlockingIOError):
        durable.write_all(lambda _: None, b"x")


def test_directories_are_made_with_their_parents_and_may_be_made_again(tmp_path: Path) -> None:
    for _ in range(2):
        durable.make_directory(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_names_move_between_directories_and_go(tmp_path: Path) -> None:
    durable.make_directory(tmp_path / "a")
    durable.write_new(tmp_path / "file", b"x")

    durable.rename(tmp_path / "file", tmp_path / "a" / "file")
    durable.remove(tmp_path / "a" / "file")
    durable.remove(tmp_path / "a" / "file")

    assert names(tmp_path / "a") == []
