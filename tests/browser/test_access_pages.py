"""What people see of access: who watches stands in the picture, what was played is told, originals are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.evidence import Role
from tests.browser.conftest import OpenPage, Served
from tests.browser.test_pages import UNTIL, case_page

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.needs("chromium")]


def test_the_player_tells_what_was_played_and_the_case_was_the_reason(open_page: OpenPage, served: Served, shots: Path) -> None:
    page = case_page(open_page, served)
    page.click(f'[data-clip="{served.film}"]')
    page.click('button[value="review"]')
    page.locator("video").evaluate(UNTIL, 0.5)
    assert "演示" in page.locator(".overlay").inner_text()
    page.screenshot(path=shots / "overlay-zh.png")
    with page.expect_response(lambda answer: answer.url.endswith("/watched") and answer.status == 204):
        page.click(".clip-head button")
    with page.expect_response(lambda answer: answer.url.endswith("/session")):
        page.reload()

    [accessed] = served.office.entries("ACCESSED")
    assert accessed.entry.body["matter"] == str(served.office.matter)
    [watched] = served.office.entries("WATCHED")
    ranges = watched.entry.body["ranges_ms"]
    assert watched.entry.body["ended"] == "closed"
    assert isinstance(ranges, list)
    assert ranges


def test_an_original_is_asked_for_and_approved_by_somebody_else(open_page: OpenPage, served: Served, shots: Path) -> None:
    page = case_page(open_page, served)
    page.click(f'[data-clip="{served.film}"]')
    page.click('button[value="download"]')
    page.click("text=申请批准")
    page.wait_for_selector("text=申请已记录")
    page.screenshot(path=shots / "asked-zh.png")
    leader = open_page(served.link(Role.LEADER))
    leader.wait_for_url(f"{served.address}/")
    leader.goto(f"{served.address}/requests")
    leader.wait_for_selector(".request")
    leader.screenshot(path=shots / "requests-zh.png")
    leader.fill(".request .why", "同意")
    leader.click('button[value="approved"]')
    leader.wait_for_selector('.request:has-text("已批准")')
    page.click('button[value="download"]')
    page.wait_for_selector("a.button[download]")

    assert [recorded.entry.body["what"] for recorded in served.office.entries("ACCESSED")] == ["original"]


def test_alarms_are_shown_to_those_who_supervise(open_page: OpenPage, served: Served, shots: Path) -> None:
    page = open_page(served.link(Role.SUPERVISOR), language="en", screen="phone")
    page.wait_for_url(f"{served.address}/")
    page.goto(f"{served.address}/alarms")
    page.wait_for_selector("text=No alarms.")
    page.screenshot(path=shots / "alarms-en-phone.png")
