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
        page.wait_for_selector("li.line:nth-child(2)")
        page.screenshot(path=shots / f"accounts-{screen}.png", full_page=True)

        assert page.locator(".key").inner_text().startswith(f"{server.url}/link#yihu_link_")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_wrong_password_is_answered_in_words(office: SmallOffice, open_page: OpenPage) -> None:
    with running(office.app(packaged()), host="127.0.0.1", port=0) as server:
        page = open_page(f"{server.url}/signin")
        page.fill("#login", LOGIN)
        page.fill("#password", "wrong password")
        page.keyboard.press("Enter")

        assert "用户名、密码或验证码不正确" in page.locator(".trouble").inner_text()
