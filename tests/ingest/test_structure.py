"""
Whether a file ends before it says it does.
"""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.structure import Container, structure
from ingest.tools import Tools, file_url, run
from yihu.footage import Medium

pytestmark = pytest.mark.media

_CONTAINERS = {
    Medium.H264: Container.MP4,
    Medium.H264_SILENT: Container.MP4,
    Medium.HEVC: Container.MP4,
    Medium.MJPEG: Container.AVI,
    Medium.PHOTO: Container.JPEG,
    Medium.WAV: Container.WAV,
    Medium.AAC: None,
}


@pytest.fixture(scope="module")
def rewrapped(tools: Tools, clips: dict[Medium, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """
    The same film in containers that the sample footage does not use.
    """
    folder = tmp_path_factory.mktemp("rewrapped")
    for name, options in {
        "film.mkv": [],
        "film.ts": [],
        "fragmented.mp4": ["-movflags", "+frag_keyframe+empty_moov"],
        "big.avi": ["-c:v", "mjpeg"],
    }.items():
        source = ["-i", file_url(clips[Medium.H264]), "-c", "copy"]
        assert run(
            [str(tools.ffmpeg), "-v", "error", *source, *options, file_url(folder / name)], timeout=timedelta(minutes=1)
        ).well
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _whole(data: bytes) -> bool:
    return structure(io.BytesIO(data)).whole


@pytest.mark.parametrize("medium", Medium)
def test_healthy_files_are_recognised_and_whole(clips: dict[Medium, Path], medium: Medium) -> None:
    with clips[medium].open("rb") as file:
        found = structure(file)

    assert found.container is _CONTAINERS[medium]
    assert found.whole


@pytest.mark.parametrize(
    "medium", [Medium.H264, Medium.H264_SILENT, Medium.MJPEG, Medium.WAV, Medium.PHOTO], ids=lambda medium: medium.value
)
@pytest.mark.parametrize("percent", range(5, 100, 5))
def test_a_file_that_was_cut_off_anywhere_is_not_whole(clips: dict[Medium, Path], medium: Medium, percent: int) -> None:
    data = clips[medium].read_bytes()

    assert not _whole(data[: len(data) * percent // 100])


@pytest.mark.parametrize("name", ["film.mkv", "film.ts", "fragmented.mp4", "big.avi"])
def test_other_containers_are_looked_at_in_the_same_way(rewrapped: dict[str, bytes], name: str) -> None:
    data = rewrapped[name]

    assert _whole(data)
    assert not _whole(data[: len(data) * 6 // 10 + 1])


def test_an_mp4_without_its_index_says_so(clips: dict[Medium, Path]) -> None:
    data = clips[Medium.H264_SILENT].read_bytes()

    cut = structure(io.BytesIO(data[: len(data) // 2]))

    assert (cut.container, cut.whole, cut.indexed) == (Container.MP4, False, False)


@pytest.mark.parametrize("padding", [b"\0" * 4096, b"\0\0", b"\xff" * 100], ids=["zeros", "two bytes", "noise"])
def test_padding_after_the_last_box_is_no_damage(clips: dict[Medium, Path], padding: bytes) -> None:
    assert _whole(clips[Medium.H264].read_bytes() + padding)


@pytest.mark.parametrize("size", [0, 5], ids=["never filled in", "too small"])
def test_an_avi_whose_camera_lost_power_is_not_whole(clips: dict[Medium, Path], size: int) -> None:
    data = clips[Medium.MJPEG].read_bytes()
    movi = data.index(b"movi")
    index = data.rindex(b"idx1")

    assert not _whole(data[: movi - 4] + size.to_bytes(4, "little") + data[movi:index])


def test_sound_from_a_pipe_does_not_know_its_length_and_counts_as_whole(clips: dict[Medium, Path]) -> None:
    data = clips[Medium.WAV].read_bytes()
    size = data.index(b"data") + 4

    assert _whole(data[:size] + b"\xff" * 4 + data[size + 4 :])


@given(
    st.sampled_from([b"", b"\0\0\0\x18ftyp", b"RIFF\0\0\0\0AVI ", b"RIFF\0\0\0\0WAVE", b"\x1a\x45\xdf\xa3", b"\xff\xd8\xff"]),
    st.binary(max_size=200),
)
def test_no_header_is_strange_enough_to_raise(magic: bytes, rest: bytes) -> None:
    structure(io.BytesIO(magic + rest))


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_a_box_may_claim_any_size(size: int) -> None:
    box = b"\0\0\0\x01mdat" + size.to_bytes(8)

    assert not _whole(b"\0\0\0\x08ftyp" + box)
