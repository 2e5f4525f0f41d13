"""
The hash tree: known answers of the first Certificate Transparency implementation, and what must hold of every tree.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from storage.verifier import VerificationError

from .conftest import one_bit_off, reader_of

# The eight leaves of the CT reference implementation, the root of each beginning of them, and some of its proofs.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
B, C, D = (
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
)
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
E, F = (
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)
INCLUSIONS = {(0, 1): [], (0, 8): [A, B, C], (5, 8): [D, E, ROOTS[4]], (2, 3): [ROOTS[2]], (1, 5): [ROOTS[1], B, D]}
CONSISTENCIES = {(1, 1): [], (1, 8): [A, B, C], (6, 8): [F, E, ROOTS[4]], (2, 5): [B, D]}

HASHES = [leaf_hash(b"%d" % number) for number in range(70)]
READ = reader_of(HASHES)
KNOWN = reader_of([leaf_hash(raw) for raw in LEAVES])

sizes = st.integers(1, len(HASHES))
pairs = st.tuples(sizes, sizes).map(sorted)


def test_the_known_roots_come_out() -> None:
    assert [root_at(size, KNOWN).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_the_known_inclusion_paths_come_out(index: int, size: int) -> None:
    path = inclusion_proof(index, size, KNOWN)

    assert [value.hex() for value in path] == INCLUSIONS[index, size]
    verify_inclusion(leaf_hash(LEAVES[index]), index=index, size=size, path=path, root=bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCIES)
def test_the_known_consistency_paths_come_out(old: int, new: int) -> None:
    assert [value.hex() for value in consistency_proof(old, new, KNOWN)] == CONSISTENCIES[old, new]


def by_the_book(hashes: list[bytes]) -> bytes:
    """The definition of RFC 6962 §2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(by_the_book(hashes[:split]), by_the_book(hashes[split:]))


def test_every_root_is_the_one_of_the_definition() -> None:
    for size in range(len(HASHES) + 1):
        assert by_the_book(HASHES[:size]) == root_at(size, READ) == Frontier().extend(HASHES[:size]).root()


def test_every_inclusion_proof_verifies() -> None:
    for size in range(1, len(HASHES) + 1):
        root = root_at(size, READ)
        for index in range(size):
            path = inclusion_proof(index, size, READ)
            verify_inclusion(HASHES[index], index=index, size=size, path=path, root=root)


def test_every_consistency_proof_verifies() -> None:
    for new in range(len(HASHES) + 1):
        for old in range(new + 1):
            path = consistency_proof(old, new, READ)
            verify_consistency(old_size=old, old_root=root_at(old, READ), new_size=new, new_root=root_at(new, READ), path=path)


def test_every_flipped_bit_of_an_inclusion_is_refused() -> None:
    """Leaf, path and root of each proof in a tree of seven, bit by bit."""
    root = root_at(7, READ)
    for index in range(7):
        path = inclusion_proof(index, 7, READ)
        whole = b"".join([HASHES[index], *path, root])
        for bit in range(8 * len(whole)):
            leaf, *changed, top = _hashes(one_bit_off(whole, bit))
            with pytest.raises(VerificationError):
                verify_inclusion(leaf, index=index, size=7, path=changed, root=top)


def test_every_flipped_bit_of_a_consistency_proof_is_refused() -> None:
    """Both roots and the path of each growth to seven leaves, bit by bit."""
    for old in range(1, 8):
        path = consistency_proof(old, 7, READ)
        whole = b"".join([root_at(old, READ), *path, root_at(7, READ)])
        for bit in range(8 * len(whole)):
            before, *changed, after = _hashes(one_bit_off(whole, bit))
            with pytest.raises(VerificationError):
                verify_consistency(old_size=old, old_root=before, new_size=7, new_root=after, path=changed)


def _hashes(whole: bytes) -> list[bytes]:
    return [whole[start : start + 32] for start in range(0, len(whole), 32)]


@given(data=st.data(), size=sizes)
def test_a_flipped_bit_is_refused_in_trees_of_any_size(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    whole = b"".join([HASHES[index], *inclusion_proof(index, size, READ), root_at(size, READ)])
    leaf, *path, root = _hashes(one_bit_off(whole, data.draw(st.integers(0, 8 * len(whole) - 1))))

    with pytest.raises(VerificationError):
        verify_inclusion(leaf, index=index, size=size, path=path, root=root)


@given(data=st.data(), ends=pairs)
def test_a_flipped_bit_is_refused_in_growth_of_any_size(data: st.DataObject, ends: list[int]) -> None:
    old, new = ends
    whole = b"".join([root_at(old, READ), *consistency_proof(old, new, READ), root_at(new, READ)])
    before, *path, after = _hashes(one_bit_off(whole, data.draw(st.integers(0, 8 * len(whole) - 1))))

    with pytest.raises(VerificationError):
        verify_consistency(old_size=old, old_root=before, new_size=new, new_root=after, path=path)


@given(data=st.data(), size=sizes)
def test_a_proof_of_one_place_is_not_a_proof_of_another(data: st.DataObject, size: int) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(-1, size))
    path, root = inclusion_proof(index, size, READ), root_at(size, READ)
    if index == other:
        return

    with pytest.raises(VerificationError):
        verify_inclusion(HASHES[index], index=other, size=size, path=path, root=root)


