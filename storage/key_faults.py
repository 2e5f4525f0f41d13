"""
Everything the audit has to say of keys: who signed which head, what docks signed, what officers signed.

1. every ``KEY_ROTATED`` was handed over by all keys that were valid, and the head it is tied to is one of this log
2. every stored checkpoint is signed by every key that was valid at its size, the newest by the SM2 key as well
3. every ``MANIFESTED`` of a dock that has a key is signed by it
4. every ``SIGNED`` is by the certificate in the vault, whose chain ends at a root of the settings
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from storage.database import reading
from storage.dock_keys import dock_keys
from storage.errors import EvidenceError
from storage.evidence import Actor, Entry, Recorded, Role, Subject
from storage.ledger.leaf import Leaf
from storage.ledger.log import Log, hash_reader, leaves
from storage.ledger.tree import root_at
from storage.log_keys import key_acts
from storage.officer_signatures import SIGNED, Certificates, read_certificates, verify_signed
from storage.schema import checkpoints, entries, history
from storage.vault import Vault
from storage.verifier.dockkeys import KEY_SET, MANIFESTED, DockKeys
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import read_leaf
from storage.verifier.rotation import ROTATED, Rotation, refuse_unless_signed
from storage.verifier.sm2 import Sm2Key, verify_sm2

__all__ = ["KeyFaults", "key_faults", "read_roots"]

_WRONG = (EvidenceError, VerificationError, ValueError, KeyError, TypeError)


@dataclass(slots=True)
class KeyFaults:
    """How many signatures and handings over were checked, and everything that was wrong."""

    checked: int = 0
    findings: list[str] = field(default_factory=list)
    erased: int = 0
    """Entries signed with a certificate that was erased since: they can no more be checked."""

    def attempt(self, what: str, act: Callable[[], object]) -> None:
        """Count one check, and keep what it finds wrong."""
        self.checked += 1
        try:
            act()
        except _WRONG as error:
            self.findings.append(f"{what}: {error}")


def key_faults(
    engine: Engine, log: Log, vault: Vault, *, roots: bytes | None = None, sm2: Sm2Key | None = None, start: int = 0
) -> KeyFaults:
    """
    Check every signature that entries from *start* on and their checkpoints carry, and say what is wrong; nothing is changed.

    *roots* are the certificates (PEM) that officers' ones must lead to; without them no officer's signature holds. *sm2* is the
    key that has to have signed the newest checkpoint.
    """
    found = KeyFaults()
    with reading(engine) as view:
        _handings_over(found, view)
        _heads(found, view, log, sm2, start)
        _lists(found, view, start)
        _acts_of_officers(found, view, vault, roots, start)
    return found


def read_roots(path: Path | None) -> bytes | None:
    """Return what the file of the setting ``officer_roots`` holds, or None where it is not set."""
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror})"
        raise EvidenceError(message) from error


def _handings_over(found: KeyFaults, view: Connection) -> None:
    for act in key_acts(view):
        if act.act == ROTATED:
            found.attempt(f"entry {act.seq}", lambda act=act: _handed_over(view, act.seq, act.note or ""))  # type: ignore[misc]


def _handed_over(view: Connection, seq: int, note: str) -> None:
    head = Rotation.opened(note).head
    if head.size > seq or root_at(head.size, hash_reader(view, head.size)) != head.root:
        message = f"a key was handed over at {head.size} entries of another history"
        raise EvidenceError(message)


def _heads(found: KeyFaults, view: Connection, log: Log, sm2: Sm2Key | None, start: int) -> None:
    rows = view.execute(select(checkpoints).where(checkpoints.c.size >= start).order_by(checkpoints.c.size)).all()
    for row in rows:
        keys = log.keys.history(view).at(row.size)
        found.attempt(f"checkpoint {row.size}", lambda row=row, keys=keys: refuse_unless_signed(row.note, keys))  # type: ignore[misc]
    if sm2 is not None and rows:
        found.attempt(f"checkpoint {rows[-1].size}", lambda: verify_sm2(rows[-1].note, sm2))


def _lists(found: KeyFaults, view: Connection, start: int) -> None:
    docks = DockKeys()
    # which key a dock has is said before *start* too
    for seq, raw in (*_keys_before(view, start), *_entries_of(view, KEY_SET, MANIFESTED, start=start)):
        leaf = read_leaf(raw)
        if docks.concerns(leaf):
            found.attempt(f"entry {seq}", lambda leaf=leaf: docks.follow(leaf))  # type: ignore[misc]


def _acts_of_officers(found: KeyFaults, view: Connection, vault: Vault, roots: bytes | None, start: int) -> None:
    trusted = [] if roots is None else read_certificates(roots)
    for seq, raw in _entries_of(view, SIGNED, start=start):
        found.attempt(f"entry {seq}", lambda raw=raw: _signed(found, view, vault, raw, trusted))  # type: ignore[misc]


def _signed(found: KeyFaults, view: Connection, vault: Vault, raw: bytes, trusted: Certificates) -> None:
    leaf = Leaf.decode(raw)
    number = leaf.body["seq"]
    if not isinstance(number, int) or not 0 <= number < leaf.seq:
        message = f"it signs entry {number}, which is not before it"
        raise EvidenceError(message)
    (_, target, _), *_ = leaves(view, number, number + 1)
    actor = Actor(Subject.parse(leaf.actor), Role(leaf.role))
    entry = Entry(leaf.type, Subject.parse(leaf.subject), actor, leaf.body, vault.open(view, leaf.seq, leaf.commitments))
    recorded = Recorded(seq=leaf.seq, at=leaf.at, leaf_hash=leaf.hash, entry=entry)
    if not verify_signed(recorded, Leaf.decode(target), trusted):
        found.erased += 1


def _keys_before(view: Connection, start: int) -> Iterator[tuple[int, bytes]]:
    """Give the entries before *start* by which docks got keys, without looking through the whole history for them."""
    wanted = select(entries.c.seq, entries.c.leaf).join(dock_keys, dock_keys.c.seq == entries.c.seq)
    for row in view.execute(wanted.where(entries.c.seq < start).order_by(entries.c.seq)):
        yield row.seq, row.leaf


def _entries_of(view: Connection, *types: str, start: int = 0) -> Iterator[tuple[int, bytes]]:
    wanted = (
        select(entries.c.seq, entries.c.leaf)
        .join(history, history.c.seq == entries.c.seq)
        .where(history.c.type.in_(types), history.c.seq >= start)
        .order_by(entries.c.seq)
    )
    for row in view.execute(wanted):
        yield row.seq, row.leaf
