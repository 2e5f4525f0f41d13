"""What people see of accounts: a first password, the second factor, and what an administrator does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from api.pages import packaged
from storage.evidence import Role
from tests.api.small_office import SmallOffice, found
from tests.api.somebody import LOGIN, PASSWORD, enrolled, linked
from tests.browser.conftest import OpenPage
from yihu.web import running

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    small = found(tmp_path)
    yield small
    small.services.engine.dispose()


def test_somebody_sets_a_password_signs_in_and_adds_a_telephone(office: SmallOffice, open_page: OpenPage, shots: Path) -> None:
    link = linked(office)
    with running(office.app(packaged()), host="127.0.0.1", port=0) as server:
        page = open_page(f"{server.url}/link#{link.secret}")
        page.fill("#new", PASSWORD)
        page.fill("#again", PASSWORD)
        assert link.secret not in page.url
        page.screenshot(path=shots / "link.png")
        page.click("button[type=submit]")
        page.click("a.button")
        page.fill("#login", LOGIN)
        page.fill("#password", PASSWORD)
        page.screenshot(path=shots / "signin-password.png")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/")
        page.click("a.person")
        page.fill("#factor", PASSWORD)
        page.keyboard.press("Enter")
        secret = "".join(page.locator(".key").inner_text().split())
        page.fill("#confirm", pyotp.TOTP(secret).at(office.clock.now))
        page.screenshot(path=shots / "factor.png", full_page=True)
        page.keyboard.press("Enter")
        assert page.locator(".codes li").count() == 10 or page.wait_for_selector(".codes li")
        page.screenshot(path=shots / "account.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_an_administrator_makes_an_account_and_hands_its_link_over(
    office: SmallOffice, open_page: OpenPage, shots: Path, screen: str
) -> None:
    enrolled(office, "admin", Role.SECURITY)
    with running(office.app(packaged()), host="127.0.0.1", port=0) as server:
        page = open_page(f"{server.url}/signin", screen=screen)
        page.fill("#login", "admin")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/")
        page.goto(f"{server.url}/accounts")
        page.fill("#login", "li.si")
        page.fill("#person", "样例员")
        page.keyboard.press("Enter")
        page.wait_for_selector(".key")
        page.wait_for_selector("li.person-line:nth-child(2)")
        page.screenshot(path=shots / f"accounts-{screen}.png", full_page=True)

        assert page.locator(".key").inner_text().startswith(f"{server.url}/link#yihu_link_")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_administrator_gives_a_role_by_code_and_number_and_takes_it_away(
    office: SmallOffice, open_page: OpenPage, shots: Path
) -> None:
    enrolled(office, "admin", Role.SECURITY)
    enrolled(office)
    with running(office.app(packaged()), host="127.0.0.1", port=0) as server:
        page = open_page(f"{server.url}/signin")
        page.fill("#login", "admin")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        line = page.locator(".person-line", has_text=LOGIN)
        line.locator("summary").click()
        line.locator("select").select_option("handler")
        offices = line.locator('input[id$="-offices"]')
        offices.fill("DEMO，A99")
        line.locator('input[type="date"]').fill("2026-12-31")
        line.locator("button.main").click()
        assert "A99" in line.locator(".trouble").inner_text()
        offices.fill("DEMO")
        line.locator("button.main").click()
        given = line.locator(".grants li", has_text="DEMO")
        assert given.inner_text().startswith("承办人 DEMO 至 2027/01/01 00:00:00")
        page.screenshot(path=shots / "grants.png", full_page=True)
        page.once("dialog", lambda asked: asked.dismiss())
        given.locator("button").click()
        page.once("dialog", lambda asked: asked.accept())
        given.locator("button").click()
        given.wait_for(state="detached")

    [granted], [withdrawn] = office.entries("ROLE_GRANTED"), office.entries("ROLE_WITHDRAWN")
    assert (granted.entry.body["until"], withdrawn.entry.body["grant"]) == ("2026-12-31T16:00:00.000Z", granted.seq)


def test_a_wrong_password_is_answered_in_words(office: SmallOffice, open_page: OpenPage) -> None:
    with running(office.app(packaged()), host="127.0.0.1", port=0) as server:
        page = open_page(f"{server.url}/signin")
        page.fill("#login", LOGIN)
        page.fill("#password", "wrong password")
        page.keyboard.press("Enter")

        assert "用户名、密码或验证码不正确" in page.locator(".trouble").inner_text()