@given(data=st.data(), size=sizes)
def test_a_path_with_a_hash_too_many_or_too_few_is_refused(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(index, size, READ), root_at(size, READ)
    place = data.draw(st.integers(0, len(path)))
    for changed in ([*path[:place], HASHES[0], *path[place:]], path[:place] + path[place + 1 :]):
        if changed == path:
            continue
        with pytest.raises(VerificationError):
            verify_inclusion(HASHES[index], index=index, size=size, path=changed, root=root)


@pytest.mark.parametrize("old", range(1, 9))
def test_a_consistency_path_of_another_length_is_refused(old: int) -> None:
    path = consistency_proof(old, 8, KNOWN)
    for changed in ([*path, HASHES[0]], [HASHES[0], *path], path[:-1]):
        if changed == path:
            continue
        with pytest.raises(VerificationError):
            verify_consistency(old_size=old, old_root=root_at(old, KNOWN), new_size=8, new_root=root_at(8, KNOWN), path=changed)


def test_growth_is_not_shown_by_no_path_at_all() -> None:
    for old in (1, 3, 5):
        with pytest.raises(VerificationError, match="length"):
            verify_consistency(old_size=old, old_root=root_at(old, KNOWN), new_size=8, new_root=root_at(8, KNOWN), path=[])


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2), (0, 0), (2, 2)])
def test_a_tree_that_did_not_grow_but_changed_is_refused(old: int, new: int) -> None:
    with pytest.raises(VerificationError):
        verify_consistency(old_size=old, old_root=HASHES[0], new_size=new, new_root=HASHES[1], path=[])


def test_from_nothing_everything_grows_but_only_from_nothing() -> None:
    verify_consistency(old_size=0, old_root=EMPTY_ROOT, new_size=5, new_root=root_at(5, READ), path=[])
    for old_root, path in ((HASHES[0], []), (EMPTY_ROOT, [HASHES[0]])):
        with pytest.raises(VerificationError):
            verify_consistency(old_size=0, old_root=old_root, new_size=5, new_root=root_at(5, READ), path=path)
    with pytest.raises(VerificationError):
        verify_consistency(old_size=0, old_root=EMPTY_ROOT, new_size=0, new_root=HASHES[0], path=[])


def test_hashes_of_another_length_are_refused() -> None:
    """Or a path could be cut at other places than between hashes."""
    root = root_at(2, READ)
    with pytest.raises(VerificationError, match="32 bytes"):
        verify_inclusion(HASHES[0], index=0, size=2, path=[HASHES[1] + b"\0"], root=root)


@given(st.lists(st.binary(max_size=3), max_size=40), st.integers(0, 40))
def test_a_frontier_only_ever_appends(raws: list[bytes], cut: int) -> None:
    """However the leaves arrive, one by one or in heaps, the tree is the same; and growing leaves the old one as it was."""
    hashes = [leaf_hash(raw) for raw in raws]
    first = Frontier().extend(hashes[:cut])
    before = first.root()
    grown = first.extend(hashes[cut:])
    single = Frontier()
    for value in hashes:
        single = single.append(value)

    assert single == grown == frontier_at(len(hashes), reader_of(hashes)) == Frontier.of(grown.size, grown.hashes)
    assert grown.root() == by_the_book(hashes)
    assert first.root() == before


@pytest.mark.parametrize(("size", "hashes"), [(1, []), (3, [b"\0" * 32]), (1, [b"\0" * 31]), (0, [b"\0" * 32]), (-1, [])])
def test_a_frontier_with_the_wrong_number_of_hashes_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(VerificationError):
        Frontier.of(size, hashes)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_what_is_not_in_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        inclusion_proof(index, size, READ)


def test_there_is_no_proof_of_shrinking() -> None:
    with pytest.raises(ValueError, match="has not grown"):
        consistency_proof(5, 4, READ)


def test_neighbouring_roots_differ() -> None:
    roots = [root_at(size, READ) for size in range(len(HASHES) + 1)]

    assert all(left != right for left, right in pairwise(roots))
