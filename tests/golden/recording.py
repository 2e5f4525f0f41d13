"""
The log that golden evidence is of: every key from a seed, every salt and identifier counted, a clock that ticks by seconds.

TEST ONLY: whoever reads this file has every key. Nothing that is signed with them says anything about anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.evidence import Json, Kind, Role, Subject, utc_text
from storage.ledger.checkpoint import Checkpoint, Sm2Line, sign_checkpoint
from storage.ledger.cosigning import Cosigner, with_cosignatures
from storage.ledger.keys import FileSigner, VerifierKey
from storage.ledger.leaf import Leaf, commitment
from storage.ledger.proof import format_proof
from storage.ledger.tiles import bundles_for, encode_entries, tiles_for
from storage.ledger.tree import HashReader, inclusion_proof, leaf_hash, root_at, subtree_root

ORIGIN = "office.example/yihu/golden-v1"
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TICK = timedelta(seconds=1)


@cache
def key_of(what: str) -> Ed25519PrivateKey:
    """The TEST ONLY key of *what*, from its name."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"TEST ONLY yihu golden v1 {what}".encode()).digest())


def subject(kind: Kind, number: int) -> Subject:
    """A made-up subject."""
    return Subject(kind, f"01J{number:023d}")


LOG, DOCK, OPERATOR = subject(Kind.LOG, 1), subject(Kind.DOCK, 2), subject(Kind.ACCOUNT, 3)
FIRST, SECOND = (FileSigner(key_of(f"log {name}"), name=ORIGIN) for name in ("first", "second"))
DOCK_SIGNER = FileSigner(key_of("dock"), name=str(DOCK))
WITNESSES = tuple(Cosigner(FileSigner(key_of(name), name=f"{name}.example/w")) for name in ("county", "court"))


def vkey(signer: FileSigner) -> VerifierKey:
    """The public half."""
    return VerifierKey.parse(signer.vkey)


@dataclass(frozen=True)
class Told:
    """What is to be recorded: body, personal values, and by whom."""

    body: Mapping[str, Json] = field(default_factory=dict)
    personal: Mapping[str, Json] = field(default_factory=dict)
    actor: Subject = OPERATOR
    role: Role = Role.ADMINISTRATOR


@dataclass
class GoldenLog:
    """The log as it grows, and every salt that it used."""

    leaves: list[Leaf] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    secrets: dict[int, dict[str, tuple[bytes, Json]]] = field(default_factory=dict)
    """Salt and value of every personal field, by entry."""
    _last: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    _at: datetime = START

    @property
    def now(self) -> str:
        """The time that the next entry will bear."""
        return utc_text(self._next)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.leaves)

    @property
    def _next(self) -> datetime:
        return START + self.size * TICK

    def record(self, type_: str, about: Subject, told: Told, *, back: timedelta = timedelta(0)) -> Leaf:
        """One more entry; the clock of the log is *back* by that much."""
        seq, at, name = self.size, self._next - back, str(about)
        secrets = {one: (_salt(seq, one), value) for one, value in sorted(told.personal.items())}
        kept = ((one, commitment(salt, log=ORIGIN, seq=seq, field=one, value=value)) for one, (salt, value) in secrets.items())
        leaf = Leaf(
            log=ORIGIN,
            seq=seq,
            at=at,
            type=type_,
            subject=name,
            actor=str(told.actor),
            role=told.role.value,
            body=json.loads(json.dumps(dict(told.body))),
            commitments=tuple(kept),
            previous=self._last.get(name),
            stepped_back_ms=max(0, (self._at - at) // timedelta(milliseconds=1)),
        )
        raw = leaf.encode()
        self._at, self._last[name], self.secrets[seq] = at, (seq, leaf_hash(raw)), secrets
        self.leaves.append(leaf)
        self.raws.append(raw)
        self.hashes.append(leaf_hash(raw))
        return leaf

    @property
    def reader(self) -> HashReader:
        """Subtree hashes."""
        return reader_of(self.hashes)

    def head(self, size: int | None = None) -> Checkpoint:
        """The head at *size*, or now."""
        size = self.size if size is None else size
        return Checkpoint(ORIGIN, size, root_at(size, self.reader))

    def signed(self, *signers: FileSigner, size: int | None = None, sm2: Sm2Line | None = None) -> str:
        """That head, signed and cosigned by both witnesses."""
        return cosigned(sign_checkpoint(self.head(size), *signers, sm2=sm2))

    def proof(self, seq: int, note: str) -> str:
        """The proof of an entry under the newest head."""
        return format_proof(index=seq, path=inclusion_proof(seq, self.size, self.reader), checkpoint_note=note)

    def files(self, note: str) -> Iterator[tuple[str, bytes]]:
        """Every file of the published log."""
        yield "checkpoint", note.encode()
        for name in tiles_for(self.size):
            hashes = (self.reader(8 * name.level, 256 * name.index + place) for place in range(name.width))
            yield name.path, b"".join(hashes)
        for name in bundles_for(self.size):
            yield name.path, encode_entries(self.raws[256 * name.index :][: name.width])


def reader_of(hashes: list[bytes]) -> HashReader:
    """Subtree hashes of a tree whose leaf hashes are all in memory."""
    return lambda level, index: subtree_root(hashes[index << level : (index + 1) << level])


def cosigned(note: str) -> str:
    """That head with the lines of both witnesses, who saw it when it was made."""
    text = note.partition("\n\n")[0] + "\n"
    moment = int((START + int(text.split("\n")[1]) * TICK).timestamp())
    return with_cosignatures(note, [witness.cosign(text, time=moment) for witness in WITNESSES])


def _salt(seq: int, name: str) -> bytes:
    return hmac.new(b"TEST ONLY salts of golden v1", f"{seq} {name}".encode(), hashlib.sha256).digest()
