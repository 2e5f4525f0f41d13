"""
Entries signed by a person with a certificate, where the office has such certificates.

===================  ==========  ================  ===========================================================================
entry                subject     moves             body
===================  ==========  ================  ===========================================================================
``SIGNED``           that of     stays             number and hash of the entry that is signed, algorithm, signature, and the
                     the entry                     SHA-256 of the certificate
===================  ==========  ================  ===========================================================================

The certificate names a person, so it lies in the vault (with the chain it came with) and is shown like any personal value. What
is signed is ``yihu/signed/v1``, the log, the number and the hash of the entry, one a line. A certificate counts if its chain
ends at a root that the settings name, every certificate in it was valid when the entry was recorded, and its keys may be used
so. Whether it was revoked is not looked up.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, NoReturn, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from storage.errors import EvidenceError, Refused
from storage.evidence import Actor, Entry, Json, Recorded, Subject
from storage.ledger.leaf import Leaf

__all__ = ["SIGNED", "Certificates", "Chain", "read_certificates", "signed", "verify_signed"]

SIGNED = "SIGNED"
Certificates: TypeAlias = Sequence[x509.Certificate]

_FIRST_LINE = "yihu/signed/v1"
_LONGEST_CHAIN = 6
_SMALLEST_RSA = 2048
_PSS = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)


@dataclass(frozen=True, slots=True)
class Chain:
    """A person's certificate and those above it, as they came in one PEM file: the person's first."""

    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def parse(cls, pem: bytes) -> Chain:
        """Read a PEM file; `EvidenceError` for one that holds no certificate, or more than a chain can be long."""
        found = read_certificates(pem)
        if len(found) > _LONGEST_CHAIN:
            message = f"certificate: expected at most {_LONGEST_CHAIN} in one file, found {len(found)}"
            raise EvidenceError(message)
        return cls(tuple(found))

    @property
    def pem(self) -> str:
        """The chain as text, for the vault."""
        return "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in self.certificates)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the person's certificate, in hexadecimal."""
        return self.certificates[0].fingerprint(SHA256()).hex()

    def verify(self, roots: Certificates, *, at: datetime) -> None:
        """Return only if the chain ends at one of *roots* and every certificate was valid and usable *at* that moment."""
        _refuse_unless_usable(self.certificates[0])
        path = self._path(roots)
        for one in path:
            if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
                _refuse(one, f"it was not valid at {at.isoformat()}")
        for depth, (below, above) in enumerate(pairwise(path)):
            _refuse_unless_authority(above, depth)
            try:
                below.verify_directly_issued_by(above)
            except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
                message = f"certificate {_named(below)}: not issued by {_named(above)}"
                raise Refused(message) from error

    def _path(self, roots: Certificates) -> list[x509.Certificate]:
        path = [one for one in self.certificates if one not in roots]
        last = path[-1] if path else self.certificates[0]
        ends = [root for root in roots if root.subject == last.issuer and root != last]
        if not path or not ends:
            _refuse(last, "its issuer is none of the officer_roots")
        return [*path, ends[0]]


