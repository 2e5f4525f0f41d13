"""A person signs an entry with a certificate: who may, what is refused, and what the audit sees later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from storage.custody import Custody
from storage.database import writing
from storage.errors import EvidenceError, NotFound, Refused
from storage.evidence import Entry
from storage.key_faults import KeyFaults, key_faults
from storage.ledger.leaf import Leaf
from storage.officer_signatures import Chain, signed
from tests.crashes.offices import founded, opened
from tests.yihu.commanding import answer, yihu
from yihu.officers import sign_entry
from yihu.settings import FILE_NAME
from yihu.wiring import Office

NOW = datetime.now(UTC)
USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass
class Holder:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def issued(
    by: Holder | None,
    *,
    key: Any = None,  # noqa: ANN401 - one of three kinds
    ca: bool = False,
    uses: tuple[str, ...] = ("digital_signature",),
    days: tuple[int, int] = (-1, 365),
    path: int | None = None,
    name: str = "演示员",
) -> Holder:
    """A certificate, by *by* or by itself."""
    key = key or ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = subject if by is None else by.certificate.subject
    usage = x509.KeyUsage(**{use: use in uses for use in USES})
    start, end = (NOW + timedelta(days=each) for each in days)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path), critical=True)
    signer = key if by is None else by.key
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else SHA256()
    return Holder(builder.add_extension(usage, critical=True).sign(signer, digest), key)


ROOT = issued(None, ca=True, uses=("key_cert_sign",), name="演示根")
STRANGE_ROOT = issued(None, ca=True, uses=("key_cert_sign",), name="演示根")
ROOTS = ROOT.pem


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office that accepts certificates of one root."""
    home = founded(tmp_path / "office").home
    (home / "keys" / "roots.pem").write_bytes(ROOTS)
    settings = home / FILE_NAME
    settings.write_text(settings.read_text("utf-8") + '\n[keys]\nofficer_roots = "keys/roots.pem"\n', "utf-8")
    return opened(home)


def written(place: Path, holder: Holder, *above: Holder) -> tuple[Path, Path]:
    """The files of a person: certificate with what is above it, and key."""
    certificate, key = place / "cert.pem", place / "key.pem"
    certificate.write_bytes(holder.pem + b"".join(each.pem for each in above))
    key.write_bytes(holder.key_pem)
    key.chmod(0o600)
    return certificate, key


def faults(office: Office, roots: bytes | None = ROOTS) -> KeyFaults:
    return key_faults(office.engine, office.log, office.vault, roots=roots)


KINDS: dict[str, Callable[[], Any]] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "ECDSA P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_signed_and_the_audit_agrees(office: Office, tmp_path: Path, kind: str) -> None:
    certificate, key = written(tmp_path, issued(ROOT, key=KINDS[kind]()))
    seq = answer("sign", 0, "--certificate", certificate, "--key", key, "--config", office.home / FILE_NAME)["entry"]
    leaf = Leaf.decode(office.log.leaf(seq))

    assert (leaf.type, leaf.subject) == ("SIGNED", Leaf.decode(office.log.leaf(0)).subject)
    assert "演示员".encode() not in leaf.encode()
    assert (faults(office).findings, faults(office).checked) == ([], 1)


def test_a_chain_over_an_authority_between_is_followed(office: Office, tmp_path: Path) -> None:
    between = issued(ROOT, ca=True, uses=("key_cert_sign",), path=0, name="演示中间")
    certificate, key = written(tmp_path, issued(between), between)
    sign_entry(office, 0, certificate=certificate, key=key)

    assert faults(office).findings == []


def not_an_authority() -> tuple[Holder, ...]:
    between = issued(ROOT, name="演示中间")
    return issued(between), between


def too_deep() -> tuple[Holder, ...]:
    upper = issued(ROOT, ca=True, uses=("key_cert_sign",), path=0, name="上")
    lower = issued(upper, ca=True, uses=("key_cert_sign",), name="下")
    return issued(lower), lower, upper


