"""
The first days of an administrator, a handler and an auditor are followed literally: every command of the three pages is run.

They are run in the order in which they happen, in one shell that stops at the first that fails, from a directory that holds
nothing but a card. What people then do in the browser is done over the same HTTP (tests/browser looks at the pages themselves).
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from storage.evidence import Subject
from tests.preloaded import yihu_in
from yihu.web import serving
from yihu.wiring import Office

_DOCS = Path(__file__).parent.parent / "docs"
_DAYS = ("administrator", "handler", "auditor")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_REMOTE = re.compile(r"^yihu remote .*$", re.MULTILINE)
_ADDRESS = "http://127.0.0.1:8300"
_PEOPLE = ("anquan", "xitong", "shenji", "zhang.san", "li.si", "wang.wu", "zhao.liu")
"""In the order in which the pages make them."""
_ADMINISTRATORS, _READING = _PEOPLE[:3], _PEOPLE[3:]
_OWN = {"X-Yihu": "1"}
_PASSWORD = "a long sentence of mine"  # noqa: S105 - of accounts that last as long as a test

pytestmark = pytest.mark.needs("ffmpeg")


@dataclass(frozen=True, slots=True)
class Followed:
    """What there is after the three days, and what the shell said."""

    home: Path
    said: str
    environment: dict[str, str]

    @property
    def links(self) -> dict[str, str]:
        """The secret of the one-time link of each person."""
        return dict(zip(_PEOPLE, re.findall(r"/link#(\S+)", self.said), strict=True))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    """Follow all three pages."""
    place, programs = tmp_path_factory.mktemp("days"), tmp_path_factory.mktemp("bin")
    _write_card(place / "card")
    script = "\n".join(["set -eux", *(block for day in _DAYS for block in _blocks(day))])
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "YIHU_LANG": "en"}
    with yihu_in(programs):
        yield Followed(place / "office", _shell(script, place, environment), environment)


def _shell(script: str, place: Path, environment: dict[str, str]) -> str:
    ended = subprocess.run(["bash", "-c", script], cwd=place, env=environment, capture_output=True, text=True, check=False)  # noqa: S607
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


def _blocks(day: str) -> list[str]:
    return _BLOCK.findall((_DOCS / f"first-day-{day}.md").read_text())


def _write_card(card: Path) -> None:
    folder = card / "DCIM" / "100MEDIA"
    folder.mkdir(parents=True)
    made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x120:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    subprocess.run([*made, str(folder / "CLIP0001.MP4")], check=True)


def test_every_page_has_commands_that_are_followed() -> None:
    assert all(len(_blocks(day)) >= 3 for day in _DAYS)


def test_after_them_the_clip_is_filed_and_what_the_auditor_took_along_verifies(days: Followed) -> None:
    office = Office.open(days.home / "yihu.toml")
    try:
        assert not office.dossiers.unfiled()
        assert [party.name for party in office.dossiers.parties()] == ["样例餐饮店"]
        assert len(office.dossiers.offices()) == 1
    finally:
        office.engine.dispose()
    assert {path.name for path in days.home.parent.iterdir()} >= {"checkpoint", "published", "verify.pyz", "proof"}
    assert "internally consistent" in days.said


@pytest.fixture(scope="module")
def url(days: Followed) -> Iterator[str]:
    office = Office.open(days.home / "yihu.toml")
    with serving(office, host="127.0.0.1", port=0) as server:
        yield server.url
    office.engine.dispose()


@pytest.fixture(scope="module")
def clip(days: Followed) -> Subject:
    office = Office.look(days.home / "yihu.toml")
    [found] = office.catalog.clips()
    office.engine.dispose()
    return found.subject


@pytest.fixture(scope="module")
def browsers(days: Followed, url: str) -> Iterator[dict[str, httpx2.Client]]:
    """Everybody, with the password they set by their link, signed in."""
    with contextlib.ExitStack() as open_ones:
        found = {}
        for login, secret in days.links.items():
            browser = found[login] = open_ones.enter_context(httpx2.Client(base_url=url, headers=_OWN))
            assert browser.post("/api/links", json={"link": secret, "password": _PASSWORD}).is_success
            signed_in = browser.post("/api/session/password", json={"login": login, "password": _PASSWORD, "code": ""})
            assert signed_in.status_code == 201, signed_in.text
        yield found


def test_everybody_sees_what_the_pages_say(browsers: dict[str, httpx2.Client], clip: Subject) -> None:
    """The handler is shown the clip with a reason; the auditor and the administrators are not."""
    asked = {"clip": str(clip), "reason": "复核 review", "what": "review"}
    found = {login: browser.post("/api/viewings", json=asked).status_code for login, browser in browsers.items()}
    reading = {login: len(browser.get("/api/matters").json()) for login, browser in browsers.items() if login in _READING}

    shown = {"zhang.san", "li.si", "zhao.liu"}
    assert found == {login: 201 if login in shown else 403 for login in _PEOPLE}
    assert reading == dict.fromkeys(_READING, 1)
    assert {login: browsers[login].get("/api/matters").status_code for login in _ADMINISTRATORS} == dict.fromkeys(
        _ADMINISTRATORS, 403
    )
    assert [browsers[login].get("/api/oversight").status_code for login in _ADMINISTRATORS] == [403, 403, 200]
    assert [browsers[login].get("/api/alarms").status_code for login in _ADMINISTRATORS] == [200, 403, 200]


@pytest.mark.parametrize(("asker", "what"), [("zhang.san", "original"), ("wang.wu", "review")])
def test_what_is_asked_for_is_shown_while_the_approval_of_the_leader_stands(
    browsers: dict[str, httpx2.Client], clip: Subject, asker: str, what: str
) -> None:
    wanted = {"clip": str(clip), "reason": "复核 review", "what": what}
    browser, decision = browsers[asker], {"until": (datetime.now(UTC) + timedelta(hours=1)).isoformat(), "reason": "同意"}
    answers = [browser.post("/api/viewings", json=wanted).status_code]
    request = f"/api/requests/{browser.post('/api/requests', json=wanted).json()['request']}"
    answers += [person.post(f"{request}/approved", json=decision).status_code for person in (browser, browsers["li.si"])]
    answers.append(browser.post("/api/viewings", json=wanted).status_code)
    answers.append(browsers["li.si"].post(f"{request}/withdrawn", json={"reason": "办结"}).status_code)

    assert [*answers, browser.post("/api/viewings", json=wanted).status_code] == [403, 403, 204, 201, 204, 403]


def test_the_auditor_verifies_from_another_machine(days: Followed, url: str) -> None:
    commands = _REMOTE.findall((_DOCS / "first-day-auditor.md").read_text())
    said = _shell("\n".join(["set -eux", *commands]).replace(_ADDRESS, url), days.home, days.environment)

    assert said.startswith("审计接口  auditor")
    assert {"SECURED", "DEPOSITED", "FILED"} <= set(re.findall(r"^✓.* ([A-Z_]+)$", said, re.MULTILINE))
