"""What is read again and did not change is not sent again; whoever may not read it learns nothing by its tag."""

from __future__ import annotations

import hashlib

import pytest
from fastapi.testclient import TestClient

from storage.evidence import Role
from tests.api.conftest import As
from tests.api.small_office import SmallOffice


def test_what_did_not_change_is_not_sent_again(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    for path in (
        "/api/parties",
        "/api/matters?limit=1",
        f"/api/matters/{office.matter}",
        f"/api/parties/{office.party}/dossier",
        f"/api/clips/{clip}",
        f"/api/clips/{clip}/history?limit=2",
        "/api/entries/3",
    ):
        first = clerk.get(path)
        tag = first.headers["etag"]
        again = clerk.get(path, headers={"If-None-Match": f'"other", W/{tag}'})

        assert tag.startswith('"'), path
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
        assert again.headers.get("link") == first.headers.get("link"), path
        assert again.headers["cache-control"] == "no-store", path
        assert clerk.get(path, headers={"If-None-Match": '"other"'}).content == first.content, path


def test_what_changed_has_another_tag(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    tag = clerk.get(f"/api/clips/{clip}").headers["etag"]
    (filing,) = clerk.get(f"/api/clips/{clip}").json()["filings"]
    clerk.delete(f"/api/filings/{filing['filing']}")

    answer = clerk.get(f"/api/clips/{clip}", headers={"If-None-Match": tag})

    assert (answer.status_code, answer.json()["filings"]) == (200, [])


def test_the_same_lines_with_more_behind_them_have_another_tag(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    tags = [clerk.get(f"/api/clips/{clip}/history", params={"limit": 4}).headers["etag"]]
    office.services.registry.unfile(clerk.get(f"/api/clips/{clip}").json()["filings"][0]["filing"], actor=office.operator)
    tags.append(clerk.get(f"/api/clips/{clip}/history", params={"limit": 4}).headers["etag"])

    assert len(set(tags)) == 2


def test_the_tag_of_an_entry_is_the_digest_of_its_bytes(clerk: TestClient) -> None:
    answer = clerk.get("/api/entries/0")

    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'


@pytest.mark.parametrize("role", [None, Role.CLERK])
def test_a_tag_opens_nothing(office: SmallOffice, as_: As, stranger: TestClient, role: Role | None) -> None:
    tag = as_(Role.SECURITY).get("/api/accounts").headers["etag"]
    client, status = (stranger, 401) if role is None else (as_(role), 403)

    assert client.get("/api/accounts", headers={"If-None-Match": tag}).status_code == status
    assert client.get("/api/accounts", headers={"If-None-Match": "*"}).status_code == status
