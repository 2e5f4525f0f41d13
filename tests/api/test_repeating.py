"""A write that is sent again under its key: one entry, one answer, whoever died in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.desk import desk_of
from storage import passing, replays
from storage.database import reading
from storage.errors import StaleState
from storage.evidence import Role, Subject
from storage.replays import MOST, Key, Replays, under
from tests.api.conftest import As
from tests.api.small_office import OPERATOR, SmallOffice

NAME = "Idempotency-Key"
ONE, OTHER = {NAME: "8e03978e-40d5-43dd"}, {NAME: '"another"'}


@pytest.fixture
def clip(office: SmallOffice) -> Subject:
    """A clip that nobody filed."""
    clip = office.secure(b"footage")
    office.deposit(clip, b"footage")
    office.render(clip, review=b"footage", poster=None)
    return clip


@pytest.fixture
def asked(office: SmallOffice, clip: Subject) -> dict[str, str]:
    """To file it."""
    return {"clip": str(clip), "activity": str(office.activity)}


def kept(office: SmallOffice) -> int:
    with reading(office.services.engine) as connection:
        return len(connection.execute(replays.replays.select()).all())


def test_the_same_request_again_is_answered_the_same_without_a_second_entry(
    office: SmallOffice, clerk: TestClient, clip: Subject
) -> None:
    asked = {"clip": str(clip), "reason": "办案需要", "what": "review"}
    first, second = (clerk.post("/api/viewings", json=asked, headers=ONE) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"]
    assert (first.headers.get("idempotency-replayed"), second.headers["idempotency-replayed"]) == (None, "true")
    assert len(office.entries("ACCESSED")) == 1
    assert clerk.get(second.json()["media"]).content == b"footage"


def test_without_a_key_or_under_another_it_is_another_request(office: SmallOffice, clerk: TestClient, clip: Subject) -> None:
    for number, headers in enumerate(({}, {}, ONE, OTHER)):
        clerk.post("/api/viewings", json={"clip": str(clip), "reason": f"办案需要{number}"}, headers=headers)

    assert len(office.entries("ACCESSED")) == 4


def test_a_key_is_of_one_account(office: SmallOffice, as_: As, clip: Subject) -> None:
    for client in (as_(Role.CLERK), as_(Role.CLERK)):
        assert client.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"}, headers=ONE).status_code == 201

    assert len(office.entries("ACCESSED")) == 2


@pytest.mark.parametrize("other", [{"reason": "另一理由"}, {"what": "poster"}], ids=str)
def test_a_key_of_another_request_is_refused(
    office: SmallOffice, clerk: TestClient, clip: Subject, other: dict[str, str]
) -> None:
    asked = {"clip": str(clip), "reason": "办案需要"}
    clerk.post("/api/viewings", json=asked, headers=ONE)

    answer = clerk.post("/api/viewings", json={**asked, **other}, headers=ONE)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")
    assert len(office.entries("ACCESSED")) == 1


@pytest.mark.parametrize("key", ["", "x" * 101, "a b", "é"])
def test_what_is_no_key_is_invalid(office: SmallOffice, clerk: TestClient, asked: dict[str, str], key: str) -> None:
    answer = clerk.post("/api/filings", json=asked, headers={NAME.encode(): key.encode("latin-1")})

    assert (answer.status_code, answer.json()["fields"][0]["at"]) == (422, ["header", "idempotency-key"])
    assert office.entries("FILED") == []


def test_what_failed_is_tried_again(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.secure(b"footage")
    asked = {"clip": str(clip), "reason": "办案需要"}
    assert clerk.post("/api/viewings", json=asked, headers=ONE).status_code == 409

    office.deposit(clip, b"footage")
    office.render(clip, review=b"footage", poster=None)

    assert clerk.post("/api/viewings", json=asked, headers=ONE).status_code == 201


class Killed(Exception):
    """The process is gone; nobody foresaw this, so nothing handles it."""


@pytest.fixture
def dying(office: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A server that dies before it writes the entry, or between entry and answer."""
    when: dict[str, Any] = {"before": False}

    def killed(*_: object) -> None:
        raise Killed

    custody = type(office.services.custody)
    real = custody.record_all

    def record_all(self: Any, wanted: Any) -> Any:  # noqa: ANN401 - as the method it stands for
        if when["before"]:
            raise Killed
        return real(self, wanted)

    monkeypatch.setattr(custody, "record_all", record_all)
    monkeypatch.setattr(Replays, "answered", killed)
    yield when
    monkeypatch.undo()


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_a_server_that_died_is_asked_again(
    office: SmallOffice,
    clerk: TestClient,
    asked: dict[str, str],
    dying: dict[str, Any],
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dying["before"] = moment == "before"
    assert clerk.post("/api/filings", json=asked, headers=ONE).status_code == 500
    assert len(office.entries("FILED")) == (0 if moment == "before" else 1)
    monkeypatch.undo()

    answer = _restarted(office, clerk).post("/api/filings", json=asked, headers=ONE)

    assert (answer.status_code, answer.json()["clip"]) == (201, asked["clip"])
    assert len(office.entries("FILED")) == 1


def test_what_was_undone_meanwhile_is_not_done_again(
    office: SmallOffice, clerk: TestClient, asked: dict[str, str], dying: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost, then somebody took the clip out again: a late repetition must not file it anew."""
    assert clerk.post("/api/filings", json=asked, headers=ONE).status_code == 500
    monkeypatch.undo()
    (filed,) = office.entries("FILED")
    office.services.registry.unfile(str(filed.entry.body["filing"]), actor=OPERATOR)

    answer = _restarted(office, clerk).post("/api/filings", json=asked, headers=ONE)

    assert (answer.status_code, answer.json()["type"], answer.json()["entries"]) == (409, "/problems/done-already", [filed.seq])
    assert len(office.entries("FILED")) == 1


def test_a_link_is_shown_once_and_written_down_nowhere(office: SmallOffice, as_: As) -> None:
    administrator, asked = as_(Role.SECURITY), {"login": "zhang.san", "name": "样例员", "role": "reviewer"}
    first, second = (administrator.post("/api/accounts", json=asked, headers=ONE) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["type"] == "/problems/done-already"
    assert second.json()["entries"] == [
        entry.seq for type_ in ("ACCOUNT_CREATED", "LINK_MADE") for entry in office.entries(type_)
    ]
    secret = first.json()["link"].partition("#")[2].encode()
    assert all(secret not in path.read_bytes() for path in _files(office))


def test_two_at_the_same_time_are_one(office: SmallOffice, clerk: TestClient, asked: dict[str, str]) -> None:
    begun, go_on = threading.Event(), threading.Event()
    real = office.services.registry.file_clip

    def slowly(*given: Any, **named: Any) -> str:  # noqa: ANN401 - as the method it stands for
        begun.set()
        go_on.wait(10)
        return str(real(*given, **named))

    office.services.registry.file_clip = slowly  # type: ignore[method-assign]
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(clerk.post("/api/filings", json=asked, headers=ONE).status_code))
    first.start()
    begun.wait(10)

    busy = clerk.post("/api/filings", json=asked, headers=ONE)
    go_on.set()
    first.join()

    assert (busy.status_code, busy.json()["type"], answers) == (409, "/problems/busy", [201])
    assert clerk.post("/api/filings", json=asked, headers=ONE).status_code == 201


def test_two_processes_that_take_one_key_make_one_entry(office: SmallOffice, asked: dict[str, str]) -> None:
    """The key is tied in the transaction that records: whoever comes second leaves nothing."""
    passing.prepare(office.services.engine)
    account, now, custody = "account:x", office.clock(), office.services.custody
    for run, ends in (("1", None), ("2", StaleState)):
        entry = office.entries("DEVICE_ENROLLED")[0].entry
        again = replace(entry, subject=Subject.parse(f"device:{run * 32}"))
        with under(Key(account, "key", "r", run, now)):
            if ends is None:
                custody.record(again)
            else:
                with pytest.raises(ends):
                    custody.record(again)

    assert len(office.entries("DEVICE_ENROLLED")) == 2


def test_keys_are_forgotten_after_a_day(office: SmallOffice, clerk: TestClient, asked: dict[str, str]) -> None:
    clerk.post("/api/filings", json=asked, headers=ONE)
    assert isinstance(clerk.app, FastAPI)
    desk = desk_of(clerk.app)
    office.clock.now += timedelta(hours=23)
    desk.replays.forget_before(office.clock() - replays.KEPT)
    assert kept(office) == 1

    office.clock.now += timedelta(hours=2)
    desk.replays.forget_before(office.clock() - replays.KEPT)

    assert kept(office) == 0


def test_one_account_has_so_many_keys(office: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "MOST", 3)
    passing.prepare(office.services.engine)
    written = Replays(office.services.engine)
    for number in range(5):
        written.answered(Key("account:x", str(number), "r", "run", office.clock()), 204, "{}", b"")

    assert [written.find("account:x", str(number)) is None for number in range(5)] == [True, True, False, False, False]
    assert MOST == 1000


def test_who_may_no_more_is_not_answered_again(office: SmallOffice, clerk: TestClient, asked: dict[str, str]) -> None:
    clerk.post("/api/filings", json=asked, headers=ONE)
    clerk.headers["Authorization"] = "Bearer yihu_" + "A" * 43

    assert clerk.post("/api/filings", json=asked, headers=ONE).status_code == 401


def _restarted(office: SmallOffice, client: TestClient) -> TestClient:
    office.services.engine.dispose()
    return TestClient(office.app(), headers=dict(client.headers), raise_server_exceptions=False)


def _files(office: SmallOffice) -> Iterator[Any]:
    return (path for path in office.store.store._root.parent.rglob("*") if path.is_file())
