"""Guessing: it takes as long for a name that nobody has, is counted durably, and is told the ledger once a minute."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.desk import Desk
from api.people.rules import Rules
from storage import argon
from storage.errors import StorageUnavailable
from storage.evidence import Entry, Kind, Recorded, Role, Subject
from storage.identity import found_again
from tests.api.small_office import DOCK, INDEX_KEY, OPERATOR, ORIGIN, SmallOffice
from tests.api.somebody import LOGIN, PASSWORD, accounts_of, browser, enrolled, linked, restarted, sign_in

LOG = found_again(INDEX_KEY, Kind.LOG, ORIGIN)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is hashed, as often as it is."""
    seen: list[str] = []
    really = argon.is_right

    def counting(secret: str, kept: str, *, key: bytes) -> bool:
        seen.append(kept.rpartition("$")[0].rpartition("$")[0])
        return really(secret, kept, key=key)

    monkeypatch.setattr(argon, "is_right", counting)
    return seen


def test_a_name_that_nobody_has_is_answered_after_the_same_work(
    office: SmallOffice, stranger: TestClient, hashes: list[str]
) -> None:
    enrolled(office)
    linked(office, "without.password")
    accounts_of(office).disable(enrolled(office, "gone"), reason="离职", actor=OPERATOR)
    roleless = enrolled(office, "roleless", Role.CLERK)
    accounts_of(office).withdraw(roleless, Role.CLERK, actor=OPERATOR)
    names = [LOGIN, "nobody", "without.password", "gone", "roleless"]

    answers = [sign_in(stranger, "wrong password", login=name) for name in names]
    again = [sign_in(stranger, login=name) for name in names[1:]]

    assert len(hashes) == len(answers) + len(again)
    assert len(set(hashes)) == 1
    assert {(each.status_code, each.text) for each in answers + again} == {(401, answers[0].text)}
    assert answers[0].json()["type"] == "/problems/sign-in"


def locked(client: TestClient, login: str = LOGIN) -> None:
    for _ in range(Rules().attempts):
        assert sign_in(client, "wrong password", login=login).status_code == 401


@pytest.mark.parametrize("login", [LOGIN, "nobody"])
def test_after_five_wrong_ones_nobody_is_asked(
    office: SmallOffice, stranger: TestClient, hashes: list[str], login: str
) -> None:
    enrolled(office)
    locked(stranger, login)
    answer = sign_in(stranger, login=login)

    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/locked-out")
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert len(hashes) == Rules().attempts


