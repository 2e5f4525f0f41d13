"""An exported bundle on its way: every file spoilt; and by somebody who writes the lists of its files anew as well."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.verifier.bundle import verify_bundle
from storage.verifier.steps import Outcome, Report
from tests.storage.ledger.bundled import files_of, packed_again
from yihu.exporting import export, select_clips

from .bytewise import DAMAGES, damaged
from .tally import SEED, Fate, Tally
from .world import World, opened

CLASS = "A"
pytestmark = pytest.mark.needs("openssl")
FEW = 2
"""Damages drawn for each file, besides that it is gone: a list of digests finds all of them in the same way."""


@pytest.fixture(scope="module")
def bundle(small: World, workplace: Path) -> Path:
    """Two clips with everything about them; every entry is held outside."""
    with opened(small.copy(workplace / "exporting")) as office:
        clips = [clip.subject for clip in office.catalog.clips()[:2]]
        export(office, select_clips(office, clips), workplace / "bundle", reason="移送")
    return workplace / "bundle"


@pytest.mark.parametrize("knows", [False, True], ids=["blindly", "by somebody who knows the form"])
def test_no_file_of_a_bundle_can_be_changed(bundle: Path, small: World, tally: Tally, tmp_path: Path, *, knows: bool) -> None:
    """What says nothing of the evidence (the explanation, the program, the policy) is bound by the lists alone."""
    witnesses = [one.key for one in small.witnesses()]
    honest = verify_bundle(bundle, small.keys(), witnesses=witnesses)
    assert honest.outcome is Outcome.VERIFIED
    for number, (path, what, raw) in enumerate(_spoilt(bundle, only="data/" if knows else "")):
        copy = Path(shutil.copytree(bundle, tmp_path / str(number)))
        (copy / path).chmod(0o644)
        (copy / path).unlink()
        if raw is not None:
            (copy / path).write_bytes(raw)
        if knows:
            packed_again(copy)
        report = verify_bundle(copy, small.keys(), witnesses=witnesses)
        fate: Fate | None = "detected" if report.outcome is Outcome.FAILED else None
        if knows and path.startswith("data/log/heads/") and _is_less(bundle / path, raw) and _said(report) == _said(honest):
            fate = "neutral"  # an older head, or one of its cosignatures, more or less: nothing is said of the evidence by it
        tally.note(f"{path}: {what}, knows {knows}", fate)
        shutil.rmtree(copy)
    tally.settle()


def _is_less(head: Path, raw: bytes | None) -> bool:
    """Whether a head is gone, or one whose text is the same has signatures that nobody knows."""
    return raw is None or raw.partition(b"\n\n")[0] == head.read_bytes().partition(b"\n\n")[0]


def _said(report: Report) -> list[tuple[str, bool, str]]:
    """Everything that is said, but for how many files and how many older heads there are."""
    return [(step.name, step.ok, str(step.detail)) for step in report.steps if step.name not in {"bag", "held"}]


def _spoilt(bundle: Path, *, only: str) -> Iterator[tuple[str, str, bytes | None]]:
    for path in files_of(bundle):
        drawn = [*random.Random(f"{SEED} {path} {only}").sample(list(DAMAGES), FEW), "deleted"]
        for mutation in damaged({path: (bundle / path).read_bytes()}):
            what = mutation.name.rpartition(": ")[2]
            if path.startswith(only) and what in drawn:
                yield path, what, mutation.changes[path]
