"""The door, `./run`, on machines where something is missing. What it does where nothing is missing, every other test shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNAVAILABLE = 69
USAGE = 64
SMALL_MACHINE = ("sh", "cat", "cksum", "dirname", "ls", "rm", "sed")

OLD = "#!/bin/sh\ncase $* in *print*) echo 3.9 ;; *) exit 1 ;; esac\n"
WITHOUT_VENV = f'#!/bin/sh\ncase $* in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The PATH of a machine that has nothing but a few programs which Debian calls essential."""
    path = tmp_path / "bin"
    path.mkdir()
    for program in SMALL_MACHINE:
        (path / program).symlink_to(shutil.which(program) or program)
    return path


def run(*arguments: str, path: Path, language: str = "C") -> subprocess.CompletedProcess[str]:
    """`./run ARGUMENTS` with only *path* on PATH and nothing installed."""
    environment = {"PATH": str(path), "LANG": language, "YIHU_VENV": str(path.parent / "venv"), "HOME": str(path.parent)}
    return subprocess.run(
        ["/bin/sh", ROOT / "run", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def put(program: Path, script: str) -> None:
    """An executable *program*."""
    program.write_text(script)
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("python", "chinese", "english"),
    [
        (None, "没有找到 Python", "no Python found"),
        (OLD, "只找到：python3=3.9", "found only: python3=3.9"),
        (WITHOUT_VENV, "缺少 venv 模块", "not its venv module"),
    ],
    ids=["none", "too old", "without venv"],
)
def test_a_missing_python_is_told_in_both_languages(machine: Path, python: str | None, chinese: str, english: str) -> None:
    if python is not None:
        put(machine / "python3", python)

    ended = run("demo", path=machine)

    assert ended.returncode == UNAVAILABLE
    assert chinese in ended.stderr
    assert english in ended.stderr
    assert "apt install" in ended.stderr or python == OLD


def test_a_folder_that_is_no_virtual_environment_is_left_alone(machine: Path) -> None:
    """Whoever names the wrong folder by YIHU_VENV loses nothing."""
    (machine / "python3").symlink_to(sys.executable)
    precious = machine.parent / "venv" / "thesis"
    precious.parent.mkdir()
    precious.touch()

    assert run("demo", path=machine).returncode == UNAVAILABLE
    assert precious.exists()


def test_help_is_in_the_language_of_the_locale(machine: Path) -> None:
    assert "用哪个 Python" in run("--help", path=machine, language="zh_CN.UTF-8").stdout
    assert "which Python" in run("--help", path=machine, language="en_US.UTF-8").stdout


def test_a_command_it_does_not_know_is_a_usage_error(machine: Path) -> None:
    ended = run("dmeo", path=machine)

    assert (ended.returncode, ended.stdout) == (USAGE, "")
    assert "./run demo" in ended.stderr


def test_it_is_executable() -> None:
    assert os.access(ROOT / "run", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
