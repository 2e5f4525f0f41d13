"""Whoever removes footage against the rules leaves a log that says so: to strangers and to auditors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.audit.clearings import clearing_faults
from storage.clearings import Wanted, authorised, cleared
from storage.evidence import Digest, Entry, Json, Kind, Subject
from storage.identity import fresh
from storage.ledger.anchored import Outside
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.publish import DirectoryShelf, publish_all
from storage.verifier.clearings import Authorised, Clearings, sizes_in
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import LeafRecord
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome

from .offices import make_days
from .world import World, opened


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_days(tmp_path_factory.mktemp("cleared"))


@pytest.fixture
def world(days: World, tmp_path: Path) -> World:
    return days.copy(tmp_path / "office")


POLICY: dict[str, Json] = {"any_store": True, "when": "at-once"}


def complaints(world: World, *entries: Entry) -> tuple[str, list[str]]:
    """Record *entries* as an insider could, and say what a stranger and an auditor find."""
    with opened(world) as office:
        office.custody.record_all(entries)
        office.log.checkpoint()
        published = world.home / "published"
        publish_all(office.log, DirectoryShelf(published))
        report = verify_directory(published, world.keys())
        (step,) = (step for step in report.steps if step.name == "clearings")
        assert step.ok == (report.outcome is not Outcome.FAILED)
        return "" if step.ok else str(step.detail), [*map(str, clearing_faults(office.engine)[1])]


def an_authorisation(world: World, *, of: int = 2, head: Checkpoint | None = None) -> Entry:
    with opened(world) as office:
        clips = office.catalog.clips()[:of]
        wanted = [Wanted(clip.subject, clip.blake3, clip.size) for clip in clips]
        known = Outside(office.engine, office.log).head()
        assert known is not None
        found = head or known
        return authorised(clips[0].device, wanted, manifest=3, policy=POLICY, head=found, actor=office.dock)


def with_body(entry: Entry, **changed: Json) -> Entry:
    return replace(entry, body={**entry.body, **changed})


def next_number(world: World) -> int:
    with opened(world) as office:
        return int((office.log.checkpoint()).split("\n")[1])


def closing(world: World, opening: Entry, **changed: Json) -> Entry:
    clips = opening.body["clips"]
    assert isinstance(clips, list)
    gone = [Subject(Kind.CLIP, str(clip)) for clip in clips]
    entry = cleared(opening.subject, next_number(world), removed=gone, size=4000, left={}, actor=opening.actor)
    return with_body(entry, **changed)


def test_an_honest_clearing_holds(world: World) -> None:
    opening = an_authorisation(world)

    assert complaints(world, opening, closing(world, opening)) == ("", [])


def test_clips_that_nobody_deposited_are_found(world: World) -> None:
    opening = an_authorisation(world)
    stranger = Wanted(fresh(Kind.CLIP), Digest.parse("blake3:" + "0" * 64), 9)
    head = Checkpoint("nobody.example", 1, bytes(32))
    forged = authorised(opening.subject, [stranger], manifest=3, policy=POLICY, head=head, actor=opening.actor)

    told, found = complaints(world, forged)

    assert "is no clip of" in told
    assert "is no clip of" in found[0]


def test_a_head_before_the_deposit_is_found(world: World) -> None:
    opening = an_authorisation(world)

    told, found = complaints(world, with_body(opening, head={"size": 3, "root": "0" * 64}))

    assert "was not deposited under the checkpoint of 3 entries" in told
    assert "was not deposited under the checkpoint of 3 entries" in found[0]


def test_a_head_of_another_history_is_found(world: World) -> None:
    opening = an_authorisation(world)
    head = opening.body["head"]
    assert isinstance(head, dict)

    told, found = complaints(world, with_body(opening, head={**head, "root": "0" * 64}))

    assert "is not one of this log" in told
    assert "is not one of this log" in found[0]


def test_a_head_that_nobody_cosigned_is_found_by_the_auditor(world: World) -> None:
    with opened(world) as office:
        newest = office.log.keys.opened(office.log.checkpoint())
    opening = an_authorisation(world, head=newest)

    told, found = complaints(world, opening)

    assert told == ""
    assert "nobody outside cosigned" in found[0]


@pytest.mark.parametrize("changed", [{"files": 3}, {"bytes": 1}, {"root": "0" * 64}])
def test_figures_that_are_not_those_of_the_clips_are_found(world: World, changed: dict[str, Json]) -> None:
    told, found = complaints(world, with_body(an_authorisation(world), **changed))

    assert "are not those of the clips it names" in told
    assert "are not those of the clips it names" in found[0]


def test_a_clearing_that_leaves_a_clip_out_is_found(world: World) -> None:
    opening = an_authorisation(world)
    clips = opening.body["clips"]
    assert isinstance(clips, list)

    told, found = complaints(world, opening, closing(world, opening, removed=clips[:1]))

    assert "what became of it" in told
    assert "what became of it" in found[0]


def test_a_second_authorisation_while_one_is_open_is_found(world: World) -> None:
    """Whoever can write to the database takes away what stands in the way."""
    opening = an_authorisation(world)
    with opened(world) as office:
        office.custody.record(opening)
        with office.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM open_clearings")

    told, found = complaints(world, opening)

    assert "has an authorisation to clear that is open" in told
    assert "has an authorisation to clear that is open" in found[0]


def test_an_entry_that_only_looks_like_an_authorisation_names_no_head() -> None:
    assert sizes_in([b'{"type":"CLEAR_AUTHORISED"}', b"{}"]) == []


@pytest.mark.parametrize(
    "body",
    [{}, {"clips": []}, {"clips": [7], "head": {"size": 1, "root": ""}}, {"clips": "x", "head": {"size": True, "root": ""}}],
)
def test_an_authorisation_of_any_form_is_only_wrong(body: dict[str, Json]) -> None:
    """Whoever wrote it had the key of the log: no reader may break down."""
    told = Clearings()
    told.opened["device:01J00000000000000000000009"] = Authorised(7, frozenset({"x"}))
    with pytest.raises(VerificationError):
        told.follow(leaf_of("CLEARED", "device:01J00000000000000000000009", {**body, "authorised": 7}))
    for type_ in ("SECURED", "DEPOSITED"):
        told.concerns(leaf_of(type_, "clip:01J00000000000000000000001", {"content": 7}))
    for type_ in ("CLEAR_AUTHORISED", "CLEARED"):
        with pytest.raises(VerificationError):
            told.follow(leaf_of(type_, "device:01J00000000000000000000001", body))


def leaf_of(type_: str, subject: str, body: dict[str, Json]) -> LeafRecord:
    at = "2026-11-21T22:29:50.123Z"
    return LeafRecord("log.example/x", 7, at, type_, subject, "dock:1", "dock", body, (), None, 0, bytes(32))
