"""The pages are served from the package, to strangers too, and hold nothing that a strict policy forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.pages import packaged
from tests.api.small_office import SmallOffice

PAGES = Path(__file__).parents[2] / "web"


@pytest.fixture
def browser(office: SmallOffice) -> TestClient:
    """Somebody who looks at the pages."""
    return TestClient(office.app(PAGES), raise_server_exceptions=False)


def test_the_pages_are_found_in_the_installation() -> None:
    assert packaged() == PAGES


@pytest.mark.parametrize("path", ["/", "/signin", "/matters/matter:01JD6Z5M3Q8X4T7V9YB2C1D0EF", "/parties/x"])
def test_every_address_people_see_is_the_page(browser: TestClient, path: str) -> None:
    answer = browser.get(path)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.content == (PAGES / "index.html").read_bytes()


def test_what_the_page_loads_is_there(browser: TestClient) -> None:
    for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', browser.get("/").text):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path", ["/assets/../index.html", "/assets/%2e%2e/%2e%2e/pyproject.toml", "/assets/", "/web/index.html"]
)
def test_nothing_else_is_served(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_no_page_writes_html_or_loads_from_elsewhere() -> None:
    """The policy would stop it in a browser; here it is stopped in review."""
    for file in PAGES.rglob("*.*"):
        text = file.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|<script>|style=", text), file
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), file


def test_every_word_is_said_in_both_languages() -> None:
    text = "".join((PAGES / "assets" / name).read_text("utf-8") for name in ("words.js", "words-access.js"))
    pairs = re.findall(r'^\s+(\w+): \["([^"]*)", "([^"]*)"\],$', text, re.MULTILINE)
    used = set(re.findall(r'\bsay\("(\w+)"', "".join(file.read_text("utf-8") for file in PAGES.rglob("*.js"))))

    assert len(pairs) > 100
    assert all(chinese and english for _, chinese, english in pairs)
    assert used <= {key for key, _, _ in pairs}
