"""Looking at very many clips raises an alarm, once, and blocks only where the office says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.access.rules import AccessRules
from storage.evidence import Role, Subject
from storage.testing import Moment
from tests.api.conftest import As
from tests.api.small_office import SmallOffice
from tests.api.test_people_lost import spoil
from tests.crashes.test_lost_writes import MOMENTS


def strict(office: SmallOffice, client: TestClient, *, blocks: bool = False) -> TestClient:
    """The same person at an office in which three clips in an hour are too many."""
    rules = AccessRules(bulk_clips=2, bulk_blocks=blocks)
    app = replace(office, services=replace(office.services, access=rules)).app()
    return TestClient(app, headers=dict(client.headers), raise_server_exceptions=False)


def look(client: TestClient, clip: Subject) -> int:
    return client.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要"}).status_code


def clips_of(office: SmallOffice, many: int) -> list[Subject]:
    return [office.clip(bytes([number])) for number in range(many)]


def test_one_alarm_comes_for_an_account_and_a_span_of_time(office: SmallOffice, as_: As) -> None:
    client, clips = strict(office, as_(Role.CLERK)), clips_of(office, 5)
    assert [look(client, clip) for clip in clips[:2]] == [201, 201]
    assert office.entries("BULK_ACCESS") == []
    assert [look(client, clip) for clip in clips[2:]] == [201] * 3
    client.app.state.desk.tidy()  # type: ignore[attr-defined]

    [recorded] = office.entries("BULK_ACCESS")
    account = Subject.parse(client.get("/api/session").json()["account"])
    assert (recorded.entry.subject, recorded.entry.body["clips"], recorded.entry.body["most"]) == (account, 3, 2)
    office.clock.now += timedelta(hours=1, minutes=1)
    assert [look(client, clip) for clip in clips] == [201] * 5
    assert len(office.entries("BULK_ACCESS")) == 2


def test_the_same_clip_again_and_others_looking_is_no_alarm(office: SmallOffice, as_: As) -> None:
    clips = clips_of(office, 3)
    one, other = strict(office, as_(Role.CLERK)), strict(office, as_(Role.CLERK))
    for reason in ("甲", "乙", "丙", "丁"):
        one.post("/api/viewings", json={"clip": str(clips[0]), "reason": reason})
    for clip in clips[1:]:
        look(other, clip)

    assert office.entries("BULK_ACCESS") == []


def test_an_alarm_that_nobody_had_time_for_is_raised_by_the_loop(office: SmallOffice, as_: As) -> None:
    """The access was recorded and the program died: here, before the office had a limit."""
    client = as_(Role.CLERK)
    for clip in clips_of(office, 3):
        look(client, clip)
    assert office.entries("BULK_ACCESS") == []
    strict(office, client).app.state.desk.tidy()  # type: ignore[attr-defined]

    assert len(office.entries("BULK_ACCESS")) == 1


def test_an_office_may_open_no_further_clips(office: SmallOffice, as_: As) -> None:
    client, clips = strict(office, as_(Role.CLERK), blocks=True), clips_of(office, 4)
    answers = [look(client, clip) for clip in clips]

    assert answers == [201, 201, 201, 403]
    [refused] = office.entries("REFUSED")
    assert refused.entry.body == {"act": "bulk", "route": "POST /api/viewings", "about": str(clips[3])}
    assert look(client, clips[0]) in {200, 201}
    office.clock.now += timedelta(hours=1, minutes=1)
    assert look(client, clips[3]) == 201


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.SUPERVISOR, 200), (Role.SECURITY, 200), (Role.AUDIT, 200), (Role.AUDITOR, 403), (Role.CLERK, 403)],
)
def test_those_who_supervise_see_it(office: SmallOffice, as_: As, role: Role, status: int) -> None:
    client = strict(office, as_(Role.CLERK))
    for clip in clips_of(office, 3):
        look(client, clip)
    answer = as_(role).get("/api/alarms")

    assert answer.status_code == status
    if status == 200:
        assert [(line["clips"], line["name"]) for line in answer.json()] == [(3, "测试岗")]
    metrics = client.app.state.desk.metrics.text(client.app.state.desk).decode()  # type: ignore[attr-defined]
    assert "yihu_bulk_access_alarms 1.0" in metrics


@MOMENTS
def test_an_alarm_that_was_lost_is_raised_with_the_next_look(office: SmallOffice, as_: As, moment: Moment) -> None:
    client = as_(Role.CLERK)
    for clip in clips_of(office, 3):
        look(client, clip)
    desk = strict(office, client).app.state.desk  # type: ignore[attr-defined]
    fault = spoil(office, 1, moment)
    with pytest.raises(Exception, match="broke off|disk"):
        desk.bulk.look_at_everybody()
    desk.bulk.look_at_everybody()

    assert fault.hit
    assert len(office.entries("BULK_ACCESS")) == 1
