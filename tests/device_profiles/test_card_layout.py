"""Each file on a card has a kind; sidecars know their recording; nothing unknown is dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.layout import Place, place, sidecar_owners
from device_profiles.profile import load_profiles

PROFILES = {profile.name: profile for profile in load_profiles()}


@pytest.mark.parametrize(
    ("profile", "path", "expected"),
    [
        ("generic-folder", "a.mp4", Place("video")),
        ("generic-folder", "深/夜/a.AVI", Place("video")),
        ("generic-folder", "a.m4a", Place("audio")),
        ("generic-folder", "a.JPG", Place("photo")),
        ("generic-folder", "a.mp4.md5", Place("sidecar")),
        ("generic-folder", "NMEA_20261121_222950.txt", Place("sidecar")),
        ("generic-folder", "a.bin", Place("other")),
        ("generic-folder", "mp4", Place("other")),
        ("generic-folder", ".mp4", Place("video")),
        ("generic-folder", "System Volume Information/a.mp4", Place("video", ignored=True)),
        ("generic-folder", "x/THUMBS.DB", Place("other", ignored=True)),
        ("generic-folder", ".Trash-1000/a.mp4", Place("video", ignored=True)),
        ("dcam-ncc036v", "Media/Video/2026-11-21/a.mp4", Place("video")),
        ("dcam-ncc036v", "Media/IMP/2026-11-21/a.mp4", Place("video")),
        ("dcam-ncc036v", "Media/IMP/2026-11-21/a.jpg", Place("photo")),
        ("dcam-ncc036v", "Logs/a.mp4", Place("video", expected=False)),
        ("dcam-ncc036v", "Temp/a.mp4", Place("video", ignored=True, expected=False)),
        ("dcam-ncc036v", "Media/Temp/a.mp4", Place("video", expected=False)),
        ("dcam-ncc036v", "Database/dcam.db", Place("other")),
        ("dcam-ncc036v", "Logs/logs.txt", Place("other")),
    ],
)
def test_a_path_says_what_its_file_looks_like(profile: str, path: str, expected: Place) -> None:
    assert place(PROFILES[profile], path.encode()) == expected


@pytest.mark.parametrize(
    ("sidecar", "files", "owner"),
    [
        ("v/a.mp4.md5", ["v/a.mp4", "v/a.jpg"], "v/a.mp4"),
        ("v/a.md5", ["v/a.mp4"], "v/a.mp4"),
        ("v/A.MD5", ["v/a.mp4"], "v/a.mp4"),
        ("v/a.json", ["v/a.jpg", "v/a.wav", "v/a.mp4"], "v/a.mp4"),
        ("v/a_gpstrail.json", ["v/a.mkv"], "v/a.mkv"),
        ("v/NMEA_20261121_222950.txt", ["v/VID_20261121222950.mp4"], "v/VID_20261121222950.mp4"),
        ("v/现场.txt", ["v/现场.avi"], "v/现场.avi"),
        ("v/a.mp4.md5", ["w/a.mp4"], None),
        ("v/NMEA_20261121_222950.txt", ["v/VID_20261121222950.mp4", "v/IMG_20261121222950.mp4"], None),
        ("v/a.md5", ["v/a.txt"], None),
    ],
)
def test_a_sidecar_belongs_to_the_recording_it_points_to(sidecar: str, files: list[str], owner: str | None) -> None:
    paths = [name.encode() for name in (sidecar, *files)]

    found = sidecar_owners(PROFILES["generic-folder"], paths).get(sidecar.encode())

    assert found == (owner.encode() if owner else None)


@pytest.mark.parametrize(
    ("sidecar", "files", "owner"),
    [
        ("GL010135.LRV", ["GX010135.MP4", "GX020135.MP4"], "GX010135.MP4"),
        ("GL020135.LRV", ["GX010135.MP4", "GX020135.MP4"], "GX020135.MP4"),
        ("GX020135.THM", ["GX010135.MP4", "GX020135.MP4"], "GX020135.MP4"),
        ("GOPR1234.LRV", ["GOPR1234.MP4", "GP011234.MP4"], "GOPR1234.MP4"),
        ("GL010135.LRV", ["GX010136.MP4"], None),
        ("GL010135.LRV", ["GX010135.MP4", "GH010135.MP4"], None),
    ],
)
def test_a_sidecar_belongs_to_the_only_recording_of_its_numbers(sidecar: str, files: list[str], owner: str | None) -> None:
    paths = {name: f"DCIM/100GOPRO/{name}".encode() for name in (sidecar, *files)}

    found = sidecar_owners(PROFILES["gopro"], paths.values()).get(paths[sidecar])

    assert found == (paths[owner] if owner else None)


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw + b".md5") | st.binary(max_size=40).map(lambda raw: raw + b".mp4")))
def test_owners_are_recordings_that_are_there(paths: list[bytes]) -> None:
    owners = sidecar_owners(PROFILES["generic-folder"], paths)

    assert set(owners) <= set(paths)
    assert {place(PROFILES["generic-folder"], owner).kind for owner in owners.values()} <= {"video"}
    assert owners == sidecar_owners(PROFILES["generic-folder"], reversed(paths))