def test_a_restart_does_not_end_a_lock_out_and_time_does(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    locked(stranger)
    later = restarted(office)
    answers = [sign_in(later).status_code]
    office.clock.now += Rules().locked
    answers.append(sign_in(later).status_code)

    assert answers == [429, 201]


def test_a_right_password_begins_anew(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    for _ in range(3):
        for _ in range(Rules().attempts - 1):
            sign_in(stranger, "wrong password")
        assert sign_in(stranger).status_code == 201


def test_guessing_at_once_gives_no_more_tries(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    answers: Counter[int] = Counter()

    def guess() -> None:
        answers[sign_in(browser(stranger), "wrong password").status_code] += 1

    threads = [threading.Thread(target=guess) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {401: Rules().attempts, 429: 9 - Rules().attempts}


def test_an_address_that_tries_many_names_is_stopped_too(office: SmallOffice) -> None:
    """And locks nobody out any more, while whoever signs in rightly there costs the others nothing."""
    office.services = replace(office.services, signing_in=Rules(per_address=3))
    enrolled(office)
    client = TestClient(office.app())
    rightly = [sign_in(client).status_code for _ in range(4)]
    answers = [sign_in(client, "wrong password", login=f"name{number}").status_code for number in range(5)]
    elsewhere = TestClient(office.app(), client=("192.0.2.7", 4000))
    locking = [sign_in(client, "wrong password").status_code for _ in range(9)]

    assert (rightly, answers) == ([201] * 4, [401, 401, 401, 429, 429])
    assert set(locking) == {429}
    assert sign_in(elsewhere).status_code == 201


def test_names_and_addresses_are_not_kept_in_the_counts(office: SmallOffice, stranger: TestClient) -> None:
    sign_in(stranger, "wrong password", login="a.name.that.says.who")
    with office.services.engine.connect() as connection:
        rows = repr(connection.exec_driver_sql("SELECT * FROM attempts").all())

    assert rows.count("(") == 2
    assert "says.who" not in rows
    assert "testclient" not in rows


def test_counts_and_last_uses_that_are_over_are_forgotten(office: SmallOffice, stranger: TestClient) -> None:
    enrolled(office)
    sign_in(stranger, "wrong password", login="nobody")
    sign_in(stranger)
    office.clock.now += timedelta(minutes=2)
    stranger.get("/api/session")
    before = rows(office)
    desk_of(stranger).tidy()
    kept = [before, rows(office)]
    office.clock.now += Rules().longest + timedelta(minutes=1)
    desk_of(stranger).tidy()

    assert kept == [(2, 1), (2, 1)]
    assert rows(office) == (0, 0)


def rows(office: SmallOffice) -> tuple[int, ...]:
    with office.services.engine.connect() as connection:
        tables = ("attempts", "session_seen")
        return tuple(len(connection.exec_driver_sql(f"SELECT * FROM {name}").all()) for name in tables)  # noqa: S608


def desk_of(client: TestClient) -> Desk:
    desk = client.app.state.desk  # type: ignore[attr-defined]
    assert isinstance(desk, Desk)
    return desk


def started(office: SmallOffice) -> None:
    body = {"version": "0", "files_sha256": "0" * 64, "platform": "test"}
    office.services.custody.record(Entry("STARTED", LOG, DOCK, dict(body)))


def test_what_strangers_were_refused_is_one_entry(office: SmallOffice, stranger: TestClient) -> None:
    started(office)
    account = enrolled(office)
    stranger.get("/api/matters")
    for login in (LOGIN, LOGIN, "nobody"):
        sign_in(stranger, "wrong password", login=login)
    before = office.entries("SIGN_INS_REFUSED")
    for _ in range(2):
        desk_of(stranger).strangers.record(office.services.custody, LOG, DOCK)

    assert before == []
    [refused] = office.entries("SIGN_INS_REFUSED")
    assert refused.entry.body["times"] == 4
    assert refused.entry.body["reasons"] == {"signed-out": 1, "sign-in": 3}
    assert refused.entry.body["accounts"] == {str(account): 2}
    assert not refused.entry.personal


class Away:
    """A custody whose database is away."""

    def record(self, _entry: Entry) -> Recorded:
        message = "unplugged"
        raise StorageUnavailable(message)


def test_what_could_not_be_recorded_stays_counted(office: SmallOffice, stranger: TestClient) -> None:
    started(office)
    strangers = desk_of(stranger).strangers
    stranger.get("/api/matters")
    with pytest.raises(StorageUnavailable):
        strangers.record(Away(), LOG, DOCK)  # type: ignore[arg-type]
    office.clock.now += timedelta(minutes=1)
    stranger.get("/api/matters")
    strangers.record(office.services.custody, LOG, DOCK)

    assert [each.entry.body["times"] for each in office.entries("SIGN_INS_REFUSED")] == [2]


def test_an_entry_names_only_so_many_accounts(office: SmallOffice, stranger: TestClient) -> None:
    started(office)
    strangers = desk_of(stranger).strangers
    for number in range(300):
        strangers.add("sign-in", Subject(Kind.ACCOUNT, f"{number:032x}"))
    strangers.record(office.services.custody, LOG, DOCK)

    [refused] = office.entries("SIGN_INS_REFUSED")
    named = refused.entry.body["accounts"]
    assert isinstance(named, dict)
    assert (refused.entry.body["times"], len(named)) == (300, 20)


def test_the_hash_of_nobody_is_never_right() -> None:
    assert not argon.is_right(PASSWORD, argon.hash_of_nothing(), key=b"k" * 32)
