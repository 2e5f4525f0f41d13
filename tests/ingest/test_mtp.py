"""
Cameras that speak MTP, as far as a host without USB can tell: how jmtpfs is called, and what its failures mean.

In place of jmtpfs stands a script. What the real one does with a camera (mounts it read-only, lists it after it was pulled,
dies) is seen in the guest with virtual cameras, see ``tests/hardware``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from device_profiles.matching import match
from device_profiles.profile import load_profiles
from ingest.cards import Card
from ingest.identify import ClaimKind, DeviceClaim
from ingest.manifest import list_card
from ingest.mount import SystemMounting
from ingest.mtp import WithMtp, _is_mounted, command, mounted_mtp
from ingest.mtp_volume import as_volume
from ingest.usb import UsbDevice
from storage.errors import NotFound, NotMounted, SourceChanged, StorageUnavailable, YihuError

CAMERA = UsbDevice(
    "/devices/usb3/3-2", "3-2", "2672:0037", frozenset({"mtp"}), ("060101",), serial="C3221324500000", number=(3, 11)
)
MOUNT, UMOUNT = (shutil.which(program) or program for program in ("mount", "umount"))
A_MOMENT = timedelta(seconds=0.3)


def jmtpfs(folder: Path, patch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program of that name on the path."""
    program = folder / "bin" / "jmtpfs"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho $$ > {folder}/pid\necho "$*" > {folder}/called\n{script}\n')
    program.chmod(0o755)
    patch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def is_running(folder: Path) -> bool:
    """Say whether the program of that name still runs."""
    return Path(f"/proc/{(folder / 'pid').read_text().strip()}").exists()


def test_it_is_called_for_just_this_camera_and_to_read(tmp_path: Path) -> None:
    assert command("/usr/bin/jmtpfs", CAMERA, tmp_path) == [
        "/usr/bin/jmtpfs",
        "-device=3,11",
        "-f",
        "-o",
        "ro,nosuid,nodev,noexec,fsname=mtp-3-11",
        str(tmp_path),
    ]


def test_without_jmtpfs_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotFound, match="Debian package jmtpfs"), mounted_mtp(CAMERA, tmp_path / "mtp"):
        pass


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Requested device not found", SourceChanged),
        ("libusb_claim_interface() reports device is busy, likely in use by GVFS", StorageUnavailable),
        ("LIBMTP PANIC: Unable to initialize device", NotMounted),
        ("", NotMounted),
    ],
)
def test_why_it_gives_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, error: type[YihuError]) -> None:
    jmtpfs(tmp_path, monkeypatch, f"echo '{words}' >&2; exit 1")

    with pytest.raises(error, match="camera 2672:0037 at 3-2") as raised, mounted_mtp(CAMERA, tmp_path / "mtp"):
        pass

    assert type(raised.value) is error
    assert words in str(raised.value)


@pytest.mark.parametrize("stubborn", ["", "trap '' TERM"], ids=["goes when asked", "has to be killed"])
def test_one_that_never_mounts_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stubborn: str) -> None:
    monkeypatch.setattr("ingest.mtp._GRACE", A_MOMENT)
    jmtpfs(tmp_path, monkeypatch, f"{stubborn}\nwhile :; do read -r line < /dev/null || exec tail -f /dev/null; done")

    with pytest.raises(StorageUnavailable, match="not mounted after"), mounted_mtp(CAMERA, tmp_path / "mtp", patience=A_MOMENT):
        pass

    assert not is_running(tmp_path)


@pytest.fixture
def can_mount(tmp_path: Path) -> None:
    """Whether this user may mount anything at all."""
    place = tmp_path / "probe"
    place.mkdir()
    if subprocess.run([MOUNT, "-t", "tmpfs", "probe", place], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    subprocess.run([UMOUNT, place], check=True)


@pytest.mark.usefixtures("can_mount")
@pytest.mark.parametrize("at_the_end", ["umount", "true"], ids=["unmounts", "leaves its mount behind"])
def test_what_is_mounted_is_let_go_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_the_end: str) -> None:
    place = tmp_path / "mtp"
    script = f"mount -t tmpfs -o ro cam {place} || exit 1\ntrap '{at_the_end} {place}; exit 0' TERM\n"
    jmtpfs(tmp_path, monkeypatch, script + "while :; do tail -f /dev/null & wait $!; done")

    with mounted_mtp(CAMERA, place) as mounted:
        was_mounted = _is_mounted(place)
        (child,) = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/task").glob("*/children")
        children = child.read_text().split()
    for left in children:  # the stand-in's own, which the real program has not
        os.kill(int(left), 9)

    assert was_mounted
    assert (mounted.root, mounted.options) == (place, "ro,nosuid,nodev,noexec")
    assert (tmp_path / "called").read_text().startswith("-device=3,11 -f -o ro,")
    assert not _is_mounted(place)
    assert not is_running(tmp_path)


@pytest.mark.usefixtures("can_mount")
def test_a_mount_that_an_earlier_start_left_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "mtp"
    place.mkdir()
    subprocess.run([MOUNT, "-t", "tmpfs", "old", place], check=True)
    jmtpfs(tmp_path, monkeypatch, "exit 1")

    with pytest.raises(NotMounted), mounted_mtp(CAMERA, place):
        pass

    assert not _is_mounted(place)


def test_a_card_whose_file_system_does_not_answer_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pulled camera still lists what jmtpfs remembers; what is free it cannot tell any more."""

    def statvfs(_fd: int) -> os.statvfs_result:
        raise OSError(5, "Input/output error")

    with Card(tmp_path, DeviceClaim(ClaimKind.NAMED, "DEMO-1")) as card:
        card.require()
        monkeypatch.setattr(os, "statvfs", statvfs)

        with pytest.raises(SourceChanged, match="is gone: Input/output error"):
            card.require()


@pytest.mark.parametrize(
    ("folder", "profile"),
    [("GoPro MTP/DCIM/100GOPRO", "gopro"), ("内部存储/mpt/2026-11-21", "dahua-dsj"), ("x/y", "generic-folder")],
)
def test_a_camera_over_a_cable_is_recognised_inside_its_storages(tmp_path: Path, folder: str, profile: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "SD" / "Music").mkdir(parents=True)
    with Card(tmp_path, DeviceClaim(ClaimKind.SERIAL, "2672:0037:C1")) as card:
        look = card.appearance(usb_id="2672:0037", usb_interface="mtp")
        by_disk = card.appearance(usb_interface="mass-storage")

    assert match(load_profiles(), look).name == profile
    assert match(load_profiles(), by_disk).name == "generic-folder"


@pytest.mark.parametrize("path", ["GoPro MTP/DCIM/100GOPRO/GX010001.MP4", "DCIM/100GOPRO/GX010001.MP4"])
def test_a_recording_inside_a_storage_lies_where_it_is_expected(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(b"x")
    gopro = next(each for each in load_profiles() if each.name == "gopro")
    with Card(tmp_path, DeviceClaim(ClaimKind.SERIAL, "2672:0037:C1")) as card:
        (row,) = list_card(card, gopro).rows

    assert (row.kind.value, row.reason) == ("video", "")


def test_it_is_read_and_never_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounting = WithMtp(SystemMounting(tmp_path / "disks"), tmp_path)
    jmtpfs(tmp_path, monkeypatch, "echo 'Requested device not found'; exit 1")

    with pytest.raises(SourceChanged), mounting.for_reading(as_volume(CAMERA)):
        pass
    with pytest.raises(NotMounted, match="never cleared"):
        mounting.for_clearing(as_volume(CAMERA))

    assert (tmp_path / "called").read_text().startswith("-device=3,11 ")
