"""A stream that is followed tells nothing more to whoever may no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api import changes
from api.changes import _Stream
from api.desk import desk_of
from api.policy import Grant, Scope
from api.principal import Principal
from storage.evidence import Role, Subject
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import accounts_of, enrolled, sign_in
from tests.api.test_changes import STREAM, events


def withdrawing(office: SmallOffice, monkeypatch: pytest.MonkeyPatch, account: Subject) -> list[bool]:
    """Let the second heartbeat come after the first role of *account* was withdrawn, and something was recorded since."""
    monkeypatch.setattr(changes, "LONGEST", timedelta(seconds=60))
    monkeypatch.setattr(changes, "BEAT", timedelta(seconds=0.02))
    monkeypatch.setattr(changes, "HEARTBEAT", timedelta(seconds=0))
    real, asked = _Stream._stands, list[bool]()

    def stands(self: _Stream) -> bool:
        if not asked:
            number = office.entries("ACCOUNT_CREATED")[-1].seq
            accounts_of(office).withdraw(account, Role.HANDLER, actor=OPERATOR, number=number)
            asked.append(real(self))
            office.clip(b"after")
            return asked[-1]
        asked.append(real(self))
        if len(asked) > 2:
            self.desk.closing.set()
        return asked[-1]

    monkeypatch.setattr(_Stream, "_stands", stands)
    return asked


def test_it_ends_with_the_right_to_read(office: SmallOffice, stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = withdrawing(office, monkeypatch, enrolled(office, role=Role.HANDLER))
    sign_in(stranger)

    assert [each["event"] for each in events(stranger.get(STREAM).text)] == ["end"]
    assert asked == [False]


def test_it_tells_what_is_left_to_see(office: SmallOffice, stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two roles one was withdrawn: the stream goes on without what only that one showed."""
    asked = withdrawing(office, monkeypatch, account := enrolled(office, role=Role.HANDLER))
    elsewhere = office.services.registry.add_office("另一示例所", code="DEMO-2", actor=OPERATOR)
    accounts_of(office).grant(account, Grant(Role.HANDLER, Scope.of([elsewhere])), actor=OPERATOR)
    sign_in(stranger)

    assert [each for each in events(stranger.get(STREAM).text) if each.get("type") == "SECURED"] == []
    assert (asked[:2], len(office.entries("SECURED"))) == ([True, True], 1)


def test_asking_whether_a_session_stands_is_no_use_of_it(office: SmallOffice, stranger: TestClient) -> None:
    """Else a page that only follows would never be signed out for idling."""
    enrolled(office, role=Role.HANDLER)
    sign_in(stranger)
    sessions = desk_of(stranger.app).sessions  # type: ignore[arg-type]
    caller = sessions.find(next(iter(stranger.cookies.values())))
    assert isinstance(caller, Principal)

    for _ in range(2):
        assert sessions.again(caller.credential) is not None
        office.clock.now += sessions.rules.idle - timedelta(seconds=1)

    assert sessions.again(caller.credential) is None
