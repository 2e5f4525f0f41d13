"""
A time-stamping authority on loopback: `openssl ts -reply` behind HTTP, with a root, an intermediate and a signer of its own.

It does as it is told: honestly, or wrong in one way at a time. What openssl would not do, another time, is put together here
and signed by `openssl cms` with the same key.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage.verifier.der import INTEGER, OCTETS, SEQUENCE, TIME, Element, read_element

CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {directory}/serial
signer_cert = {directory}/signer.pem
signer_key = {directory}/signer.key
certs = {directory}/{certificates}
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = {digests}
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 3
tsa_name = yes
ess_cert_id_alg = sha256
"""
HONEST = "honest"
LONGER_THAN_ANY = 100_000


_KeyAndCertificate: TypeAlias = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


class Authority:
    """A root, an intermediate and a signer in a directory, and replies by openssl."""

    def __init__(self, directory: Path, name: str = "TSA") -> None:
        directory.mkdir()
        self.directory = directory
        root_key, root = _certificate(f"{name} root", None)
        middle_key, middle = _certificate(f"{name} intermediate", (root_key, root))
        purposes = {"signer": ExtendedKeyUsageOID.TIME_STAMPING, "clerk": ExtendedKeyUsageOID.CODE_SIGNING}
        for who, purpose in purposes.items():
            key, certificate = _certificate(f"{name} {who}", (middle_key, middle), purpose=purpose)
            (directory / f"{who}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
            (directory / f"{who}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.roots = root.public_bytes(Encoding.PEM)
        (directory / "root.pem").write_bytes(self.roots)
        (directory / "chain.pem").write_bytes(middle.public_bytes(Encoding.PEM) + self.roots)
        (directory / "serial").write_text("01\n")
        self._one_at_a_time = threading.Lock()

    @classmethod
    def reopened(cls, directory: Path) -> Authority:
        """The authority that was made in *directory* before."""
        made = object.__new__(cls)
        made.directory, made.roots = directory, (directory / "root.pem").read_bytes()
        made._one_at_a_time = threading.Lock()
        return made

    @property
    def roots_file(self) -> Path:
        """The root's certificate."""
        return self.directory / "root.pem"

    def stamp(self, request: bytes, *, digests: str = "sha256", certificates: str = "chain.pem") -> bytes:
        """The reply to *request*, by `openssl ts -reply`."""
        with self._one_at_a_time:
            text = CONFIGURATION.format(directory=self.directory, digests=digests, certificates=certificates)
            (self.directory / "tsa.cnf").write_text(text)
            (self.directory / "query.tsq").write_bytes(request)
            reply = self.directory / "reply.tsr"
            _openssl(
                "ts", "-reply", "-config", self.directory / "tsa.cnf", "-queryfile", self.directory / "query.tsq", "-out", reply
            )
            return reply.read_bytes()

    def stamp_at(self, request: bytes, moment: datetime, *, accuracy_seconds: int = 1, signer: str = "signer") -> bytes:
        """The reply to *request* of an authority whose clock says *moment*; the ``clerk`` may sign, but not the time."""
        status, granted = read_element(self.stamp(request), SEQUENCE).children()
        content = granted.children()[1].only(SEQUENCE).children()[2].children()[1].only(OCTETS)
        info = list(read_element(content.content, SEQUENCE).children())
        info[4] = Element(TIME, f"{moment.astimezone(UTC):%Y%m%d%H%M%S}Z".encode())
        info[5] = sequence(Element(INTEGER, accuracy_seconds.to_bytes(4, "big").lstrip(b"\0") or b"\0"))
        with self._one_at_a_time:
            (self.directory / "info").write_bytes(sequence(*info).raw)
            signed = self.directory / "signed"
            by = ("-signer", self.directory / f"{signer}.pem", "-inkey", self.directory / f"{signer}.key")
            form = ("-binary", "-nodetach", "-cades", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform", "DER")
            extra = ("-certfile", self.directory / "chain.pem", "-in", self.directory / "info", "-out", signed)
            _openssl("cms", "-sign", *by, *form, *extra)
            return sequence(status, read_element(signed.read_bytes(), SEQUENCE)).raw


def sequence(*parts: Element) -> Element:
    """The parts as one."""
    return Element(SEQUENCE, b"".join(part.raw for part in parts))


def about_something_else(request: bytes) -> bytes:
    """The same request with one bit of its imprint the other way."""
    return _with(request, 1, lambda imprint: sequence(imprint.children()[0], _turned(imprint.children()[1])))


def with_another_nonce(request: bytes) -> bytes:
    """The same request with one bit of its nonce the other way."""
    return _with(request, 2, _turned)


def verified_by_openssl(reply: Path, text: Path, roots: Path) -> bool:
    """What a stranger types, and what openssl says."""
    command = ["openssl", "ts", "-verify", "-data", str(text), "-in", str(reply), "-CAfile", str(roots)]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


@dataclass
class TimeServer:
    """An authority that answers over HTTP, in the way that *does* names."""

    authority: Authority
    other: Authority
    url: str
    does: str = HONEST
    asked: list[bytes] = field(default_factory=list)

    def reply(self, request: bytes) -> bytes:
        """What goes over the wire, where something does."""
        self.asked.append(request)
        return self._ways()[self.does if self.does in self._ways() else HONEST](request)

    def _ways(self) -> dict[str, Callable[[bytes], bytes]]:
        hour, now, ours = timedelta(hours=1), datetime.now(UTC), self.authority
        return {
            HONEST: ours.stamp,
            "other root": self.other.stamp,
            "wrong imprint": lambda request: ours.stamp(about_something_else(request)),
            "wrong nonce": lambda request: ours.stamp(with_another_nonce(request)),
            "rejected": lambda request: ours.stamp(request, digests="sha512"),
            "garbage": lambda _: b"<html>time is an illusion</html>",
            "truncated": lambda request: ours.stamp(request)[:-100],
            "in the past": lambda request: ours.stamp_at(request, now - hour),
            "in the future": lambda request: ours.stamp_at(request, now + hour),
            "unsure": lambda request: ours.stamp_at(request, now, accuracy_seconds=3600),
        }


@contextmanager
def tsa_server(directory: Path) -> Iterator[TimeServer]:
    """A running authority."""
    server = TimeServer(Authority(directory / "tsa"), Authority(directory / "other", "Other"), "")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        def do_POST(self) -> None:
            """Answer as told."""
            assert self.headers["Content-Type"] == "application/timestamp-query"
            raw = server.reply(self.rfile.read(int(self.headers["Content-Length"])))
            if server.does == "lost answer":
                self.close_connection = True
                return
            codes = {"error": 500, "forbidden": 403, "bad request": 400}
            self.send_response(codes.get(server.does, 200))
            self.send_header("Content-Type", "text/html" if server.does == "a page" else "application/timestamp-reply")
            raw = b"\0" * LONGER_THAN_ANY if server.does == "endless" else raw
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw[: len(raw) // 2] if server.does == "cut off" else raw)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/tsr"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _with(request: bytes, place: int, change: Callable[[Element], Element]) -> bytes:
    parts = list(read_element(request, SEQUENCE).children())
    parts[place] = change(parts[place])
    return sequence(*parts).raw


def _turned(element: Element) -> Element:
    return Element(element.tag, element.content[:-1] + bytes([element.content[-1] ^ 1]))


def _openssl(*arguments: object) -> None:
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def _certificate(
    name: str,
    issuer: _KeyAndCertificate | None,
    *,
    purpose: x509.ObjectIdentifier | None = None,
) -> _KeyAndCertificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key, issuer_name = (key, subject) if issuer is None else (issuer[0], issuer[1].subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=purpose is None, path_length=None), critical=True)
        .add_extension(_usage(is_signer=purpose is not None), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return key, builder.sign(issuer_key, SHA256())


def _usage(*, is_signer: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=is_signer,
        key_cert_sign=not is_signer,
        crl_sign=not is_signer,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
