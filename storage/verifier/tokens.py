"""
Time-stamp tokens (RFC 3161): what an authority outside says about a checkpoint, and whether it was that authority.

What is stamped is the text of a checkpoint, its three signed lines; what is kept is the authority's whole reply, so that
anybody's tool can verify the two files::

    openssl ts -verify -data checkpoint.txt -in token.tsr -CAfile roots.pem

A token is read here with the standard library alone. Its signature and chain are verified by `rfc3161-client` where that is
installed; where it is not, nothing is proved and the program says so.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from .der import INTEGER, OBJECT_ID, OCTETS, SEQUENCE, SET, TIME, Element, read_element
from .errors import SignaturesUncheckable, VerificationError
from .leaves import check_moment

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST_TOKEN = 65_536
"""Bytes of a reply; one with a chain of four certificates has about 7,000."""

_SHA256 = "2.16.840.1.101.3.4.2.1"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{1,9}))?Z")
_FIRST, _SECOND = 0xA0, 0xA1
_MILLIS, _MICROS = 0x80, 0x81


@dataclass(frozen=True)
class Token:
    """What a reply says. Who reads it has verified nothing yet; `verify_token` does."""

    imprint: bytes
    """SHA-256 of what was stamped; empty where another digest was used."""
    time: str
    """When, by the authority's clock: as in leaves, cut to whole milliseconds."""
    accuracy_ms: int
    """How far that may be off, in milliseconds, rounded up; 0 where the authority does not say."""
    serial: int
    policy: str
    nonce: int | None
    certificate: bytes
    """The signer's, in DER."""

    @property
    def authority(self) -> str:
        """SHA-256 of the certificate that signed, in hexadecimal."""
        return hashlib.sha256(self.certificate).hexdigest()


def read_request(raw: bytes) -> tuple[bytes, int | None]:
    """Return the imprint (empty if it is not SHA-256) and the nonce of a time-stamp request."""
    parts = read_element(raw, SEQUENCE).children()
    _expect(parts, INTEGER, SEQUENCE)
    nonces = [part.integer() for part in parts[2:] if part.tag == INTEGER]
    return _imprint(parts[1]), nonces[0] if nonces else None


def read_token(reply: bytes) -> Token:
    """Read a time-stamp reply; one that grants nothing, or has another form than RFC 3161 gives it, raises."""
    if len(reply) > LARGEST_TOKEN:
        _refuse()
    parts = read_element(reply, SEQUENCE).children()
    _expect(parts, SEQUENCE)
    _refuse_unless_granted(parts[0])
    if len(parts) != 2:  # noqa: PLR2004 — the status and what was granted
        _refuse()
    signed = _signed_data(parts[1])
    content, signers = signed[2].children(), signed[-1].children()
    _expect(content, OBJECT_ID, _FIRST)
    _expect(signers, SEQUENCE)
    if content[0].dotted() != _TST_INFO or len(signers) != 1:
        _refuse()
    info = read_element(content[1].only(OCTETS).content, SEQUENCE).children()
    return _token(info, _signer(signed, signers[0]))


def refuse_unless_over(token: Token, text: str) -> None:
    """Return only if *token* is over exactly *text*; who gave it is not looked at."""
    if token.imprint != hashlib.sha256(text.encode("utf-8")).digest():
        message = "time-stamp: its imprint is not the SHA-256 of the checkpoint"
        raise VerificationError(message)


def verify_token(reply: bytes, text: str, roots_pem: bytes, *, nonce: int | None = None) -> Token:
    """
    Return what *reply* says only if an authority under *roots_pem* stamped exactly *text*, and in answer to *nonce* if given.

    Raises `VerificationError` naming what is wrong: status, imprint, nonce or chain; and `SignaturesUncheckable` where all but
    the last was verified and `rfc3161-client` is not installed.
    """
    token = read_token(reply)
    refuse_unless_over(token, text)
    if nonce is not None and token.nonce != nonce:
        message = "time-stamp: its nonce is not the one of the request"
        raise VerificationError(message)
    _verify_chain(_sorted_certificates(reply), token, roots_pem)
    return token


def _verify_chain(reply: bytes, token: Token, roots_pem: bytes) -> None:
    try:
        from cryptography import x509  # noqa: PLC0415 — see above
        from rfc3161_client import VerifierBuilder, decode_timestamp_response  # noqa: PLC0415 — see above
    except ImportError:
        message = "the Python package 'rfc3161-client' is missing: time-stamps cannot be checked here; 'openssl ts -verify' can"
        raise SignaturesUncheckable(message) from None
    try:
        roots = x509.load_pem_x509_certificates(roots_pem)
    except ValueError:
        message = "time-stamp: the roots are not certificates in PEM"
        raise VerificationError(message) from None
    try:
        verifier: Any = VerifierBuilder(roots=list(dict.fromkeys(roots))).build()
        verifier.verify(decode_timestamp_response(reply), token.imprint)
    except Exception as error:
        message = "time-stamp: its signature or chain does not hold under the given roots ({reason})"
        raise VerificationError(message, reason=_cause(str(error))) from error


