"""Commands run in this process, and offices and witnesses to run them on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from api.witnessing import create_witness_app
from storage.ledger.keys import VerifierKey
from storage.ledger.witnessing import Witness as AtWork
from yihu.cli import app
from yihu.cli.common import Exit
from yihu.web import Server, running
from yihu.wiring import Office, now

LOG = "office.example/yihu/commands"


def yihu(*arguments: object) -> tuple[int, str]:
    """Run a command in this process: exit code and everything it said."""
    ran = CliRunner().invoke(app, [*map(str, arguments)])
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.stdout


def answer(*arguments: object, code: int = Exit.DONE) -> Any:  # noqa: ANN401 - JSON
    ended, said = yihu(*arguments, "--json")
    assert ended == code, said
    return json.loads(said)


def witness_for(office: Office, place: Path) -> AtWork:
    """A witness that watches the log of *office*."""
    made = AtWork.found(place, name=f"{place.name}.example/w1", clock=now)
    made.watch(VerifierKey.parse(office.log.vkey))
    return made


@contextmanager
def served(witness: AtWork) -> Iterator[Server]:
    with running(create_witness_app(witness), host="127.0.0.1", port=0) as server:
        yield server


def fresh(office: Office) -> Office:
    """As a new process sees it."""
    return Office.open(office.home / "yihu.toml")
