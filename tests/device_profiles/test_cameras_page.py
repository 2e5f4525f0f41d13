"""docs/cameras.md says what a profile and a sample may say: every key, every group, every quirk, and nothing else."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from device_profiles import profile, samples
from device_profiles.profile import NAME_GROUPS, SIDECAR_GROUPS, QuirkCode

PAGE = (Path(__file__).parents[2] / "docs" / "cameras.md").read_text("utf-8")
SECTION = re.compile(r"^### .*\[(\w+)\]$", re.MULTILINE)


def models() -> dict[str, type[BaseModel]]:
    """Every table a profile or a sample may have."""
    return {
        name: kind
        for module in (profile, samples)
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, BaseModel) and kind.__module__ == module.__name__
    }


def sections() -> dict[str, str]:
    parts = SECTION.split(PAGE)
    return {name: re.split(r"^## ", text, flags=re.MULTILINE)[0] for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def first_column(text: str) -> list[list[str]]:
    """The words in code of the first column, by table."""
    tables = [table for table in re.split(r"\n\n", text) if table.lstrip().startswith("|")]
    return [[key for row in table.splitlines() for key in re.findall(r"`([\w-]+)`", row.split("|")[1])] for table in tables]


def test_every_table_has_a_section_and_every_section_a_table() -> None:
    assert set(sections()) == set(models())


@pytest.mark.parametrize("name", sorted(models()))
def test_every_key_is_documented_and_nothing_else_is(name: str) -> None:
    assert sorted(first_column(sections()[name])[0]) == sorted(models()[name].model_fields)


def test_every_group_of_a_name_is_documented() -> None:
    assert sorted(first_column(sections()["NamePattern"])[1]) == sorted(NAME_GROUPS)


def test_every_group_of_a_sidecar_is_documented() -> None:
    assert {group for group in SIDECAR_GROUPS if f"`{group}`" in sections()["Sidecar"]} == SIDECAR_GROUPS


def test_every_quirk_is_documented() -> None:
    assert sorted(first_column(sections()["Quirk"])[1]) == sorted(get_args(QuirkCode))
