"""
The audit: whether everything that is stored still says the same.

Numbered steps, each with what was checked and what was found:

1. **leaves**       every stored leaf is strictly one, stands at its number, hashes to its stored hash, names its predecessor,
                    and says by how much the clock went back where it did
2. **checkpoints**  every stored checkpoint is signed by the log's key and has the root of the leaves it covers; every
                    cosignature is by its witness; the rollback lock holds no head that the leaves do not continue
3. **tiles**        every kept tile holds the hashes of the leaves below it
4. **catalog**      replaying the ledger with the vault gives exactly the rows that people query, and no row is left over
5. **objects**      every original, segment manifest and derivative reads back whole, with size, digests and lock as recorded

Nothing is changed. Nothing checked is a failure: an audit of an empty ledger does not pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from blake3 import blake3
from sqlalchemy import Connection, Engine, select

from storage.catalog import Catalog, Clip, Derivative
from storage.database import reading
from storage.errors import EvidenceError, LedgerError
from storage.evidence import Algorithm, Digest, utc_moment
from storage.ledger.checkpoint import open_checkpoint
from storage.ledger.log import Log, count, leaves, recomputed_tile
from storage.objects import OCTETS, Bucket, ObjectName, ObjectReader, Promise, Stored
from storage.projecting import Projector
from storage.rebuild import differences
from storage.schema import checkpoints, tiles
from storage.segments import MEDIA_TYPE as SEGMENTS
from storage.segments import SegmentManifest
from storage.strays import strays
from storage.vault import Vault
from storage.verifier.chain import Chain
from storage.verifier.errors import VerificationError
from storage.verifier.keys import VerifierKey
from storage.verifier.leaves import read_leaf
from storage.verifier.merkle import Frontier, leaf_hash

_CHUNK = 1 << 20
_NOT_OURS = (EvidenceError, VerificationError, ValueError, TypeError, AttributeError, LookupError)
"""What comes of reading a row that is not one of ours any more: an empty cell has no digest, a text is no number."""


@dataclass(slots=True)
class Step:
    """One step: how many things were checked, and everything that was wrong."""

    number: int
    name: str
    checked: int = 0
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit found. It speaks of internal consistency: only our own key vouches for the newest head."""

    steps: tuple[Step, ...]

    @property
    def is_consistent(self) -> bool:
        """True when leaves were checked and nothing was found wrong anywhere."""
        return self.steps[0].checked > 0 and not any(step.findings for step in self.steps)


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit looks at."""

    engine: Engine
    log: Log
    projector: Projector
    vault: Vault
    store: ObjectReader

    def run(self, progress: Callable[[Step], None] = lambda _step: None) -> Verdict:
        """Go through all steps; a wrong leaf does not stop the later steps. *progress* is told each finished step."""
        checks = (self._leaves, self._checkpoints, self._tiles, self._catalog, self._objects)
        steps = []
        for number, check in enumerate(checks, 1):
            step = Step(number, check.__name__.strip("_"))
            try:
                check(step)
            except _NOT_OURS as error:
                # a row that was tampered with may not even be a value of ours any more
                step.findings.append(str(error))
            steps.append(step)
            progress(step)
        return Verdict(tuple(steps))

    def _leaves(self, step: Step) -> None:
        chain = Chain(self.log.origin)
        with reading(self.engine) as connection:
            for seq, raw, stored in leaves(connection, 0, count(connection)):
                step.checked += 1
                try:
                    leaf = read_leaf(raw)
                    chain.follow(leaf, index=seq)
                except VerificationError as error:
                    step.findings.append(f"leaf {seq}: {error}")
                    continue
                if leaf.hash != stored:
                    step.findings.append(f"leaf {seq}: it is not the leaf that was recorded there")
        if not step.checked:
            step.findings.append("there is no entry: nothing was verified")

    def _checkpoints(self, step: Step) -> None:
        key = VerifierKey.parse(self.log.vkey)
        with reading(self.engine) as connection:
            stored = connection.execute(select(checkpoints).order_by(checkpoints.c.size)).all()
            roots = _roots(connection, [row.size for row in stored])
        for row in stored:
            step.checked += 1
            try:
                checkpoint = open_checkpoint(row.note, [key], origin=self.log.origin)
            except (VerificationError, LedgerError) as error:
                step.findings.append(f"checkpoint {row.size}: {error}")
                continue
            if checkpoint.size != row.size or roots.get(row.size) != checkpoint.root:
                step.findings.append(f"checkpoint {row.size}: the stored leaves do not have the root it signs")
        if not stored:
            step.findings.append("there is no checkpoint: nothing is signed")
        step.findings.extend(self.log.anchors.faults())
        self.log.confirm()

    def _tiles(self, step: Step) -> None:
        with reading(self.engine) as connection:
            for row in connection.execute(select(tiles)).all():
                step.checked += 1
                if row.hashes != recomputed_tile(connection, row.level, row.tile):
                    step.findings.append(f"tile {row.level}/{row.tile}: it does not hold the hashes of its leaves")

    def _catalog(self, step: Step) -> None:
        found = differences(self.engine, self.projector, self.vault)
        step.findings.extend(map(str, found))
        with reading(self.engine) as connection:
            step.checked = count(connection)
            step.findings.extend(strays(connection))

    def _objects(self, step: Step) -> None:
        catalog = Catalog(self.engine)
        for clip in catalog.clips():
            for check in self._objects_of(clip, catalog):
                step.checked += 1
                try:
                    check()
                except _NOT_OURS as error:
                    step.findings.append(f"{clip.subject}: {error}")

    def _objects_of(self, clip: Clip, catalog: Catalog) -> Iterator[Callable[[], None]]:
        if clip.object_version is not None:
            yield lambda: self._original(clip)
            yield lambda: self._segments(clip)
        for derivative in catalog.derivatives(clip.subject).values():
            yield lambda made=derivative: self._derivative(made)  # type: ignore[misc]

    def _original(self, clip: Clip) -> None:
        name = ObjectName(Bucket.EVIDENCE, str(clip.object_key))
        until = _moment(clip.retained_until)
        self._read_back(Stored(name, str(clip.object_version), clip.size, clip.sha256, clip.blake3, until, OCTETS))

    def _segments(self, clip: Clip) -> None:
        name = ObjectName(Bucket.EVIDENCE, f"clips/{clip.subject.id}/segments")
        with self.store.open(name, version=str(clip.manifest_version)) as opened:
            raw = b"".join(iter(lambda: opened.read(_CHUNK), b""))
        if SegmentManifest.decode(raw).summary.root.hex() != clip.segment_root:
            message = f"{name}: its root is not the recorded one"
            raise EvidenceError(message)
        told = Promise.of_bytes(raw)
        version, until = str(clip.manifest_version), _moment(clip.retained_until)
        expected = Stored(name, version, told.size, told.sha256, told.blake3, until, SEGMENTS)
        _compare(self.store.describe(name, version), expected)

    def _derivative(self, made: Derivative) -> None:
        name = ObjectName(Bucket(made.bucket), made.key)
        self._read_back(Stored(name, made.version, made.size, made.sha256, made.blake3, None, made.media_type))

    def _read_back(self, expected: Stored) -> None:
        """Compare what the store says with what was recorded, and then the bytes themselves."""
        _compare(self.store.describe(expected.name, expected.version), expected)
        size, sha256, whole = 0, hashlib.sha256(), blake3()
        with self.store.open(expected.name, version=expected.version) as opened:
            while chunk := opened.read(_CHUNK):
                size += len(chunk)
                sha256.update(chunk)
                whole.update(chunk)
        found = (size, Digest(Algorithm.SHA256, sha256.digest()), Digest(Algorithm.BLAKE3, whole.digest()))
        wanted = (expected.size, expected.sha256, expected.blake3)
        if found != wanted:
            message = f"{expected.name} version {expected.version}: expected {_words(wanted)}, read {_words(found)}"
            raise EvidenceError(message)


def _compare(stored: Stored, expected: Stored) -> None:
    if stored != expected:
        message = f"{expected.name} version {expected.version}: recorded {expected}, the store says {stored}"
        raise EvidenceError(message)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else utc_moment(text)


def _words(values: tuple[object, ...]) -> str:
    return " ".join(map(str, values))


def _roots(connection: Connection, sizes: list[int]) -> dict[int, bytes]:
    """Compute the roots of the first so many leaves, in one pass over the leaf bytes."""
    frontier, roots, wanted = Frontier(), {}, set(sizes)
    for seq, raw, _stored in leaves(connection, 0, count(connection)):
        frontier = frontier.append(leaf_hash(raw))
        if seq + 1 in wanted:
            roots[seq + 1] = frontier.root()
    return roots
