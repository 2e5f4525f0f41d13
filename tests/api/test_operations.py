"""For the programs that watch this one: whether it lives, whether it can work, numbers, and lines of log that name nobody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from api.app import create_app
from api.checks import Check, MayScrape, Operations
from storage.errors import StorageUnavailable
from storage.evidence import Role
from tests.api.small_office import SmallOffice
from tests.api.uploading import OCTETS, announced, receiving
from yihu.logs import log_to_stderr

WELL = (Check("database", "ok"), Check("spool", "warn", "low", 7.0), Check("head", "ok", "", 2.5))


def watched(
    office: SmallOffice, checks: Sequence[Check] = WELL, *, scrape: MayScrape = "loopback", token: str = ""
) -> TestClient:
    services = replace(office.services, operations=Operations(lambda: checks, scrape, token))
    return TestClient(create_app(services, pages=None), client=("127.0.0.1", 1), raise_server_exceptions=False)


def numbers(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_process_that_lives_says_so_though_nothing_else_does(office: SmallOffice) -> None:
    office.store.fault = StorageUnavailable("away")

    assert watched(office, [Check("store", "failed", "away")]).get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("checks", "status"),
    [(WELL, 200), ([*WELL, Check("store", "failed", "away")], 503), ([], 503)],
    ids=["well", "one fails", "nothing was looked at"],
)
def test_it_is_ready_when_nothing_that_is_needed_fails(office: SmallOffice, checks: Sequence[Check], status: int) -> None:
    answer = watched(office, checks).get("/readyz")

    assert answer.status_code == status
    assert answer.json()["ready"] is (status == 200)
    assert [found["reason"] for found in answer.json()["checks"]] == [check.reason for check in checks]


def test_asking_often_looks_once(office: SmallOffice) -> None:
    looks: list[int] = []

    def look() -> Sequence[Check]:
        looks.append(1)
        return WELL

    operations = Operations(look)
    assert [operations.checks() for _ in range(5)] == [WELL] * 5
    assert len(looks) == 1


def test_metrics_count_clips_queues_and_requests_by_the_template_of_their_route(office: SmallOffice) -> None:
    clip = office.clip(b"footage")
    office.secure(b"other")
    client = watched(office)
    client.get(f"/api/clips/{clip}")
    client.get("/nowhere/at/all")

    found = numbers(client.get("/metrics").text)

    assert found["yihu_clips", "rendered"] == found["yihu_clips", "secured"] == found["yihu_queue", "deposit"] == 1
    assert found["yihu_head_age_seconds",] == 2.5
    assert found["yihu_spool_free_bytes",] == 7
    assert (found["yihu_ready",], found["yihu_check", "spool"], found["yihu_strangers_total",]) == (1, 1, 1)
    assert found["yihu_request_seconds_count", "GET", "/api/clips/{clip}", "401"] == 1
    assert found["yihu_request_seconds_count", "GET", "(none)", "404"] == 1


@pytest.mark.parametrize(
    ("scrape", "headers", "status"),
    [
        ("loopback", {}, 200),
        ("loopback", {"X-Forwarded-For": "203.0.113.7"}, 404),
        ("token", {"Authorization": "Bearer secret"}, 200),
        ("token", {"Authorization": "Bearer other"}, 404),
        ("token", {}, 404),
        ("off", {"Authorization": "Bearer secret"}, 404),
    ],
    ids=str,
)
def test_metrics_are_for_those_who_may(office: SmallOffice, scrape: MayScrape, headers: dict[str, str], status: int) -> None:
    assert watched(office, scrape=scrape, token="secret").get("/metrics", headers=headers).status_code == status  # noqa: S106


def test_metrics_are_not_for_other_machines(office: SmallOffice) -> None:
    client = watched(office)
    other = TestClient(client.app, client=("203.0.113.7", 1))

    assert other.get("/metrics").status_code == 404


def test_a_request_is_one_line_of_log_with_a_number_that_its_answer_carries(office: SmallOffice) -> None:
    with capture_logs() as lines:
        answer = watched(office).get("/api/clips/clip:01JD6Z5M3Q8X4T7V9YB2C1D0EF?name=x")

    [line] = [line for line in lines if line["event"] == "request"]
    assert line.keys() == {"event", "log_level", "id", "method", "route", "status", "ms"}
    assert (line["route"], line["status"], line["id"]) == ("/api/clips/{clip}", 401, answer.headers["X-Request-Id"])


def test_nothing_that_names_anybody_gets_into_the_log(
    office: SmallOffice, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = structlog.get_config()
    log_to_stderr()
    try:
        client = watched(receiving(office, tmp_path / "spool"))
        token = office.token(Role.CLERK, name="记号姓名")[1]
        client.headers["Authorization"] = f"Bearer {token}"
        clip = office.clip(b"footage", name="记号文件.mp4")
        client.get("/api/parties?q=记号查询")
        client.get("/api/记号路径/x")
        client.request("记号".encode().hex(), "/api/status")
        client.post("/api/session", json={"token": "yihu_记号令牌"}, headers={"X-Yihu": "1"})
        client.post("/api/viewings", json={"clip": str(clip), "reason": "记号理由"})
        said = announced(5, filename="记号名.mp4", reason="记号事由", **{"from": "记号人"})
        where = client.post("/api/uploads", headers=said).headers["location"]
        client.patch(where, content=b"bytes", headers={**OCTETS, "Upload-Offset": "0"})
        client.get(where, headers={"User-Agent": "mark-agent", "Cookie": "yihu_session=mark-cookie"})
        office.store.fault = StorageUnavailable("away")
        client.get(f"/api/clips/{clip}/poster")
    finally:
        structlog.configure(**before)

    written = capfd.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    assert sum(line["event"] == "request" for line in lines) == 9
    assert not [mark for mark in ("记号", token, "mark-", "记号".encode().hex(), "\\u8bb0") if mark in written]
