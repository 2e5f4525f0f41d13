"""Filing over HTTP, and what the dossier and the case say afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from storage.evidence import Kind, Role, Subject
from storage.identity import fresh
from tests.api.small_office import RESIDENT, SmallOffice


@pytest.fixture
def clip(office: SmallOffice) -> Subject:
    """A clip that is filed nowhere."""
    found = office.secure(b"footage")
    office.deposit(found, b"footage")
    office.render(found, review=b"review", poster=None)
    return found


def file(client: TestClient, clip: Subject, activity: Subject, **more: Any) -> Any:  # noqa: ANN401 - JSON
    return client.post("/api/filings", json={"clip": str(clip), "activity": str(activity), **more})


def test_a_filed_clip_stands_in_its_stage_and_in_the_dossier(office: SmallOffice, clerk: TestClient, clip: Subject) -> None:
    filed = file(clerk, clip, office.activity, range={"start_ms": 0, "end_ms": 1500})

    assert filed.status_code == 201
    for path in (f"/api/matters/{office.matter}/clips?stage=investigation", f"/api/parties/{office.party}/dossier"):
        found = clerk.get(path).json()
        [one] = found if isinstance(found, list) else found["clips"]
        assert one["clip"]["clip"] == str(clip)
        assert one["filings"] == [filed.json()]
    assert clerk.get(f"/api/matters/{office.matter}/clips?stage=service").json() == []


def test_the_entry_is_recorded_under_whoever_filed(office: SmallOffice, clerk: TestClient, clip: Subject) -> None:
    file(clerk, clip, office.activity)

    [recorded] = office.entries("FILED")
    assert (recorded.entry.subject, recorded.entry.actor.role) == (clip, Role.CLERK)


def test_filing_the_same_again_answers_with_what_stands(office: SmallOffice, clerk: TestClient, clip: Subject) -> None:
    first, second = (file(clerk, clip, office.activity).json() for _ in range(2))

    assert first == second
    assert len(office.entries("FILED")) == 1


def test_a_clip_is_taken_out_again(office: SmallOffice, clerk: TestClient, clip: Subject) -> None:
    filing = file(clerk, clip, office.activity).json()["filing"]

    assert clerk.delete(f"/api/filings/{filing}").status_code == 204
    assert clerk.delete(f"/api/filings/{filing}").status_code == 409
    assert clerk.get(f"/api/clips/{clip}").json()["filings"] == []
    assert [line["type"] for line in clerk.get(f"/api/clips/{clip}/history").json()][-2:] == ["FILED", "UNFILED"]


@pytest.mark.parametrize(
    ("part", "at"),
    [
        ({"start_ms": 5, "end_ms": 5}, ["body", "range"]),
        ({"start_ms": -1, "end_ms": 5}, ["body", "range", "start_ms"]),
        ({"start_ms": 6000, "end_ms": 7000}, ["body", "range"]),
        ({"start_ms": 0, "end_ms": 2**53}, ["body", "range", "end_ms"]),
    ],
)
def test_a_part_that_is_not_in_the_clip_is_not_filed(
    office: SmallOffice, clerk: TestClient, clip: Subject, part: dict[str, int], at: list[str]
) -> None:
    answer = file(clerk, clip, office.activity, range=part)

    assert (answer.status_code, answer.json()["fields"][0]["at"]) == (422, at)
    assert office.entries("FILED") == []


def test_what_does_not_exist_is_not_filed(office: SmallOffice, clerk: TestClient, clip: Subject) -> None:
    assert file(clerk, fresh(Kind.CLIP), office.activity).status_code == 404
    assert file(clerk, clip, fresh(Kind.ACTIVITY)).status_code == 404
    assert clerk.delete(f"/api/filings/{fresh(Kind.CLIP).id}").status_code == 404


def test_nothing_is_filed_to_a_closed_matter(office: SmallOffice, clerk: TestClient, clip: Subject) -> None:
    office.services.registry.close(office.matter, actor=office.operator)

    assert file(clerk, clip, office.activity).status_code == 409


def test_a_party_is_found_by_part_of_its_name_or_by_its_whole_number(office: SmallOffice, clerk: TestClient) -> None:
    by_name, by_number, by_nothing = (clerk.get("/api/parties", params={"q": q}).json() for q in ("例张", RESIDENT, "无此人"))

    assert by_name == by_number != []
    assert by_nothing == []
    assert RESIDENT not in str(by_number)


def test_a_case_shows_its_five_stages_and_its_parties(office: SmallOffice, clerk: TestClient) -> None:
    found = clerk.get(f"/api/matters/{office.matter}").json()

    assert [file["stage"] for file in found["stages"]] == ["initiation", "investigation", "decision", "service", "archiving"]
    assert [act["title"] for act in found["stages"][1]["activities"]] == ["现场检查"]
    assert [party["party"] for party in found["parties"]] == [str(office.party)]
    assert [matter["matter"] for matter in clerk.get("/api/matters").json()] == [str(office.matter)]


def test_a_clip_tells_its_facts_its_digests_and_what_was_made_of_it(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.secure(b"footage", name="DSJ_0001.AVI")
    office.deposit(clip, b"footage")
    office.render(clip, review=b"review", poster=b"jpeg", findings=("truncated", "salvaged"))

    found = clerk.get(f"/api/clips/{clip}").json()

    assert found["findings"] == ["truncated", "salvaged"]
    assert found["recorded_at"] == "2026-11-21T06:35:07.000Z"
    assert found["sha256"].startswith("sha256:")
    assert sorted(made["kind"] for made in found["derivatives"]) == ["poster", "review"]
