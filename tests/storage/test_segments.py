"""Segment manifests: any MiB of a clip can be verified alone."""

from __future__ import annotations

import random

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import DigestMismatch
from storage.ledger.tree import leaf_hash, verify_inclusion
from storage.segments import SEGMENT_SIZE, SegmentManifest

sizes = st.builds(lambda count, rest: max(0, count * SEGMENT_SIZE + rest), st.integers(0, 40), st.integers(-2, 2))


def manifest_of(size: int) -> SegmentManifest:
    """A manifest with digests of nothing in particular."""
    return SegmentManifest(size, random.Random(size).randbytes(-(-size // SEGMENT_SIZE) * 32))


@given(sizes)
def test_what_was_written_is_read_again(size: int) -> None:
    manifest = manifest_of(size)

    assert SegmentManifest.decode(manifest.encode()) == manifest
    assert len(manifest.encode()) == 32 + 32 * manifest.count


@given(sizes, st.data())
def test_every_segment_is_proved_under_the_root(size: int, data: st.DataObject) -> None:
    """The proofs are those of the ledger: the leaf is the digest's 32 bytes."""
    manifest = manifest_of(size)
    if manifest.count == 0:
        return
    index = data.draw(st.integers(0, manifest.count - 1))

    leaf = leaf_hash(manifest.digest_of(index).value)

    verify_inclusion(leaf, index=index, size=manifest.count, path=manifest.proof(index), root=manifest.summary.root)


@given(sizes, st.binary(max_size=80), st.data())
def test_any_other_file_is_refused(size: int, garbage: bytes, data: st.DataObject) -> None:
    """Longer, shorter, another kind, another size: a manifest is read exactly or not at all."""
    raw = manifest_of(size).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    others = [raw + b"\0", raw[:cut], garbage, b"yihu-segments/2\n" + raw[16:], raw[:16] + b"\xff" * 8 + raw[24:]]

    for other in others:
        with pytest.raises(ValueError, match="segment manifest"):
            SegmentManifest.decode(other)


def test_a_damaged_segment_is_named_by_its_bytes() -> None:
    clip = random.Random(1).randbytes(SEGMENT_SIZE * 2 + 10)
    pieces = [clip[start : start + SEGMENT_SIZE] for start in range(0, len(clip), SEGMENT_SIZE)]
    manifest = SegmentManifest(len(clip), b"".join(blake3(piece).digest() for piece in pieces))

    for index, piece in enumerate(pieces):
        manifest.verify(index, piece)
    with pytest.raises(DigestMismatch, match="bytes 2097152 to 2097162 of the clip: expected blake3:"):
        manifest.verify(2, b"0123456789")
    with pytest.raises(DigestMismatch, match="bytes 1048576 to 2097152 of the clip: expected 1048576 bytes, read 1048575"):
        manifest.verify(1, pieces[1][:-1])


def test_there_is_no_segment_outside_the_clip() -> None:
    for manifest, index in ((manifest_of(0), 0), (manifest_of(5), 1), (manifest_of(5), -1)):
        for ask in (manifest.digest_of, manifest.range_of, manifest.proof):
            with pytest.raises(ValueError, match="the clip has"):
                ask(index)


def test_a_manifest_has_as_many_digests_as_its_clip_has_segments() -> None:
    for size, digests in ((1, b""), (0, bytes(32)), (SEGMENT_SIZE + 1, bytes(32)), (1, bytes(33)), (-1, b"")):
        with pytest.raises(ValueError, match="segment manifest of"):
            SegmentManifest(size, digests)


def test_a_manifest_costs_32_kib_for_each_gib() -> None:
    assert len(manifest_of(2**30).encode()) == 32 * 2**10 + 32
