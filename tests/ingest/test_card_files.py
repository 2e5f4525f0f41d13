"""Opening, looking at and identifying a card that may be anything."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest import cards
from ingest import identify as identification
from ingest.cards import Card, ClaimKind, DeviceClaim, What, identify
from ingest.identify import is_whole_volume, link_to
from storage.errors import NotFound, SourceChanged
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


class TestOpen:
    def test_a_file_is_read_to_its_end(self, card: Card) -> None:
        put(card, b"a/b.mp4", b"0123456789")

        with card.open(DevicePath(b"a/b.mp4")) as file:
            assert file.read() == b"0123456789"

    @pytest.mark.parametrize(
        "exchange",
        [
            lambda path: path.symlink_to("/etc/hostname"),
            os.mkfifo,
            lambda path: path.mkdir(),
            lambda _: None,
        ],
        ids=["link", "FIFO", "folder", "nothing"],
    )
    def test_whatever_takes_the_place_of_a_listed_file_is_not_read(
        self, card: Card, exchange: Callable[[Path], object]
    ) -> None:
        file = put(card, b"a.mp4")
        list(card.walk())
        file.unlink()
        exchange(file)

        with pytest.raises(SourceChanged, match=r"a\.mp4: cannot be opened on the card"):
            card.open(DevicePath(b"a.mp4"))

    def test_a_fifo_put_there_between_two_looks_holds_nobody_up(self, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
        file = put(card, b"a.mp4")
        file.unlink()
        os.mkfifo(file)
        regular = os.stat(__file__)  # noqa: PTH116 — what the first look saw, before the exchange
        monkeypatch.setattr(os, "stat", lambda *_args, **_keywords: regular)

        with pytest.raises(SourceChanged, match="fifo"):
            card.open(DevicePath(b"a.mp4"))

    def test_a_folder_on_the_way_that_became_a_link_is_not_followed(self, card: Card, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "a.mp4").write_bytes(b"secret")
        (card.root / "b").symlink_to(tmp_path / "outside")

        with pytest.raises(SourceChanged):
            card.open(DevicePath(b"b/a.mp4"))

    def test_a_file_of_somebody_else_is_read_without_asking_for_no_trace(
        self, card: Card, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(card, b"a.mp4", b"ours")
        monkeypatch.setattr(os, "open", refusing_no_trace(os.open))

        with card.open(DevicePath(b"a.mp4")) as file:
            assert file.read() == b"ours"


class TestLook:
    def test_one_path_is_looked_at_without_a_walk(self, card: Card) -> None:
        put(card, b"a/b.mp4", b"123")

        seen = card.look(b"a/b.mp4")

        assert seen is not None
        assert (seen.what, seen.size) == (What.FILE, 3)

    @pytest.mark.parametrize("path", [b"", b".", b"..", b"a/..", b"../card/a", b"none", b"a\0b", b"a//b", b"x" * 5000])
    def test_there_is_nothing_at_a_path_that_no_card_has(self, card: Card, path: bytes) -> None:
        put(card, b"a/b")

        assert card.look(path) is None


class TestStillThere:
    def test_an_untouched_card_is_still_there(self, card: Card) -> None:
        put(card, b"a.mp4")

        card.require()

    def test_a_removed_or_replaced_folder_is_not(self, card: Card) -> None:
        card.root.rmdir()
        with pytest.raises(SourceChanged, match="is gone"):
            card.require()

        card.root.mkdir()
        card.root.with_name("other").mkdir()
        with pytest.raises(SourceChanged, match="replaced"):
            card.require()

    def test_a_pulled_card_is_not_even_though_it_lists_as_empty(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cards, "in_sysfs", lambda _: True)
        with Card(tmp_path, CLAIM) as card:
            monkeypatch.setattr(cards, "in_sysfs", lambda _: False)

            with pytest.raises(SourceChanged, match="pulled"):
                card.require()

    def test_a_card_is_closed_once_however_often_it_is_asked(self, tmp_path: Path) -> None:
        card = Card(tmp_path, CLAIM)
        card.close()
        card.close()

    def test_there_is_no_card_where_there_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        for path in (tmp_path / "none", tmp_path / "file"):
            with pytest.raises(NotFound, match="cannot be opened as a folder"):
                Card(path, CLAIM)


class TestWhichDevice:
    def test_a_person_decides(self, tmp_path: Path) -> None:
        assert str(identify(tmp_path, "BWC0042")) == "named:BWC0042"

    def test_else_a_folder_speaks_with_its_absolute_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = tmp_path / os.fsdecode("卡".encode("gbk"))
        folder.mkdir()
        (tmp_path / "link").symlink_to(folder)
        monkeypatch.chdir(tmp_path)

        assert str(identify(Path("link"))) == f"folder:{tmp_path}/\\xbf\\xa8"

    def test_a_missing_folder_is_not_found(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="there is no such folder"):
            identify(tmp_path / "none")

    @pytest.mark.parametrize("name", ["", "\udcff"])
    def test_a_name_that_cannot_be_written_down_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ValueError, match="expected a name in Unicode"):
            identify(tmp_path, name)

    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            (rb"36 35 8:1 / /media/BODY\040CAM ro - vfat /dev/sda1 ro", True),
            (rb"36 35 8:1 /DCIM /media/BODY\040CAM ro - vfat /dev/sda1 ro", False),
            (rb"36 35 8:2 / /media/BODY\040CAM ro - vfat /dev/sda2 ro", False),
            (rb"36 35 8:1 / /media ro - vfat /dev/sda1 ro", False),
            (b"36 35", False),
            (b"", False),
        ],
        ids=["the volume", "a folder of it", "another volume", "elsewhere", "cut off", "no /proc"],
    )
    def test_only_a_whole_volume_speaks_for_itself(self, line: bytes, expected: bool) -> None:  # noqa: FBT001
        device = os.makedev(8, 1)

        assert is_whole_volume(line, mount_point=b"/media/BODY CAM", device=device) is expected

    def test_a_mounted_volume_speaks_with_its_uuid(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        device = tmp_path.stat().st_dev
        mounts = tmp_path / "mountinfo"
        mounts.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / {tmp_path} ro - vfat /dev/sda1 ro\n")
        monkeypatch.setattr(identification, "_MOUNTS", mounts)
        monkeypatch.setattr(identification, "link_to", lambda *_: "1A2B-3C4D")

        assert str(identify(tmp_path)) == "volume:1A2B-3C4D"
        mounts.unlink()
        assert identify(tmp_path).kind is ClaimKind.FOLDER

    def test_of_two_mounts_at_one_place_the_last_counts(self) -> None:
        mounts = b"36 35 8:1 / /m ro - vfat a ro\n37 36 8:2 / /m ro - vfat b ro\n"

        assert not is_whole_volume(mounts, mount_point=b"/m", device=os.makedev(8, 1))
        assert is_whole_volume(mounts, mount_point=b"/m", device=os.makedev(8, 2))

    def test_the_links_of_udev_name_a_volume(self, tmp_path: Path) -> None:
        device = os.stat(os.devnull).st_rdev  # noqa: PTH116
        (tmp_path / "gone").symlink_to("nowhere")
        (tmp_path / "\\x20执法仪").symlink_to(os.devnull)

        assert link_to(device, tmp_path) == " 执法仪"
        assert link_to(device + 1, tmp_path) == ""
        assert link_to(device, tmp_path / "none") == ""

    def test_a_card_shows_its_folders_two_deep(self, card: Card) -> None:
        put(card, b"Media/Video/2026-11-21/a.mp4")
        put(card, "现场/a.mp4".encode("gbk"))
        (card.root / "link").symlink_to("Media")

        look = card.appearance(usb_id="1234:abcd")

        assert look.folders == {"Media", "Media/Video", "现场"}
        assert look.usb_id == "1234:abcd"

    def test_a_card_shows_names_of_files_at_most_two_folders_deep(self, card: Card) -> None:
        for path in (b"top.mp4", b"a/one.mp4", b"a/b/two.mp4", b"a/b/c/three.mp4", "a/现场.mp4".encode("gbk")):
            put(card, path)
        (card.root / "link.mp4").symlink_to("top.mp4")

        assert card.appearance().files == {"top.mp4", "one.mp4", "two.mp4", "现场.mp4"}

    def test_of_very_many_files_some_are_shown(self, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ingest.cards._NAMED_FILES", 3)
        for number in range(5):
            put(card, b"DCIM/%04d.mp4" % number)

        assert card.appearance().files == {"0000.mp4", "0001.mp4", "0002.mp4"}


def refusing_no_trace(real: Callable[..., int]) -> Callable[..., int]:
    def opened(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        return real(path, flags, mode, dir_fd=dir_fd)

    return opened
