"""The writer of today still writes the bytes of version 1, and docs/format.md says what they are."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from storage.export.bag import BagWriter
from storage.ledger.checkpoint import sign_checkpoint
from storage.ledger.leaf import Leaf
from storage.ledger.policy import Policy
from storage.ledger.proof import format_proof
from storage.ledger.tiles import bundles_for, encode_entries
from storage.segments import SegmentManifest
from storage.verifier.disclosure import parse_disclosure
from storage.verifier.leaves import read_leaf
from storage.verifier.logfiles import LogFiles
from storage.verifier.note import SignedNote
from storage.verifier.rotation import Rotation
from storage.verifier.signatures import claimed
from storage.verifier.snapshot import parse_snapshot_proof, read_snapshot
from storage.verifier.tlogproof import parse_proof
from tests.golden.growing import Grown, grow, moves_of
from tests.golden.judging import FIRST_VERSION, Evidence
from tests.golden.make_v1 import disclosure_of, snapshot_proofs
from tests.golden.recording import FIRST, SECOND

ROOT = Path(__file__).parents[3]
GOLDEN = FIRST_VERSION.parent
EVIDENCE = Evidence(FIRST_VERSION)
HAS_SM2 = importlib.util.find_spec("gmssl_pyx") is not None
SM2 = ["sm2"] * HAS_SM2
"""The step that is made where the optional package is."""
LARGEST = 400 * 1024

LEAVES = sorted(GOLDEN.glob("*/leaves/*.json"))
PROOFS = sorted(FIRST_VERSION.glob("**/*.tlog-proof"))
DISCLOSURES = [*sorted(FIRST_VERSION.glob("disclosure/*.json")), *sorted(FIRST_VERSION.glob("bundle/data/disclosure/*.json"))]
SNAPSHOTS = sorted(FIRST_VERSION.glob("snapshot/*.json"))
SEGMENTS = sorted(FIRST_VERSION.glob("bundle/data/segments/*.seg"))
LISTINGS = sorted(GOLDEN.glob("*.sha256"))


def named(path: Path) -> str:
    return str(path.relative_to(GOLDEN))


@pytest.fixture(scope="module")
def today() -> Grown:
    """The same log, recorded and signed by the code of today; only the authority's reply is the one of then."""
    (token,) = (FIRST_VERSION / "tokens").iterdir()
    return grow(moves_of(EVIDENCE.json("life-cycle.json")), lambda _head, _moment: token.read_bytes())


@pytest.mark.parametrize("path", LEAVES, ids=named)
def test_a_leaf_is_written_as_it_was(path: Path) -> None:
    assert Leaf.decode(path.read_bytes()).encode() == path.read_bytes()


def test_the_whole_log_is_written_as_it_was(today: Grown) -> None:
    """Leaves, tiles and bundles, heads with every signature, the handing over of a key: the same bytes from the same keys."""
    note = EVIDENCE.text("log/checkpoint")
    files = {path: (FIRST_VERSION / "log" / path).read_bytes() for path, _ in today.log.files(note)}

    assert dict(today.log.files(note)) == files
    assert [EVIDENCE.text(f"heads/{size}") for size in EVIDENCE.sizes()] == today.held
    lines = {line for line in today.log.signed(SECOND).split("\n") if line}
    assert lines <= set(note.split("\n"))  # what is missing is the line of SM2, which is another one every time
    assert len(set(note.split("\n")) - lines - {""}) == 1


def test_disclosures_and_snapshot_proofs_are_made_as_they_were(today: Grown) -> None:
    for path in sorted(FIRST_VERSION.glob("disclosure/*.json")):
        told = parse_disclosure(path.read_bytes())
        assert disclosure_of(today, told.seq, told.names) == path.read_bytes()
    assert {f"{name}.json": proof.encode() for name, proof in snapshot_proofs(today).items()} == {
        path.name: path.read_bytes() for path in SNAPSHOTS
    }


@pytest.mark.parametrize("path", PROOFS, ids=named)
def test_a_proof_is_written_as_it_was(path: Path) -> None:
    text = path.read_bytes().decode()
    read = parse_proof(text)

    assert format_proof(index=read.index, path=read.path, checkpoint_note=read.checkpoint_note, extra=read.extra) == text


