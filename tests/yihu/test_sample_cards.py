"""
The two cards of the demo: real footage, and everything that goes wrong on real cards.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.probe import Finding, StreamKind, facts
from ingest.tools import Tools, find_tools
from storage.errors import StorageUnavailable
from storage.evidence import DevicePath, MediaKind
from yihu.footage import checksum, gps_track
from yihu.sample_cards import write_sample_cards

pytestmark = pytest.mark.media

_Card = Mapping[bytes, Path]


@pytest.fixture(scope="session")
def tools() -> Tools:
    return find_tools(None)


@pytest.fixture(scope="session")
def cards(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> tuple[_Card, _Card]:
    """
    The files of both cards, by their raw path on the card.
    """
    first, second = write_sample_cards(tmp_path_factory.mktemp("cards"), tools)
    return _files(first), _files(second)


def _files(card: Path) -> _Card:
    return {os.fsencode(path.relative_to(card)): path for path in sorted(card.rglob("*")) if path.is_file()}


def _all(cards: tuple[_Card, _Card]) -> _Card:
    first, second = cards
    return {**first, **second}


def test_there_is_footage_of_every_kind(cards: tuple[_Card, _Card], tools: Tools) -> None:
    every = [facts(path, tools) for path in _all(cards).values()]
    codecs = {tuple(stream.codec for stream in each.streams) for each in every}

    assert {("h264", "aac"), ("h264",), ("hevc", "aac"), ("mjpeg", "pcm_s16le"), ("mjpeg",), ("pcm_s16le",), ("aac",)} <= codecs
    assert {MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PHOTO} <= {each.kind for each in every}
    assert {1280, 640} == {stream.width for each in every if (stream := each.first(StreamKind.VIDEO))}


def test_one_clip_is_cut_off_and_one_is_empty(cards: tuple[_Card, _Card], tools: Tools) -> None:
    findings = [finding for path in _all(cards).values() for finding in facts(path, tools).findings]

    assert findings.count(Finding.TRUNCATED) == 1
    assert findings.count(Finding.EMPTY) == 1


def test_one_sidecar_is_wrong_and_the_others_are_right(cards: tuple[_Card, _Card]) -> None:
    right = []
    for path in (path for path in _all(cards).values() if path.suffix == ".md5"):
        digest, name = path.read_text(encoding="utf-8").split()
        clip = path.with_name(name)
        right.append(hashlib.md5(clip.read_bytes(), usedforsecurity=False).hexdigest() == digest)

    assert sorted(right) == [False, True, True]


def test_names_are_chinese_in_two_encodings(cards: tuple[_Card, _Card]) -> None:
    names = [raw for raw in _all(cards) if not raw.isascii()]

    assert sorted(DevicePath(raw).name.text for raw in names) == ["现场检查_样例商铺_20261118.MP4", "询问笔录_样例当事人.MP4"]
    with pytest.raises(UnicodeDecodeError):
        [raw.decode("utf-8") for raw in names]


def test_both_layouts_and_what_desktops_leave_behind_are_there(cards: tuple[_Card, _Card]) -> None:
    first, second = cards

    assert {raw.split(b"/")[0] for raw in first} == {b"DCIM", b"System Volume Information", b".Trashes"}
    assert b"DCIM/100MEDIA/Thumbs.db" in first
    assert {raw.split(b"/")[0] for raw in second} == {b"Media", b"Config", b"Logs", b"Temp"}
    assert {raw.split(b"/")[1] for raw in second if raw.startswith(b"Media/")} == {b"Video", b"Image", b"Audio", b"IMP"}
    assert b"Media/IMP/2026-11-19/DCAM_DSJDEMO02_000002_20261119_101500_IMP.mp4" in second


def test_writing_them_again_changes_nothing(cards: tuple[_Card, _Card], tools: Tools, tmp_path: Path) -> None:
    """
    So the demo can be run twice, and the second time there is nothing new on the cards.
    """
    told: list[tuple[int, int]] = []
    again = [_files(card) for card in write_sample_cards(tmp_path, tools, lambda done, of: told.append((done, of)))]

    for before, after in zip(cards, again, strict=True):
        assert [_claims(raw, path) for raw, path in before.items()] == [_claims(raw, path) for raw, path in after.items()]
    assert told == [(done, len(told) - 1) for done in range(len(told))]


def _claims(raw: bytes, path: Path) -> tuple[bytes, int, bytes]:
    return raw, path.stat().st_mtime_ns, path.read_bytes()


def test_a_place_that_cannot_be_written_is_an_error(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "root").touch()

    with pytest.raises(StorageUnavailable, match="sample card"):
        write_sample_cards(tmp_path / "root", tools)


@given(st.datetimes(min_value=datetime(2000, 1, 1)), st.integers(min_value=1, max_value=90))  # noqa: DTZ001
def test_every_line_of_a_track_has_its_checksum(start: datetime, seconds: int) -> None:
    lines = gps_track(start.replace(tzinfo=UTC, year=2026), seconds=seconds).splitlines()

    assert len(lines) == seconds
    for line in lines:
        sentence, _, given_sum = line.removeprefix("$").partition("*")
        assert len(sentence.split(",")) == 15
        assert int(given_sum, 16) == checksum(sentence)


def test_the_checksum_is_that_of_nmea() -> None:
    assert checksum("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,") == 0x47
