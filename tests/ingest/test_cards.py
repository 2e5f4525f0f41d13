"""A card is walked and opened as if its maker wanted us harm; nothing that was met goes unmentioned."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.cards import DEEPEST, Card, ClaimKind, DeviceClaim, What
from storage.errors import SourceChanged
from storage.evidence import DevicePath

CLAIM = DeviceClaim(ClaimKind.NAMED, "BWC0042")


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    root = tmp_path / "card"
    root.mkdir()
    with Card(root, CLAIM) as opened:
        yield opened


def put(card: Card, path: bytes, content: bytes = b"x") -> Path:
    file = card.root / os.fsdecode(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def met(card: Card) -> dict[bytes, What]:
    return {each.path: each.what for each in card.walk()}


class TestWalk:
    def test_an_empty_card_has_nothing(self, card: Card) -> None:
        assert list(card.walk()) == []

    def test_size_and_time_are_what_the_card_says(self, card: Card) -> None:
        os.utime(put(card, b"DCIM/a.mp4", b"12345"), ns=(0, -1_500_000_000))

        (seen,) = card.walk()

        assert (seen.path, seen.what, seen.size, seen.modified_ns) == (b"DCIM/a.mp4", What.FILE, 5, -1_500_000_000)

    def test_the_order_is_that_of_the_bytes_of_whole_paths(self, card: Card) -> None:
        paths = [b"a-b", b"a/b", b"a/c/d", b"a0", b"ab", "现场".encode(), "现场".encode("gbk"), b"B/x", b"a/c-d"]
        for path in paths:
            put(card, path)

        assert [seen.path for seen in card.walk()] == sorted(paths)

    def test_names_are_the_raw_bytes_of_the_card(self, card: Card) -> None:
        names = [
            b"n" * 255,
            b"new\nline\t\x1b[31m",
            "设备.mp4".encode("gbk"),
            b"\xff\xfe",
            "\u202egpj.exe".encode(),
            b" .",
            b"...",
        ]
        for name in names:
            put(card, name)

        assert met(card) == dict.fromkeys(names, What.FILE)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    @given(st.sets(st.binary(min_size=1, max_size=60), max_size=6))
    def test_every_name_a_file_system_takes_comes_back(self, tmp_path: Path, names: set[bytes]) -> None:
        root = tmp_path / "any"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        wanted = {name.replace(b"/", b"_").replace(b"\0", b"_") for name in names} - {b".", b".."}
        for name in wanted:
            (root / os.fsdecode(name)).write_bytes(b"")

        with Card(root, CLAIM) as card:
            assert [seen.path for seen in card.walk()] == sorted(wanted)
            for name in wanted:
                card.open(DevicePath(name)).close()

    def test_links_are_reported_and_never_followed(self, card: Card, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(b"secret")
        (card.root / "folder").symlink_to(outside)
        (card.root / "file").symlink_to(outside / "secret")
        (card.root / "loop").symlink_to(card.root)
        (card.root / "dangling").symlink_to("nowhere")

        assert met(card) == dict.fromkeys([b"dangling", b"file", b"folder", b"loop"], What.SYMLINK)

    def test_fifos_and_sockets_are_reported_and_never_opened(self, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
        os.mkfifo(card.root / "fifo")
        monkeypatch.chdir(card.root)  # a socket's address is short
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket")

            assert met(card) == {b"fifo": What.FIFO, b"socket": What.SOCKET}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
    def test_device_nodes_are_reported_and_never_opened(self, card: Card) -> None:
        os.mknod(card.root / "null", 0o600 | 0o020000, os.makedev(1, 3))

        assert met(card) == {b"null": What.DEVICE}
        with pytest.raises(SourceChanged, match="device-node"):
            card.open(DevicePath(b"null"))

    @pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs a mount point that any user may see")  # noqa: S108
    def test_other_mounts_are_reported_and_not_entered(self) -> None:
        with Card(Path("/dev"), CLAIM) as card:
            seen = met(card)

            assert seen[b"shm"] is What.MOUNT_POINT
            assert seen[b"null"] is What.DEVICE
            assert card.look(b"shm/anything") is None

    def test_ten_thousand_tiny_files_are_all_there(self, card: Card) -> None:
        for folder in range(10):
            (card.root / f"{folder:02}").mkdir()
            for number in range(1000):
                os.close(os.open(card.root / f"{folder:02}" / f"{number:04}.mp4", os.O_CREAT | os.O_WRONLY))

        paths = [seen.path for seen in card.walk()]

        assert len(paths) == 10_000
        assert paths == sorted(paths)

    def test_a_hundred_folders_inside_each_other_are_walked(self, card: Card) -> None:
        path = b"d/" * 100 + b"a.mp4"
        put(card, path)

        assert met(card) == {path: What.FILE}
        with card.open(DevicePath(path)) as file:
            assert file.read() == b"x"

    def test_deeper_than_any_camera_is_reported_and_not_entered(self, card: Card) -> None:
        put(card, b"d/" * (DEEPEST + 5) + b"a.mp4")
        put(card, b"z.mp4")

        assert list(met(card).values()) == [What.TOO_DEEP, What.FILE]

    def test_a_folder_removed_during_the_walk_is_reported_and_the_walk_goes_on(self, card: Card) -> None:
        for path in (b"a.mp4", b"b/1.mp4", b"b/2.mp4", b"c.mp4"):
            put(card, path)
        walk = card.walk()
        seen = [next(walk)]
        shutil.rmtree(card.root / "b")

        seen.extend(walk)

        assert [(each.path, each.what) for each in seen] == [
            (b"a.mp4", What.FILE),
            (b"b", What.VANISHED),
            (b"c.mp4", What.FILE),
        ]

    def test_a_folder_exchanged_for_a_link_during_the_walk_is_not_entered(self, card: Card, tmp_path: Path) -> None:
        put(card, b"a.mp4")
        put(card, b"b/1.mp4")
        walk = card.walk()
        next(walk)
        (card.root / "b").rename(tmp_path / "moved")
        (card.root / "b").symlink_to(tmp_path / "moved")

        assert [(each.path, each.what) for each in walk] == [(b"b", What.VANISHED)]

    def test_a_folder_that_cannot_be_read_is_reported_and_the_walk_goes_on(
        self, card: Card, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(card, b"bad/1.mp4")
        put(card, b"good/1.mp4")
        monkeypatch.setattr(os, "open", failing(os.open, name=b"bad", number=errno.EIO))

        assert met(card) == {b"bad": What.UNREADABLE, b"good/1.mp4": What.FILE}

    def test_a_name_listed_twice_by_a_broken_file_system_is_read_once(
        self, card: Card, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(card, b"a.mp4")
        put(card, b"b.mp4")
        monkeypatch.setattr(os, "scandir", DoubledListing)

        assert [each.what for each in card.walk()] == [What.FILE, What.TWICE, What.FILE, What.TWICE]

    def test_a_card_that_cannot_be_listed_is_an_error_not_an_empty_card(
        self, card: Card, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(_: bytes) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "scandir", broken)

        with pytest.raises(SourceChanged, match="cannot be listed: Input/output error"):
            list(card.walk())

    def test_part_of_a_card_is_walked_alone(self, card: Card) -> None:
        for path in (b"a/1", b"b/1", b"b/c/2"):
            put(card, path)

        assert [each.path for each in card.walk(b"b")] == [b"b/1", b"b/c/2"]

    def test_no_descriptor_stays_open_behind_a_walk(self, card: Card) -> None:
        put(card, b"a/b/c/1")
        (card.root / "link").symlink_to("a")
        before = len(list(Path("/proc/self/fd").iterdir()))

        list(card.walk())
        card.look(b"link/b")
        with pytest.raises(SourceChanged):
            card.open(DevicePath(b"link/b"))

        assert len(list(Path("/proc/self/fd").iterdir())) == before


def failing(real: Callable[..., int], *, name: bytes, number: int) -> Callable[..., int]:
    def opened(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == name:
            raise OSError(number, os.strerror(number))
        return real(path, flags, mode, dir_fd=dir_fd)

    return opened


_scandir = os.scandir


class DoubledListing:
    """What a cross-linked FAT folder looks like: each name comes twice."""

    def __init__(self, path: bytes) -> None:
        self._entries = _scandir(path)

    def __enter__(self) -> Iterator[os.DirEntry[bytes]]:
        return iter([entry for entry in self._entries for _ in range(2)])

    def __exit__(self, *_: object) -> None:
        self._entries.close()