REFUSED: dict[str, Callable[[], tuple[Holder, ...]]] = {
    "another root of the same name": lambda: (issued(STRANGE_ROOT),),
    "self-signed": lambda: (issued(None),),
    "another issuer": lambda: (issued(issued(None, ca=True, name="他人")),),
    "expired": lambda: (issued(ROOT, days=(-9, -1)),),
    "not valid yet": lambda: (issued(ROOT, days=(1, 9)),),
    "not for signatures": lambda: (issued(ROOT, uses=("key_agreement",)),),
    "issued by a person": not_an_authority,
    "longer than allowed": too_deep,
    "the root itself": lambda: (ROOT,),
}


@pytest.mark.parametrize("who", REFUSED)
def test_whoever_does_not_lead_to_a_root_is_refused(office: Office, tmp_path: Path, who: str) -> None:
    certificate, key = written(tmp_path, *REFUSED[who]())

    with pytest.raises(Refused):
        sign_entry(office, 0, certificate=certificate, key=key)


def test_without_roots_nobody_signs(tmp_path: Path) -> None:
    office = founded(tmp_path / "office")
    certificate, key = written(tmp_path, issued(ROOT))

    with pytest.raises(Refused, match="officer_roots"):
        sign_entry(office, 0, certificate=certificate, key=key)


def test_a_key_that_is_not_of_the_certificate_is_refused(office: Office, tmp_path: Path) -> None:
    certificate, key = written(tmp_path, issued(ROOT))
    key.write_bytes(issued(ROOT).key_pem)

    with pytest.raises(EvidenceError, match="not by its key"):
        sign_entry(office, 0, certificate=certificate, key=key)


@pytest.mark.parametrize("number", [-1, 99])
def test_what_is_not_there_cannot_be_signed(office: Office, tmp_path: Path, number: int) -> None:
    certificate, key = written(tmp_path, issued(ROOT))

    with pytest.raises(NotFound):
        sign_entry(office, number, certificate=certificate, key=key)


@pytest.mark.parametrize("content", [b"", b"x"], ids=["empty", "no certificate"])
def test_a_file_that_is_none_is_refused(office: Office, tmp_path: Path, content: bytes) -> None:
    certificate, key = written(tmp_path, issued(ROOT))
    certificate.write_bytes(content)
    assert yihu("sign", 0, "--certificate", certificate, "--key", key, "--config", office.home / FILE_NAME)[0] == 3
    certificate, key = written(tmp_path, issued(ROOT))
    key.write_bytes(content)
    assert yihu("sign", 0, "--certificate", certificate, "--key", key, "--config", office.home / FILE_NAME)[0] == 3


def test_an_erased_certificate_is_counted_and_is_no_fault(office: Office, tmp_path: Path) -> None:
    certificate, key = written(tmp_path, issued(ROOT))
    sign_entry(office, 0, certificate=certificate, key=key)
    subject = type(office.dock.who).parse(Leaf.decode(office.log.leaf(0)).subject)
    with writing(office.engine) as connection:
        office.vault.erase(connection, subject)

    assert (faults(office).findings, faults(office).erased) == ([], 1)


def test_the_audit_finds_what_was_recorded_past_the_command(office: Office) -> None:
    """A signature over another entry, one by nobody's certificate, and one whose roots are gone."""
    custody: Custody = office.custody
    holder = issued(ROOT)
    leaf = Leaf.decode(office.log.leaf(0))
    good = signed(leaf, Chain.parse(holder.pem), holder.key_pem, actor=office.operator)
    wrong = [{**good.body, "leaf": "0" * 64}, {**good.body, "signature": "AAAA"}, {**good.body, "certificate": "1" * 64}]
    for body in [*wrong, {**good.body, "seq": 77}]:
        custody.record(Entry("SIGNED", good.subject, good.actor, body, good.personal))
    custody.record(good)

    assert (faults(office).checked, len(faults(office).findings)) == (5, 4)
    assert len(faults(office, roots=None).findings) == 5
    assert len(faults(office, roots=STRANGE_ROOT.pem).findings) == 5
