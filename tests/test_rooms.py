"""What import-linter cannot see: the vocabulary and the verifier start on a machine that has Python and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
package = importlib.import_module(sys.argv[2])
for module in pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
strangers = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - set(sys.argv[3:]) - {"__main__"}
assert not strangers, strangers
"""


@pytest.mark.parametrize("module", ["storage.evidence", "storage.errors", "storage.verifier"])
def test_it_imports_with_the_standard_library_alone(module: str) -> None:
    """Isolated and without site-packages: any third-party import fails here."""
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(ROOT), module, "storage"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_verifier_starts_outside_the_project(tmp_path: Path) -> None:
    """A stranger has the folder alone, under its own name, without the rest of storage."""
    (tmp_path / "verifier").symlink_to(ROOT / "storage" / "verifier")
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(tmp_path), "verifier", "verifier"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
