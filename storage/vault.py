"""
The vault (密匣): the encrypted, erasable home of personal values whose salted commitments stand in leaves.

A leaf never holds a name, a badge, a file name or a case number. It holds ``HMAC-SHA256(salt, JCS([log, seq, field, value]))``;
salt and value lie here, sealed with AES-256-GCM under a data key of their subject, and that key is wrapped by the master key of
the installation. Destroying the data key erases every value of the subject; every proof stays valid. In place of the key stays
an empty row, so that no later value of the subject brings a key back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, insert, select

from storage import durable
from storage.database import ByName
from storage.errors import Erased, LedgerError, NotFound
from storage.evidence import Json, Subject
from storage.ledger.leaf import canonical, commitment
from storage.schema import vault, vault_keys
from storage.verifier.disclosure import DisclosedField

# made once: building a statement costs more than running it
_KEEP, _KEEP_KEY = insert(vault), insert(vault_keys)
_FIND = select(vault).where(vault.c.seq == bindparam("at"))
_KEYS = ByName(select(vault_keys), vault_keys.c.subject)
ERASED = "ERASED"
"""The type of the entry with which the data key of its subject goes."""

_NO_KEY = b""
"""What stands in place of a key that was destroyed."""
_NONCE = 12
_SALT = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """A personal value, its salt, and the commitment its leaf carries."""

    field: str
    salt: bytes
    value: Json
    commitment: str


class Vault:
    """Seals and opens personal values. The master key is 32 bytes and stays in memory."""

    def __init__(self, master: bytes, *, log: str) -> None:
        self._master = AESGCM(master)
        self._log = log

    def commit(self, personal: Mapping[str, Json], *, seq: int) -> tuple[Secret, ...]:
        """Salt each value and compute what the leaf at *seq* says of it, sorted by field; nothing is kept yet."""
        secrets = []
        for field, value in sorted(personal.items()):
            salt = os.urandom(_SALT)
            promised = commitment(salt, log=self._log, seq=seq, field=field, value=value)
            secrets.append(Secret(field, salt, value, promised))
        return tuple(secrets)

    def open(self, connection: Connection, seq: int, commitments: tuple[tuple[str, str], ...]) -> dict[str, Json]:
        """
        Return the values behind the *commitments* of leaf *seq*; those whose key was destroyed are missing.

        Raises `LedgerError` when a value that should be there is not, or is not the one committed to.
        """
        return {one.field: one.value for one in self._opened(connection, seq, commitments)}

    def reveal(
        self, connection: Connection, seq: int, commitments: tuple[tuple[str, str], ...], fields: Sequence[str]
    ) -> tuple[DisclosedField, ...]:
        """
        Return the chosen *fields* of leaf *seq* with their salts, sorted, and nothing of the others.

        Raises `NotFound` for a field the leaf has not, and `Erased` for one whose key was destroyed.
        """
        promised = dict(commitments)
        for field in fields:
            if field not in promised:
                message = f"entry {seq}: it has no field {field!r}, but {', '.join(promised) or 'none at all'}"
                raise NotFound(message)
        chosen = tuple((field, promised[field]) for field in sorted(set(fields)))
        found = tuple(self._opened(connection, seq, chosen))
        if len(found) != len(chosen):
            message = f"entry {seq}: {', '.join(field for field, _ in chosen)}: erased, nobody can tell any more"
            raise Erased(message)
        return found

    def erase(self, connection: Connection, subject: Subject) -> None:
        """Destroy the data key of *subject*: its values can never be read again in this database, and it gets none any more."""
        connection.execute(delete(vault_keys).where(vault_keys.c.subject == str(subject)))
        connection.execute(_KEEP_KEY, {"subject": str(subject), "wrapped": _NO_KEY})

    def is_erased(self, connection: Connection, subject: Subject) -> bool:
        """Say whether the data key of *subject* was destroyed."""
        found = self.keys(connection, [str(subject)])
        return str(subject) in found and found[str(subject)] is None

    def sealed(self, connection: Connection, subject: Subject) -> dict[int, list[str]]:
        """Return, by entry, the fields that are sealed under the key of *subject*: what erasing it would destroy."""
        query = select(vault.c.seq, vault.c.field).where(vault.c.subject == str(subject)).order_by(vault.c.seq, vault.c.field)
        found: dict[int, list[str]] = {}
        for row in connection.execute(query):
            found.setdefault(row.seq, []).append(row.field)
        return found

    def _opened(self, connection: Connection, seq: int, commitments: tuple[tuple[str, str], ...]) -> Iterator[DisclosedField]:
        sealed = {row.field: row for row in connection.execute(_FIND, {"at": seq})} if commitments else {}
        for field, promised in commitments:
            if field not in sealed:
                message = f"vault: value {field!r} of entry {seq} is missing"
                raise LedgerError(message)
            key = self.keys(connection, [sealed[field].subject]).get(sealed[field].subject)
            if key is None:
                continue
            salt, value = self._unseal(key, seq, field, sealed[field].sealed)
            if commitment(salt, log=self._log, seq=seq, field=field, value=value) != promised:
                message = f"vault: value {field!r} of entry {seq} is not the one its leaf commits to"
                raise LedgerError(message)
            yield DisclosedField(field, salt, value)

    def _unseal(self, key: bytes, seq: int, field: str, sealed: bytes) -> tuple[bytes, Json]:
        try:
            plain = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], self.place(seq, field))
        except InvalidTag as error:
            message = f"vault: value {field!r} of entry {seq} was changed or moved"
            raise LedgerError(message) from error
        salt, value = json.loads(plain)
        return bytes.fromhex(salt), value

    def place(self, seq: int, field: str) -> bytes:
        """Return what a sealed value is bound to, so that it opens nowhere else."""
        return canonical([self._log, seq, field])

    def new_key(self, subject: str) -> tuple[bytes, bytes]:
        """Make a data key for *subject*, which has none; return it plain, and wrapped as it is kept."""
        key, nonce = AESGCM.generate_key(256), os.urandom(_NONCE)
        return key, nonce + self._master.encrypt(nonce, key, subject.encode())

    def keys(self, connection: Connection, subjects: Collection[str]) -> dict[str, bytes | None]:
        """Return the data keys of those *subjects* that ever had one; None stands for one that was destroyed."""
        rows = _KEYS.find(connection, subjects)
        return {row.subject: self.key(row.subject, row.wrapped) for row in rows}

    def key(self, subject: str, wrapped: bytes) -> bytes | None:
        """Return the data key of *subject* that is kept *wrapped*; None where it was destroyed."""
        return None if wrapped == _NO_KEY else self._unwrapped(wrapped, subject)

    def _unwrapped(self, wrapped: bytes, subject: str) -> bytes:
        try:
            return self._master.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], subject.encode())
        except InvalidTag as error:
            message = f"vault: the data key of {subject} was changed, or this is not the master key that wrapped it"
            raise LedgerError(message) from error


class Sealing:
    """The personal values of one transaction: sealed in memory, then written together."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._ciphers: dict[str, AESGCM] = {}
        self._gone: set[str] = set()
        self._to_erase: list[Subject] = []
        self._new_keys: list[dict[str, object]] = []
        self._sealed: list[dict[str, object]] = []

    def read(self, connection: Connection, subjects: Iterable[Subject]) -> None:
        """Read the data keys of *subjects*; those that have none get one when a value of theirs is sealed."""
        self._take_in(self._vault.keys(connection, [str(subject) for subject in subjects]))

    def know(self, subject: str, wrapped: bytes) -> None:
        """Take in the data key of *subject* as it is kept; for whoever has read it along with other things."""
        self._take_in({subject: self._vault.key(subject, wrapped)})

    def _take_in(self, keys: Mapping[str, bytes | None]) -> None:
        self._ciphers |= {subject: AESGCM(key) for subject, key in keys.items() if key is not None}
        self._gone |= {subject for subject, key in keys.items() if key is None}

    def seal(self, subject: Subject, personal: Mapping[str, Json], *, seq: int) -> tuple[tuple[str, str], ...]:
        """
        Seal the values behind the leaf at *seq* under the key of *subject*, which must have been read; return its commitments.

        Raises `Erased` when that key was destroyed: it is never made again.
        """
        if not personal:
            return ()
        secrets, cipher = self._vault.commit(personal, seq=seq), self._cipher(str(subject))
        for secret in secrets:
            nonce = os.urandom(_NONCE)
            plain = canonical([secret.salt.hex(), secret.value])
            sealed = nonce + cipher.encrypt(nonce, plain, self._vault.place(seq, secret.field))
            self._sealed.append({"seq": seq, "field": secret.field, "subject": str(subject), "sealed": sealed})
        return tuple((secret.field, secret.commitment) for secret in secrets)

    def erase(self, subject: Subject) -> None:
        """Destroy the key of *subject* with the rest of this transaction: nothing is sealed under it any more."""
        self._gone.add(str(subject))
        self._to_erase.append(subject)

    @property
    def few(self) -> list[dict[str, object]] | None:
        """The sealed values, to be written along with something else, where that is at most one and no key changes."""
        return None if self._new_keys or self._to_erase or self._sealed[1:] else self._sealed

    def write(self, connection: Connection) -> None:
        """Write keys and values, then erase; the leaves must stand already."""
        if self._new_keys:
            connection.execute(_KEEP_KEY, self._new_keys)
        if self._sealed:
            connection.execute(_KEEP, self._sealed)
        for subject in self._to_erase:
            self._vault.erase(connection, subject)

    def _cipher(self, subject: str) -> AESGCM:
        if subject in self._gone:
            message = f"{subject}: it was erased, so nothing personal is recorded of it any more"
            raise Erased(message)
        if subject not in self._ciphers:
            key, wrapped = self._vault.new_key(subject)
            self._ciphers[subject] = AESGCM(key)
            self._new_keys.append({"subject": subject, "wrapped": wrapped})
        return self._ciphers[subject]


def make_key(path: Path) -> None:
    """Write 32 fresh random bytes to *path*, readable by its owner alone; an existing file is never replaced."""
    if path.exists():
        message = f"{path}: refused to replace an existing key"
        raise LedgerError(message)
    durable.write_new(path, os.urandom(32).hex().encode() + b"\n", mode=0o600)


def load_key(path: Path) -> bytes:
    """Read what `make_key` wrote; refuses a file that others may read or that is not 32 bytes in hexadecimal."""
    try:
        mode, text = path.stat().st_mode, path.read_text(errors="replace")
    except OSError as error:
        message = f"{path}: this key cannot be read: {error.strerror}"
        raise NotFound(message) from error
    if mode & 0o077:
        message = f"{path}: a key file must not be readable by others (chmod 600)"
        raise LedgerError(message)
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        message = f"{path}: expected 64 hexadecimal digits"
        raise LedgerError(message) from error
    if len(key) != _SALT:
        message = f"{path}: expected 32 bytes, found {len(key)}"
        raise LedgerError(message)
    return key
