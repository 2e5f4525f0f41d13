"""
The formats of version 1, held to evidence that was written once: it verifies for ever, and what is refused stays refused.

Nothing below tests/golden/v1 is ever changed. A new type of entry gets its leaf in a directory of its own, see
`tests.golden.make_v1`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from storage.verifier.growth import ConsistencyFile
from storage.verifier.leaves import moment_of, read_fields, read_leaf
from storage.verifier.merkle import verify_consistency
from storage.verifier.pack import zipped
from storage.verifier.signatures import claimed
from storage.verifier.snapshot import parse_snapshot_proof, verify_snapshot_proof
from storage.verifier.steps import Outcome, Report
from storage.verifier.tokens import read_token
from tests.golden.judging import FIRST_VERSION, Case, Evidence
from tests.golden.make_v1 import fields_of, listing_of, main
from tests.golden.recording import ORIGIN
from yihu.founding import found

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

LOG_STEPS = [
    "signature",
    "keys",
    *SM2,
    "witnesses",
    "files",
    "entries",
    "order",
    "life cycle",
    "tiles",
    "root",
    "snapshots",
    "times",
    "manifests",
    "tokens",
    "held",
]
BUNDLE_STEPS = [
    "bag",
    "signature",
    *SM2,
    "witnesses",
    "entries",
    "inclusion",
    "history",
    "life cycle",
    "media",
    "held",
    "timestamps",
    "disclosure",
]
RECEIPT_STEPS = ["signature", "witnesses", "entry", "place", "inclusion"]


def named(path: Path) -> str:
    return str(path.relative_to(GOLDEN))


def verified(report: Report, steps: list[str]) -> None:
    """Everything holds, these steps were made, and no others."""
    assert [(step.name, step.ok, str(step.detail)) for step in report.steps if not step.ok] == []
    assert [step.name for step in report.steps] == steps
    assert report.outcome is Outcome.VERIFIED


# --- nobody edits it silently -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listing", LISTINGS, ids=named)
def test_every_file_is_the_one_that_was_frozen(listing: Path) -> None:
    frozen = {line[66:]: line[:64] for line in listing.read_text("utf-8").splitlines()}
    files = (path for path in listing.with_suffix("").rglob("*") if path.is_file())

    assert {named(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == frozen
    assert frozen


def test_every_directory_of_evidence_has_its_list() -> None:
    directories = [path for path in GOLDEN.iterdir() if path.is_dir() and path.name != "__pycache__"]

    assert sorted(map(listing_of, directories)) == LISTINGS
    assert directories


def test_evidence_that_is_there_is_never_written_again() -> None:
    before = listing_of(FIRST_VERSION).read_bytes()

    with pytest.raises(SystemExit, match="never written again"):
        main(FIRST_VERSION)
    assert listing_of(FIRST_VERSION).read_bytes() == before


def test_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in FIRST_VERSION.rglob("*") if path.is_file()) <= LARGEST


@pytest.mark.needs("git")
def test_git_leaves_every_byte_of_it_alone() -> None:
    asked = ("git", "check-attr", "text", "--", "tests/golden/v1/heads/116", "tests/golden/v1/bundle/VERIFY.md")
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert answer.count("text: unset") == 2


# --- it verifies --------------------------------------------------------------------------------------------------------


def test_the_log_verifies() -> None:
    verified(EVIDENCE.log(with_sm2=HAS_SM2), LOG_STEPS)


def test_the_bundle_verifies() -> None:
    verified(EVIDENCE.bundle(with_sm2=HAS_SM2), BUNDLE_STEPS)


@pytest.mark.parametrize("proof", sorted(FIRST_VERSION.glob("proofs/*.tlog-proof")), ids=named)
def test_a_proof_verifies(proof: Path) -> None:
    path = str(proof.relative_to(FIRST_VERSION))

    verified(EVIDENCE.receipt(path, path.replace(".tlog-proof", ".leaf")), RECEIPT_STEPS)


@pytest.mark.parametrize("disclosure", sorted(FIRST_VERSION.glob("disclosure/*.json")), ids=named)
def test_a_disclosure_verifies(disclosure: Path) -> None:
    stem = f"disclosure/{disclosure.stem}"

    verified(
        EVIDENCE.receipt(f"{stem}.tlog-proof", f"{stem}.leaf", disclosure=f"{stem}.json"),
        [*RECEIPT_STEPS, "disclosure"],
    )


@pytest.mark.parametrize("path", SNAPSHOTS, ids=named)
def test_a_snapshot_proof_verifies(path: Path) -> None:
    files = ("snapshot/snapshot.tlog-proof", "snapshot/snapshot.leaf")

    verified(EVIDENCE.receipt(*files, snapshot=f"snapshot/{path.name}"), [*RECEIPT_STEPS, "snapshot"])
    row = verify_snapshot_proof(parse_snapshot_proof(path.read_bytes()), read_leaf(EVIDENCE.read(files[1])))
    assert (row is not None) is (path.stem == "present")


@pytest.mark.parametrize("size", EVIDENCE.sizes())
def test_an_older_head_is_shown_to_be_the_beginning(size: int) -> None:
    old, new = claimed(EVIDENCE.text(f"heads/{size}")), claimed(EVIDENCE.text("log/checkpoint"))
    proof = ConsistencyFile.parse(EVIDENCE.text(f"consistency/{size}"))

    assert proof.old == old.size == size
    verify_consistency(old_size=size, old_root=old.root, new_size=new.size, new_root=new.root, path=proof.path)


@pytest.mark.needs("openssl")
def test_openssl_verifies_the_time_stamp(tmp_path: Path) -> None:
    (token,) = (FIRST_VERSION / "tokens").iterdir()
    head = tmp_path / "checkpoint.txt"
    head.write_text(claimed(EVIDENCE.text(f"heads/{int(token.name[:16])}")).text)
    roots = FIRST_VERSION / "tsa-roots.pem"
    at = int(moment_of(read_token(token.read_bytes()).time).replace(tzinfo=UTC).timestamp())  # its certificates end some day
    command = ["openssl", "ts", "-verify", "-data", head, "-in", token, "-CAfile", roots, "-attime", at]

    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert (ended.returncode, "Verification: OK" in ended.stdout + ended.stderr) == (0, True)


@pytest.mark.parametrize("what", ["log", "bundle"])
def test_the_verifier_in_one_file_verifies_it_as_a_stranger_runs_it(what: str, tmp_path: Path) -> None:
    program = tmp_path / "verify.pyz"
    program.write_bytes(zipped())
    keys = EVIDENCE.keys
    options = [f"--vkey={key}" for key in (keys["log"] if what == "bundle" else keys["log"][:1])]
    options += [f"--witness={key}" for key in keys["witnesses"]]
    options += [f"--tsa-roots={FIRST_VERSION / 'tsa-roots.pem'}", *[f"--sm2={keys['sm2']}"] * HAS_SM2]
    if what == "log":
        options += [f"--tokens={FIRST_VERSION / 'tokens'}", f"--life-cycle={FIRST_VERSION / 'life-cycle.json'}"]
        options += [f"--held={FIRST_VERSION / 'heads' / str(size)}" for size in EVIDENCE.sizes()]
    command = [sys.executable, "-I", str(program), str(FIRST_VERSION / what), "--json", *options]

    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=tmp_path)

    report = json.loads(ended.stdout)
    assert (ended.returncode, report["outcome"], report["tail"]) == (0, "verified", 0)
    assert [step["name"] for step in report["steps"]] == (LOG_STEPS if what == "log" else BUNDLE_STEPS)


# --- it is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EVIDENCE.cases(), ids=lambda case: case.name)
def test_it_is_refused_in_the_same_words(case: Case, tmp_path: Path) -> None:
    assert EVIDENCE.complaint(case, tmp_path / "changed") == case.message
    assert case.message


def test_every_refused_file_is_a_case() -> None:
    files = {path.name for path in (FIRST_VERSION / "refused").iterdir()} - {"cases.json"}

    assert {case.name for case in EVIDENCE.cases()} == files


# --- every type of entry ------------------------------------------------------------------------------------------------


def test_every_entry_of_the_life_cycle_has_a_golden_leaf(tmp_path: Path) -> None:
    """Who adds a type says in tests/golden/telling.py what it holds and runs `tests.golden.make_v1` with a new name."""
    office = found(tmp_path / "office", name="样例局", log=ORIGIN)
    table = json.loads(office.life_cycle.table())
    office.engine.dispose()
    wanted = {f"{row['kind']}-{row['type']}.json" for row in table["moves"]}

    assert wanted - {path.name for path in LEAVES} == set()
    assert wanted


def test_every_entry_of_the_life_cycle_of_version_1_may_still_be_recorded(tmp_path: Path) -> None:
    office = found(tmp_path / "office", name="样例局", log=ORIGIN)
    table = json.loads(office.life_cycle.table())
    office.engine.dispose()
    frozen, today = ({(row["kind"], row["type"]) for row in one["moves"]} for one in (EVIDENCE.json("life-cycle.json"), table))

    assert frozen - today == set()


@pytest.mark.parametrize("path", LEAVES, ids=named)
def test_a_leaf_is_read_as_it_was(path: Path) -> None:
    raw = path.read_bytes()
    expected = json.loads((path.parent.parent / "leaves.json").read_bytes())[path.name]

    assert hashlib.sha256(b"\0" + raw).hexdigest() == expected["hash"]
    assert json.loads(json.dumps(fields_of(read_leaf(raw)))) == expected
    assert read_fields(raw) == read_leaf(raw)


def test_a_changed_copy_is_found(tmp_path: Path) -> None:
    """The referee of all the above: one byte of a leaf, and the log does not verify."""
    shutil.copytree(FIRST_VERSION / "log", tmp_path / "log")
    bundle = tmp_path / "log" / "tile" / "entries" / "000"
    bundle.write_bytes(bundle.read_bytes().replace(b'"version":"0.1.0"', b'"version":"0.1.1"', 1))

    assert EVIDENCE.log(tmp_path / "log", with_sm2=False).outcome is Outcome.FAILED