def _cause(said: str) -> str:
    """Return what the library's long message comes to."""
    found = re.search(r'Verify error: ?([^"]+)', said) or re.search(r'reason: "([^"]+)"', said)
    return found.group(1) if found else said[:200]


def _sorted_certificates(reply: bytes) -> bytes:
    """
    Return the reply with its certificates in the order that DER wants of a set.

    Authorities built on OpenSSL send them leaf first, which strict readers refuse. They are not under the signature.
    """
    status, granted = read_element(reply, SEQUENCE).children()
    kind, _ = granted.children()
    parts = list(_signed_data(granted))
    for place, part in enumerate(parts):
        if part.tag == _FIRST:
            parts[place] = _joined(_FIRST, sorted(part.children(), key=lambda one: one.raw))
    return _joined(SEQUENCE, [status, _joined(SEQUENCE, [kind, _joined(_FIRST, [_joined(SEQUENCE, parts)])])]).raw


def _joined(tag: int, parts: Sequence[Element]) -> Element:
    return Element(tag, b"".join(part.raw for part in parts))


def _refuse_unless_granted(status: Element) -> None:
    parts = status.children()
    _expect(parts, INTEGER)
    if parts[0].integer() != 0:
        texts = [one.content for part in parts[1:] if part.tag == SEQUENCE for one in part.children()]
        message = "time-stamp: the authority refused with status {status} ({reason})"
        raise VerificationError(message, status=parts[0].integer(), reason=b" ".join(texts).decode("utf-8", "replace")[:200])


def _signed_data(granted: Element) -> tuple[Element, ...]:
    kind = granted.children()
    _expect(kind, OBJECT_ID, _FIRST)
    if len(kind) != 2:  # noqa: PLR2004 — which kind of content, and the content
        _refuse()
    parts = kind[1].only(SEQUENCE).children()
    _expect(parts, INTEGER, SET, SEQUENCE)
    if kind[0].dotted() != _SIGNED_DATA or parts[-1].tag != SET:
        _refuse()
    return parts


def _signer(signed: Sequence[Element], info: Element) -> bytes:
    """Return the certificate that *info*, which is under the signature, names by issuer and serial number."""
    fields = info.children()
    _expect(fields, INTEGER, SEQUENCE)
    wanted = fields[1].children()
    _expect(wanted, SEQUENCE, INTEGER)
    for certificate in (one for part in signed if part.tag == _FIRST for one in part.children()):
        parts = certificate.children()
        _expect(parts, SEQUENCE)
        body = [part for part in parts[0].children() if part.tag != _FIRST]
        _expect(body, INTEGER, SEQUENCE, SEQUENCE)
        if (body[2], body[0]) == (wanted[0], wanted[1]):
            return certificate.raw
    message = "time-stamp: the certificate of its signer is not in it"
    raise VerificationError(message)


def _token(info: Sequence[Element], certificate: bytes) -> Token:
    _expect(info, INTEGER, OBJECT_ID, SEQUENCE, INTEGER, TIME)
    accuracies = [_accuracy(part) for part in info[5:] if part.tag == SEQUENCE]
    nonces = [part.integer() for part in info[5:] if part.tag == INTEGER]
    return Token(
        imprint=_imprint(info[2]),
        time=_time(info[4]),
        accuracy_ms=accuracies[0] if accuracies else 0,
        serial=info[3].integer(),
        policy=info[1].dotted(),
        nonce=nonces[0] if nonces else None,
        certificate=certificate,
    )


def _imprint(element: Element) -> bytes:
    parts = element.children()
    _expect(parts, SEQUENCE, OCTETS)
    algorithm = parts[0].children()
    _expect(algorithm, OBJECT_ID)
    return parts[1].content if algorithm[0].dotted() == _SHA256 else b""


def _time(element: Element) -> str:
    found = _MOMENT.fullmatch(element.content.decode("ascii", "replace"))
    if found is None:
        _refuse()
    year, month, day, hour, minute, second, fraction = found.groups()
    try:
        return check_moment(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{(fraction or '')[:3]:0<3}Z")
    except VerificationError:
        _refuse()


def _accuracy(element: Element) -> int:
    units = {INTEGER: 1_000_000, _MILLIS: 1000, _MICROS: 1}
    parts = element.children()
    if not all(part.tag in units for part in parts):
        _refuse()
    return -(-sum(part.integer() * units[part.tag] for part in parts) // 1000)


def _expect(parts: Sequence[Element], *tags: int) -> None:
    """Return only if *parts* begin with these tags."""
    if tuple(part.tag for part in parts[: len(tags)]) != tags:
        _refuse()


def _refuse() -> NoReturn:
    message = "time-stamp: not of the form of RFC 3161"
    raise VerificationError(message)
