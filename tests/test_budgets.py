"""
The sizes we keep to, and what may stand in no file of this project.

Whoever wants to read a function should see all of it at once; whoever opens a module should reach its end.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("api", "cases", "device_profiles", "ingest", "storage", "yihu")

LONGEST_FUNCTION = 50
LONGEST_MODULE = 300
WIDEST_PROTOCOL = 4
MEDIAN_FUNCTION = 8
P90_FUNCTION = 25

# The letter in brackets keeps this file from being what it looks for.
HOSTS = re.compile(
    r"py[p]i\.org|pythonhoste[d]\.org|np[m]js\.(org|com)|np[m]mirror|crate[s]\.io|deb\.debia[n]\.org|archive\.ubunt[u]\.com"
    r"|proxy\.golan[g]\.org|mirror[s]?\.(aliyun|tuna|ustc|huaweicloud)",
)
PLACES = re.compile(r"/wor[k]/|/roo[t]/|/op[t]/(pypi|wheels)|/tmp/yih[u]")
SWITCHED_OFF = re.compile(r"#\s*(noqa(?!:)|type:\s*ignore(?!\[)|mypy:\s*|ruff:\s*noqa|flake8:\s*noqa)")


@cache
def our_files() -> tuple[Path, ...]:
    """Every file that git knows or would add; without git, every file outside folders that tools make."""
    listing = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    try:
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        files = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        files = [file for file in ROOT.rglob("*") if not _is_made(file.relative_to(ROOT))]
    return tuple(sorted(file for file in files if file.is_file()))


def _is_made(file: Path) -> bool:
    made = {"__pycache__", "node_modules", "build", "dist", "demo-office"}
    hidden = any(part in made or (part.startswith(".") and part != ".ci") for part in file.parts[:-1])
    return hidden or file.name.startswith(".coverage")


@cache
def sources() -> dict[Path, ast.Module]:
    """Every Python module of ours, parsed."""
    return {file: ast.parse(file.read_bytes()) for file in our_files() if file.suffix == ".py"}


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method of ours."""
    for file, module in sources().items():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield file, node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    first = function.body[0]
    docstring = 0
    if ast.get_docstring(function) is not None:
        docstring = (first.end_lineno or first.lineno) - first.lineno + 1
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def where(file: Path, line: int = 1) -> str:
    """As editors and terminals open it."""
    return f"{file.relative_to(ROOT)}:{line}"


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [
        f"{where(file, node.lineno)} {node.name}: {length(node)}"
        for file, node in functions()
        if length(node) > LONGEST_FUNCTION
    ]

    assert too_long == []


def test_no_module_is_longer_than_its_budget() -> None:
    lines = {file: len(file.read_bytes().splitlines()) for file in sources()}

    assert [f"{where(file)}: {count}" for file, count in lines.items() if count > LONGEST_MODULE] == []


def test_no_protocol_asks_for_more_than_four_methods() -> None:
    too_wide = [
        f"{where(file, node.lineno)} {node.name}"
        for file, module in sources().items()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
        and sum(isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) for member in node.body) > WIDEST_PROTOCOL
    ]

    assert too_wide == []


def test_most_functions_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = [length(node) for file, node in functions() if file.relative_to(ROOT).parts[0] in ROOMS]
    median, p90 = statistics.median(lengths), statistics.quantiles(lengths, n=10)[-1]
    with capsys.disabled():
        print(f"\n{len(lengths)} functions: median {median:.0f} lines, p90 {p90:.0f}, longest {max(lengths)}")  # noqa: T201 - reported

    assert median <= MEDIAN_FUNCTION
    assert p90 <= P90_FUNCTION


@pytest.mark.parametrize("forbidden", [HOSTS, PLACES], ids=["host of a package registry", "place on one machine"])
def test_no_file_names_a(forbidden: re.Pattern[str]) -> None:
    found = [
        f"{where(file, number)} {match.group()}"
        for file in our_files()
        for number, line in enumerate(file.read_bytes().decode("utf-8", "replace").splitlines(), 1)
        if (match := forbidden.search(line))
    ]

    assert found == []


def test_a_checker_is_only_ever_silenced_for_one_named_rule() -> None:
    found = [
        where(file, number)
        for file in sources()
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if SWITCHED_OFF.search(line)
    ]

    assert found == []
