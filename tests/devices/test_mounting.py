"""Mounting by the kernel's own calls, on loop devices with ext4; FAT and exFAT are mounted by tests/hardware, in a guest."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ingest import kernel
from ingest.filesystems import KNOWN, options_of
from ingest.mount import SystemMounting
from ingest.usb import UsbDevice, Volume
from storage.errors import NotMounted, SourceChanged

pytestmark = [pytest.mark.devices, pytest.mark.needs("mkfs.ext4", "losetup")]

DEVICE = UsbDevice("/devices/platform/dummy_hcd.0/usb1/1-1", "platform-dummy_hcd.0-usb:1", "1234:5678")
OPTIONS = "ro,nodev,nosuid,noexec,errors=remount-ro,noload"


@dataclass(frozen=True)
class Card:
    """A card image behind a loop device."""

    image: Path
    volume: Volume

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.image.read_bytes()).hexdigest()


def run(*command: str) -> str:
    program = shutil.which(command[0])
    assert program is not None
    return subprocess.run([program, *command[1:]], check=True, capture_output=True, text=True).stdout.strip()


def attached(image: Path) -> Volume:
    """Put *image* behind a loop device, as a volume somebody plugged in."""
    try:
        node = Path(run("losetup", "--find", "--show", str(image)))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop devices here: {error.stderr}")
    descriptor = os.open(node, os.O_RDONLY)
    try:
        kernel.set_read_only(descriptor, read_only=False)  # a loop device stays as the last test left it
        number, sequence = os.fstat(descriptor).st_rdev, kernel.disk_sequence(descriptor)
    finally:
        os.close(descriptor)
    return Volume(DEVICE, f"{DEVICE.sysfs}/block/x", node, number, sequence, "ext4")


@pytest.fixture(name="card")
def _card(tmp_path: Path) -> Iterator[Card]:
    files = tmp_path / "files" / "DCIM"
    files.mkdir(parents=True)
    (files / "0001.MP4").write_bytes(b"footage" * 1000)
    image = tmp_path / "card.img"
    image.touch()
    os.truncate(image, 4 * 2**20)
    run("mkfs.ext4", "-q", "-d", str(files.parent), str(image))
    made = Card(image, attached(image))
    yield made
    with suppress(subprocess.CalledProcessError):
        run("losetup", "--detach", str(made.volume.node))


@pytest.fixture(name="mounting")
def _mounting(tmp_path: Path) -> Iterator[SystemMounting]:
    made = SystemMounting(tmp_path / "a folder 挂载")
    made.start()
    yield made
    made.start()


@pytest.fixture(autouse=True)
def _permitted(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("permitted")
    try:
        kernel.mount(Path("none"), place, filesystem="tmpfs", flags=0, options="")
    except OSError as error:
        pytest.skip(f"may not mount here: {error}")
    kernel.unmount(place, lazily=False)


def nothing_is_left(mounting: SystemMounting, card: Card) -> bool:
    return not any(mounting.folder.iterdir()) and all(each.number != card.volume.number for each in kernel.mount_points())


def test_reading_a_card_leaves_its_image_bit_identical(mounting: SystemMounting, card: Card) -> None:
    before = card.digest

    with mounting.for_reading(card.volume) as mounted:
        assert (mounted.root / "DCIM" / "0001.MP4").read_bytes() == b"footage" * 1000
        assert mounted.options == OPTIONS

    assert card.digest == before
    assert nothing_is_left(mounting, card)


def test_a_card_pulled_from_a_running_camera_is_read_without_replaying_its_journal(
    mounting: SystemMounting, card: Card, tmp_path: Path
) -> None:
    """
    Mounted read-only in the usual way, ext4 would write the journal back.
    """
    pulled = tmp_path / "pulled.img"
    with mounting.for_clearing(card.volume) as mounted:
        (mounted.root / "half").write_bytes(b"written")
        kernel.write_everything(mounted.root)
        shutil.copy(card.image, pulled)
    volume = attached(pulled)
    before = hashlib.sha256(pulled.read_bytes()).hexdigest()
    try:
        assert "needs_recovery" in run("dumpe2fs", "-h", str(pulled))
        with mounting.for_reading(volume) as mounted:
            assert (mounted.root / "DCIM").is_dir()
    finally:
        run("losetup", "--detach", str(volume.node))

    assert hashlib.sha256(pulled.read_bytes()).hexdigest() == before


def test_neither_a_file_nor_the_device_itself_can_be_written_while_a_card_is_read(mounting: SystemMounting, card: Card) -> None:
    with mounting.for_reading(card.volume) as mounted:
        with pytest.raises(OSError, match="Read-only file system"):
            (mounted.root / "new").touch()
        descriptor = os.open(card.volume.node, os.O_RDWR)
        try:
            assert kernel.is_read_only(descriptor)
            with pytest.raises(PermissionError):
                os.pwrite(descriptor, b"x" * 512, 0)
        finally:
            os.close(descriptor)
        flags = os.statvfs(mounted.root).f_flag
        assert flags & os.ST_RDONLY
        assert flags & os.ST_NODEV
        assert flags & os.ST_NOSUID
        assert flags & os.ST_NOEXEC


def test_the_mount_point_is_in_a_folder_nobody_else_can_enter(mounting: SystemMounting, card: Card) -> None:
    with mounting.for_reading(card.volume) as mounted:
        assert mounted.root.parent == mounting.folder
    assert mounting.folder.stat().st_mode & 0o777 == 0o700


def test_what_is_removed_while_clearing_is_gone_from_the_card_and_the_card_is_protected_again(
    mounting: SystemMounting, card: Card
) -> None:
    with mounting.for_clearing(card.volume) as mounted:
        (mounted.root / "DCIM" / "0001.MP4").unlink()
        assert mounted.options == "rw,noatime,dirsync,nodev,nosuid,noexec,errors=remount-ro"

    descriptor = os.open(card.volume.node, os.O_RDONLY)
    protected = kernel.is_read_only(descriptor)
    os.close(descriptor)
    assert protected
    with mounting.for_reading(card.volume) as mounted:
        assert list((mounted.root / "DCIM").iterdir()) == []


def test_a_failure_while_clearing_lets_go_of_the_card_all_the_same(mounting: SystemMounting, card: Card) -> None:
    with pytest.raises(RuntimeError), mounting.for_clearing(card.volume):
        raise RuntimeError

    assert nothing_is_left(mounting, card)


def test_another_disk_under_the_same_name_is_not_taken_for_the_one_meant(mounting: SystemMounting, card: Card) -> None:
    if not card.volume.sequence:
        pytest.skip("this kernel gives no DISKSEQ")
    meant = replace(card.volume, sequence=card.volume.sequence - 1)

    with pytest.raises(SourceChanged, match="another device"), mounting.for_reading(meant):
        pass

    assert nothing_is_left(mounting, card)


@pytest.mark.parametrize("node", ["/dev/null", "/nowhere"])
def test_a_node_that_is_no_longer_that_of_the_volume_is_not_mounted(mounting: SystemMounting, card: Card, node: str) -> None:
    with pytest.raises(SourceChanged), mounting.for_reading(replace(card.volume, node=Path(node))):
        pass

    assert nothing_is_left(mounting, card)


def test_a_node_that_leads_to_another_number_is_not_mounted(mounting: SystemMounting, card: Card) -> None:
    with pytest.raises(SourceChanged), mounting.for_reading(replace(card.volume, number=os.makedev(7, 4000))):
        pass


@pytest.mark.parametrize("filesystem", ["ntfs", "hfsplus", "iso9660", ""])
def test_a_file_system_that_is_not_on_the_list_is_never_tried(mounting: SystemMounting, card: Card, filesystem: str) -> None:
    with pytest.raises(NotMounted, match="expected one of vfat, exfat"):
        mounting.for_reading(replace(card.volume, filesystem=filesystem)).__enter__()

    assert nothing_is_left(mounting, card)


@pytest.mark.parametrize("damage", ["no file system", "another one"])
def test_a_damaged_card_is_for_a_person_to_look_at(mounting: SystemMounting, card: Card, damage: str) -> None:
    if damage == "no file system":
        card.image.write_bytes(bytes(4 * 2**20))
    meant = replace(card.volume, filesystem="ext4" if damage == "no file system" else "vfat")

    with pytest.raises(NotMounted), mounting.for_reading(meant):
        pass

    assert nothing_is_left(mounting, card)


def test_a_card_somebody_else_has_mounted_is_left_to_him(mounting: SystemMounting, card: Card, tmp_path: Path) -> None:
    place = tmp_path / "desktop"
    place.mkdir()
    kernel.mount(card.volume.node, place, filesystem="ext4", flags=0, options="")
    try:
        with pytest.raises(NotMounted, match=r"is mounted at .*/desktop already"), mounting.for_reading(card.volume):
            pass
        (place / "still writable").touch()
    finally:
        kernel.unmount(place, lazily=False)


def test_a_card_that_is_pulled_while_a_file_is_open_is_let_go_of(mounting: SystemMounting, card: Card) -> None:
    with card.image.open("rb"), mounting.for_reading(card.volume) as mounted:
        held = (mounted.root / "DCIM" / "0001.MP4").open("rb")
        os.truncate(card.image, 0)

    assert nothing_is_left(mounting, card)
    held.close()


def test_what_a_killed_run_left_mounted_is_let_go_of_at_the_next_start(card: Card, tmp_path: Path) -> None:
    folder = tmp_path / "mounts"
    outside = tmp_path / "outside"
    outside.mkdir()
    kernel.mount(Path("none"), outside, filesystem="tmpfs", flags=0, options="")
    program = f"""
