"""Programs that know nothing of us (bagit.py, sha256sum, b3sum) on a bundle, and the parsers of its smaller files."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.export.bundle import extension_of
from storage.verifier.errors import VerificationError
from storage.verifier.growth import ConsistencyFile
from storage.verifier.segmentfile import SegmentFile

from .bundled import files_of, segments_of, told_log, write_bundle
from .conftest import one_bit_off


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The honest bundle; not to be changed."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "honest", *told_log())


@pytest.fixture
def bundle(tmp_path: Path, made: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "bundle"))


def bagit_accepts(bundle: Path) -> bool:
    try:
        return bool(bagit.Bag(str(bundle)).validate())
    except bagit.BagError:
        return False


def ends_well(bundle: Path, *command: str) -> bool:
    return subprocess.run(command, cwd=bundle, capture_output=True, check=False, timeout=60).returncode == 0


def sums_agree(bundle: Path) -> bool:
    return ends_well(bundle, "sha256sum", "--check", "--strict", "manifest-sha256.txt", "tagmanifest-sha256.txt")


def test_bagit_and_sha256sum_accept_it_and_refuse_every_changed_file(made: Path, tmp_path: Path) -> None:
    assert bagit_accepts(made)
    assert sums_agree(made)
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    for name in files_of(made):
        if name in {"tagmanifest-sha256.txt", "bagit.txt"} or not (made / name).stat().st_size:
            continue  # listed nowhere; read otherwise; nothing to change
        (copy / name).write_bytes(one_bit_off((copy / name).read_bytes(), 9))
        assert not bagit_accepts(copy), name
        assert not sums_agree(copy), name
        (copy / name).write_bytes((made / name).read_bytes())


@pytest.mark.needs("b3sum")
def test_b3sum_accepts_the_originals_and_refuses_a_changed_one(bundle: Path) -> None:
    assert ends_well(bundle / "data", "b3sum", "--check", "media.b3")
    path = bundle / "data/media/01J00000000000000000000AAA.mp4"
    path.write_bytes(one_bit_off(path.read_bytes(), 9))
    assert not ends_well(bundle / "data", "b3sum", "--check", "media.b3")


# --- parsers --------------------------------------------------------------------------------------------------------------


@given(size=st.integers(0, 5 * 2**20), change=st.binary(max_size=3))
def test_a_segment_manifest_is_read_in_one_form_only(size: int, change: bytes) -> None:
    count = -(-size // 2**20)
    raw = b"yihu-segments/1\n" + size.to_bytes(8, "big") + (2**20).to_bytes(8, "big") + b"d" * 32 * count

    assert SegmentFile.parse(raw, path="p").size == size
    for other in (raw + b"x" + change, raw[:-1], b"Y" + raw[1:], change):
        with pytest.raises(VerificationError):
            SegmentFile.parse(other, path="p")


def test_the_root_of_a_segment_manifest_is_the_one_the_ledger_names() -> None:
    manifest = segments_of(bytes(3 * 2**20 + 1))

    assert SegmentFile.parse(manifest.encode(), path="p").root == manifest.summary.root


@given(st.text(alphabet="old 0123456789\nAB=", max_size=80))
def test_a_consistency_file_is_read_in_one_form_only(text: str) -> None:
    try:
        found = ConsistencyFile.parse(text)
    except VerificationError:
        return
    hashes = (f"{base64.b64encode(value).decode()}\n" for value in found.path)
    assert "".join([f"old {found.old}\n", *hashes]) == text


@pytest.mark.parametrize(
    ("name", "extension"),
    [("A.MP4", "mp4"), ("a.b.jpeg", "jpeg"), ("a", "bin"), (".mp4", "bin"), ("a.张三", "bin"), ("a.exe", "bin"), ("a.", "bin")],
)
def test_of_a_cameras_file_name_only_a_common_extension_is_kept(name: str, extension: str) -> None:
    assert extension_of(name) == extension
