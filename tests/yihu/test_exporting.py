"""``yihu export`` as people and strangers meet it: what is handed over verifies, and is in the ledger before it is there."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.custody import Custody
from storage.errors import LifeCycleError, StorageUnavailable
from storage.evidence import Kind, Subject
from storage.export.bag import BagWriter
from storage.export.bundle import write_originals
from storage.ledger.keys import VerifierKey
from storage.ledger.witnessing import Witness as AtWork
from storage.verifier.bundle import verify_bundle
from storage.verifier.pack import zipped
from storage.verifier.steps import Outcome
from yihu.anchoring import add_witness, remove_witness
from yihu.cli.common import Exit
from yihu.wiring import Office

from .commanding import answer, fresh, served, witness_for, yihu
from .conftest import Filled


@pytest.fixture
def office(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(filled.office.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    return fresh(filled.office)


@pytest.fixture
def clip(office: Office) -> Subject:
    return next(clip.subject for clip in office.catalog.clips() if clip.size)


@pytest.fixture
def case(office: Office) -> Subject:
    return office.dossiers.matters()[0].subject


@pytest.fixture
def witnessed(office: Office, tmp_path: Path) -> Iterator[AtWork]:
    """A witness outside the bureau, while the test runs."""
    witness = witness_for(office, tmp_path / "court")
    with ExitStack() as stack:
        server = stack.enter_context(served(witness))
        name = f"w{tmp_path.name.replace('_', '-')}"
        made = add_witness(
            office, name=name, vkey=witness.key.vkey, url=server.url, administrator="procuratorate", is_ours=False
        )
        stack.callback(remove_witness, office, made.name)
        yield witness


def outcome(office: Office, bundle: Path, *witnesses: VerifierKey) -> Outcome:
    return verify_bundle(bundle, [VerifierKey.parse(office.log.vkey)], witnesses=witnesses).outcome


def exports_of(office: Office, clip: Subject) -> list[int]:
    return [line.seq for line in office.catalog.history(clip) if line.type == "EXPORTED"]


def test_nothing_leaves_the_house_on_our_own_word_alone(office: Office, clip: Subject, tmp_path: Path) -> None:
    before = exports_of(office, clip)

    refused = answer("export", "--clip", clip, "--out", tmp_path / "bundle", code=Exit.NOT_FOUND)

    assert refused["error"] == "NotHeldOutside"
    assert "only 0 entries are held outside" in refused["detail"]
    assert exports_of(office, clip) == before
    assert list(tmp_path.iterdir()) == []


def test_the_exception_is_named_wherever_it_matters(office: Office, clip: Subject, tmp_path: Path) -> None:
    done = answer("export", "--clip", clip, "--out", tmp_path / "bundle", "--unanchored", "--reason", "给法院")

    assert (done["outside"], done["clips"]) == (False, 1)
    assert outcome(office, tmp_path / "bundle") is Outcome.CONSISTENT
    assert "Not held outside" in (tmp_path / "bundle" / "VERIFY.md").read_text()
    leaf = office.log.leaf(done["recorded"][0])
    assert b'"outside":false' in leaf
    assert "法院".encode() not in leaf
    assert done["manifest"].encode() in leaf


def test_a_case_that_is_held_outside_is_verified_with_the_key_of_the_witness(
    office: Office, case: Subject, tmp_path: Path, witnessed: AtWork
) -> None:
    """The witness is asked by the export itself; everything about the case goes with it, and nothing else."""
    done = answer("export", "--case", case, "--out", tmp_path / "bundle")

    assert done["outside"] is True
    assert outcome(office, tmp_path / "bundle", witnessed.key) is Outcome.VERIFIED
    leaves = [path.read_bytes() for path in (tmp_path / "bundle" / "data" / "entries").iterdir()]
    subjects = {Subject.parse(leaf.split(b'"sub":"')[1].split(b'"')[0].decode()).kind for leaf in leaves}
    assert subjects == {Kind.CLIP, Kind.MATTER, Kind.ACTIVITY}
    assert "cosigned" in (tmp_path / "bundle" / "VERIFY.md").read_text()
    assert "Held-Outside: yes" in (tmp_path / "bundle" / "bag-info.txt").read_text()


def test_a_witness_that_is_away_is_named(office: Office, clip: Subject, tmp_path: Path, witnessed: AtWork) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("storage.ledger.feeding.over_http", lambda *_: None)
        patched.setattr("yihu.notary.over_http", lambda *_: _away)
        refused = answer("export", "--clip", clip, "--out", tmp_path / "bundle", code=Exit.NOT_FOUND)

    assert "the line is down" in refused["detail"]


def _away(*_arguments: object) -> Any:  # noqa: ANN401 - it never returns
    message = "the line is down"
    raise StorageUnavailable(message)


def test_no_name_of_a_camera_and_no_name_of_a_person_is_in_it(office: Office, case: Subject, tmp_path: Path) -> None:
    answer("export", "--case", case, "--out", tmp_path / "bundle", "--unanchored", "--reason", "给某检察员")

    files = [path for path in (tmp_path / "bundle").rglob("*") if path.is_file()]
    whole = b"".join(str(path.relative_to(tmp_path)).encode() + path.read_bytes() for path in files)
    for name in ("0001.MP4", "现场", "样例商铺", "演示", "样1号", "检察员"):
        assert name.encode() not in whole, name


def test_who_holds_an_older_checkpoint_sees_it_continued(office: Office, clip: Subject, tmp_path: Path) -> None:
    held, key = office.log.checkpoint(), VerifierKey.parse(office.log.vkey)
    size = int(held.splitlines()[1])
    out = ("--clip", clip, "--unanchored", "--out")
    answer("export", *out, tmp_path / "first")  # so that the log has grown

    answer("export", *out, tmp_path / "without")
    answer("export", *out, tmp_path / "with", "--since", size)
    assert verify_bundle(tmp_path / "without", [key], held=[held]).outcome is Outcome.FAILED
    report = verify_bundle(tmp_path / "with", [key], held=[held])
    assert (report.outcome, report.tail) == (Outcome.CONSISTENT, 2)
    assert answer("export", *out, tmp_path / "never", "--since", 10**6, code=Exit.USAGE)["error"] == "ValueError"


def test_running_again_is_fine_and_tells_of_the_first_time(office: Office, clip: Subject, tmp_path: Path) -> None:
    first = answer("export", "--clip", clip, "--out", tmp_path / "first", "--unanchored")
    second = answer("export", "--clip", clip, "--out", tmp_path / "second", "--unanchored")

    assert second["entries"] == first["entries"] + 1
    assert (tmp_path / "second" / "data" / "entries" / f"{first['recorded'][0]}.json").exists()
    assert outcome(office, tmp_path / "second") is Outcome.CONSISTENT
    assert (
        answer("export", "--clip", clip, "--out", tmp_path / "first", "--unanchored", code=Exit.EVIDENCE)["error"]
        == "StaleState"
    )
    assert outcome(office, tmp_path / "first") is Outcome.CONSISTENT


# --- whatever goes wrong, nothing stands under the name -------------------------------------------------------------------


class Died(BaseException):
    """The process is no more; nothing catches this."""


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
@pytest.mark.parametrize("where", ["BagWriter.put", "BagWriter.copy", "BagWriter.finish", "Custody.record_all"])
def test_a_killed_export_leaves_nothing_and_may_be_started_again(
    office: Office, clip: Subject, tmp_path: Path, where: str, moment: str
) -> None:
    owner = {"BagWriter": BagWriter, "Custody": Custody}[where.partition(".")[0]]
    name, real = where.partition(".")[2], getattr(owner, where.partition(".")[2])

    def dying(*arguments: object, **more: object) -> None:
        if moment == "after":
            real(*arguments, **more)
        raise Died

    from yihu.exporting import export, select_clips  # noqa: PLC0415 - beside what is patched

    what = select_clips(office, [clip])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, name, dying)
        with pytest.raises(Died):
            export(office, what, tmp_path / "bundle", needs_outside=False)

    assert list(tmp_path.iterdir()) == []
    answer("export", "--clip", clip, "--out", tmp_path / "bundle", "--unanchored")
    assert outcome(office, tmp_path / "bundle") is Outcome.CONSISTENT


def test_a_full_disk_is_said_and_nothing_is_recorded(office: Office, clip: Subject, tmp_path: Path) -> None:
    before = exports_of(office, clip)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("storage.durable.write_all", _full)
        refused = answer("export", "--clip", clip, "--out", tmp_path / "bundle", "--unanchored", code=Exit.TRY_AGAIN)

    assert "No space left on device" in refused["detail"]
    assert exports_of(office, clip) == before
    assert list(tmp_path.iterdir()) == []


def _full(*_arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("which", ["original", "segments"])
def test_a_store_that_gives_other_bytes_is_found_out_while_reading(
    office: Office, clip: Subject, tmp_path: Path, which: str
) -> None:
    names = [path for path in (office.home / "store").rglob("*") if clip.id in str(path) and which in str(path)]
    (stored,) = [path for path in names if path.is_file() and path.stat().st_size > 40 and path.suffix != ".json"]
    honest, mode = stored.read_bytes(), stored.stat().st_mode
    stored.chmod(0o600)
    try:
        stored.write_bytes(honest[:-1] + bytes([honest[-1] ^ 1]))
        refused = answer("export", "--clip", clip, "--out", tmp_path / "bundle", "--unanchored", code=Exit.EVIDENCE)
    finally:
        stored.write_bytes(honest)
        stored.chmod(mode)

    assert refused["error"] == "DigestMismatch"
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_is_not_in_the_store_yet_is_not_handed_over(office: Office, clip: Subject, tmp_path: Path) -> None:
    waiting = replace(office.catalog.clip(clip), object_version=None)

    with pytest.raises(LifeCycleError, match="not in the store yet"):
        write_originals(BagWriter(tmp_path), office.store, [waiting])


# --- disclosing, and the verifier alone -----------------------------------------------------------------------------------


def test_chosen_values_are_disclosed_on_record_and_no_others(office: Office, case: Subject, tmp_path: Path) -> None:
    wanted = ("--disclose", "title", "--disclose", "number", "--reason", "庭审")
    done = answer("export", "--case", case, "--out", tmp_path / "bundle", "--unanchored", *wanted)

    assert outcome(office, tmp_path / "bundle") is Outcome.CONSISTENT
    told = "".join(path.read_text() for path in (tmp_path / "bundle" / "data" / "disclosure").iterdir())
    assert "样1号" in told
    assert "样例街" not in told
    recorded = [office.log.leaf(seq) for seq in done["recorded"]]
    assert [b"EXPORTED" in leaf for leaf in recorded[:2]] == [True, True]
    assert sum(b"DISCLOSED" in leaf for leaf in recorded) == len(list((tmp_path / "bundle/data/disclosure").iterdir()))
    assert not any("样1号".encode() in leaf for leaf in recorded)


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["--disclose", "shoe_size", "--reason", "x"], Exit.NOT_FOUND, "NotFound"),
        (["--disclose", "title"], Exit.USAGE, "ValueError"),
    ],
)
def test_what_cannot_be_disclosed_is_not(
    office: Office, case: Subject, tmp_path: Path, arguments: list[str], code: Exit, error: str
) -> None:
    refused = answer("export", "--case", case, "--out", tmp_path / "bundle", "--unanchored", *arguments, code=code)

    assert refused["error"] == error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", ["neither", "both", "no out", "unknown clip", "empty case", "no clip"])
def test_wrong_use_is_told(office: Office, clip: Subject, case: Subject, tmp_path: Path, wanted: str) -> None:
    out = ["--out", str(tmp_path / "bundle"), "--unanchored"]
    arguments, code = {
        "neither": (out, Exit.USAGE),
        "both": ([*out, "--clip", str(clip), "--case", str(case)], Exit.USAGE),
        "no out": (["--clip", str(clip)], Exit.USAGE),
        "unknown clip": ([*out, "--clip", "clip:01J00000000000000000000AAA"], Exit.NOT_FOUND),
        "empty case": ([*out, "--case", "matter:01J00000000000000000000AAA"], Exit.NOT_FOUND),
        "no clip": ([*out, "--clip", str(case)], Exit.USAGE),
    }[wanted]

    assert yihu("export", *arguments)[0] == code
    assert list(tmp_path.iterdir()) == []


def test_the_verifier_alone_is_the_one_in_every_bundle(office: Office, clip: Subject, tmp_path: Path) -> None:
    """And a stranger's Python, which knows nothing of ours, runs it."""
    assert answer("export", "--verifier", tmp_path / "verify.pyz") == {"verifier": str(tmp_path / "verify.pyz")}
    assert (tmp_path / "verify.pyz").read_bytes() == zipped()

    answer("export", "--clip", clip, "--out", tmp_path / "bundle", "--unanchored")
    assert (tmp_path / "bundle" / "verify.pyz").read_bytes() == zipped()
    command = [sys.executable, "-I", str(tmp_path / "verify.pyz"), str(tmp_path / "bundle"), "--vkey", office.log.vkey]
    ended = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "media: ok. 1 originals" in ended.stdout
