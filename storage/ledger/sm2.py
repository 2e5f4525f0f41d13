"""
An SM2 key (国密) in a file, which adds its line to every checkpoint beside the Ed25519 one.

The file is a private key in PEM form as ``openssl ecparam -name SM2 -genkey -noout`` of version 3 writes it (PKCS #8), readable
by its owner alone. One key length, one curve, one shape of the file: whatever differs by a byte is refused.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from storage.errors import LedgerError, StorageUnavailable
from storage.ledger.keys import keep_new_secret, read_secret
from storage.verifier.errors import VerificationError
from storage.verifier.sm2 import USER_ID, Sm2Key

__all__ = ["Sm2Signer", "public_pem"]

_PRIVATE = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
_PUBLIC = bytes.fromhex("a14403420004")
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_BEGIN, _END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"


class Sm2Signer:
    """Signs note texts with one SM2 key under one name."""

    def __init__(self, private: bytes, key: Sm2Key) -> None:
        self._private = private
        self.key = key

    @classmethod
    def generate(cls, path: Path, *, name: str) -> Sm2Signer:
        """Make a key and keep it durably at *path*; a file that is already there is never touched (`LedgerError`)."""
        public, private = _library().sm2_key_generate()
        try:
            keep_new_secret(path, _pem(private, public))
        except FileExistsError as error:
            message = f"SM2 key {path}: there is already a file, and a key is never overwritten"
            raise LedgerError(message) from error
        except OSError as error:
            message = f"SM2 key {path}: cannot be kept ({error.strerror})"
            raise StorageUnavailable(message) from error
        return cls(private, Sm2Key(name, public))

    @classmethod
    def load(cls, path: Path, *, name: str) -> Sm2Signer:
        """Take the key from *path*; `LedgerError` for a file that others may read, or that is no SM2 key."""
        private, public = _read(path, read_secret(path))
        try:
            signer = cls(private, Sm2Key(name, public))
            # a private half that does not belong to the public one is found here and not at the first checkpoint
            signer.line(f"{name}\n")
        except VerificationError as error:
            message = f"SM2 key {path}: {error}"
            raise LedgerError(message) from error
        return signer

    def line(self, text: str) -> str:
        """Return the signature line over the note *text*, verified, with its line feed."""
        library = _library()
        signature = library.sm2_sign(self._private, self.key.public, text.encode("utf-8"), signer_id=USER_ID)
        try:
            self.key.verify(text, signature)
        except VerificationError as error:
            message = f"SM2 key {self.key.name}: signed wrongly, not given out"
            raise LedgerError(message) from error
        return f"\u2014 {self.key.name} {base64.b64encode(self.key.key_id + signature).decode('ascii')}\n"


def public_pem(key: Sm2Key) -> str:
    """Return the public half as a PEM file, for ``openssl pkeyutl -verify``."""
    return _armoured("-----BEGIN PUBLIC KEY-----", _SPKI + key.public, "-----END PUBLIC KEY-----").decode("ascii")


def _library() -> Any:  # noqa: ANN401 - no types where it is not installed
    try:
        # late: an optional package
        import gmssl_pyx  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = f"{error.name}: this package is not installed; it comes with the extra 'sm'"
        raise StorageUnavailable(message) from error
    return gmssl_pyx


def _pem(private: bytes, public: bytes) -> bytes:
    return _armoured(_BEGIN, _PRIVATE + private + _PUBLIC + public, _END)


def _armoured(begin: str, der: bytes, end: str) -> bytes:
    text = base64.b64encode(der).decode("ascii")
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join([begin, *lines, end, ""]).encode("ascii")


def _read(path: Path, raw: bytes) -> tuple[bytes, bytes]:
    text = raw.decode("ascii", "replace")
    _, begun, rest = text.partition(_BEGIN)
    encoded, ended, _ = rest.partition(_END)
    try:
        der = base64.b64decode("".join(encoded.split()), validate=True)
    except binascii.Error:
        der = b""
    start = len(_PRIVATE)
    private, public = der[start : start + 32], der[-64:]
    if not (begun and ended) or der != _PRIVATE + private + _PUBLIC + public:
        message = f"SM2 key {path}: not an unencrypted SM2 key in PEM form"
        raise LedgerError(message)
    return private, public
