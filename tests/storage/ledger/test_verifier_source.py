"""What must be true of the verifier's source: it is old Python, it stands alone, and it says everything in Chinese too."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.verifier.chinese import CHINESE

SOURCES = sorted((Path(__file__).parents[3] / "storage" / "verifier").glob("*.py"))
BUILT_IN_CONTAINERS = {"dict", "frozenset", "list", "set", "tuple", "type"}
YOUNGER_THAN_3_8 = {
    "UTC",
    "bit_count",
    "is_relative_to",
    "removeprefix",
    "removesuffix",
    "pairwise",
    "cache",
    "aiter",
    "StrEnum",
}
YOUNGER_ARGUMENTS = {"slots", "kw_only", "strict", "encoding_errors"}
SAYING = {"Said", "translated", "say", "Check", "_same", "_path_length"}
NAMING = {"decode_base64", "decimal"}

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)


def unevaluated_in(tree: ast.Module) -> set[int]:
    """The identities of all nodes that are only annotations, which nobody evaluates."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            roots.append(node.annotation)
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            roots.append(node.returns)
    return {id(inner) for root in roots for inner in ast.walk(root)}


@each_source
def test_it_is_python_3_8(path: Path) -> None:
    """Syntax by the parser; and what 3.8 would only find out by running: ``list[int]``, ``X | Y``, younger names."""
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 8))
    unevaluated = unevaluated_in(tree)
    found = [node for node in ast.walk(tree) if id(node) not in unevaluated and is_younger(node)]

    assert [ast.unparse(node) for node in found] == []


def is_younger(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id in BUILT_IN_CONTAINERS
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return any(isinstance(side, ast.Constant) and side.value is None for side in (node.left, node.right))
    if isinstance(node, ast.keyword):
        return node.arg in YOUNGER_ARGUMENTS
    if isinstance(node, ast.Attribute):
        return node.attr in YOUNGER_THAN_3_8
    return isinstance(node, ast.alias) and node.name in YOUNGER_THAN_3_8


@each_source
def test_it_evaluates_no_annotation(path: Path) -> None:
    assert "from __future__ import annotations" in path.read_text("utf-8")


@each_source
def test_it_imports_itself_only_relatively(path: Path) -> None:
    """Or it would not run from inside a zip file, under another name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        assert not any(name.startswith(("storage", "verifier")) for name in names)


def texts(node: ast.AST) -> Iterator[str]:
    """The constant strings in an expression."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def said_by_assigning(node: ast.Assign) -> Iterator[str]:
    target = node.targets[0]
    if not isinstance(target, ast.Name):
        return
    if target.id in {"message", "reason", "word"}:
        yield from texts(node.value)
    if target.id == "CONCLUSIONS" and isinstance(node.value, ast.Dict):
        for value in node.value.values:
            yield from texts(value)


def said_by_calling(node: ast.Call) -> Iterator[str]:
    if not isinstance(node.func, ast.Name):
        return
    place = 0 if node.func.id in SAYING else 1 if node.func.id in NAMING else None
    if place is not None and isinstance(node.args[place], ast.Constant):
        yield from texts(node.args[place])


def said_in(tree: ast.Module) -> Iterator[str]:
    """Every template that may be shown to a person."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from said_by_assigning(node)
        if isinstance(node, ast.Call):
            yield from said_by_calling(node)


def all_said() -> set[str]:
    return {text for path in SOURCES for text in said_in(ast.parse(path.read_text("utf-8")))}


def test_everything_it_says_is_also_said_in_chinese_and_nothing_else_is() -> None:
    assert all_said() - CHINESE.keys() == set()
    assert CHINESE.keys() - all_said() == set()


def fields(template: str) -> set[tuple[str | None, str | None]]:
    return {(name, conversion) for _, name, _, conversion in string.Formatter().parse(template) if name is not None}


def test_both_languages_say_the_same_values() -> None:
    assert [english for english, chinese in CHINESE.items() if fields(chinese) != fields(english)] == []
