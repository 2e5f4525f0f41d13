"""
The documents say what is there, and nothing that is not.

A setting, a command or a room without a word about it does not exist for whoever reads the documents; a word about
something that is gone misleads.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from pydantic import BaseModel

from yihu.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ROOMS = ("api", "cases", "deploy", "device_profiles", "ingest", "storage", "tests", "web", "yihu")

LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
RUN = re.compile(r"\./run ([a-z]+)")
SECTION = re.compile(r"^#+ .*\[(\w+)\]")
ROW = re.compile(r"^\| `(\w+)` ")


def text_of(*documents: Path) -> str:
    """The documents, one after the other."""
    return "\n".join(document.read_text("utf-8") for document in documents)


@cache
def commands() -> frozenset[str]:
    """What `yihu` can do, by its own word."""
    probe = "import sys, typer; from yihu.cli import app; print(*typer.main.get_command(app).commands)"
    return frozenset(subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout.split())


def documented_settings() -> set[tuple[str, str]]:
    """Section and key of every row in the tables of docs/settings.md, whose headings name the section: ``## Spool [spool]``."""
    found, section = set(), ""
    for line in text_of(ROOT / "docs" / "settings.md").splitlines():
        if heading := SECTION.match(line):
            section = heading.group(1)
        elif row := ROW.match(line):
            found.add((section, row.group(1)))
    return found


def existing_settings() -> set[tuple[str, str]]:
    """Section and key of everything that `yihu.toml` may say."""
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        (name, key)
        for name, section in sections.items()
        if isinstance(section, type) and issubclass(section, BaseModel)
        for key in section.model_fields
    }


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    assert documented_settings() == existing_settings()


def test_every_command_is_documented() -> None:
    documents = text_of(*DOCUMENTS)

    assert [command for command in sorted(commands()) if not re.search(rf"\byihu {command}\b", documents)] == []


def test_every_room_is_in_the_readme() -> None:
    readme = text_of(ROOT / "README.md")

    assert [room for room in ROOMS if (ROOT / room).is_dir() and f"{room}/" not in readme] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_a_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(text_of(document))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_a_command_of_run_is_one_that_it_has(document: Path) -> None:
    known = set(re.findall(r"^  ([a-z]+)\)", text_of(ROOT / "run"), re.MULTILINE))

    assert set(RUN.findall(text_of(document))) - known == set()


def test_help_of_run_names_every_command() -> None:
    """In both languages, each in its own words."""
    script = text_of(ROOT / "run")
    known = set(re.findall(r"^  ([a-z]+)\)", script, re.MULTILINE))

    for language in ("chinese", "english"):
        page = script.partition(f"help_in_{language}()")[2].partition("\nTEXT")[0]
        assert known - set(RUN.findall(page)) == set()


def test_what_is_pinned_is_what_is_asked_for() -> None:
    """Whoever changes pyproject.toml runs `sh requirements/pin.sh`."""
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    asked = {
        "run": [*project["project"]["dependencies"], *extras["ffmpeg"], *extras["s3"], *groups["build"]],
        "test": [line for part in (*extras.values(), *groups.values()) for line in part],
    }
    for name, lines in asked.items():
        pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text_of(ROOT / "requirements" / f"{name}.txt"), re.MULTILINE))
        wrong = [line for line in lines if not _is_met(Requirement(line), pinned)]
        assert wrong == []


def test_both_sets_of_packages_agree() -> None:
    """One .venv serves the demo and the tests."""
    run, test = (
        set(re.findall(r"^[\w.-]+==\S+", text_of(ROOT / "requirements" / f"{n}.txt"), re.MULTILINE)) for n in ("run", "test")
    )

    assert run - test == set()


def _is_met(wanted: Requirement, pinned: dict[str, str]) -> bool:
    version = pinned.get(wanted.name)
    return version is not None and wanted.specifier.contains(version)
