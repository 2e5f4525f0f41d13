"""Bundles by somebody who means harm: refused with a clear word in both languages, and never followed anywhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.ledger.keys import VerifierKey
from storage.verifier.program import main

from .bundled import told_log, write_bundle
from .conftest import signer

KEYS = [VerifierKey.parse(signer().vkey)]
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The honest bundle; not to be changed."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "honest", *told_log())


@pytest.fixture
def bundle(tmp_path: Path, made: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "bundle"))


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
