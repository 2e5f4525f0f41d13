"""Everything seen on a card is a row, and every row is under the root."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from ingest import cards
from ingest.cards import Card, ClaimKind, DeviceClaim, Sighting, What
from ingest.manifest import LARGEST_SIZE, Manifest, ManifestRow, Verdict, list_card, listed
from storage.errors import SourceChanged
from storage.evidence import DevicePath, Json, Kind, MediaKind, Subject
from storage.ledger.tree import EMPTY_ROOT

PROFILES = {profile.name: profile for profile in load_profiles()}
FOLDER = PROFILES["generic-folder"]

rows = st.builds(
    ManifestRow,
    path=st.binary(min_size=1, max_size=30).map(
        lambda raw: DevicePath(raw.replace(b"/", b"_").replace(b"\0", b"_").replace(b".", b"_"))
    ),
    size=st.integers(0, LARGEST_SIZE),
    modified_ns=st.integers(-(2**63), 2**63),
    kind=st.sampled_from(MediaKind),
    verdict=st.sampled_from(Verdict),
    reason=st.sampled_from(["", "symlink"]),
    belongs_to=st.none() | st.just(DevicePath(b"a/b.mp4")),
)
manifests = st.lists(rows, max_size=9).map(lambda each: Manifest(tuple(each)))


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with Card(tmp_path, DeviceClaim(ClaimKind.NAMED, "BWC0042")) as opened:
        yield opened


def salts_for(manifest: Manifest) -> list[bytes]:
    return [hashlib.sha256(b"%d" % number).digest() for number in range(len(manifest.rows))]


def test_every_file_is_a_row_with_kind_verdict_and_reason(card: Card) -> None:
    folder = card.root / "Media" / "Video"
    folder.mkdir(parents=True)
    (folder / "a.mp4").write_bytes(b"12345")
    (folder / "a.mp4.md5").write_bytes(b"0" * 32)
    (card.root / "Temp").mkdir()
    (card.root / "Temp" / "a.mp4").write_bytes(b"1")
    (card.root / "b.mp4").write_bytes(b"12")
    (card.root / "c.bin").write_bytes(b"")
    (card.root / "link").symlink_to("b.mp4")

    manifest = list_card(card, PROFILES["dcam-ncc036v"])

    assert [(row.path.raw, row.size, row.kind, row.verdict, row.reason) for row in manifest.rows] == [
        (b"Media/Video/a.mp4", 5, MediaKind.VIDEO, Verdict.READ, ""),
        (b"Media/Video/a.mp4.md5", 32, MediaKind.SIDECAR, Verdict.READ, ""),
        (b"Temp/a.mp4", 1, MediaKind.VIDEO, Verdict.IGNORED, "ignored-by-profile"),
        (b"b.mp4", 2, MediaKind.VIDEO, Verdict.READ, "unexpected-place"),
        (b"c.bin", 0, MediaKind.OTHER, Verdict.READ, ""),
        (b"link", 0, MediaKind.OTHER, Verdict.REFUSED, "symlink"),
    ]
    assert [row.belongs_to for row in manifest.rows] == [None, DevicePath(b"Media/Video/a.mp4"), None, None, None, None]
    assert manifest.counts == {Verdict.READ: 4, Verdict.IGNORED: 1, Verdict.REFUSED: 1}
    assert manifest.total_bytes == 39


def test_what_is_read_becomes_recordings_of_the_device(card: Card) -> None:
    (card.root / "a.mp4").write_bytes(b"12345")
    (card.root / "desktop.ini").write_bytes(b"")
    device = Subject(Kind.DEVICE, "0" * 32)

    (recording,) = list_card(card, FOLDER).recordings(device)

    assert (recording.device, recording.path.raw, recording.size, recording.kind) == (device, b"a.mp4", 5, MediaKind.VIDEO)


def test_a_card_pulled_while_it_was_listed_has_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pulled card lists as empty without an error; that must never be taken for an empty card."""
    monkeypatch.setattr(cards, "in_sysfs", lambda _: True)
    with Card(tmp_path, DeviceClaim(ClaimKind.NAMED, "BWC0042")) as card:
        monkeypatch.setattr(cards, "in_sysfs", lambda _: False)

        with pytest.raises(SourceChanged, match="pulled"):
            list_card(card, FOLDER)


