"""A small log in memory and as files, with a real key; and how to damage what it gives out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import COSIGNATURE, FileSigner, VerifierKey
from storage.ledger.leaf import Leaf
from storage.ledger.proof import format_proof
from storage.ledger.tiles import bundles_for, encode_entries, tiles_for
from storage.ledger.tree import HashReader, inclusion_proof, leaf_hash, root_at, subtree_root
from storage.verifier.steps import Report

ORIGIN = "office.example/yihu/station-7"
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
"""The example of the signed-note specification."""

WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS_KEY = VerifierKey("witness.example/county", COSIGNATURE, WITNESS.public_key().public_bytes_raw())

START = datetime(2026, 11, 21, 22, 29, 50, 123000, tzinfo=UTC)


def signer(number: int = 1, *, name: str = ORIGIN) -> FileSigner:
    """A key that is the same in every run."""
    return FileSigner(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32), name=name)


def reader_of(hashes: Sequence[bytes]) -> HashReader:
    """Subtree hashes of a tree whose leaf hashes are all in memory."""
    return lambda level, index: subtree_root(hashes[index << level : (index + 1) << level])


@dataclass
class SmallLog:
    """A log of made-up entries: ``clip:n`` has ten entries, one after the other."""

    leaves: list[Leaf] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)

    def add(self, **changes: object) -> Leaf:
        """One more entry; *changes* makes it another one than an honest log would write."""
        seq = len(self.leaves)
        subject = str(changes.get("subject", f"clip:{seq // 10}"))
        earlier = [(place, self.hashes[place]) for place, leaf in enumerate(self.leaves) if leaf.subject == subject][-1:]
        honest: dict[str, object] = {
            "log": ORIGIN,
            "seq": seq,
            "at": START + timedelta(milliseconds=7 * seq),
            "type": "ACCESSED" if earlier else "SECURED",
            "subject": subject,
            "actor": "dock:01J",
            "role": "dock",
            "body": {"size": seq, "note": "一户"},
            "commitments": (("case", "0" * 64), ("officer", "1" * 64)),
            "previous": earlier[0] if earlier else None,
        }
        leaf = Leaf(**{**honest, **changes})  # type: ignore[arg-type] # a test may make it wrong
        self.put(leaf, leaf.encode())
        return leaf

    def put(self, leaf: Leaf, raw: bytes) -> None:
        """One more entry with these very bytes."""
        self.leaves.append(leaf)
        self.raws.append(raw)
        self.hashes.append(leaf_hash(raw))

    def head(self, size: int | None = None) -> Checkpoint:
        """The head at *size*, or now."""
        size = len(self.leaves) if size is None else size
        return Checkpoint(ORIGIN, size, root_at(size, reader_of(self.hashes)))

    def note(self, size: int | None = None) -> str:
        """The signed head at *size*, or now."""
        return sign_checkpoint(self.head(size), signer())

    def proof(self, index: int) -> str:
        """The proof of an entry under the head now."""
        path = inclusion_proof(index, len(self.leaves), reader_of(self.hashes))
        return format_proof(index=index, path=path, checkpoint_note=self.note())

    def write(self, root: Path) -> Path:
        """The whole log as a directory of files."""
        for path, raw in self.files():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(raw)
        return root

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the published log."""
        size, read = len(self.leaves), reader_of(self.hashes)
        yield "checkpoint", self.note().encode()
        for name in tiles_for(size):
            yield name.path, b"".join(read(8 * name.level, 256 * name.index + i) for i in range(name.width))
        for name in bundles_for(size):
            yield name.path, encode_entries(self.raws[256 * name.index :][: name.width])


def log_of(size: int) -> SmallLog:
    """An honest log of *size* entries."""
    log = SmallLog()
    for _ in range(size):
        log.add()
    return log


@pytest.fixture(scope="session")
def small_log() -> SmallLog:
    """An honest log of 300 entries: a full tile, a partial one, and a second level. Not to be changed."""
    return log_of(300)


def one_bit_off(raw: bytes, bit: int) -> bytes:
    """The same bytes with one bit the other way."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def wrong_steps(report: Report) -> set[str]:
    """The names of the steps that did not hold."""
    return {step.name for step in report.steps if not step.ok}


@pytest.fixture
def copied(tmp_path: Path, small_log: SmallLog) -> Path:
    """A copy of an honest log of 300 entries."""
    return small_log.write(tmp_path / "log")
