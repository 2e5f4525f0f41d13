"""Everything an audit says is said in Chinese too; and on both databases it goes on from an earlier one."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import storage.audit
from storage.audit import Audit, Outcome, Said, in_language
from storage.audit.chinese import CHINESE
from storage.audit.outside import Brought
from storage.folder import FolderStore
from storage.verifier.errors import VerificationError
from yihu import further_steps

from .conftest import Bench, enrolled, secured

SOURCES = [*sorted(Path(storage.audit.__file__).parent.glob("*.py")), Path(further_steps.__file__)]
SAYING = {"Said", "remark"}


def said_in(tree: ast.Module) -> Iterator[str]:
    """The templates of sentences: given to `Said` or `remark`, named ``template``, or listed as asides."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SAYING and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id == "template" and isinstance(node.value, ast.Constant):
                yield str(node.value.value)
            if node.targets[0].id == "_ASIDE" and isinstance(node.value, ast.Dict):
                yield from (str(value.value) for value in node.value.values if isinstance(value, ast.Constant))


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_everything_an_audit_says_is_also_said_in_chinese_and_nothing_else_is() -> None:
    said = {text for path in SOURCES for text in said_in(ast.parse(path.read_text("utf-8")))}

    assert said - CHINESE.keys() == set()
    assert CHINESE.keys() - said == set()
    assert [english for english, chinese in CHINESE.items() if fields(english) != fields(chinese)] == []


def test_a_sentence_is_english_as_a_text_and_remembers_what_it_was_made_of() -> None:
    inner = VerificationError("the signature of {name} is wrong", name="w")
    said = Said("checkpoint {size}: {reason}", size=7, reason=inner)

    assert said == "checkpoint 7: the signature of w is wrong"
    assert in_language(said, "en") == said
    assert in_language(said, "zh").startswith("检查点 7：")
    assert not in_language(said, "zh").isascii()
    assert "signature" not in in_language(said, "zh")
    assert in_language("of somebody else", "zh") == "of somebody else"


def test_an_audit_goes_on_from_an_earlier_one_on_each_kind_of_database(bench: Bench, tmp_path: Path) -> None:
    """New entries about an old camera and a new clip, heads that are held, and a catalog that is compared row by row."""
    store = FolderStore(tmp_path / "store", clock=bench.clock)
    camera = bench.custody.record(enrolled()).entry.subject
    bench.custody.record(secured(camera))
    held = bench.log.checkpoint()
    whole = Audit(bench.engine, bench.log, bench.projector, bench.vault, store, brought=Brought([("mine", held)])).run()
    bench.custody.record_all([secured(camera, name=f"{number}.mp4") for number in range(5)])
    bench.log.checkpoint()

    gone_on = Audit(bench.engine, bench.log, bench.projector, bench.vault, store, since=whole.head).run()
    assert [finding for verdict in (whole, gone_on) for step in verdict.steps for finding in step.findings] == []
    assert (whole.outcome, gone_on.outcome) == (Outcome.CONSISTENT, Outcome.CONSISTENT)
    assert (gone_on.since, gone_on.size) == (2, 7)
    assert bench.differences() == []
