"""Seeing footage: with a reason, on the record, before the first byte, and for one person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.sessions import IDLE_VIEWING, LONGEST_VIEWING
from api.tokens import revoke_token
from storage.database import writing
from storage.errors import StorageUnavailable
from storage.evidence import Role
from storage.objects import ObjectName, Readable
from tests.api.conftest import As
from tests.api.small_office import OPERATOR, SmallOffice


def ask(client: TestClient, clip: object, **more: str) -> str:
    granted = client.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要", **more})
    assert granted.status_code == 201, granted.text
    return str(granted.json()["media"])


def test_an_access_is_durable_before_the_store_is_opened(
    office: SmallOffice, clerk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader refuses to open before another connection to the database sees the entry."""
    clip = office.clip(b"footage")
    opened = office.store.store.open

    @contextmanager
    def only_after_the_entry(name: ObjectName, *, version: str, start: int = 0, end: int | None = None) -> Iterator[Readable]:
        assert [str(recorded.entry.subject) for recorded in office.entries("ACCESSED")] == [str(clip)]
        with opened(name, version=version, start=start, end=end) as reader:
            yield reader

    monkeypatch.setattr(office.store.store, "open", only_after_the_entry)

    assert clerk.get(ask(clerk, clip)).content == b"footage"


def test_the_entry_says_who_and_what_and_the_vault_why(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"original", review=b"review")

    granted = clerk.post("/api/viewings", json={"clip": str(clip), "reason": "  复核 证据 ", "what": "review"}).json()

    [recorded] = office.entries("ACCESSED")
    assert recorded.seq == granted["seq"]
    assert recorded.entry.subject == clip
    assert recorded.entry.actor.role is Role.CLERK
    assert recorded.entry.body["what"] == "review"
    assert recorded.entry.body["viewing"] == granted["viewing"]
    assert recorded.entry.personal == {"reason": "复核 证据"}
    assert "复核".encode() not in office.services.log.leaf(recorded.seq)


def test_one_viewing_is_one_entry_however_often_its_bytes_are_asked_for(office: SmallOffice, clerk: TestClient) -> None:
    media = ask(clerk, office.clip(b"footage"))
    for start in range(5):
        clerk.get(media, headers={"Range": f"bytes={start}-"})

    assert len(office.entries("ACCESSED")) == 1


@pytest.mark.parametrize("reason", ["", "   ", "a\nb", "x" * 201, None])
def test_nobody_sees_footage_without_a_reason(office: SmallOffice, clerk: TestClient, reason: str | None) -> None:
    clip = office.clip(b"footage")

    answer = clerk.post("/api/viewings", json={"clip": str(clip), "reason": reason})

    assert answer.status_code == 422
    assert office.entries("ACCESSED") == []


def test_footage_that_cannot_be_had_is_not_recorded_as_seen(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    office.store.fault = StorageUnavailable("away")

    answer = clerk.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"})

    assert (answer.status_code, office.entries("ACCESSED")) == (503, [])


def test_a_clip_that_is_not_in_the_store_yet_cannot_be_seen(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.secure(b"footage")

    answer = clerk.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"})

    assert (answer.status_code, answer.json()["error"]) == (409, "LifeCycleError")


def test_a_clip_whose_names_were_erased_cannot_be_seen(office: SmallOffice, clerk: TestClient) -> None:
    """There would be no place for the reason."""
    clip = office.clip(b"footage")
    with writing(office.services.engine) as connection:
        office.vault.erase(connection, clip)
    refused = clerk.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"})

    assert (refused.status_code, refused.json()["error"]) == (409, "Erased")
    assert office.entries("ACCESSED") == []


def test_another_persons_viewing_is_refused_and_recorded(office: SmallOffice, as_: As) -> None:
    mine, other = as_(Role.CLERK), as_(Role.REVIEWER)
    media = ask(mine, office.clip(b"footage"))

    assert other.get(media).status_code == 403
    [refused] = office.entries("REFUSED")
    assert refused.entry.actor.role is Role.REVIEWER
    assert refused.entry.body["about"] == media.split("/")[3]
    assert office.store.openings == []


def test_a_stranger_gets_nothing_of_a_viewing(office: SmallOffice, clerk: TestClient, stranger: TestClient) -> None:
    assert stranger.get(ask(clerk, office.clip(b"footage"))).status_code == 401


def test_a_viewing_ends_when_nobody_asks_for_it(office: SmallOffice, clerk: TestClient) -> None:
    media = ask(clerk, office.clip(b"footage"))
    office.clock.now += IDLE_VIEWING

    assert clerk.get(media).status_code == 404


def test_a_viewing_that_is_used_lasts_but_not_for_ever(office: SmallOffice, clerk: TestClient) -> None:
    media = ask(clerk, office.clip(b"footage"))
    step = IDLE_VIEWING - timedelta(minutes=1)
    statuses = []
    for _ in range(LONGEST_VIEWING // step + 1):
        office.clock.now += step
        statuses.append(clerk.get(media).status_code)

    assert statuses == [200] * (len(statuses) - 1) + [404]


def test_a_viewing_ends_with_the_token_it_was_granted_to(office: SmallOffice, stranger: TestClient) -> None:
    account, token = office.token(Role.CLERK)
    client = TestClient(stranger.app, headers={"Authorization": f"Bearer {token}"})
    media = ask(client, office.clip(b"footage"))
    revoke_token(office.services.custody, account, actor=OPERATOR)

    assert client.get(media).status_code == 401


def test_a_store_that_describes_other_bytes_than_the_ledger_is_a_contradiction(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    for path in office.store.store._root.rglob("*.bytes"):
        path.chmod(0o600)
        path.write_bytes(b"longer footage")

    answer = clerk.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"})

    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/contradiction")
    assert office.entries("ACCESSED") == []