def read_certificates(pem: bytes) -> list[x509.Certificate]:
    """Read a PEM file of certificates; `EvidenceError` for anything else."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        message = "certificate: expected certificates in PEM form"
        raise EvidenceError(message) from error


def signed(leaf: Leaf, chain: Chain, key: bytes, *, actor: Actor) -> Entry:
    """Return the entry by which whoever holds the private *key* (PEM) of *chain* signs the recorded *leaf*."""
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = "private key: not an unencrypted one in PEM form"
        raise EvidenceError(message) from error
    text = _text(leaf)
    algorithm, signature = _sign(private, text)
    # a key that is not the one of the certificate is found here
    _verify(chain, algorithm, signature, text)
    body: dict[str, Json] = {
        "seq": leaf.seq,
        "leaf": leaf.hash.hex(),
        "alg": algorithm,
        "certificate": chain.fingerprint,
        "signature": base64.b64encode(signature).decode("ascii"),
    }
    return Entry(SIGNED, Subject.parse(leaf.subject), actor, body, {"certificate": chain.pem})


def verify_signed(recorded: Recorded, leaf: Leaf, roots: Certificates) -> bool:
    """
    Return True only if the ``SIGNED`` entry is what it says about *leaf*; False where its certificate was erased.

    Raises `EvidenceError` saying what is wrong.
    """
    body, pem = recorded.entry.body, recorded.entry.personal.get("certificate")
    if (body["seq"], body["leaf"], str(recorded.entry.subject)) != (leaf.seq, leaf.hash.hex(), leaf.subject):
        message = f"entry {recorded.seq}: it signs entry {body['seq']}, which is another one"
        raise EvidenceError(message)
    if pem is None:
        return False
    chain = Chain.parse(str(pem).encode())
    if chain.fingerprint != body["certificate"]:
        message = f"entry {recorded.seq}: its certificate is not the one in the vault"
        raise EvidenceError(message)
    try:
        signature = base64.b64decode(str(body["signature"]), validate=True)
    except binascii.Error as error:
        message = f"entry {recorded.seq}: its signature is not base64"
        raise EvidenceError(message) from error
    _verify(chain, str(body["alg"]), signature, _text(leaf))
    chain.verify(roots, at=recorded.at)
    return True


def _text(leaf: Leaf) -> bytes:
    return f"{_FIRST_LINE}\n{leaf.log}\n{leaf.seq}\n{leaf.hash.hex()}\n".encode("ascii")


def _sign(private: Any, text: bytes) -> tuple[str, bytes]:  # noqa: ANN401 - one of three kinds
    match private:
        case ed25519.Ed25519PrivateKey():
            return "ed25519", private.sign(text)
        case ec.EllipticCurvePrivateKey() if isinstance(private.curve, ec.SECP256R1):
            return "ecdsa-p256-sha256", private.sign(text, ec.ECDSA(SHA256()))
        case rsa.RSAPrivateKey():
            return "rsa-pss-sha256", private.sign(text, _PSS, SHA256())
    message = f"private key: expected RSA, ECDSA P-256 or Ed25519, found {type(private).__name__}"
    raise EvidenceError(message)


def _verify(chain: Chain, algorithm: str, signature: bytes, text: bytes) -> None:
    public = chain.certificates[0].public_key()
    try:
        match algorithm, public:
            case "ed25519", ed25519.Ed25519PublicKey():
                public.verify(signature, text)
            case "ecdsa-p256-sha256", ec.EllipticCurvePublicKey() if isinstance(public.curve, ec.SECP256R1):
                public.verify(signature, text, ec.ECDSA(SHA256()))
            case "rsa-pss-sha256", rsa.RSAPublicKey() if public.key_size >= _SMALLEST_RSA:
                public.verify(signature, text, _PSS, SHA256())
            case _:
                message = f"certificate: its key cannot make signatures of the kind {algorithm}"
                raise EvidenceError(message)
    except InvalidSignature as error:
        message = "certificate: the signature is not by its key"
        raise EvidenceError(message) from error


def _refuse_unless_usable(certificate: x509.Certificate) -> None:
    usage = _usage(certificate)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        _refuse(certificate, "its key is not for signatures")


def _refuse_unless_authority(certificate: x509.Certificate, depth: int) -> None:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        _refuse(certificate, "it may not issue others")
    usage = _usage(certificate)
    too_deep = basic.path_length is not None and basic.path_length < depth
    if not basic.ca or too_deep or (usage is not None and not usage.key_cert_sign):
        _refuse(certificate, "it may not issue others")


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _refuse(certificate: x509.Certificate, why: str) -> NoReturn:
    message = f"certificate {_named(certificate)}: {why}"
    raise Refused(message)


def _named(certificate: x509.Certificate) -> str:
    """Name a certificate without naming a person."""
    return certificate.fingerprint(SHA256()).hex()[:16]
