"""What people see: signing in, finding a case, watching a clip with a reason, and its history."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from storage.evidence import Role
from tests.browser.conftest import SECONDS, OpenPage, Served

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.needs("chromium")]

UNTIL = """(video, moment) => new Promise((done) => {
    const look = () => { if (!video.seeking && video.currentTime >= moment) done(video.currentTime); };
    video.addEventListener("timeupdate", look);
    look();
})"""
"""Waits until a film has played to a moment, and tells where it is."""


def case_page(open_page: OpenPage, served: Served, **how: str) -> Page:
    """Sign in and open the case."""
    page = open_page(served.link(), **how)
    page.wait_for_url(f"{served.address}/")
    page.goto(f"{served.address}/matters/{served.office.matter}")
    page.wait_for_selector(".card")
    return page


def watch(page: Page, clip: object) -> None:
    """Open a clip and give the usual reason."""
    page.click(f'[data-clip="{clip}"]')
    page.click('button[value="review"]')


def test_the_sign_in_link_leaves_no_token_in_the_address(open_page: OpenPage, served: Served) -> None:
    link = served.link()
    page = open_page(link)

    page.wait_for_url(f"{served.address}/")

    assert link.partition("#")[2] not in page.url
    assert page.locator(".tile").first.inner_text().startswith("占道经营")


def test_a_wrong_token_is_answered_in_words(open_page: OpenPage, served: Served, shots: Path) -> None:
    page = open_page(f"{served.address}/signin")
    page.click("summary")
    page.fill("#token", "yihu_wrong")
    page.keyboard.press("Enter")

    assert "尚未登录" in page.locator(".trouble").inner_text()
    page.screenshot(path=shots / "signin.png")


def test_somebody_who_is_not_signed_in_comes_back_to_where_they_wanted_to_go(open_page: OpenPage, served: Served) -> None:
    wanted = f"{served.address}/parties/{served.office.party}"
    page = open_page(wanted)
    page.wait_for_url(f"{served.address}/signin")
    page.click("summary")
    page.fill("#token", served.link().partition("#")[2])
    page.keyboard.press("Enter")

    page.wait_for_url(wanted)


def test_a_clip_of_the_case_plays_and_can_be_sought(open_page: OpenPage, served: Served, shots: Path) -> None:
    """The whole way: card, reason, entry, player; the picture is there, time goes on, and seeking works."""
    page = case_page(open_page, served)
    page.screenshot(path=shots / "case-zh.png")
    page.click(f'[data-clip="{served.film}"]')
    page.wait_for_selector(".lines li")
    page.screenshot(path=shots / "reason-zh.png")
    page.keyboard.press("Enter")

    video = page.locator("video")
    assert video.evaluate(UNTIL, 0.3) < 5
    video.evaluate("video => { video.currentTime = 10 }")
    assert video.evaluate(UNTIL, 10.1) < SECONDS
    page.screenshot(path=shots / "player-zh.png")

    assert video.evaluate("video => video.videoWidth") == 640
    assert video.evaluate("video => video.duration") == pytest.approx(SECONDS, abs=0.2)
    assert page.locator(".lines strong").all_inner_texts() == [
        "取得并固定",
        "存入对象存储",
        "生成查看件",
        "归入执法活动",
        "查看",
    ]
    reasons = [recorded.entry.personal["reason"] for recorded in served.office.entries("ACCESSED")]
    assert reasons == ["办案 for case 示执立〔2026〕1号"]


def test_a_picture_that_the_browser_cannot_show_is_said(open_page: OpenPage, served: Served, shots: Path) -> None:
    page = case_page(open_page, served)
    watch(page, served.hevc)

    page.wait_for_selector(".screen .trouble")
    page.screenshot(path=shots / "hevc-zh.png")

    assert "无法" in page.locator(".screen .trouble").inner_text()


def test_a_proof_can_be_taken_away_from_the_page(open_page: OpenPage, served: Served) -> None:
    page = case_page(open_page, served)
    page.click(f'[data-clip="{served.film}"]')
    with page.expect_download() as taken:
        page.locator(".lines a").first.click()

    assert Path(taken.value.path()).read_text("utf-8").startswith("c2sp.org/tlog-proof@v1\n")
    assert taken.value.suggested_filename.endswith(".tlog-proof")


def test_the_dialog_is_left_by_the_keyboard_and_the_card_has_the_focus_again(open_page: OpenPage, served: Served) -> None:
    page = case_page(open_page, served)
    page.focus(f'[data-clip="{served.film}"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")

    assert page.evaluate("document.activeElement.dataset.clip") == str(served.film)


def test_a_role_that_sees_footage_by_request_is_shown_records_and_asked_why(open_page: OpenPage, served: Served) -> None:
    page = open_page(served.link(Role.AUDITOR))
    page.wait_for_url(f"{served.address}/")
    page.goto(f"{served.address}/matters/{served.office.matter}")
    page.click(f'[data-clip="{served.film}"]')
    page.wait_for_selector(".lines li")

    assert page.locator("dialog form #reason").count() == 1
    assert page.locator("dialog video").count() == 0
    assert page.locator(".card img").count() == 0
    assert served.office.entries("REFUSED") == []


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_fits_its_screen(open_page: OpenPage, served: Served, shots: Path, language: str, screen: str) -> None:
    """Nothing has to be scrolled sideways, in either language, on an office computer and on a phone."""
    page = case_page(open_page, served, language=language, screen=screen)
    places = {"home": "/", "case": f"/matters/{served.office.matter}", "party": f"/parties/{served.office.party}"}
    for name, place in places.items():
        page.goto(served.address + place)
        page.wait_for_selector(".tile")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=shots / f"{name}-{language}-{screen}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    page.click(f'[data-clip="{served.film}"]')
    page.wait_for_selector(".lines li")
    page.screenshot(path=shots / f"clip-{language}-{screen}.png")


def test_the_language_can_be_switched_and_is_remembered(open_page: OpenPage, served: Served) -> None:
    page = case_page(open_page, served)
    page.get_by_role("button", name="English").click()
    page.wait_for_selector("text=Investigation")
    page.reload()
    page.wait_for_selector(".card")

    assert page.evaluate("document.documentElement.lang") == "en"
