"""Signing keys in files: nobody else reads them, and none is ever overwritten."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from storage.errors import LedgerError, NotFound, StorageUnavailable
from storage.ledger.keys import FileSigner, Signer, VerifierKey
from storage.verifier import VerificationError

from .conftest import ORIGIN


def test_a_kept_key_signs_as_the_made_one_did(tmp_path: Path) -> None:
    made = FileSigner.generate(tmp_path / "log.pem", name=ORIGIN)
    loaded: Signer = FileSigner.load(tmp_path / "log.pem", name=ORIGIN)

    assert (loaded.name, loaded.vkey) == (ORIGIN, made.vkey)
    assert loaded.sign(b"x") == made.sign(b"x")
    VerifierKey.parse(loaded.vkey).verify("x", loaded.sign(b"x"))
    assert VerifierKey.parse(made.vkey).key_id == made.key_id


def test_a_new_key_is_read_by_its_owner_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FileSigner.generate(tmp_path / "log.pem", name=ORIGIN)
    finally:
        os.umask(before)

    assert [path.name for path in tmp_path.iterdir()] == ["log.pem"]
    assert stat.S_IMODE((tmp_path / "log.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["file", "link to nowhere", "directory"])
def test_what_is_already_there_is_never_overwritten(tmp_path: Path, there: str) -> None:
    """Even a dangling link: it may point to a disk that is not mounted now."""
    path = tmp_path / "log.pem"
    if there == "file":
        path.write_bytes(b"precious")
    elif there == "directory":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(LedgerError, match="never overwritten"):
        FileSigner.generate(path, name=ORIGIN)

    assert [entry.name for entry in tmp_path.iterdir()] == ["log.pem"]
    if there == "file":
        assert path.read_bytes() == b"precious"


def test_a_key_that_cannot_be_kept_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"log\.pem"):
        FileSigner.generate(tmp_path / "missing" / "log.pem", name=ORIGIN)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o620])
def test_a_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "log.pem"
    FileSigner.generate(path, name=ORIGIN)
    path.chmod(mode)

    with pytest.raises(LedgerError, match="0600"):
        FileSigner.load(path, name=ORIGIN)


def test_a_stricter_mode_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "log.pem"
    made = FileSigner.generate(path, name=ORIGIN)
    path.chmod(0o400)

    assert FileSigner.load(path, name=ORIGIN).vkey == made.vkey


def pem(key: Ed25519PrivateKey | object, *, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)  # type: ignore[union-attr] # any private key


@pytest.mark.parametrize(
    "raw",
    [b"", b"not a key", pem(generate_private_key(SECP256R1())), pem(Ed25519PrivateKey.generate(), password=b"x")],
    ids=["empty", "text", "another curve", "encrypted"],
)
def test_what_is_not_a_plain_ed25519_key_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "log.pem"
    path.write_bytes(raw)
    path.chmod(0o600)

    with pytest.raises(LedgerError, match=r"log\.pem"):
        FileSigner.load(path, name=ORIGIN)


def test_a_missing_key_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"log\.pem"):
        FileSigner.load(tmp_path / "log.pem", name=ORIGIN)


def test_a_directory_is_not_a_key(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="cannot be read"):
        FileSigner.load(tmp_path, name=ORIGIN)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "一户", "a\n"])
def test_a_name_that_no_note_can_carry_is_refused_before_anything_is_kept(tmp_path: Path, name: str) -> None:
    with pytest.raises(VerificationError, match="key name"):
        FileSigner.generate(tmp_path / "log.pem", name=name)
    assert list(tmp_path.iterdir()) == []
