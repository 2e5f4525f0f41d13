"""
Write golden evidence of every format that is frozen in version 1, with the code of the day.

::

    python -m tests.golden.make_v1

It writes only where nothing is yet: evidence that was frozen is never written again. Everything follows from seeds but the
time-stamp (an authority of openssl signs with a key of its own) and the SM2 line.

Where the program has new types of entries, say in `telling` what one holds, then::

    python -m tests.golden.make_v1 v1-since-0.2

writes leaves of these types alone, into a directory of that name beside ``v1``, with a list of its own.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tempfile
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from storage.evidence import Kind
from storage.export.bag import BagWriter
from storage.export.bundle import write_excerpt
from storage.export.excerpt import Excerpt, OlderHead, ProvedEntry, Stamped
from storage.export.explain import Told, explanation
from storage.ledger.policy import Group, Policy
from storage.ledger.proof import format_proof
from storage.ledger.sm2 import Sm2Signer
from storage.ledger.tree import consistency_proof, inclusion_proof
from storage.verifier.disclosure import DisclosedField, Disclosure
from storage.verifier.leaves import LeafRecord, read_leaf
from storage.verifier.snapshot import ProvenRow, SnapshotProof, Tally
from tests.servers.tsa_server import Authority
from yihu.founding import found

from .growing import Grown, grow, moves_of, stamper_of
from .judging import FIRST_VERSION, Case, Evidence
from .recording import DOCK_SIGNER, FIRST, ORIGIN, SECOND, WITNESSES, reader_of, subject, vkey
from .refusing import write_refused
from .telling import media_of, segments_of

_NO_PROGRAM = "In place of the program; the program of any later version verifies this bundle.\n"


@dataclass(frozen=True)
class Writer:
    """Writes below *root*, and nothing twice."""

    root: Path

    def put(self, path: str, data: bytes | str) -> None:
        """Write a new file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    def put_json(self, path: str, value: object) -> None:
        """Write a new file that people read too."""
        self.put(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def fields_of(leaf: LeafRecord) -> dict[str, object]:
    """What a strict reader finds in a leaf, as JSON."""
    previous = None if leaf.previous is None else [leaf.previous[0], leaf.previous[1].hex()]
    fields = leaf._asdict() | {"commitments": [list(pair) for pair in leaf.commitments], "previous": previous}
    return fields | {"hash": leaf.hash.hex()}


def main(root: Path) -> None:
    """Write everything below *root*."""
    if root.exists() or listing_of(root).exists():
        sys.exit(f"{root}: golden evidence is never written again")
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        table = _table(scratch)
        authority = Authority(scratch / "tsa")
        grown = grow(moves_of(json.loads(table)), stamper_of(authority))
        sm2 = Sm2Signer.generate(scratch / "sm2.pem", name=ORIGIN)
        writer = Writer(root)
        note = grown.log.signed(SECOND, sm2=sm2)
        _write_whole(writer, grown, note, table)
        writer.put("tsa-roots.pem", authority.roots)
        _write_keys(writer, sm2)
        write_leaves(writer, grown.log.raws)
        _write_receipts(writer, grown, note)
        _write_bundle(writer, grown, note, table)
        _judge(writer, scratch, write_refused(writer.put, grown, note))
    write_listing(root)


def add_types(root: Path) -> None:
    """Write leaves of the types that no golden evidence has yet."""
    if root.exists() or listing_of(root).exists():
        sys.exit(f"{root}: golden evidence is never written again")
    with tempfile.TemporaryDirectory() as place:
        grown = grow(moves_of(json.loads(_table(Path(place)))), stamper_of(Authority(Path(place) / "tsa")))
    known = {path.name for path in root.parent.glob("*/leaves/*.json")}
    write_leaves(Writer(root), grown.log.raws, known=known)
    write_listing(root)


def _table(scratch: Path) -> bytes:
    office = found(scratch / "office", name="样例局", log=ORIGIN)
    table = office.life_cycle.table()
    office.engine.dispose()
    return table


def write_listing(root: Path) -> None:
    """Write the SHA-256 of every file below *root* into a list beside it."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root.parent).as_posix()}\n" for path in files)
    listing_of(root).write_text("".join(lines), "utf-8")


def listing_of(root: Path) -> Path:
    """Say where that list lies."""
    return root.with_name(f"{root.name}.sha256")


def _judge(writer: Writer, scratch: Path, cases: list[Case]) -> None:
    """Write down in which words each case is refused; one that is not refused is no evidence."""
    evidence = Evidence(writer.root)
    rows = []
    for number, case in enumerate(cases):
        message = evidence.complaint(case, scratch / f"refused-{number}")
        if not message:
            sys.exit(f"{case.name}: this is not refused")
        rows.append({"name": case.name, "kind": case.kind, "message": message})
    writer.put_json("refused/cases.json", rows)


def _write_whole(writer: Writer, grown: Grown, note: str, table: bytes) -> None:
    log = grown.log
    writer.put("life-cycle.json", table)
    for path, raw in log.files(note):
        writer.put(f"log/{path}", raw)
    for name, reply in grown.tokens.items():
        writer.put(f"tokens/{name}", reply)
    for head in grown.held:
        size = int(head.split("\n")[1])
        writer.put(f"heads/{size}", head)


def _write_keys(writer: Writer, sm2: Sm2Signer) -> None:
    keys = {
        "note": "TEST ONLY",
        "log": [FIRST.vkey, SECOND.vkey],
        "witnesses": [one.key.vkey for one in WITNESSES],
        "sm2": sm2.key.vkey,
        "dock": DOCK_SIGNER.vkey,
    }
    writer.put_json("keys.json", keys)
    names = ("county", "court")
    known = dict(zip(names, (one.key for one in WITNESSES), strict=True))
    policy = Policy((vkey(FIRST), vkey(SECOND)), known, (Group("both", 2, names),), "both")
    writer.put("policy/trust.policy", policy.text())


def write_leaves(writer: Writer, raws: Iterable[bytes], *, known: Container[str] = ()) -> None:
    """Write the first leaf of each kind and type that is not *known*, and what a strict reader finds in it."""
    index: dict[str, object] = {}
    for raw in raws:
        leaf = read_leaf(raw)
        name = f"{leaf.subject.partition(':')[0]}-{leaf.type}.json"
        if leaf.stepped_back_ms:
            name = f"back-{name}"
        if name not in index and name not in known:
            writer.put(f"leaves/{name}", raw)
            index[name] = fields_of(leaf)
    writer.put_json("leaves.json", index)


def _write_receipts(writer: Writer, grown: Grown, note: str) -> None:
    log = grown.log

    def receipt(stem: str, seq: int) -> None:
        writer.put(f"{stem}.leaf", log.raws[seq])
        writer.put(f"{stem}.tlog-proof", log.proof(seq, note))

    for name, seq in (("first", 0), ("last-of-a-full-tile", 255), ("first-of-a-partial-tile", 256), ("newest", log.size - 1)):
        receipt(f"proofs/{name}", seq)
    path = inclusion_proof(0, log.size, log.reader)
    writer.put("proofs/with-extra.tlog-proof", format_proof(index=0, path=path, checkpoint_note=note, extra=b"carried along"))
    writer.put("proofs/with-extra.leaf", log.raws[0])
    for type_, names in (("SECURED", ("file",)), ("OFFICER_REGISTERED", ("name",))):
        seq = next(leaf.seq for leaf in log.leaves if leaf.type == type_)
        stem = f"disclosure/{type_.lower().replace('_', '-')}"
        receipt(stem, seq)
        writer.put(f"{stem}.json", disclosure_of(grown, seq, names))
    receipt("snapshot/snapshot", grown.snapshot)
    for name, proof in snapshot_proofs(grown).items():
        writer.put(f"snapshot/{name}.json", proof.encode())


def disclosure_of(grown: Grown, seq: int, names: tuple[str, ...]) -> bytes:
    """The file that opens these fields of an entry."""
    secrets = grown.log.secrets[seq]
    return Disclosure(ORIGIN, seq, tuple(DisclosedField(name, *secrets[name]) for name in names)).encode()


def snapshot_proofs(grown: Grown) -> dict[str, SnapshotProof]:
    """One of a subject that is there, and one of each place where a subject is not."""
    tally = Tally()
    for leaf in grown.log.leaves[: grown.snapshot]:
        tally.add(leaf.subject)
    rows = tally.rows()
    reader = reader_of([row.hash for row in rows])

    def proof(name: str, *places: int) -> SnapshotProof:
        shown = (ProvenRow(at, rows[at], tuple(inclusion_proof(at, len(rows), reader))) for at in places)
        return SnapshotProof(ORIGIN, grown.snapshot, name, tuple(shown))

    between = f"{rows[3].subject}0"
    return {
        "present": proof(rows[3].subject, 3),
        "absent-between": proof(between, 3, 4),
        "absent-first": proof("account:00000000000000000000000000", 0),
        "absent-last": proof("zebra:01J", len(rows) - 1),
    }


def _write_bundle(writer: Writer, grown: Grown, note: str, table: bytes) -> None:
    log = grown.log
    told = [leaf.subject for leaf in log.leaves if leaf.type in {"EXPORTED", "ACCESSED"} and leaf.subject.startswith("clip:")]
    numbers = tuple(leaf.seq for leaf in log.leaves if leaf.subject in told)
    older = tuple(OlderHead(size, head, _consistency(grown, size)) for size, head in _sized(grown.held))
    entries = tuple(ProvedEntry(seq, log.raws[seq], log.proof(seq, note)) for seq in numbers)
    ((name, reply),) = grown.tokens.items()
    stamp = Stamped(int(name.partition("-")[0]), hashlib.sha256(reply).hexdigest(), reply)
    root = writer.root / "bundle"
    root.mkdir()
    bag, lines = BagWriter(root), []
    for handed in sorted(told):
        clip = subject(Kind.CLIP, int(handed[-23:]))
        path = f"media/{clip.id}.mp4"
        bag.copy(f"data/{path}", io.BytesIO(media_of(clip)))
        bag.put(f"data/segments/{clip.id}.seg", segments_of(media_of(clip)).encode())
        lines.append(f"{segments_of(media_of(clip)).digests.hex()}  {path}\n")
    bag.put("data/media.b3", "".join(lines).encode())
    write_excerpt(bag, Excerpt(note, log.size, is_outside=True, entries=entries, older=older, stamp=stamp))
    bag.put(f"data/disclosure/{numbers[0]}.json", disclosure_of(grown, numbers[0], ("file",)))
    bag.put("life-cycle.json", table)
    export = subject(Kind.VIEWING, 20).id
    bag.put("VERIFY.md", explanation(Told(export, ORIGIN, log.size, is_outside=True, clips=len(told), entries=len(numbers))))
    bag.put("verify.pyz", _NO_PROGRAM.encode())
    bag.put("policy/trust.policy", (writer.root / "policy/trust.policy").read_bytes())
    bag.finish([("External-Identifier", export)])
    for one in older:
        writer.put(f"consistency/{one.size}", (root / f"data/consistency/{one.size}").read_bytes())


def _consistency(grown: Grown, size: int) -> tuple[bytes, ...]:
    return tuple(consistency_proof(size, grown.log.size, grown.log.reader))


def _sized(heads: list[str]) -> list[tuple[int, str]]:
    return [(int(head.split("\n")[1]), head) for head in heads]


if __name__ == "__main__":
    if sys.argv[1:]:
        add_types(FIRST_VERSION.with_name(sys.argv[1]))
    else:
        main(FIRST_VERSION)
