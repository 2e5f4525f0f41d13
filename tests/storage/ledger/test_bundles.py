"""
A bundle verifies as a whole or not at all: every file of it changed in every way, by whoever packs it again afterwards as well.

What our verifier says is compared with three programs that know nothing of us: bagit.py, sha256sum and b3sum.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import VerifierKey
from storage.lifecycle import LifeCycle as Moves
from storage.verifier.bundle import verify_bundle
from storage.verifier.errors import VerificationError
from storage.verifier.growth import ConsistencyFile
from storage.verifier.lifecycle import LifeCycle
from storage.verifier.program import main
from storage.verifier.segmentfile import SegmentFile
from storage.verifier.steps import Outcome, Report

from .bundled import CLIPS, packed_again, segments_of, told_log, write_bundle
from .conftest import ORIGIN, WITNESS_KEY, SmallLog, one_bit_off, signer, wrong_steps

KEYS = [VerifierKey.parse(signer().vkey)]
STEPS = ["bag", "signature", "witnesses", "entries", "inclusion", "history", "life cycle", "media", "held", "disclosure"]
PLAIN = [step for step in STEPS if step != "witnesses"]


@pytest.fixture(scope="module")
def log() -> tuple[SmallLog, list[int]]:
    return told_log()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, log: tuple[SmallLog, list[int]]) -> Path:
    """The honest bundle; not to be changed."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "honest", *log)


@pytest.fixture
def bundle(tmp_path: Path, made: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "bundle"))


def files_of(bundle: Path) -> list[str]:
    return sorted(str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file())


def verified(bundle: Path) -> Report:
    return verify_bundle(bundle, KEYS)


def test_an_honest_bundle_holds(made: Path) -> None:
    report = verified(made)

    assert [(step.name, str(step.detail)) for step in report.steps if not step.ok] == []
    assert [step.name for step in report.steps] == PLAIN
    assert report.outcome is Outcome.CONSISTENT


def test_with_a_witness_from_outside_it_is_verified(made: Path, log: tuple[SmallLog, list[int]]) -> None:
    report = verify_bundle(made, KEYS, witnesses=[WITNESS_KEY])
    assert [step.name for step in report.steps if step.ok] == STEPS
    assert report.outcome is Outcome.VERIFIED

    assert verify_bundle(made, KEYS, held=[log[0].note(9)]).outcome is Outcome.VERIFIED
    assert verify_bundle(made, KEYS, held=[log[0].note()]).outcome is Outcome.VERIFIED


def test_a_head_that_was_held_elsewhere_tells_of_rewriting_and_cutting(made: Path, log: tuple[SmallLog, list[int]]) -> None:
    forged = sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), signer())
    larger = sign_checkpoint(Checkpoint(ORIGIN, 900, bytes(32)), signer())
    for held, word in ((forged, "another root"), (larger, "it was cut"), (log[0].note(3), "no proof from it"), ("", "note")):
        report = verify_bundle(made, KEYS, held=[held])
        assert wrong_steps(report) == {"held"}
        assert word in next(str(step.detail) for step in report.steps if not step.ok)


def test_the_strangers_own_table_is_used_where_he_has_one(made: Path) -> None:
    other = LifeCycle.parse(Moves([]).table().replace(b"[]", b'[{"after":[""],"kind":"clip","then":null,"type":"SECURED"}]'))

    assert wrong_steps(verify_bundle(made, KEYS, life_cycle=other)) == {"life cycle"}


@pytest.mark.parametrize("key", [signer(2), signer(name="elsewhere.example")], ids=["another key", "another log"])
def test_another_key_does_not_open_it(made: Path, key: object) -> None:
    assert "signature" in wrong_steps(verify_bundle(made, [VerifierKey.parse(key.vkey)]))  # type: ignore[attr-defined]


# --- every file, changed --------------------------------------------------------------------------------------------------

Change = Callable[[Path], object]


