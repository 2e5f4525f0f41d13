"""The watcher on real pyudev and libudev: every test of `watching_udev`, run once in a process under umockdev."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

INSIDE = Path(__file__).with_name("watching_udev.py")
FUNCTIONS = [each.name for each in ast.parse(INSIDE.read_text("utf-8")).body if isinstance(each, ast.FunctionDef)]
NAMES = [each for each in FUNCTIONS if each.startswith("test_")]

pytestmark = [pytest.mark.devices, pytest.mark.needs("umockdev-wrapper")]


_ABORTED = -signal.SIGABRT


def _run_inside(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("umockdev-wrapper") or "", sys.executable, "-m", "pytest", *arguments],
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.fixture(scope="module", name="outcomes")
def _outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each test inside: empty where it passed, else what pytest said of it."""
    report = tmp_path_factory.mktemp("watching") / "report.xml"
    inside = ["-n", "0", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", str(INSIDE)]
    done = _run_inside(inside)
    if done.returncode == _ABORTED and not report.exists():
        # umockdev itself gave up while it plugged something in, which it does now and then; what fails inside fails again
        done = _run_inside(inside)
    if not report.exists():
        pytest.fail(f"nothing was run:\n{done.stdout}\n{done.stderr}", pytrace=False)
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - written by pytest a moment ago
    return {case.get("name", ""): "; ".join(filter(None, map(_said, case))) for case in cases}


def _said(outcome: ET.Element) -> str:
    return (outcome.text or outcome.get("message") or outcome.tag) if outcome.tag in {"failure", "error", "skipped"} else ""


@pytest.mark.parametrize("name", NAMES)
def test_inside(outcomes: dict[str, str], name: str) -> None:
    if outcomes.get(name, "was not run"):
        pytest.fail(outcomes.get(name, "was not run"), pytrace=False)


def test_there_is_something_inside() -> None:
    assert NAMES
