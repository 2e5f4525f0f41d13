"""The log as files: names, tiles and bundles of C2SP tlog-tiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import LedgerError
from storage.ledger.tiles import (
    ENTRIES,
    TILE_WIDTH,
    TileName,
    bundles_for,
    decode_entries,
    encode_entries,
    tile_hash_reader,
    tiles_for,
    width_at,
)
from storage.ledger.tree import inclusion_proof, leaf_hash, root_at, verify_inclusion
from storage.verifier import VerificationError

from .conftest import reader_of

names = st.builds(TileName, st.integers(ENTRIES, 63), st.integers(0, 10**15), st.integers(1, TILE_WIDTH))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 1234067, 256), "tile/0/x001/x234/067"),
        (TileName(0, 1234, 7), "tile/0/x001/234.p/7"),
        (TileName(63, 0, 255), "tile/63/000.p/255"),
        (TileName(ENTRIES, 0, 256), "tile/entries/000"),
        (TileName(ENTRIES, 999, 1), "tile/entries/999.p/1"),
        (TileName(2, 1000, 256), "tile/2/x001/000"),
    ],
)
def test_a_tile_lies_where_the_specification_says(name: TileName, path: str) -> None:
    assert name.path == path
    assert TileName.parse(path) == name


@given(names)
def test_every_name_reads_back_as_itself(name: TileName) -> None:
    assert TileName.parse(name.path) == name


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/234",
        "tile/0/x001",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/data/001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/07",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/../tile/0/000",
        "tile/0/٠٠٠",
        "Tile/0/000",
        "tile/0/" + "x001/" * 6 + "000",
    ],
)
def test_another_spelling_of_a_name_is_refused(path: str) -> None:
    with pytest.raises(VerificationError):
        TileName.parse(path)


@pytest.mark.parametrize(("level", "index", "width"), [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_there_is_no_tile_outside_the_specification(level: int, index: int, width: int) -> None:
    with pytest.raises(VerificationError):
        TileName(level, index, width)


def test_a_tree_of_70000_has_the_tiles_of_the_specifications_example() -> None:
    """273 full level 0 tiles and one of 112; one full level 1 tile and one of 17; one of width 1 on level 2."""
    found = [(name.level, name.index, name.width) for name in tiles_for(70_000)]

    assert found[:273] == [(0, index, 256) for index in range(273)]
    assert found[273:] == [(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
    assert [name.width for name in bundles_for(70_000)] == [256] * 273 + [112]


def test_a_tree_of_256_has_a_full_tile_and_one_of_width_1_above_it() -> None:
    assert [name.path for name in tiles_for(256)] == ["tile/0/000", "tile/1/000.p/1"]


def test_an_empty_tree_has_no_files() -> None:
    assert [*tiles_for(0), *bundles_for(0)] == []


@given(st.integers(0, 70_000))
def test_the_width_of_a_tile_is_known_without_listing_them(size: int) -> None:
    for name in [*tiles_for(size), *bundles_for(size)]:
        assert width_at(name.level, name.index, size) == name.width
    assert width_at(0, size // TILE_WIDTH + 1, size) == 0


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert decode_entries(encode_entries(entries)) == entries


@given(st.binary(max_size=40))
def test_whatever_is_read_from_a_bundle_is_all_there_was(bundle: bytes) -> None:
    try:
        entries = decode_entries(bundle)
    except VerificationError:
        return
    assert encode_entries(entries) == bundle


@pytest.mark.parametrize("bundle", [b"\0", b"\0\1", b"\0\2a", b"\0\1a\0", b"\xff\xffa"])
def test_a_bundle_that_is_cut_off_is_refused(bundle: bytes) -> None:
    with pytest.raises(VerificationError, match="cut off"):
        decode_entries(bundle)


def test_an_entry_that_does_not_fit_is_not_bundled() -> None:
    assert len(encode_entries([b"a" * 65_535])) == 65_537
    with pytest.raises(LedgerError, match="65535"):
        encode_entries([b"a" * 65_536])


def tiles_of(hashes: list[bytes]) -> dict[tuple[int, int, int], bytes]:
    read = reader_of(hashes)
    return {
        (name.level, name.index, name.width): b"".join(
            read(8 * name.level, TILE_WIDTH * name.index + place) for place in range(name.width)
        )
        for name in tiles_for(len(hashes))
    }


HASHES = [leaf_hash(b"%d" % number) for number in range(66_000)]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 700])
def test_subtrees_read_from_tiles_are_those_of_the_leaves(size: int) -> None:
    hashes = HASHES[:size]
    tiles, whole = tiles_of(hashes), reader_of(hashes)
    read = tile_hash_reader(lambda level, index, width: tiles[level, index, width], size)

    assert root_at(size, read) == root_at(size, whole)
    for index in {0, size // 2, size - 1}:
        path = inclusion_proof(index, size, read)
        assert path == inclusion_proof(index, size, whole)
        verify_inclusion(hashes[index], index=index, size=size, path=path, root=root_at(size, whole))


def test_three_levels_of_tiles_are_read_as_well_as_one() -> None:
    size = len(HASHES)
    tiles, whole = tiles_of(HASHES), reader_of(HASHES)
    read = tile_hash_reader(lambda level, index, width: tiles[level, index, width], size)

    assert [level for level, _, _ in tiles if level == 2] == [2]
    assert root_at(size, read) == root_at(size, whole)
    assert inclusion_proof(40_000, size, read) == inclusion_proof(40_000, size, whole)


@pytest.mark.parametrize(("level", "index"), [(0, 5), (1, 2), (3, 0), (8, 0)])
def test_a_subtree_that_is_not_complete_is_not_read(level: int, index: int) -> None:
    read = tile_hash_reader(lambda *_: b"", 5)

    with pytest.raises(LedgerError, match="not complete"):
        read(level, index)


@pytest.mark.parametrize("found", [b"", b"\0" * 159, b"\0" * 161, b"\0" * 8192])
def test_a_tile_of_another_length_is_refused(found: bytes) -> None:
    read = tile_hash_reader(lambda *_: found, 5)

    with pytest.raises(LedgerError, match="expected 160 bytes"):
        read(0, 0)
