"""
Certificates of an office's own: an authority that the office's computers are told to trust, and what servers it vouches for.

For an intranet without a public name. The key of the authority signs servers and nothing else, and is best kept elsewhere when
it is not used. Nothing that exists is replaced: whoever wants another certificate moves the old one away.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage import durable
from storage.errors import EvidenceError, LedgerError

_AUTHORITY, _SERVER = timedelta(days=3650), timedelta(days=397)
_EARLIER = timedelta(hours=1)
"""A computer's clock may be behind."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where everything lies."""

    authority: Path
    certificate: Path
    key: Path
    ends: datetime


def make_certificates(folder: Path, hosts: Sequence[str], *, office: str, now: datetime) -> Certificates:
    """
    Make a server's key and certificate for *hosts* in *folder*, and before that the authority, if there is none yet.

    Raises `ValueError` for what is no name or address of a host, and `EvidenceError` where there is a certificate already.
    """
    names = [_host(each) for each in hosts]
    if not names:
        message = "certificates: expected a name or an address of this server, found none"
        raise ValueError(message)
    made = Certificates(folder / "office-ca.pem", folder / "web.pem", folder / "web.key", now + _SERVER)
    for path in (made.certificate, made.key):
        if path.exists():
            message = f"{path}: there is one already; move it away to make another"
            raise EvidenceError(message)
    authority, key = _authority(made.authority, folder / "office-ca.key", office=office, now=now)
    server = ec.generate_private_key(ec.SECP256R1())
    signed = _server(names, authority, server.public_key(), now=now).sign(key, SHA256())
    durable.write_new(made.key, _private(server), mode=0o600)
    durable.write_new(made.certificate, signed.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM))
    return made


def ends_at(certificate: Path) -> datetime:
    """Return when the first certificate in a PEM file runs out; raises `EvidenceError` where there is none."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        message = f"{certificate}: expected a certificate (PEM)"
        raise EvidenceError(message) from error


def _authority(
    certificate: Path, key: Path, *, office: str, now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if not key.exists():
        durable.write_new(key, _private(ec.generate_private_key(ec.SECP256R1())), mode=0o600)
    private = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        message = f"{key}: expected the key of an authority that this program made"
        raise LedgerError(message)
    if not certificate.exists():  # a crash in between leaves the key, and the next try goes on
        durable.write_new(certificate, _root(private, office=office, now=now).public_bytes(Encoding.PEM))
    return x509.load_pem_x509_certificate(certificate.read_bytes()), private


def _root(key: ec.EllipticCurvePrivateKey, *, office: str, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{office} CA"[:64])])
    usage = _usage(signs_certificates=True)
    builder = _builder(name, name, key.public_key(), now=now, lasts=_AUTHORITY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(usage, critical=True).add_extension(identifier, critical=False).sign(key, SHA256())


def _server(
    names: Sequence[x509.GeneralName], authority: x509.Certificate, key: ec.EllipticCurvePublicKey, *, now: datetime
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value)[:64])])
    issued_by = authority.public_key()
    if not isinstance(issued_by, ec.EllipticCurvePublicKey):
        message = "the certificate of the authority is not one that this program made"
        raise LedgerError(message)
    builder = _builder(name, authority.subject, key, now=now, lasts=_SERVER)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issued_by), critical=False)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _EARLIER).not_valid_after(now + lasts)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        plain = text.lower().strip(".")
    if not plain or not all(part.replace("-", "").isalnum() and part.isascii() for part in plain.split(".")):
        message = f"host {text!r}: expected a name like yihu.office.example, or an address"
        raise ValueError(message)
    return x509.DNSName(plain)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