@pytest.mark.parametrize("path", [b"", b"/etc/passwd", b"a/../b", b"a\0b", b".", b"a//b"])
def test_a_name_that_no_file_system_gives_is_a_refused_row(path: bytes) -> None:
    (row,) = listed([Sighting(path, What.FILE, size=1)], FOLDER).rows

    assert (row.verdict, row.reason) == (Verdict.REFUSED, "hostile-name")
    assert row.path.raw == b"%" + path.hex().encode()


@pytest.mark.parametrize("size", [-1, LARGEST_SIZE + 1, 2**63 - 1])
def test_an_impossible_size_is_a_refused_row(size: int) -> None:
    (row,) = listed([Sighting(b"a.mp4", What.FILE, size=size)], FOLDER).rows

    assert (row.verdict, row.reason) == (Verdict.REFUSED, "impossible-size")


def test_every_word_for_what_was_met_but_file_refuses() -> None:
    for what in set(What) - {What.FILE}:
        (row,) = listed([Sighting(b"x.mp4", what)], FOLDER).rows
        assert (row.verdict, row.reason) == (Verdict.REFUSED, what)


def test_only_what_settled_is_left_of_a_manifest() -> None:
    manifest = listed([Sighting(b"a.mp4", What.FILE), Sighting(b"b.mp4", What.FILE)], FOLDER)

    assert [row.path.raw for row in manifest.only([DevicePath(b"b.mp4"), DevicePath(b"c.mp4")]).rows] == [b"b.mp4"]


@given(manifests)
def test_a_manifest_comes_back_from_the_vault(manifest: Manifest) -> None:
    stored: Json = json.loads(json.dumps(manifest.as_json()))

    assert Manifest.from_json(stored) == manifest


@pytest.mark.parametrize(
    "change",
    [
        {0: "612E"},
        {0: ""},
        {0: "2f61"},
        {0: "zz"},
        {1: "5"},
        {1: True},
        {1: -1},
        {1: 2**53},
        {2: 7},
        {2: "07"},
        {2: "+7"},
        {2: ""},
        {3: "film"},
        {4: "READ"},
        {5: None},
        {6: 1},
        {6: "2E2E"},
    ],
)
def test_a_row_that_was_written_otherwise_is_refused(change: dict[int, Json]) -> None:
    good: list[Json] = [b"a.mp4".hex(), 1, "7", "video", "read", "", None]
    assert ManifestRow.from_json(good).as_json() == good

    with pytest.raises(ValueError, match="."):
        ManifestRow.from_json([change.get(place, value) for place, value in enumerate(good)])


@pytest.mark.parametrize("value", [None, {}, "x", [1], [[]], [["61", 1, "7", "video", "read", ""]]])
def test_what_is_no_manifest_is_refused(value: Json) -> None:
    with pytest.raises(ValueError, match="expected"):
        Manifest.from_json(value)


def test_the_root_is_that_of_rfc_6962_over_salted_rows() -> None:
    manifest = listed([Sighting(b"a.mp4", What.FILE, 5, 7), Sighting(b"b", What.SYMLINK, 0, -1)], FOLDER)
    salts = salts_for(manifest)
    texts = [
        b'["612e6d7034",5,"7","video","read","",null]',
        b'["62",0,"-1","other","refused","symlink",null]',
    ]
    leaves = [
        hashlib.sha256(b"\0" + hmac.digest(salt, text, "sha256")).digest() for salt, text in zip(salts, texts, strict=True)
    ]

    assert manifest.root(salts) == hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()


def test_an_empty_manifest_has_the_root_of_the_empty_tree() -> None:
    assert Manifest(()).root([]) == EMPTY_ROOT


@given(manifests.filter(lambda manifest: manifest.rows), st.data())
def test_no_row_changes_without_the_root(manifest: Manifest, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(manifest.rows) - 1))
    changed = replace(manifest.rows[number], modified_ns=manifest.rows[number].modified_ns + 1)
    other = Manifest((*manifest.rows[:number], changed, *manifest.rows[number + 1 :]))
    salts = salts_for(manifest)

    assert other.root(salts) != manifest.root(salts)
    assert manifest.root([os.urandom(32), *salts[1:]]) != manifest.root(salts)


def test_missing_or_short_salts_are_refused() -> None:
    manifest = listed([Sighting(b"a.mp4", What.FILE)], FOLDER)

    with pytest.raises(ValueError, match="as many salts"):
        manifest.root([])
    with pytest.raises(ValueError, match="salt of 32 bytes"):
        manifest.root([b"short"])