def changes(path: Path) -> Iterator[tuple[str, Change]]:
    """What may be done to a file."""
    raw = path.read_bytes()
    for bit in sorted({0, 8 * (len(raw) // 2) + 3, 8 * len(raw) - 1}) if raw else ():
        yield f"bit {bit}", lambda p, bit=bit: p.write_bytes(one_bit_off(raw, bit))  # type: ignore[misc]
    yield "appended", lambda p: p.write_bytes(raw + b"\n")
    yield "byte order mark", lambda p: p.write_bytes(b"\xef\xbb\xbf" + raw)
    yield "removed", lambda p: p.unlink()
    if raw:
        yield "truncated", lambda p: p.write_bytes(raw[:-1])
        yield "emptied", lambda p: p.write_bytes(b"")
    if b"\n" in raw:
        yield "CRLF", lambda p: p.write_bytes(raw.replace(b"\n", b"\r\n"))


UNSIGNED = ("VERIFY.md", "verify.pyz", "policy/trust.policy", "bag-info.txt")
"""What whoever packs a bundle again may write as he likes: words for people, and programs that nobody has to run."""
REMADE = ("manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt")
"""Files that packing again writes anew, so that nothing of the change is left."""


def test_every_change_of_every_file_is_found(made: Path, tmp_path: Path) -> None:
    tried, copy = 0, _copied(made, tmp_path / "copy")
    for name in files_of(made):
        for what, change in changes(made / name):
            tried += 1
            change(copy / name)
            assert "bag" in wrong_steps(verified(copy)), (name, what)
            _restore(copy, made, name)
    assert tried > 150
    assert verified(copy).outcome is Outcome.CONSISTENT


def test_every_change_is_found_when_the_bag_is_packed_again(made: Path, tmp_path: Path) -> None:
    """Then its manifests are right, and ledger, signature and digests must find it."""
    tried, copy = 0, _copied(made, tmp_path / "copy")
    for name in files_of(made):
        for what, change in changes(made / name):
            if _is_neutral(name, what):
                continue
            tried += 1
            change(copy / name)
            packed_again(copy)
            assert verified(copy).outcome is Outcome.FAILED, (name, what)
            _restore(copy, made, name, *REMADE)
    assert tried > 100
    assert verified(copy).outcome is Outcome.CONSISTENT


def _is_neutral(name: str, what: str) -> bool:
    if name in REMADE or (name == "policy/trust.policy" and what == "removed"):
        return True
    return name in UNSIGNED and what != "removed"


def _restore(copy: Path, made: Path, *names: str) -> None:
    for name in names:
        (copy / name).write_bytes((made / name).read_bytes())


def _copied(made: Path, copy: Path) -> Path:
    shutil.rmtree(copy, ignore_errors=True)
    return Path(shutil.copytree(made, copy))


def test_what_belongs_together_is_not_to_be_had_in_part(made: Path, tmp_path: Path, log: tuple[SmallLog, list[int]]) -> None:
    """An entry left out with its proof, a clip with all that is its own, or every entry: packed again, and yet found."""
    first, *_ = log[1]
    clip = next(iter(CLIPS)).partition(":")[2]
    for names, wrong in (
        (
            (f"entries/{first}.json", f"proofs/{first}.tlog-proof", f"disclosure/{first}.json"),
            {"history", "life cycle", "media"},
        ),
        ((f"media/{clip}.mp4",), {"media"}),
        ((f"segments/{clip}.seg",), {"media"}),
        ((f"media/{clip}.mp4", f"segments/{clip}.seg"), {"media"}),
        ((f"proofs/{first}.tlog-proof",), {"inclusion"}),
        (("log/heads/9",), set()),
        (("consistency/9",), {"held"}),
        (("entries", "proofs", "disclosure"), {"entries", "inclusion", "history", "life cycle", "media"}),
        (("media", "segments", "entries", "proofs", "disclosure"), {"entries", "inclusion", "history", "life cycle", "media"}),
    ):
        copy = _copied(made, tmp_path / "copy")
        for name in names:
            path = copy / "data" / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        packed_again(copy)
        _without_empty_directories(copy)
        assert wrong_steps(verified(copy)) - {"bag"} == wrong, names


def _without_empty_directories(root: Path) -> None:
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def test_somebody_with_the_key_cannot_give_another_original_for_the_entry(made: Path, tmp_path: Path) -> None:
    copy = _copied(made, tmp_path / "copy")
    clip = next(iter(CLIPS)).partition(":")[2]
    data = CLIPS[f"clip:{clip}"]
    forged = one_bit_off(data, 999)
    (copy / f"data/media/{clip}.mp4").write_bytes(forged)
    (copy / f"data/segments/{clip}.seg").write_bytes(segments_of(forged).encode())
    packed_again(copy)

    assert wrong_steps(verified(copy)) == {"media"}


def test_without_the_package_blake3_the_rest_is_verified_and_the_report_says_so(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.verifier.media.blake3_or_none", lambda: None)
    monkeypatch.setattr("storage.verifier.measure.blake3_or_none", lambda: None)
    report = verified(made)
    assert report.outcome is Outcome.CONSISTENT
    assert "BLAKE3 not checked" in next(str(step.detail) for step in report.steps if step.name == "media")

    copy = _copied(made, tmp_path / "copy")
    path = next((copy / "data/media").iterdir())
    path.write_bytes(path.read_bytes() + b"x")
    packed_again(copy)
    assert wrong_steps(verified(copy)) == {"media"}


# --- hostile bundles ------------------------------------------------------------------------------------------------------


def _linked(bundle: Path) -> None:
    path = next((bundle / "data/media").iterdir())
    path.rename(bundle.parent / "outside")
    path.symlink_to(bundle.parent / "outside")


def _linked_directory(bundle: Path) -> None:
    (bundle / "data/media").rename(bundle.parent / "media")
    (bundle / "data/media").symlink_to(bundle.parent / "media")


def _named(name: str | bytes) -> Change:
    def change(bundle: Path) -> None:
        path = os.path.join(os.fsencode(bundle), os.fsencode(name))  # noqa: PTH118 - a name that is no text
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - the same
        with open(path, "wb") as file:  # noqa: PTH123 - the same
            file.write(b"x")

    return change


def _manifest(old: str, new: str) -> Change:
    def change(bundle: Path) -> None:
        path = bundle / "manifest-sha256.txt"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def _lines(order: Callable[[list[str]], list[str]], end: str = "\n") -> Change:
    def change(bundle: Path) -> None:
        path = bundle / "manifest-sha256.txt"
        path.write_text("".join(f"{line}{end}" for line in order(path.read_text().splitlines())), newline="")

    return change


def _huge(name: str) -> Change:
    """A file that claims to be enormous; it is sparse, and nobody may try to read it into memory."""
    return lambda bundle: os.truncate(bundle / name, 2**40)


HOSTILE: dict[str, tuple[Change, str]] = {
    "a link in place of a file": (_linked, "not a plain file"),
    "a link in place of a directory": (_linked_directory, "not a plain file"),
    "a pipe": (lambda bundle: os.mkfifo(bundle / "data/pipe"), "not a plain file"),
    "an empty directory": (lambda bundle: (bundle / "data/more").mkdir(), "an empty directory"),
    "directories without end": (_named("/".join(["data", *"abcdefgh"])), "too deep"),
    "names that differ in capitals": (_named("Verify.md"), "but for capitals"),
    "a name with a space": (_named("data/media/a b"), "not a plain name"),
    "a name with a line feed": (_named("data/media/a\nb"), "not a plain name"),
    "a name that writes on the terminal": (_named("data/\x1b[2J"), "not a plain name"),
    "a name that reads backwards": (_named("data/\u202egpj.exe"), "not a plain name"),
    "a name that is no text": (_named(b"data/\xff"), "not a plain name"),
    "a name with a backslash": (_named("data\\media"), "not a plain name"),
    "a hidden name": (_named("data/.hidden"), "not a plain name"),
    "a name that begins with a dash": (_named("data/-rf"), "not a plain name"),
    "a very long name": (_named("data/" + "a" * 250), "not a plain name"),
    "a file nobody knows": (_named("data/media.exe"), "no such file"),
    "a list of files to fetch": (_named("fetch.txt"), "no such file"),
    "a manifest by another algorithm": (_named("manifest-md5.txt"), "no such file"),
    "a second original": (_named("data/media/01J00000000000000000000AAA.avi"), "not listed"),
    "an original without entries": (_named("data/media/01J00000000000000000000CCC.mp4"), "not listed"),
    "an entry number with a leading zero": (_named("data/entries/05.json"), "no such file"),
    "a manifest that climbs": (_manifest("data/media.b3", "data/../../b3"), "a name is listed twice or out of order"),
    "a manifest with an absolute name": (_manifest("  data/media.b3", "  /etc/passwd"), "not a SHA-256, two spaces"),
    "a manifest that names a file twice": (_lines(lambda lines: [lines[0], *lines]), "listed twice"),
    "a manifest out of order": (_lines(lambda lines: lines[::-1]), "out of order"),
    "a manifest with CRLF": (_lines(lambda lines: lines, "\r\n"), "ended by a line feed"),
    "a manifest with CR": (_lines(lambda lines: lines, "\r"), "ended by a line feed"),
    "a manifest with capitals": (_lines(lambda lines: [line.upper() for line in lines]), "not a SHA-256"),
    "a manifest with one space": (_lines(lambda lines: [line.replace("  ", " ") for line in lines]), "not a SHA-256"),
    "a manifest in binary mode": (_lines(lambda lines: [line.replace("  ", " *") for line in lines]), "not a SHA-256"),
    "a manifest of nothing": (_lines(lambda _lines: []), "not listed"),
    "an enormous entry": (_huge("data/entries/5.json"), "longer than 65535 bytes"),
    "an enormous manifest": (_huge("manifest-sha256.txt"), "longer than"),
    "an enormous original": (_huge("data/media/01J00000000000000000000AAA.mp4"), "expected 'Payload-Oxum"),
    "an enormous verifier": (_huge("verify.pyz"), "longer than"),
    "an enormous checkpoint": (_huge("data/log/checkpoint"), "longer than"),
    "an enormous declaration": (_huge("bagit.txt"), "longer than"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_bundle_is_refused_in_both_languages(
    bundle: Path, what: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change, words = HOSTILE[what]
    change(bundle)

    assert main([str(bundle), "--vkey", KEYS[0].vkey]) == 1
    said = capsys.readouterr().out
    assert words in said
    assert all(line.isprintable() for line in said.splitlines())
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert main([str(bundle), "--vkey", KEYS[0].vkey]) == 1
    assert "不通过" in capsys.readouterr().out


# --- other people's programs ----------------------------------------------------------------------------------------------


def bagit_accepts(bundle: Path) -> bool:
    try:
        return bool(bagit.Bag(str(bundle)).validate())
    except bagit.BagError:
        return False


def ends_well(bundle: Path, *command: str) -> bool:
    return subprocess.run(command, cwd=bundle, capture_output=True, check=False, timeout=60).returncode == 0


def sums_agree(bundle: Path) -> bool:
    return ends_well(bundle, "sha256sum", "--check", "--strict", "manifest-sha256.txt", "tagmanifest-sha256.txt")


def test_bagit_and_sha256sum_accept_it_and_refuse_every_changed_file(made: Path, tmp_path: Path) -> None:
    assert bagit_accepts(made)
    assert sums_agree(made)
    for name in files_of(made):
        if name in {"tagmanifest-sha256.txt", "bagit.txt"} or not (made / name).stat().st_size:
            continue  # listed nowhere; read otherwise; nothing to change
        copy = _copied(made, tmp_path / "copy")
        (copy / name).write_bytes(one_bit_off((copy / name).read_bytes(), 9))
        assert not bagit_accepts(copy), name
        assert not sums_agree(copy), name


@pytest.mark.needs("b3sum")
def test_b3sum_accepts_the_originals_and_refuses_a_changed_one(bundle: Path) -> None:
    assert ends_well(bundle / "data", "b3sum", "--check", "media.b3")
    path = bundle / "data/media/01J00000000000000000000AAA.mp4"
    path.write_bytes(one_bit_off(path.read_bytes(), 9))
    assert not ends_well(bundle / "data", "b3sum", "--check", "media.b3")


# --- parsers --------------------------------------------------------------------------------------------------------------


@given(size=st.integers(0, 5 * 2**20), change=st.binary(max_size=3))
def test_a_segment_manifest_is_read_in_one_form_only(size: int, change: bytes) -> None:
    count = -(-size // 2**20)
    raw = b"yihu-segments/1\n" + size.to_bytes(8, "big") + (2**20).to_bytes(8, "big") + b"d" * 32 * count

    assert SegmentFile.parse(raw, path="p").size == size
    for other in (raw + b"x" + change, raw[:-1], b"Y" + raw[1:], change):
        with pytest.raises(VerificationError):
            SegmentFile.parse(other, path="p")


def test_the_root_of_a_segment_manifest_is_the_one_the_ledger_names() -> None:
    manifest = segments_of(bytes(3 * 2**20 + 1))

    assert SegmentFile.parse(manifest.encode(), path="p").root == manifest.summary.root


@given(st.text(alphabet="old 0123456789\nAB=", max_size=80))
def test_a_consistency_file_is_read_in_one_form_only(text: str) -> None:
    try:
        found = ConsistencyFile.parse(text)
    except VerificationError:
        return
    hashes = (f"{base64.b64encode(value).decode()}\n" for value in found.path)
    assert "".join([f"old {found.old}\n", *hashes]) == text
