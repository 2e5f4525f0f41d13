"""Lists come in parts: nothing is missed, nothing is repeated, whatever happens between two parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.paging import read, written
from cases.values import MatterDetails, MatterKind, PartyDetails, PartyKind
from storage.evidence import Role
from tests.api.conftest import As
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import enrolled

KEY = b"k" * 32
_NEXT = re.compile(r'<([^>]+)>; rel="next"')


def walk(client: TestClient, path: str, between: Callable[[], object] = lambda: None) -> list[Any]:
    """Follow a list to its end, doing something between its parts."""
    found: list[Any] = []
    while True:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found += answer.json()
        assert 'rel="first"' in answer.headers["Link"]
        onward = _NEXT.search(answer.headers["Link"])
        if onward is None:
            return found
        path = onward[1]
        between()


def add_party(office: SmallOffice, name: str) -> None:
    office.services.registry.add_party(PartyDetails(PartyKind.NATURAL, name), actor=OPERATOR)


def open_matter(office: SmallOffice, title: str) -> None:
    details = MatterDetails(MatterKind.CASE, title, title)
    office.services.registry.register_case(details, office=office.office, parties=[], actor=OPERATOR)


def test_every_list_is_whole_whatever_the_parts(office: SmallOffice, as_: As) -> None:
    for number in range(3):
        add_party(office, f"甲{number}")
        open_matter(office, f"事{number}")
        office.clip(b"%d" % number)
        enrolled(office, f"user{number}")
    clip = office.clip(b"footage")
    reader, administrator = as_(Role.CLERK), as_(Role.SECURITY)

    for client, path, key in (
        (reader, "/api/parties", "party"),
        (reader, "/api/parties?q=甲", "party"),
        (reader, "/api/matters", "matter"),
        (reader, f"/api/matters/{office.matter}/clips?stage=investigation", "clip"),
        (reader, "/api/clips", "clip"),
        (reader, f"/api/clips/{clip}/history", "seq"),
        (reader, "/api/entries", "seq"),
        (administrator, "/api/accounts", "account"),
    ):
        more = "&" if "?" in path else "?"
        whole = client.get(f"{path}{more}limit=200").json()
        assert len({str(line[key]) for line in whole}) == len(whole) > 2, path
        for limit in (2, len(whole) - 1, len(whole)):
            assert walk(client, f"{path}{more}limit={limit}") == whole, (path, limit)


def test_what_is_added_meanwhile_neither_hides_nor_repeats_a_line(office: SmallOffice, clerk: TestClient) -> None:
    """The newest come first, so with lines counted each new one would push one that was seen into the next part."""
    for number in range(4):
        open_matter(office, f"事{number}")
    before = [line["matter"] for line in clerk.get("/api/matters").json()]
    numbers = iter(range(100))

    found = walk(clerk, "/api/matters?limit=2", lambda: open_matter(office, f"新{next(numbers)}"))

    assert [line["matter"] for line in found] == before


def test_a_list_that_grows_at_its_end_is_followed_into_what_is_new(office: SmallOffice, clerk: TestClient) -> None:
    names = ["丙", "乙"]
    add_party(office, "甲")

    def grow() -> None:
        if names:
            add_party(office, names.pop())

    found = walk(clerk, "/api/parties?limit=1", grow)

    assert [line["name"] for line in found] == ["示例张", "甲", "乙", "丙"]


@pytest.mark.parametrize("cursor", ["", "0", "A" * 32, "é" * 32, "!" * 32, "A" * 31 + "=", "A" * 4000])
def test_a_cursor_that_nobody_gave_is_invalid(clerk: TestClient, cursor: str) -> None:
    answer = clerk.get("/api/matters", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert answer.json()["fields"][0]["at"] == ["query", "cursor"]


def test_a_cursor_is_of_no_use_on_another_list(office: SmallOffice, clerk: TestClient) -> None:
    add_party(office, "甲")
    onward = _NEXT.search(clerk.get("/api/parties?limit=1").headers["Link"])
    assert onward is not None
    cursor = onward[1].rpartition("cursor=")[2]

    assert clerk.get("/api/parties", params={"cursor": cursor}).status_code == 200
    assert clerk.get("/api/parties", params={"cursor": cursor, "q": "甲"}).status_code == 422
    assert clerk.get("/api/matters", params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1e2", "9" * 30])
def test_how_many_lines_is_bounded(clerk: TestClient, limit: str) -> None:
    assert clerk.get("/api/matters", params={"limit": limit}).status_code == 422


@given(number=st.integers(0, 2**63 - 1), place=st.binary(min_size=32, max_size=32))
def test_a_cursor_is_read_as_it_was_written(number: int, place: bytes) -> None:
    assert read(KEY, place, written(KEY, place, number)) == number
    assert read(b"another" * 5, place, written(KEY, place, number)) is None


@given(text=st.text(max_size=40), position=st.integers(0, 31))
def test_whatever_is_sent_as_a_cursor_is_read_or_refused(text: str, position: int) -> None:
    good = written(KEY, b"p" * 32, 7)
    changed = good[:position] + ("A" if good[position] != "A" else "B") + good[position + 1 :]

    assert read(KEY, b"p" * 32, text) is None
    assert read(KEY, b"p" * 32, changed) is None
