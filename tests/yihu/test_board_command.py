"""``yihu board``, as people and programs run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.board import AlarmKind, Bay, Board, Status
from ingest.board_json import parsed
from tests.api.small_office import Clock
from tests.crashes.offices import founded
from yihu.board_stream import serving_board
from yihu.cli import app
from yihu.cli.common import Exit


@pytest.fixture
def home(tmp_path: Path) -> Path:
    office = founded(tmp_path / "office")
    office.engine.dispose()
    return office.home


def running(*arguments: str) -> subprocess.Popen[str]:
    """Run the command on its own, listening to Ctrl-C even where whoever runs the tests in the background does not."""
    environment = {**os.environ, "YIHU_LANG": "zh", "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        ["/usr/bin/env", "--default-signal=INT", sys.executable, "-m", "yihu", "board", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        encoding="utf-8",
    )


def test_a_running_dock_is_followed_until_it_is_gone(home: Path) -> None:
    board = Board(Clock())
    board.ring(AlarmKind.SPOOL_FILLING, reason="83 %")
    board.show(Bay("1", Status.READING, camera="DSJ-0042"))
    with serving_board(board, home / "run" / "dock.sock"):
        people, program = (running("--config", str(home), *more) for more in ((), ("--json",)))
        assert people.stdout is not None
        assert program.stdout is not None
        assert [people.stdout.readline() for _ in range(2)] == ["! 暂存盘快满: 83 %\n", "[1] » 采集中  DSJ-0042\n"]
        assert parsed(program.stdout.readline()) == board.picture()
        board.hush(AlarmKind.SPOOL_FILLING)
        assert people.stdout.readline() == "! 暂存盘快满: 83 % (已结束)\n"
        assert parsed(program.stdout.readline()) == board.after(2, Clock().now - Clock().now)[0]
    errors = people.communicate(timeout=60)[1]
    last = json.loads(program.communicate(timeout=60)[0])

    assert (people.returncode, program.returncode) == (Exit.TRY_AGAIN, Exit.TRY_AGAIN)
    assert "no dock answers" in errors
    assert last["error"] == "StorageUnavailable"


def test_the_demo_needs_no_dock_and_no_office_and_ends_with_ctrl_c() -> None:
    demo = running("--demo", "--json")
    assert demo.stdout is not None
    assert len(json.loads(demo.stdout.readline())["picture"]["bays"]) == 8

    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)

    assert demo.returncode == Exit.INTERRUPTED


def test_where_no_dock_runs_that_is_said(home: Path) -> None:
    told = CliRunner().invoke(app, ["board", "--config", str(home)])

    assert told.exit_code == Exit.TRY_AGAIN
    assert "no dock answers" in told.stderr


def test_a_screen_and_lines_are_not_both_to_be_had() -> None:
    assert CliRunner().invoke(app, ["board", "--demo", "--tui", "--json"]).exit_code == Exit.USAGE


def test_the_screen_is_not_loaded_before_somebody_asks_for_it() -> None:
    """Nor is what it is made of: `yihu --help` answers at once."""
    probe = "import sys, yihu.cli; print([name for name in ('textual', 'pydantic', 'ingest.board') if name in sys.modules])"

    assert subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout == "[]\n"
