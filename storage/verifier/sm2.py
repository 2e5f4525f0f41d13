"""
SM2 signatures with SM3 (国密) below a checkpoint: one more line, which verifiers that know only C2SP pass over.

The signature type is 0xff with a longer identifier, as the signed-note specification leaves to whoever has none of his own.
What is signed is the text of the note, under the user id 1234567812345678; the signature is the DER sequence of r and s.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from .errors import SignaturesUncheckable, VerificationError
from .keys import check_name, decode_base64, key_id
from .note import SignedNote

UNASSIGNED = 0xFF
IDENTIFIER = b"yihu/sm2-with-sm3/v1"
USER_ID = b"1234567812345678"

_COORDINATE = 32
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93


@dataclass(frozen=True)
class Sm2Key:
    """An SM2 public key with the name it signs under."""

    name: str
    public: bytes
    """x and y, 32 bytes each."""

    def __post_init__(self) -> None:
        check_name(self.name)
        x, y = (int.from_bytes(part, "big") for part in (self.public[:_COORDINATE], self.public[_COORDINATE:]))
        on_curve = x < _P and y < _P and (y * y - x * x * x + 3 * x - _B) % _P == 0
        if len(self.public) != 2 * _COORDINATE or not on_curve:
            message = "key {name}: expected a point of the SM2 curve"
            raise VerificationError(message, name=self.name)

    @classmethod
    def parse(cls, vkey: str) -> Sm2Key:
        """Read ``name+hexkeyid+base64``; anything but an SM2 key raises `VerificationError`."""
        name, _, rest = vkey.partition("+")
        raw = decode_base64(rest.partition("+")[2], "key material")
        start = bytes((UNASSIGNED,)) + IDENTIFIER
        if not raw.startswith(start):
            message = "key {name}: not an SM2 key"
            raise VerificationError(message, name=name)
        key = cls(name, raw[len(start) :])
        if key.vkey != vkey:
            message = "key {name}: its key id does not belong to its name and material"
            raise VerificationError(message, name=name)
        return key

    @property
    def key_id(self) -> bytes:
        """What tells this key from others of the same name in a signature line."""
        return key_id(self.name, UNASSIGNED, IDENTIFIER + self.public)

    @property
    def vkey(self) -> str:
        """The text form, to be printed and handed over."""
        material = base64.b64encode(bytes((UNASSIGNED,)) + IDENTIFIER + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def verify(self, text: str, signature: bytes) -> None:
        """Return only if *signature* is by this key over *text*."""
        # Late, and optional: a stranger who has no use for it need not have it.
        try:
            import gmssl_pyx  # noqa: PLC0415
        except ImportError as error:
            reason = "the Python package 'gmssl_pyx' is missing: SM2 signatures cannot be checked"
            raise SignaturesUncheckable(reason) from error
        try:
            is_right = gmssl_pyx.sm2_verify(self.public, text.encode("utf-8"), signature, signer_id=USER_ID)
        except (gmssl_pyx.GmsslInnerError, ValueError):
            is_right = False
        if not is_right:
            reason = "the signature of {name} is wrong"
            raise VerificationError(reason, name=self.name)


def verify_sm2(note: str, key: Sm2Key) -> None:
    """Return only if *key* has signed the *note*."""
    parsed = SignedNote.parse(note)
    lines = [line for line in parsed.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
    if not lines:
        message = "not signed by the SM2 key {name}"
        raise VerificationError(message, name=key.name)
    key.verify(parsed.text, lines[0].signature)
