"""
Changing the key that signs for the ledger: a new key comes, both sign for a while, the old one goes.

Dying after any line of `rotate` leaves a key file that the log has not heard of, which the next try takes; or an entry that is
recorded but under no head yet, which the next try signs. Nothing is done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storage import log_keys
from storage.errors import LedgerError, NotFound
from storage.evidence import Kind, Subject
from storage.identity import found_again
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.keyring import load_signer, make_beside
from storage.ledger.keys import Signer, VerifierKey
from storage.ledger.tree import EMPTY_ROOT
from storage.verifier.rotation import ValidKey
from yihu.settings import FILE_NAME
from yihu.wiring import Office

__all__ = ["Rotated", "known_keys", "retire", "rotate"]


@dataclass(frozen=True, slots=True)
class Rotated:
    """A key that signs from now on."""

    seq: int
    """The number of the entry that says so."""
    key: VerifierKey


def rotate(office: Office, *, to: Path | None = None, overlap: int | None = None) -> Rotated:
    """
    Have a new key sign beside the old ones, and sign a head with all of them.

    It is the key file *to*, or one that was made beside the others and never recorded, or a fresh one. The old keys sign for
    *overlap* entries more, or until they are retired.
    """
    unfinished = office.log.keys.last_rotation()
    if unfinished is None or unfinished < _signed(office):
        new = _new_signer(office, to)
        note = office.log.keys.handing_over(_newest_head(office), new, overlap=overlap)
        unfinished = office.custody.record(log_keys.rotated(note, log=_log(office), actor=office.operator)).seq
    # from here on heads are signed by all keys; as a process that begins now would do
    again = Office.open(office.home / FILE_NAME, office.clock)
    try:
        again.log.checkpoint()
        return Rotated(unfinished, again.log.keys.newest())
    finally:
        again.engine.dispose()


def retire(office: Office, key_id: str | None = None) -> Rotated:
    """
    Have a key sign no more: the one with this id, else the oldest that signs. Its file is left for a person to destroy.

    Raises `NotFound` where no such key signs, `LedgerError` where it is the only one.
    """
    office.log.checkpoint()
    standing = [term.key for term in office.log.keys.all() if term.is_valid_at(_signed(office) + 1)]
    wanted = [key for key in standing if key_id is None or key.key_id.hex() == key_id]
    if not wanted:
        message = f"{key_id}: no key of this id signs now"
        raise NotFound(message)
    if len(standing) == 1:
        message = f"{wanted[0].key_id.hex()}: it is the only key that signs; rotate first"
        raise LedgerError(message)
    recorded = office.custody.record(log_keys.retired(wanted[0], log=_log(office), actor=office.operator))
    office.log.checkpoint()
    return Rotated(recorded.seq, wanted[0])


def known_keys(office: Office) -> list[tuple[ValidKey, bool]]:
    """Return every key there ever was, the oldest first, and whether it is on this machine."""
    return [(term, term.key in office.log.keys.signers) for term in office.log.keys.all()]


def _new_signer(office: Office, to: Path | None) -> Signer:
    if to is not None:
        given = load_signer(to, name=office.log.origin)
        # recorded, but found by nobody who opens the office, it would stop the log
        if given.vkey not in {signer.vkey for signer in office.signers}:
            beside = office.home / office.settings.keys.signing
            message = f"{to}: expected a key file beside {beside} called {beside.stem}-…"
            raise NotFound(message)
        return given
    known = {term.key.vkey for term in office.log.keys.all()}
    left = [signer for signer in office.signers if signer.vkey not in known]
    return left[0] if left else make_beside(office.home / office.settings.keys.signing, name=office.log.origin)


def _newest_head(office: Office) -> Checkpoint:
    note = office.log.latest()
    return Checkpoint(office.log.origin, 0, EMPTY_ROOT) if note is None else office.log.keys.opened(note)


def _signed(office: Office) -> int:
    return _newest_head(office).size


def _log(office: Office) -> Subject:
    return found_again(office.index_key, Kind.LOG, office.log.origin)
