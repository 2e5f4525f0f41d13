"""
A published log of any size, written in bulk: the leaves that `Custody` would have made, and the files that `publish` would.

Only the database between the two is missing, and that is what takes the time. What strangers verify is the directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

from bench.lives import ORIGIN, entries
from storage.evidence import Entry, Subject
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import Signer
from storage.ledger.leaf import Leaf
from storage.ledger.tiles import ENTRIES, TILE_WIDTH, TileName, decode_entries, encode_entries, tile_hash_reader, width_at
from storage.ledger.tree import Frontier, inclusion_proof, leaf_hash, subtree_root
from storage.vault import Vault
from storage.verifier.logfiles import CHECKPOINT

_START = datetime(2026, 11, 21, 22, 29, 50, tzinfo=UTC)


def leaves() -> Iterator[bytes]:
    """Give the bytes of leaves without end, each linked to the one before it of the same subject."""
    vault, last = Vault(b"v" * 32, log=ORIGIN), dict[Subject, tuple[int, bytes]]()
    for seq, entry in enumerate(entries()):
        raw = _leaf(entry, seq, vault, last.get(entry.subject)).encode()
        last[entry.subject] = seq, leaf_hash(raw)
        yield raw


def _leaf(entry: Entry, seq: int, vault: Vault, previous: tuple[int, bytes] | None) -> Leaf:
    return Leaf(
        log=ORIGIN,
        seq=seq,
        at=_START + timedelta(milliseconds=7 * seq),
        type=entry.type,
        subject=str(entry.subject),
        actor=str(entry.actor.who),
        role=entry.actor.role.value,
        body=entry.body,
        commitments=tuple((secret.field, secret.commitment) for secret in vault.commit(entry.personal, seq=seq)),
        previous=previous,
    )


class PublishedLog:
    """A log directory that grows. What was shown once stays: older partial tiles lie beside those that replaced them."""

    def __init__(self, root: Path, signer: Signer) -> None:
        self.root = root
        self._signer = signer
        self._leaves = leaves()
        self._bundle: list[bytes] = []
        self._rows: list[list[bytes]] = [[]]
        self._tree = Frontier()

    @property
    def vkey(self) -> str:
        """The key that a stranger verifies it with."""
        return self._signer.vkey

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._tree.size

    def grow(self, size: int) -> PublishedLog:
        """Write entries until there are *size*, and every tile and bundle that is full by then."""
        for raw in islice(self._leaves, size - self.size):
            self._bundle.append(raw)
            value = leaf_hash(raw)
            self._tree = self._tree.append(value)
            self._push(0, value)
        return self

    def show(self) -> str:
        """Write the partial tiles and a signed head that covers all there is, and return that."""
        if self._bundle:
            self._keep(TileName(ENTRIES, self.size // TILE_WIDTH, len(self._bundle)), encode_entries(self._bundle))
        for level, row in enumerate(self._rows):
            if row:
                self._keep(TileName(level, self.size >> 8 * (level + 1), len(row)), b"".join(row))
        note = sign_checkpoint(Checkpoint(ORIGIN, self.size, self._tree.root()), self._signer)
        (self.root / CHECKPOINT).write_text(note)
        return note

    def path(self, index: int) -> list[bytes]:
        """Return the hashes that lead from entry *index* to the root that is shown."""

        @cache
        def tile(level: int, place: int, width: int) -> bytes:
            return (self.root / TileName(level, place, width).path).read_bytes()

        return inclusion_proof(index, self.size, tile_hash_reader(tile, self.size))

    def entry(self, index: int) -> bytes:
        """Return the bytes of entry *index*."""
        bundle, place = divmod(index, TILE_WIDTH)
        name = TileName(ENTRIES, bundle, width_at(ENTRIES, bundle, self.size))
        return decode_entries((self.root / name.path).read_bytes())[place]

    def _push(self, level: int, value: bytes) -> None:
        row = self._rows[level]
        row.append(value)
        if len(row) < TILE_WIDTH:
            return
        index = (self.size >> 8 * (level + 1)) - 1
        self._keep(TileName(level, index, TILE_WIDTH), b"".join(row))
        if level == 0:
            self._keep(TileName(ENTRIES, index, TILE_WIDTH), encode_entries(self._bundle))
            self._bundle.clear()
        if level + 1 == len(self._rows):
            self._rows.append([])
        self._push(level + 1, subtree_root(row))
        row.clear()

    def _keep(self, name: TileName, data: bytes) -> None:
        path = self.root / name.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