import os
from pathlib import Path, PosixPath
from ingest.mount import SystemMounting
from ingest.usb import UsbDevice, Volume
mounting = SystemMounting(Path({str(folder)!r}))
mounting.start()
with mounting.for_reading({card.volume!r}):
    os._exit(9)
"""
    killed = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False)
    assert killed.returncode == 9
    assert any(each.number == card.volume.number for each in kernel.mount_points())

    mounting = SystemMounting(folder)
    mounting.start()

    assert nothing_is_left(mounting, card)
    assert any(each.path == outside for each in kernel.mount_points())
    kernel.unmount(outside, lazily=False)
    with mounting.for_reading(card.volume) as mounted:
        assert (mounted.root / "DCIM").is_dir()


def test_a_folder_with_files_of_somebody_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "mounts" / "his").mkdir(parents=True)
    (tmp_path / "mounts" / "his" / "letter").touch()

    with pytest.raises(OSError, match="not empty"):
        SystemMounting(tmp_path / "mounts").start()

    assert (tmp_path / "mounts" / "his" / "letter").exists()


def test_times_on_fat_are_given_as_they_stand_on_the_card_and_belong_to_whoever_mounts() -> None:
    vfat = options_of(KNOWN["vfat"], for_clearing=False, uid=7, gid=8)

    assert vfat == "tz=UTC,utf8=1,codepage=437,shortname=mixed,errors=remount-ro,uid=7,gid=8,umask=0077"
    assert options_of(KNOWN["exfat"], for_clearing=True, uid=7, gid=8).startswith("time_offset=0,iocharset=utf8,")
    assert "noload" not in options_of(KNOWN["ext4"], for_clearing=True, uid=7, gid=8)
