"""``yihu request``: what people asked for, decided at the machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.access.reasons import Why
from api.tokens import issue_token
from storage.evidence import Actor, Role
from storage.ledger.leaf import Leaf
from tests.crashes.offices import fill, footage, founded, opened, take_in
from yihu.cli import app
from yihu.requesting import requests_of
from yihu.wiring import Office

RUN = CliRunner()


@pytest.fixture
def asked(tmp_path: Path) -> tuple[Office, str]:
    """An office where somebody asked for an original."""
    founded(tmp_path / "office").engine.dispose()
    office = opened(tmp_path / "office")
    take_in(office, fill(tmp_path / "card", footage(1)))
    account, _text = issue_token(office.custody, name="样例岗", role=Role.CLERK, actor=office.operator)
    clip = office.catalog.clips()[0].subject
    found, _is_new = requests_of(office).ask(
        clip, "original", Why({}, {"reason": "移送需要"}), actor=Actor(account, Role.CLERK)
    )
    return office, found.id


def said(office: Office, *words: str) -> tuple[int, dict[str, object]]:
    result = RUN.invoke(app, ["request", *words, "--json", "--config", str(office.home / "yihu.toml")])
    return result.exit_code, json.loads(result.stdout)


def test_a_request_is_listed_approved_and_withdrawn(asked: tuple[Office, str]) -> None:
    office, request = asked
    code, told = said(office, "list")
    rows = told["requests"]
    assert isinstance(rows, list)
    assert (code, [(row["reason"], row["name"], row["state"]) for row in rows]) == (0, [("移送需要", "样例岗", "requested")])

    assert said(office, "approve", request, "--reason", "同意", "--hours", "2")[0] == 0
    assert said(office, "deny", request, "--reason", "晚了")[0] == 3
    assert said(office, "withdraw", request, "--reason", "不再需要")[0] == 0
    assert said(office, "withdraw", "01JD6Z5M3Q8X4T7V9YB2C1D0EF", "--reason", "无")[0] == 4
    types = [line.type for line in office.catalog.history(office.catalog.clips()[0].subject)]
    assert types[-3:] == ["ACCESS_REQUESTED", "ACCESS_APPROVED", "ACCESS_WITHDRAWN"]


@pytest.mark.parametrize(("words", "last"), [(["approve"], "ACCESS_APPROVED"), (["deny"], "ACCESS_DENIED")])
def test_what_root_decided_says_so(asked: tuple[Office, str], words: list[str], last: str) -> None:
    """No role lets an administrator do that: nobody takes it for an approval of a leader."""
    office, request = asked
    assert said(office, *words, request, "--reason", "应急")[0] == 0

    leaf = Leaf.decode(office.log.leaf(office.catalog.history(office.catalog.clips()[0].subject)[-1].seq))
    assert (leaf.type, leaf.role, leaf.body["at"]) == (last, Role.ADMINISTRATOR, "machine")


def test_people_read_it_in_words(asked: tuple[Office, str], monkeypatch: pytest.MonkeyPatch) -> None:
    office, request = asked
    monkeypatch.setenv("YIHU_LANG", "zh")
    config = ["--config", str(office.home / "yihu.toml")]

    assert "移送需要" in RUN.invoke(app, ["request", "list", *config]).stdout
    assert RUN.invoke(app, ["request", "deny", request, "--reason", "与本案无关", *config]).stdout == "未批准\n"
