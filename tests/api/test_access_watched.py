"""From ACCESSED to WATCHED: what was watched is told once, whatever became of the player, the session or the program."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.access.watched import MOST, Span, merged, total, within
from api.sessions import IDLE_VIEWING, LONGEST_VIEWING
from api.tokens import revoke_token
from storage.evidence import Role, Subject
from storage.testing import Moment
from tests.api.conftest import As
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.test_people_lost import spoil
from tests.crashes.test_lost_writes import MOMENTS

SPANS = st.lists(st.tuples(st.integers(-5, 500), st.integers(-5, 500)), max_size=40)


@given(SPANS)
def test_joined_spans_hold_what_was_in_them_and_nothing_else(spans: list[Span]) -> None:
    def covered(some: list[Span]) -> set[int]:
        return {at for start, end in some for at in range(start, end)}

    joined = list(merged(spans))

    assert covered(joined) == covered(spans)
    assert total(joined) == len(covered(spans))
    assert all(one[1] < other[0] for one, other in pairwise(joined))


@given(SPANS, st.integers(1, 6))
def test_however_many_there_were_few_are_told(spans: list[Span], most: int) -> None:
    few = merged(spans, most=most)

    assert len(few) <= most
    assert all(any(start <= one[0] and one[1] <= end for start, end in few) for one in merged(spans))


@given(SPANS, st.integers(0, 300))
def test_what_lies_outside_the_clip_is_not_believed(spans: list[Span], length: int) -> None:
    assert all(0 <= start < end <= length for start, end in within(spans, length))


def ask(client: TestClient, clip: Subject, **more: str) -> str:
    granted = client.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要", **more})
    assert granted.status_code in {200, 201}, granted.text
    return str(granted.json()["viewing"])


def say(client: TestClient, viewing: str, *spans: Span, over: bool = False) -> int:
    ranges = [{"start_ms": start, "end_ms": end} for start, end in spans]
    return client.post(f"/api/viewings/{viewing}/watched", json={"ranges": ranges, "over": over}).status_code


def fold(client: TestClient) -> None:
    client.app.state.desk.tidy()  # type: ignore[attr-defined]


def told(office: SmallOffice) -> list[dict[str, object]]:
    return [dict(recorded.entry.body) for recorded in office.entries("WATCHED")]


def test_the_same_question_is_the_same_viewing_and_one_entry(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")

    assert ask(clerk, clip) == ask(clerk, clip) != ask(clerk, clip, reason="另一件事")
    assert len(office.entries("ACCESSED")) == 2


def test_a_page_that_is_loaded_again_goes_on_in_a_new_process(office: SmallOffice, as_: As) -> None:
    clip, client = office.clip(b"footage"), as_(Role.CLERK)
    viewing = ask(client, clip)
    client.get(f"/api/viewings/{viewing}/media")
    again = TestClient(office.app(), headers=dict(client.headers))

    assert ask(again, clip) == viewing
    assert again.get(f"/api/viewings/{viewing}/media").content == b"footage"
    assert len(office.entries("ACCESSED")) == 1


def test_the_end_tells_what_was_played_and_sent_once(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    viewing = ask(clerk, clip)
    clerk.get(f"/api/viewings/{viewing}/media", headers={"Range": "bytes=0-3"})
    assert [say(clerk, viewing, (0, 1000)), say(clerk, viewing, (900, 2000), (4000, 99_000), over=True)] == [204, 204]
    fold(clerk)

    [recorded] = office.entries("WATCHED")
    accessed = office.entries("ACCESSED")[0]
    assert (recorded.entry.subject, recorded.entry.actor) == (clip, accessed.entry.actor)
    assert dict(recorded.entry.body) == {
        "accessed": accessed.seq,
        "ended": "closed",
        "ranges_ms": [[0, 2000], [4000, 6000]],
        "sent": 4,
        "size": 7,
        "viewing": viewing,
    }
    assert say(clerk, viewing, (0, 1)) == clerk.get(f"/api/viewings/{viewing}/media").status_code == 404


@pytest.mark.parametrize(("passed", "why"), [(IDLE_VIEWING, "idle"), (LONGEST_VIEWING, "longest")])
def test_a_viewing_nobody_closed_is_told_later(office: SmallOffice, clerk: TestClient, passed: timedelta, why: str) -> None:
    say(clerk, ask(clerk, office.clip(b"footage")), (0, 1000))
    fold(clerk)
    assert told(office) == []
    office.clock.now += passed
    fold(clerk)
    fold(clerk)

    assert [(body["ended"], body["ranges_ms"]) for body in told(office)] == [(why, [[0, 1000]])]


def test_a_viewing_ends_with_its_session(office: SmallOffice, stranger: TestClient) -> None:
    account, token = office.token(Role.CLERK)
    client = TestClient(stranger.app, headers={"Authorization": f"Bearer {token}"})
    ask(client, office.clip(b"footage"))
    revoke_token(office.services.custody, account, actor=OPERATOR)
    fold(client)

    assert [body["ended"] for body in told(office)] == ["session"]


def test_a_program_that_was_killed_tells_it_when_it_comes_back(office: SmallOffice, as_: As) -> None:
    """What the player said is durable when it is answered; bytes that were sent are known to a minute."""
    client = as_(Role.CLERK)
    say(client, ask(client, office.clip(b"footage")), (500, 1500))
    office.services.engine.dispose()
    office.clock.now += IDLE_VIEWING
    again = TestClient(office.app())
    fold(again)

    assert [body["ranges_ms"] for body in told(office)] == [[[500, 1500]]]


def test_nobody_makes_an_entry_long_or_many(office: SmallOffice, clerk: TestClient) -> None:
    viewing = ask(clerk, office.clip(b"footage"))
    for start in range(10):
        say(clerk, viewing, *((at * 20 + start, at * 20 + start + 1) for at in range(200)))
    assert say(clerk, viewing, *((at, at + 1) for at in range(201))) == 422
    assert say(clerk, viewing, (5, 5)) == say(clerk, viewing, (-1, 5)) == say(clerk, viewing, (0, 2**53)) == 422
    say(clerk, viewing, over=True)

    [body] = told(office)
    assert len(body["ranges_ms"]) == MOST  # type: ignore[arg-type]


def test_another_persons_viewing_is_neither_told_nor_closed(office: SmallOffice, as_: As) -> None:
    mine, other = as_(Role.CLERK), as_(Role.REVIEWER)
    viewing = ask(mine, office.clip(b"footage"))

    assert say(other, viewing, (0, 1000), over=True) == 403
    assert [recorded.entry.body["about"] for recorded in office.entries("REFUSED")] == [viewing]
    assert told(office) == []


def test_the_case_is_the_reason_for_what_is_filed_to_it(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    granted = clerk.post("/api/viewings", json={"clip": str(clip), "matter": str(office.matter)})

    [recorded] = office.entries("ACCESSED")
    assert (granted.status_code, recorded.entry.body["matter"]) == (201, str(office.matter))
    assert recorded.entry.personal == {"reason": "办案 for case 示执立〔2026〕1号"}


def test_a_case_is_no_reason_for_a_clip_that_is_not_filed_to_it(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.secure(b"footage")
    office.deposit(clip, b"footage")
    office.render(clip, review=b"footage", poster=None)
    answer = clerk.post("/api/viewings", json={"clip": str(clip), "matter": str(office.matter), "reason": "办案"})

    assert (answer.status_code, office.entries("ACCESSED")) == (409, [])


def test_nobody_opens_more_in_a_minute_than_anybody_can_watch(office: SmallOffice, clerk: TestClient) -> None:
    clip, most = office.clip(b"footage"), office.services.access.a_minute
    pace = clerk.app.state.desk.pace  # type: ignore[attr-defined]
    account = Subject.parse(clerk.get("/api/session").json()["account"])
    for _ in range(most):
        pace.take(account)
    refused = clerk.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"})

    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many")
    assert office.entries("ACCESSED") == office.entries("REFUSED") == []
    office.clock.now += timedelta(minutes=1)
    ask(clerk, clip)


@MOMENTS
@pytest.mark.parametrize("number", range(1, 3))
def test_an_access_that_broke_off_is_granted_when_it_is_asked_again(
    office: SmallOffice, clerk: TestClient, moment: Moment, number: int
) -> None:
    """An entry whose answer was lost stays: it says that somebody asked, and no byte was sent for it."""
    clip = office.clip(b"footage")
    fault = spoil(office, number, moment)
    first = clerk.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"}).status_code
    viewing = ask(clerk, clip)

    assert (bool(fault.hit), first) == (True, 503)
    assert clerk.get(f"/api/viewings/{viewing}/media").content == b"footage"
    assert len(office.entries("ACCESSED")) in {1, 2}


@MOMENTS
@pytest.mark.parametrize("number", range(1, 4))
def test_an_end_that_broke_off_is_told_once_all_the_same(
    office: SmallOffice, clerk: TestClient, moment: Moment, number: int
) -> None:
    viewing = ask(clerk, office.clip(b"footage"))
    fault = spoil(office, number, moment)
    first = say(clerk, viewing, (0, 1000), over=True)
    again = say(clerk, viewing, (0, 1000), over=True)
    fold(clerk)

    assert (bool(fault.hit), first) == (True, 503)
    assert again in {204, 404}
    assert [body["ranges_ms"] for body in told(office)] == [[[0, 1000]]]
