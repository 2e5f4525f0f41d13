"""Names are read as far as they can be read, and never trusted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.names import NameFacts, read_name
from device_profiles.profile import Profile, load_profiles
from device_profiles.text import lies_under, readable

PROFILES = {profile.name: profile for profile in load_profiles()}


@pytest.mark.parametrize(
    ("profile", "path", "expected"),
    [
        (
            "dcam-ncc036v",
            "Media/Video/2026-11-21/DCAM_BWC0042_A10086_20261121_222950.mp4",
            NameFacts(device="BWC0042", officer="A10086", time="20261121222950"),
        ),
        (
            "dcam-ncc036v",
            "Media/Video/DCAM_BWC0042_A10086_20261121_222950_IMP_enc.mp4",
            NameFacts(device="BWC0042", officer="A10086", time="20261121222950", important=True, encrypted=True),
        ),
        (
            "dcam-ncc036v",
            "Media/IMP/2026-11-21/DCAM_BWC0042_A10086_20261121_222950.mp4",
            NameFacts(device="BWC0042", officer="A10086", time="20261121222950", important=True),
        ),
        ("dcam-ncc036v", "Media/IMP/whatever.mp4", NameFacts(important=True)),
        ("dcam-ncc036v", "Media/Video/DCAM_BWC_A10086_20261121_222950.mp4", NameFacts()),
        (
            "dahua-dsj",
            "mpt/2026-11-21/001/dav/22/22.29.50-22.34.50[R][0@0][0].mp4",
            NameFacts(time="20261121222950", end="20261121223450"),
        ),
        ("dahua-dsj", "mpt/22.29.50-22.34.50.mp4", NameFacts()),
        (
            "generic-folder",
            "_BWC0042_010086_20261121222950_0007.mp4",
            NameFacts(device="BWC0042", officer="010086", time="20261121222950", sequence="0007"),
        ),
        (
            "generic-folder",
            "现场/BWC0042_王某_20261121_222950_0007_IMP.MP4",
            NameFacts(device="BWC0042", officer="王某", time="20261121222950", sequence="0007", important=True),
        ),
        ("generic-folder", "VID_20261121_222950.mp4", NameFacts(time="20261121222950")),
        ("generic-folder", "执法20261121222950现场.avi", NameFacts(time="20261121222950")),
        ("generic-folder", "99999999999999.mp4", NameFacts()),
        ("generic-folder", "note.txt", NameFacts()),
        ("gopro", "DCIM/100GOPRO/GX020135.MP4", NameFacts(sequence="0135", chapter="02")),
        ("gopro", "DCIM/100GOPRO/GOPR1234.MP4", NameFacts(sequence="1234")),
        ("gopro", "DCIM/100GOPRO/GHAA0001.MP4", NameFacts(sequence="0001")),
        ("gopro", "DCIM/100GOPRO/GX020135.TXT", NameFacts()),
        ("garmin", "DCIM/100EVENT/DEMO0001.MP4", NameFacts(sequence="0001", important=True)),
        ("garmin", "DCIM/104UNSVD/DEMO0001.MP4", NameFacts(sequence="0001")),
        ("generic-dcim", "DCIM/100MEDIA/DSCF0042.JPG", NameFacts(sequence="0042")),
    ],
)
def test_a_name_says_what_its_maker_put_into_it(profile: str, path: str, expected: NameFacts) -> None:
    assert read_name(PROFILES[profile], path.encode()) == expected


def test_a_pattern_on_a_name_begins_where_the_name_does() -> None:
    """Whoever writes a ``^`` means the name, whatever folder it lies in."""
    rule = PROFILES["gopro"].names[0].model_copy(update={"pattern": re.compile(r"^G(?P<sequence>\d+)\.MP4$")})
    profile = PROFILES["gopro"].model_copy(update={"names": (rule,)})

    assert read_name(profile, b"DCIM/100GOPRO/G0007.MP4").sequence == "0007"


def test_a_name_in_gbk_says_the_same() -> None:
    path = "现场/BWC0042_王某_20261121_222950_0007.mp4"

    assert read_name(PROFILES["generic-folder"], path.encode("gbk")) == read_name(PROFILES["generic-folder"], path.encode())


def test_only_plain_digits_count_as_digits() -> None:
    """Arabic-Indic digits look like a date to a careless expression."""
    assert read_name(PROFILES["generic-folder"], "VID_٢٠٢٦١١٢١_٢٢٢٩٥٠.mp4".encode()).time is None


@given(st.sampled_from(sorted(PROFILES)), st.binary(max_size=600))
def test_no_name_is_too_hostile(name: str, path: bytes) -> None:
    facts = read_name(PROFILES[name], path)

    assert facts.time is None or re.fullmatch(r"[0-9]{14}", facts.time)


@given(
    st.sampled_from(list(PROFILES.values())),
    st.lists(st.sampled_from([b"DCAM_", b"_IMP", b"20261121", b"222950", b"_", b".", b"\xc9\xe8", b"/", b"1"]), max_size=120),
)
def test_names_made_of_the_right_pieces_in_the_wrong_order_are_read_quickly(profile: Profile, pieces: list[bytes]) -> None:
    read_name(profile, b"".join(pieces))


@given(st.binary())
def test_any_bytes_can_be_shown(raw: bytes) -> None:
    assert isinstance(readable(raw).encode("utf-8"), bytes)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4))
def test_text_comes_back_from_utf8_and_usually_from_gbk(text: str) -> None:
    assert readable(text.encode()) == text
    assert readable(text.encode("gbk")) == text or _is_utf8(text.encode("gbk"))


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        ("Media/Video/a.mp4", "Media/Video", True),
        ("media/VIDEO/2026/a.mp4", "Media/Video", True),
        ("Media/Video", "Media/Video", False),
        ("Media/VideoX/a.mp4", "Media/Video", False),
        ("X/Media/Video/a.mp4", "Media/Video", False),
        ("DCIM/100MEDIA/a.mp4", "DCIM/*", True),
        ("DCIM/a.mp4", "DCIM/*", False),
    ],
)
def test_a_file_lies_under_a_folder_at_any_depth(path: str, folder: str, expected: bool) -> None:  # noqa: FBT001
    assert lies_under(path, folder) is expected


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
