"""The rig itself does what real cameras do: the tests of the dock stand on it."""

from __future__ import annotations

import pytest

from tests.hardware.dock import Dock

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(900)]

READ_ALL = """
import hashlib, json, os, sys
found = {}
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        try:
            found[os.path.relpath(path, sys.argv[1])] = hashlib.sha256(open(path, 'rb').read()).hexdigest()
        except OSError as error:
            found[os.path.relpath(path, sys.argv[1])] = error.errno
print(json.dumps(found))
"""
FILES = {"DCIM/100MEDIA/0001.MP4": 3 << 20, "DCIM/100MEDIA/0002.MP4": 5, "DCIM/100MEDIA/现场.TXT": 700}


@pytest.mark.parametrize("partitioned", [False, True], ids=["whole disk", "partition"])
@pytest.mark.parametrize("filesystem", ["vfat", "exfat", "ext4"])
def test_a_card_that_was_only_read_is_the_same_to_the_bit(dock: Dock, filesystem: str, *, partitioned: bool) -> None:
    card = dock.card(filesystem, partitioned=partitioned, files=FILES)
    before = card.digest()

    camera = dock.plug(card)
    with dock.mounted(camera.volume) as root:
        read = dock.guest.run("python3", "-c", READ_ALL, root).answer()
    camera.pull()

    assert len(camera.nodes) == (2 if partitioned else 1)
    assert read == card.files
    assert set(FILES) <= set(read)
    assert card.digest() == before


def test_a_card_is_taken_out_and_another_put_in_while_the_camera_stays(dock: Dock) -> None:
    first, second = dock.card(files={"A.MP4": 100}), dock.card(files={"B.MP4": 200})
    camera = dock.plug(first)

    camera.card_out()
    gone = dock.guest.run(f"head -c 1 {camera.volume}", code=1)
    camera.card_in(second)
    dock.guest.run(f"for i in $(seq 100); do head -c 1 {camera.volume} >/dev/null 2>&1 && break; done; udevadm settle")
    with dock.mounted(camera.volume) as root:
        found = dock.guest.run(f"ls {root}").out.split()

    assert "No medium found" in gone.err
    assert found == ["B.MP4"]


def test_bad_sectors_spoil_the_files_on_them_and_no_other(dock: Dock) -> None:
    files = {f"DCIM/{number}.MP4": 4 << 20 for number in range(5)}
    card = dock.card(files=files)
    camera = dock.plug(card, bad=((18 << 20) // 512, 64))

    with dock.mounted(camera.volume) as root:
        read = dock.guest.run("python3", "-c", READ_ALL, root).answer()

    spoiled = [name for name in files if read[name] != card.files[name]]
    assert len(spoiled) == 1
    assert read[spoiled[0]] == 5  # EIO


def test_cameras_of_the_same_serial_are_two_cameras(dock: Dock) -> None:
    card, other = dock.card(files={"A.MP4": 100}), dock.card(files={"B.MP4": 200})

    one, two = dock.plug(card, serial="0000"), dock.plug(other, serial="0000")

    assert one.nodes != two.nodes
    assert one.port != two.port


@pytest.mark.full
def test_thirty_two_ports_carry_thirty_two_cameras(dock: Dock) -> None:
    dock.guest.order("ports", count=32)
    cards = [dock.card(files={f"{number}.MP4": 1000}) for number in range(32)]

    cameras = [dock.plug(card) for card in cards]

    assert sorted(camera.port for camera in cameras) == list(range(32))
    assert len({camera.volume for camera in cameras}) == 32


@pytest.mark.full
def test_a_slow_card_is_read_to_its_end(dock: Dock) -> None:
    card = dock.card(files={"A.MP4": 1 << 20})
    camera = dock.plug(card, slow=100)

    with dock.mounted(camera.volume) as root:
        assert dock.guest.run("python3", "-c", READ_ALL, root).answer() == card.files