@pytest.mark.parametrize("path", DISCLOSURES, ids=named)
def test_a_disclosure_is_written_as_it_was(path: Path) -> None:
    assert parse_disclosure(path.read_bytes()).encode() == path.read_bytes()


@pytest.mark.parametrize("path", SNAPSHOTS, ids=named)
def test_a_snapshot_proof_is_written_as_it_was(path: Path) -> None:
    assert parse_snapshot_proof(path.read_bytes()).encode() == path.read_bytes()


@pytest.mark.parametrize("path", SEGMENTS, ids=named)
def test_a_segment_manifest_is_written_as_it_was(path: Path) -> None:
    assert SegmentManifest.decode(path.read_bytes()).encode() == path.read_bytes()


@pytest.mark.parametrize("path", [*sorted(FIRST_VERSION.glob("heads/*")), FIRST_VERSION / "log/checkpoint"], ids=named)
def test_a_head_is_written_as_it_was(path: Path) -> None:
    note = path.read_bytes().decode()
    parsed = SignedNote.parse(note)
    head = claimed(note)
    signers = [one for one in (FIRST, SECOND) if any(line.key_id == one.key_id for line in parsed.signatures)]

    assert head.text == parsed.text
    assert note.startswith(sign_checkpoint(head, *signers))
    assert signers


def test_bundles_of_entries_and_the_policy_are_written_as_they_were() -> None:
    files = LogFiles(FIRST_VERSION / "log", claimed(EVIDENCE.text("log/checkpoint")).size)
    for name in bundles_for(claimed(EVIDENCE.text("log/checkpoint")).size):
        assert encode_entries(files.bundle(name)) == EVIDENCE.read(f"log/{name.path}")
    assert Policy.parse(EVIDENCE.text("policy/trust.policy")).text() == EVIDENCE.text("policy/trust.policy")


def test_the_handing_over_and_the_snapshot_in_the_log_are_read_as_they_were(today: Grown) -> None:
    (rotated,) = (leaf for leaf in map(read_leaf, today.log.raws) if leaf.type == "KEY_ROTATED")
    note = str(rotated.body["note"])
    rotation = Rotation.opened(note)

    assert note.startswith(f"{rotation.text}\n")
    assert [key.vkey for key in (*rotation.old, rotation.new)] == EVIDENCE.keys["log"]
    snapshot = read_snapshot(read_leaf(EVIDENCE.read("snapshot/snapshot.leaf")))
    assert (snapshot.size, snapshot.subjects) == (
        today.snapshot,
        len({leaf.subject for leaf in today.log.leaves[: snapshot.size]}),
    )


def test_a_bag_is_written_as_it_was(tmp_path: Path) -> None:
    frozen = FIRST_VERSION / "bundle"
    made = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"}
    bag = BagWriter(tmp_path)
    for path in sorted(frozen.rglob("*")):
        name = path.relative_to(frozen).as_posix()
        if path.is_file() and name not in made:
            bag.put(name, path.read_bytes())
    label, _, value = (frozen / "bag-info.txt").read_text().split("\n")[0].partition(": ")
    bag.finish([(label, value)])

    assert {name: (tmp_path / name).read_bytes() for name in made} == {name: (frozen / name).read_bytes() for name in made}


# --- and it is described ------------------------------------------------------------------------------------------------


def test_the_document_names_every_entry_and_what_its_golden_leaf_holds() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", (ROOT / "docs/format.md").read_text("utf-8"), re.MULTILINE
    )
    told = {
        (kind, type_): (set(re.findall(r"`(\w+)`", body)), set(re.findall(r"`(\w+)`", personal)))
        for type_, kinds, body, personal in rows
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    for path in LEAVES:
        leaf = read_leaf(path.read_bytes())
        body, personal = told[leaf.subject.partition(":")[0], leaf.type]
        assert leaf.body.keys() <= body, path.name
        assert {name for name, _ in leaf.commitments} <= personal, path.name
