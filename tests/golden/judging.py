"""Judging golden evidence: what a stranger who has the keys on paper finds, and why something is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from storage.verifier.bundle import verify_bundle
from storage.verifier.checkpoint import verify_checkpoint
from storage.verifier.disclosure import parse_disclosure
from storage.verifier.errors import VerificationError
from storage.verifier.growth import ConsistencyFile
from storage.verifier.keys import VerifierKey
from storage.verifier.leaves import read_leaf
from storage.verifier.lifecycle import LifeCycle
from storage.verifier.logdir import verify_directory
from storage.verifier.receipt import verify_receipt
from storage.verifier.rotation import Rotation
from storage.verifier.segmentfile import SegmentFile
from storage.verifier.signatures import claimed
from storage.verifier.sm2 import Sm2Key
from storage.verifier.snapshot import parse_snapshot_proof
from storage.verifier.steps import Report
from storage.verifier.tokenfiles import TokenFiles
from storage.verifier.tokens import verify_token

FIRST_VERSION = Path(__file__).parent / "v1"


@dataclass(frozen=True)
class Case:
    """Something that is refused for ever, and in which words."""

    name: str
    kind: str
    message: str


@dataclass(frozen=True)
class Evidence:
    """The golden evidence of one version in *root*."""

    root: Path

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        return (self.root / path).read_bytes()

    def text(self, path: str) -> str:
        """The text of a file, byte for byte."""
        return self.read(path).decode("utf-8")

    def json(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What a file of JSON says."""
        return json.loads(self.read(path))

    @cached_property
    def keys(self) -> Any:  # noqa: ANN401 - JSON
        """The keys as they come on paper."""
        return self.json("keys.json")

    @property
    def first(self) -> VerifierKey:
        """The first key of the log, which was retired."""
        return VerifierKey.parse(self.keys["log"][0])

    @property
    def both(self) -> list[VerifierKey]:
        """Both keys of the log."""
        return [VerifierKey.parse(text) for text in self.keys["log"]]

    @property
    def witnesses(self) -> list[VerifierKey]:
        """Both witnesses."""
        return [VerifierKey.parse(text) for text in self.keys["witnesses"]]

    @property
    def sm2(self) -> list[Sm2Key]:
        """The SM2 key of the log."""
        return [Sm2Key.parse(self.keys["sm2"])]

    def cases(self) -> list[Case]:
        """Everything that is refused for ever."""
        return [Case(**row) for row in self.json("refused/cases.json")]

    def log(self, root: Path | None = None, *, with_sm2: bool = True) -> Report:
        """Verify the log, or a changed copy of it in *root*, with the first key alone: the second follows from the log."""
        return verify_directory(
            root or self.root / "log",
            [self.first],
            witnesses=self.witnesses,
            held=[self.text(f"heads/{size}") for size in self.sizes()],
            life_cycle=LifeCycle.parse(self.read("life-cycle.json")),
            tokens=TokenFiles(self.root / "tokens", self.read("tsa-roots.pem")),
            sm2=self.sm2 if with_sm2 else (),
        )

    def bundle(self, root: Path | None = None, *, with_sm2: bool = True) -> Report:
        """Verify the bundle, or a changed copy of it in *root*."""
        roots, sm2 = self.read("tsa-roots.pem"), self.sm2 if with_sm2 else ()
        return verify_bundle(root or self.root / "bundle", self.both, witnesses=self.witnesses, sm2=sm2, tsa_roots=roots)

    def receipt(self, proof: str, leaf: str, *, disclosure: str | None = None, snapshot: str | None = None) -> Report:
        """Verify a proof that somebody carried away, and what was given with it."""
        return verify_receipt(
            self.text(proof),
            self.read(leaf),
            self.both,
            witnesses=self.witnesses,
            disclosure=None if disclosure is None else self.read(disclosure),
            snapshot=None if snapshot is None else self.read(snapshot),
        )

    def sizes(self) -> list[int]:
        """Sizes of the heads that were held outside, smallest first."""
        return sorted(int(path.name) for path in (self.root / "heads").iterdir())

    def complaint(self, case: Case, scratch: Path) -> str:
        """Say why the case is refused; empty where it is not."""
        path = f"refused/{case.name}"
        if case.kind in {"log", "bundle"}:
            shutil.copytree(self.root / case.kind, scratch)
            shutil.copytree(self.root / path, scratch, dirs_exist_ok=True)
            return wrong(self.log(scratch, with_sm2=False) if case.kind == "log" else self.bundle(scratch, with_sm2=False))
        if case.kind == "proof":
            return wrong(self.receipt(path, "proofs/first.leaf"))
        if case.kind == "disclosure":
            stem = "disclosure/secured"
            return wrong(self.receipt(f"{stem}.tlog-proof", f"{stem}.leaf", disclosure=path))
        if case.kind == "snapshot":
            stem = "snapshot/snapshot"
            return wrong(self.receipt(f"{stem}.tlog-proof", f"{stem}.leaf", snapshot=path))
        return self._refused(case.kind, path)

    def _refused(self, kind: str, path: str) -> str:
        readers: dict[str, Callable[[], object]] = {
            "leaf": lambda: read_leaf(self.read(path)),
            "key": lambda: VerifierKey.parse(self.text(path)),
            "checkpoint": lambda: verify_checkpoint(self.text(path), self.both, origin=self.both[0].name),
            "life-cycle": lambda: LifeCycle.parse(self.read(path)),
            "rotation": lambda: Rotation.opened(self.text(path)),
            "consistency": lambda: ConsistencyFile.parse(self.text(path)),
            "segments": lambda: SegmentFile.parse(self.read(path), path="segments"),
            "disclosure file": lambda: parse_disclosure(self.read(path)),
            "snapshot file": lambda: parse_snapshot_proof(self.read(path)),
            "token": lambda: verify_token(self.read(path), self._stamped_other, self.read("tsa-roots.pem")),
        }
        try:
            readers[kind]()
        except VerificationError as error:
            return str(error)
        return ""

    @property
    def _stamped_other(self) -> str:
        """A head that no authority stamped."""
        return claimed(self.text(f"heads/{self.sizes()[-1]}")).text


def wrong(report: Report) -> str:
    """Every step that does not hold, one a line, and what it says."""
    return "\n".join(f"{step.name}: {step.detail}" for step in report.steps if not step.ok)
