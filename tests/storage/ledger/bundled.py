"""A small bundle with everything in it that a bundle can have, made without a database; and how to pack a changed one again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3
from proofbundle.checkpoint import cosign_checkpoint

from storage.clips import MOVES
from storage.export.bag import BagWriter
from storage.export.bundle import write_excerpt
from storage.export.excerpt import Excerpt, OlderHead, ProvedEntry
from storage.export.explain import Told, explanation
from storage.ledger.leaf import commitment
from storage.ledger.proof import format_proof
from storage.ledger.tree import consistency_proof, inclusion_proof
from storage.lifecycle import LifeCycle
from storage.segments import SegmentManifest
from storage.verifier.disclosure import DisclosedField, Disclosure
from storage.verifier.pack import zipped

from .conftest import ORIGIN, WITNESS, WITNESS_KEY, SmallLog, reader_of

CLIPS = {
    "clip:01J00000000000000000000AAA": bytes(range(256)) * 4096 + b"more",
    "clip:01J00000000000000000000BBB": b"",
}
SALT = b"s" * 32
OTHERS = 5
"""Entries about somebody else, between those that are exported: they stay at home."""


def segments_of(data: bytes) -> SegmentManifest:
    starts = range(0, len(data), 2**20)
    return SegmentManifest(len(data), b"".join(blake3(data[start : start + 2**20]).digest() for start in starts))


def bodies_of(data: bytes) -> tuple[dict[str, object], dict[str, object]]:
    """What ``SECURED`` and ``DEPOSITED`` say of these bytes."""
    summary, manifest = segments_of(data).summary, segments_of(data).encode()
    content = {
        "size": len(data),
        "blake3": f"blake3:{blake3(data).hexdigest()}",
        "sha256": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "seg": {"n": summary.count, "size": summary.size, "root": summary.root.hex()},
    }
    placed = {"original": {"size": len(data)}, "manifest": {"sha256": f"sha256:{hashlib.sha256(manifest).hexdigest()}"}}
    return {"content": content}, placed


def told_log() -> tuple[SmallLog, list[int]]:
    """The log behind the bundle, and the numbers of the entries that are exported."""
    log, numbers = SmallLog(), []
    for clip, data in CLIPS.items():
        for type_, body in zip(("SECURED", "DEPOSITED"), bodies_of(data), strict=True):
            for _ in range(OTHERS):
                log.add(subject="device:01J00000000000000000000DDD", type="DOCKED")
            seq = len(log.leaves)
            told = commitment(SALT, log=ORIGIN, seq=seq, field="file", value="现场.MP4")
            log.add(subject=clip, type=type_, body=body, commitments=(("file", told),))
            numbers.append(seq)
    log.add(subject="device:01J00000000000000000000DDD", type="DOCKED")
    return log, numbers


def cosigned(note: str) -> str:
    return str(cosign_checkpoint(note, WITNESS, WITNESS_KEY.name, 1))


def excerpt_of(log: SmallLog, numbers: list[int], *, older: int = 9) -> Excerpt:
    read, size, head = reader_of(log.hashes), len(log.leaves), cosigned(log.note())
    entries = tuple(
        ProvedEntry(seq, log.raws[seq], format_proof(index=seq, path=inclusion_proof(seq, size, read), checkpoint_note=head))
        for seq in numbers
    )
    heads = (OlderHead(older, cosigned(log.note(older)), tuple(consistency_proof(older, size, read))),)
    return Excerpt(head, size, is_outside=True, entries=entries, older=heads)


def write_bundle(
    root: Path, log: SmallLog, numbers: list[int], *, change: Callable[[BagWriter], object] = lambda _bag: None
) -> Path:
    """Write the bundle; *change* may put something more into it."""
    root.mkdir(parents=True)
    bag, lines = BagWriter(root), ""
    for clip, data in CLIPS.items():
        identifier = clip.partition(":")[2]
        bag.copy(f"data/media/{identifier}.mp4", io.BytesIO(data))
        bag.put(f"data/segments/{identifier}.seg", segments_of(data).encode())
        lines += f"{blake3(data).hexdigest()}  media/{identifier}.mp4\n"
    bag.put("data/media.b3", lines.encode())
    write_excerpt(bag, excerpt_of(log, numbers))
    disclosure = Disclosure(ORIGIN, numbers[0], (DisclosedField("file", SALT, "现场.MP4"),))
    bag.put(f"data/disclosure/{numbers[0]}.json", disclosure.encode())
    bag.put("life-cycle.json", LifeCycle(MOVES).table())
    bag.put("VERIFY.md", explanation(Told("01J", ORIGIN, len(log.leaves), is_outside=True, clips=2, entries=4)))
    bag.put("verify.pyz", zipped())
    bag.put("policy/trust.policy", b"witness w\n")
    change(bag)
    bag.finish([("External-Identifier", "01J")])
    return root


def files_of(bundle: Path) -> list[str]:
    return sorted(str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file())


def packed_again(root: Path) -> None:
    """Do what whoever changed the bundle would do: write its manifests anew, so that the bag alone holds."""
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    payload = [path for path in files if path.startswith("data/")]
    oxum = f"Payload-Oxum: {sum((root / path).stat().st_size for path in payload)}.{len(payload)}\n"
    path = root / "bag-info.txt"
    info = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    path.write_bytes(b"".join(line for line in info if not line.startswith(b"Payload-Oxum")) + oxum.encode())
    _list(root, "manifest-sha256.txt", payload)
    tags = {path for path in files if not path.startswith("data/")} | {"bag-info.txt", "manifest-sha256.txt"}
    _list(root, "tagmanifest-sha256.txt", sorted(tags - {"tagmanifest-sha256.txt"}))


def _list(root: Path, name: str, paths: list[str]) -> None:
    lines = (f"{hashlib.sha256((root / path).read_bytes()).hexdigest()}  {path}\n" for path in paths)
    (root / name).write_text("".join(lines))
