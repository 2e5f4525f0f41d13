"""What goes wrong is said in one form, in two languages, and never says more than a client should know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.languages import Language, language
from api.problems import PROBLEMS, slug_of
from cases.lists.parts import Lists
from storage import errors
from tests.api.small_office import SmallOffice

NOBODY = "01JD6Z5M3Q8X4T7V9YB2C1D0EF"
"""A pseudonym that nothing here has."""


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", Language.CHINESE),
        ("en", Language.ENGLISH),
        ("en-GB,en;q=0.8", Language.ENGLISH),
        ("zh-CN,zh;q=0.9,en;q=0.8", Language.CHINESE),
        ("en;q=0.9,zh;q=0.8", Language.ENGLISH),
        ("fr, en;q=0.5", Language.ENGLISH),
        ("fr", Language.CHINESE),
        ("*", Language.CHINESE),
        ("en;q=0", Language.CHINESE),
        ("EN", Language.ENGLISH),
        ("en;q=high,,;=", Language.CHINESE),
    ],
)
def test_chinese_is_spoken_unless_english_is_wanted_more(accepted: str, expected: Language) -> None:
    assert language(accepted) is expected


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/api/nowhere", 404, "not-found"),
        ("DELETE", "/api/status", 405, "method"),
        ("GET", f"/api/clips/clip:{NOBODY}", 404, "not-found"),
        ("GET", f"/api/clips/clip:{NOBODY}/history", 404, "not-found"),
        ("GET", f"/api/clips/party:{NOBODY}", 422, "invalid"),
        ("GET", f"/api/matters/matter:{NOBODY}", 404, "not-found"),
        ("GET", f"/api/parties/party:{NOBODY}/dossier", 404, "not-found"),
        ("GET", f"/api/viewings/viewing:{NOBODY}/media", 404, "not-found"),
        ("GET", "/api/entries/99999", 404, "not-found"),
        ("GET", "/api/entries/-1", 422, "invalid"),
        ("GET", "/log/tile/0/999", 404, "not-found"),
        ("GET", "/log/tile/../../secret", 404, "not-found"),
        ("GET", "/log/checkpoint", 404, "not-found"),
        ("GET", "/api/consistency?old=2&new=1", 404, "not-found"),
    ],
)
def test_every_error_is_a_problem(clerk: TestClient, method: str, path: str, status: int, slug: str) -> None:
    answer = clerk.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{slug}"
    assert answer.json()["status"] == status


def test_a_problem_is_told_in_the_language_that_is_asked_for(clerk: TestClient) -> None:
    answer = clerk.get("/nowhere", headers={"Accept-Language": "en"})

    assert answer.json()["title"] == "Not found"
    assert answer.headers["content-language"] == "en"
    assert clerk.get("/nowhere").json()["title"] == "没有找到"


def test_what_is_wrong_with_a_request_is_listed_without_repeating_it(clerk: TestClient) -> None:
    answer = clerk.post("/api/viewings", json={"clip": "张三的录像", "reason": "办案需要", "extra": 1})

    fields = answer.json()["fields"]
    assert [field["at"] for field in fields] == [["body", "clip"], ["body", "extra"]]
    assert "张三" not in answer.text


def test_a_body_that_is_not_json_is_a_problem(clerk: TestClient) -> None:
    answer = clerk.post("/api/viewings", content=b"{", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")


def test_a_body_that_is_too_large_is_not_read(clerk: TestClient) -> None:
    assert clerk.post("/api/viewings", content=b" " * 70_000).status_code == 413


def test_a_body_of_unknown_length_is_not_read(clerk: TestClient) -> None:
    assert clerk.post("/api/viewings", content=iter([b"{}"])).status_code == 411


def test_a_length_that_is_no_number_is_not_believed(clerk: TestClient) -> None:
    assert clerk.post("/api/viewings", content=b"{}", headers={"Content-Length": "+2"}).status_code == 411


def test_a_fault_of_ours_names_an_incident_and_nothing_else(
    office: SmallOffice, clerk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        message = "secret: /etc/yihu"
        raise RuntimeError(message)

    monkeypatch.setattr(Lists, "matters", lambda *_given: broken())

    answer = clerk.get("/api/matters")

    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/unexpected"
    assert len(answer.json()["incident"]) == 16
    assert "secret" not in answer.text


def test_a_database_that_is_away_is_worth_trying_again(
    office: SmallOffice, clerk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object) -> None:
        message = "the database at 10.9.8.7 is away"
        raise errors.StorageUnavailable(message)

    monkeypatch.setattr(Lists, "matters", away)

    answer = clerk.get("/api/matters")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "10.9.8.7" not in answer.text


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (errors.SpoolFull("full"), "no-room"),
        (errors.StaleState("late"), "stale"),
        (errors.RetentionRefused("kept"), "kept"),
        (errors.LedgerError("torn"), "contradiction"),
        (errors.DigestMismatch("clip", expected=1, actual=2), "contradiction"),
    ],
)
def test_every_foreseen_error_has_its_problem(error: errors.YihuError, slug: str) -> None:
    assert slug_of(error) == slug


def test_every_problem_speaks_both_languages() -> None:
    for problem in PROBLEMS.values():
        chinese, english = zip(problem.titles, problem.details, strict=True)
        assert all(any(ord(character) > 0x4E00 for character in text) for text in chinese), problem.slug
        assert all(text.isascii() for text in english), problem.slug


def test_every_answer_carries_the_security_headers(stranger: TestClient) -> None:
    for path in ("/api/status", "/api/matters", "/nowhere", "/openapi.json"):
        headers = stranger.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


def test_every_problem_stands_on_the_page_and_nothing_else_does() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", page, re.MULTILINE)

    assert {slug: int(status) for slug, status in rows} == {slug: each.status.value for slug, each in PROBLEMS.items()}
    assert len(rows) == len(PROBLEMS)
