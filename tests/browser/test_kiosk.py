"""The screen at the dock: everybody who stands before it sees which camera may be taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.pages import packaged
from ingest.board import AlarmKind, Bay, Board, Status
from storage.evidence import Role
from tests.api.small_office import Clock, SmallOffice, found
from tests.browser.conftest import OpenPage
from yihu import board_demo
from yihu.board_stream import serving_board
from yihu.board_words import ALARMS, LOOKS
from yihu.language import _REASONS
from yihu.web import running

SCRIPT = Path(__file__).parents[2] / "web" / "assets" / "kiosk.js"
PAIRS = re.compile(r'^  "([a-z-]+)": \[(?:"(.)", \[)?"([^"]+)", "([^"]+)"\]', re.MULTILINE)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    small = found(tmp_path)
    small.services = replace(small.services, board=tmp_path / "run" / "dock.sock")
    yield small
    small.services.engine.dispose()


@pytest.fixture
def board() -> Board:
    board = Board(Clock())
    for second in range(61):
        board_demo.show(board, float(second))
    return board


@pytest.mark.browser
@pytest.mark.needs("chromium")
def test_the_screen_shows_every_bay_and_follows_it(
    office: SmallOffice, board: Board, open_page: OpenPage, shots: Path, tmp_path: Path
) -> None:
    with (
        serving_board(board, tmp_path / "run" / "dock.sock"),
        running(office.app(packaged()), host="127.0.0.1", port=0) as server,
    ):
        page = open_page(f"{server.url}/signin#{office.token(Role.CLERK, '采集站 屏幕')[1]}")
        page.wait_for_url(f"{server.url}/")
        page.goto(f"{server.url}/kiosk")
        page.wait_for_selector(".bay.failed")
        assert page.locator(".bay").count() == board_demo.BAYS
        assert "可以取下" in page.locator('[data-bay="1"]').inner_text()
        assert "钱七" in page.locator('[data-bay="5"]').inner_text()
        assert page.locator("#alarms").inner_text() == "! 暂存盘快满: 83 %"
        page.screenshot(path=shots / "kiosk.png")

        board.show(Bay("1", Status.IDLE))
        board.ring(AlarmKind.STORE_AWAY, reason="no-answer")
        page.wait_for_selector('[data-bay="1"].idle')
        page.wait_for_function("document.getElementById('alarms').textContent.includes('没有应答')")


@pytest.mark.browser
@pytest.mark.needs("chromium")
def test_a_screen_that_nobody_signed_in_asks_for_it(office: SmallOffice, open_page: OpenPage) -> None:
    with running(office.app(packaged()), host="127.0.0.1", port=0) as server:
        page = open_page(f"{server.url}/kiosk")
        page.wait_for_url(f"{server.url}/signin")


def test_the_screen_says_the_same_words_as_the_terminal() -> None:
    """A status, alarm or reason that is added on one side is missing on the other."""
    said = {code: (chinese, english) for code, _, chinese, english in PAIRS.findall(SCRIPT.read_text("utf-8"))}

    assert {status.value: (look.chinese, look.english) for status, look in LOOKS.items()}.items() <= said.items()
    assert {kind.value: pair for kind, pair in ALARMS.items() if kind is not AlarmKind.PROFILE_UNKNOWN}.items() <= said.items()
    codes = list(_REASONS)
    assert {code: _REASONS[code] for code in codes[codes.index("pulled") :]}.items() <= said.items()
