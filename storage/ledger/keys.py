"""
Signing keys. Who holds the key signs for the log; a key in a file is as safe as the file, a smart card or HSM is better.

Whatever signs is a `Signer`; the log knows no more of it. Public halves travel as verifier keys (``name+hexkeyid+base64``).
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from storage.errors import LedgerError, NotFound, StorageUnavailable
from storage.verifier.keys import COSIGNATURE, ED25519, VerifierKey

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["COSIGNATURE", "ED25519", "FileSigner", "Signer", "VerifierKey", "keep_new_secret", "read_secret"]

_LARGEST_FILE = 16_384


class Signer(Protocol):
    """Something that signs note texts with one Ed25519 key under one name."""

    @property
    def name(self) -> str:
        """The key name, which is the origin of the log it signs for."""

    @property
    def vkey(self) -> str:
        """The public half, as it is handed to strangers."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature over *message*."""


class FileSigner:
    """A key in a PKCS #8 PEM file that nobody else may read."""

    def __init__(self, key: Ed25519PrivateKey, *, name: str) -> None:
        self._key = key
        self._public = VerifierKey(name, ED25519, key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, path: Path, *, name: str) -> FileSigner:
        """
        Make a key and keep it durably at *path* before returning it.

        A file that is already there is never touched (`LedgerError`): losing a signing key ends a log.
        """
        key = Ed25519PrivateKey.generate()
        signer = cls(key, name=name)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            keep_new_secret(path, pem)
        except FileExistsError as error:
            message = f"signing key {path}: there is already a file, and a key is never overwritten"
            raise LedgerError(message) from error
        except OSError as error:
            message = f"signing key {path}: cannot be kept ({error.strerror})"
            raise StorageUnavailable(message) from error
        return signer

    @classmethod
    def load(cls, path: Path, *, name: str) -> FileSigner:
        """Take the key from *path*; a file that others may read is refused, for others may then already hold the key."""
        try:
            key = load_pem_private_key(read_secret(path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            message = f"signing key {path}: not an unencrypted private key in PEM form"
            raise LedgerError(message) from error
        if not isinstance(key, Ed25519PrivateKey):
            message = f"signing key {path}: expected an Ed25519 key, found {type(key).__name__}"
            raise LedgerError(message)
        return cls(key, name=name)

    @property
    def name(self) -> str:
        """The key name, which is the origin of the log it signs for."""
        return self._public.name

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return self._public.key_id

    @property
    def vkey(self) -> str:
        """The public half, as it is handed to strangers."""
        return self._public.vkey

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature over *message*."""
        return self._key.sign(message)


def keep_new_secret(path: Path, pem: bytes) -> None:
    """Keep a secret at *path*, durably, readable by its owner alone; `FileExistsError` if something has that name."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
        # A link, not a rename: it fails where a file is already there. A crash before it leaves only the temporary name.
        os.link(temporary, path)
    finally:
        temporary.unlink()
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_secret(path: Path) -> bytes:
    """Return what a file holds that its owner alone may read; `LedgerError` for one that others may read too."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
                message = f"signing key {path}: expected a file with mode 0600, found {stat.filemode(status.st_mode)}"
                raise LedgerError(message)
            return file.read(_LARGEST_FILE)
    except FileNotFoundError as error:
        message = f"signing key {path}: there is no such file"
        raise NotFound(message) from error
    except OSError as error:
        message = f"signing key {path}: cannot be read ({error.strerror})"
        raise StorageUnavailable(message) from error
