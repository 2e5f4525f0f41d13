"""A person signs an entry with a certificate of his own."""

from __future__ import annotations

from pathlib import Path

from storage.database import reading
from storage.errors import NotFound, Refused
from storage.key_faults import read_roots
from storage.ledger.keys import read_secret
from storage.ledger.leaf import Leaf
from storage.ledger.log import count
from storage.officer_signatures import Chain, read_certificates, signed
from yihu.wiring import Office

__all__ = ["sign_entry"]


def sign_entry(office: Office, number: int, *, certificate: Path, key: Path) -> int:
    """
    Record that the holder of *certificate* signed entry *number*, and return the number of that record.

    Raises `Refused` where no roots are set or the certificate does not lead to one, `NotFound` where there is no such entry.
    """
    roots = read_roots(None if (path := office.settings.keys.officer_roots) is None else office.home / path)
    if roots is None:
        message = "[keys] officer_roots is not set: no certificate is accepted"
        raise Refused(message)
    with reading(office.engine) as view:
        stored = count(view)
    if not 0 <= number < stored:
        message = f"entry {number}: there is no such entry"
        raise NotFound(message)
    chain = Chain.parse(_read(certificate))
    chain.verify(read_certificates(roots), at=office.clock())
    entry = signed(Leaf.decode(office.log.leaf(number)), chain, read_secret(key), actor=office.operator)
    return office.custody.record(entry).seq


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror})"
        raise NotFound(message) from error
