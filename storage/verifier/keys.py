"""
Verifier keys (C2SP signed-note: ``name+hexkeyid+base64``): whom a stranger decides to believe.

Two kinds are known: Ed25519 over the text of a note (0x01, the log itself) and timestamped Ed25519 cosignatures (0x04,
witnesses; C2SP tlog-cosignature). A key comes to the stranger by another way than the log: on paper, from a court, from
another office.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from .errors import SignaturesUncheckable, VerificationError

ED25519 = 0x01
COSIGNATURE = 0x04

KEY_ID_BYTES = 4
_TIMESTAMP_BYTES = 8
_NAME = re.compile(r"[!-*,-~]{1,255}")
_PRIME = 2**255 - 19
_SMALL_ORDER = {
    0,
    1,
    _PRIME - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
}
"""The y coordinates of the eight points of small order: for such a "key" there are signatures that fit many messages."""


def decode_base64(text: str, what: str) -> bytes:
    """Read standard base64 in its one canonical spelling (RFC 4648 §4); *what* names it in the message."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if not text or base64.b64encode(raw).decode("ascii") != text:
        message = "{what}: not canonical base64"
        raise VerificationError(message, what=what)
    return raw


def check_name(name: str) -> None:
    """Return only if *name* can be a key name and an origin: visible ASCII without a space or a plus sign."""
    if not _NAME.fullmatch(name):
        message = "key name {name!r}: expected visible ASCII characters without space and plus"
        raise VerificationError(message, name=name)


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """Return the first four bytes of SHA-256(name || LF || algorithm || public key)."""
    return hashlib.sha256(name.encode("ascii") + b"\n" + bytes((algorithm,)) + public).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under."""

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.algorithm not in {ED25519, COSIGNATURE} or len(self.public) != 32:  # noqa: PLR2004 — of Ed25519
            message = "key {name}: expected an Ed25519 key of type 1 or 4, found type {algorithm} and {length} bytes"
            raise VerificationError(message, name=self.name, algorithm=self.algorithm, length=len(self.public))
        height = int.from_bytes(self.public, "little") & (2**255 - 1)
        if height >= _PRIME or height in _SMALL_ORDER:
            message = "key {name}: a degenerate Ed25519 key that would accept forged signatures"
            raise VerificationError(message, name=self.name)

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read ``name+hexkeyid+base64``; the key id must be the one that follows from the rest."""
        name, _, rest = vkey.partition("+")
        _, _, material = rest.partition("+")
        raw = decode_base64(material, "key material")
        key = cls(name, raw[0], raw[1:])
        if key.vkey != vkey:
            message = "key {name}: its key id does not belong to its name and material"
            raise VerificationError(message, name=name)
        return key

    @property
    def key_id(self) -> bytes:
        """What tells this key from others of the same name in a signature line."""
        return key_id(self.name, self.algorithm, self.public)

    @property
    def vkey(self) -> str:
        """The text form, to be printed and handed over."""
        material = base64.b64encode(bytes((self.algorithm,)) + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def verify(self, text: str, signature: bytes) -> int | None:
        """Return only if *signature* is by this key over the note *text*; the seconds since 1970 a witness put beside it."""
        if self.algorithm == ED25519:
            self._check(text.encode("utf-8"), signature)
            return None
        moment = int.from_bytes(signature[:_TIMESTAMP_BYTES], "big")
        self._check(f"cosignature/v1\ntime {moment}\n{text}".encode(), signature[_TIMESTAMP_BYTES:])
        return moment

    def _check(self, message: bytes, signature: bytes) -> None:
        # Late, so that everything but signatures can be verified where the package is not installed.
        try:
            from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
        except ImportError as error:
            reason = "the Python package 'cryptography' is missing: signatures cannot be checked"
            raise SignaturesUncheckable(reason) from error
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            reason = "the signature of {name} is wrong"
            raise VerificationError(reason, name=self.name) from error
