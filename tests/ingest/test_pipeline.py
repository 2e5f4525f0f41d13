"""The way of a clip, from the card to the store and the review copy, also where an earlier start left something behind."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_profiles.matching import match
from ingest.cards import Card
from ingest.claims import Claim
from ingest.identify import ClaimKind, DeviceClaim
from ingest.manifest import list_card
from storage.clips import SECURED
from storage.evidence import Algorithm, Json, Kind
from storage.identity import found_again, fresh
from storage.spool import Berth
from storage.testing import FaultyStore
from tests.crashes.offices import faults, fill, footage, founded, opened, take_in
from tests.ingest.meddling import files_of
from yihu.wiring import Office


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with two clips."""
    return fill(tmp_path / "card", footage(2, size=3_000_000))


@pytest.fixture
def waiting(tmp_path: Path, card: Path) -> Office:
    """An office that has read the card while its store was away, opened anew."""
    office = founded(tmp_path / "waiting")
    vars(office)["store"] = FaultyStore(office.store, away=True)
    assert len(take_in(office, card).waiting) == 2
    office.engine.dispose()
    return opened(office.home)


def unrecorded(office: Office, card: Path) -> Berth:
    """What a process leaves that died between reading the first clip and recording it."""
    berth = office.spool.claim(fresh(Kind.CLIP), claimed(office, card))
    with next(card.rglob("*_0000.MP4")).open("rb") as file:
        berth.secure(file, expected_size=None)
    return berth


def claimed(office: Office, card: Path) -> dict[str, Json]:
    """The claim of the first clip, as the pipeline writes it."""
    device = DeviceClaim(ClaimKind.NAMED, "DEMO-1")
    pipeline = office.pipeline()
    with Card(card, device) as opened_card:
        profile = match(pipeline.steps.profiles, opened_card.appearance())
        row = list_card(opened_card, profile).rows[0]
    subject = found_again(office.index_key, Kind.DEVICE, str(device))
    return Claim.of(row, device=subject, manifest=0, profile=profile, now=datetime(2026, 11, 21, tzinfo=UTC)).as_json()


class TestACardThatComesAgain:
    def test_nothing_is_added(self, office: Office, card: Path) -> None:
        first, second = take_in(office, card), take_in(office, card)

        assert (len(first.secured), second.secured, set(second.met_again)) == (2, (), set(first.secured))
        assert first.device == second.device
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_new_file_on_it_is_taken_in(self, office: Office, card: Path) -> None:
        take_in(office, card)
        fill(card, {b"DCIM/new.MP4": b"new"})

        report = take_in(office, card)

        assert (len(report.secured), len(report.met_again)) == (1, 2)
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_touched_file_with_the_same_bytes_is_the_same_clip(self, office: Office, card: Path) -> None:
        take_in(office, card)
        for file in card.rglob("*.MP4"):
            file.touch()

        report = take_in(office, card)

        assert (report.secured, len(report.met_again)) == ((), 2)
        assert faults(office, {"DEMO-1": card}) == []


class TestSidecars:
    def test_a_camera_whose_md5_fits_is_believed_and_another_one_noted(self, office: Office, tmp_path: Path) -> None:
        right = hashlib.md5(b"right", usedforsecurity=False).hexdigest().upper()
        files = {
            b"right.MP4": b"right",
            b"right.MP4.md5": f"{right}  right.MP4\n".encode(),
            b"wrong.MP4": b"wrong",
            b"wrong.md5": b"0" * 32,
            b"nonsense.MP4": b"nonsense",
            b"nonsense.MP4.md5": b"not an md5",
            b"short.MP4": b"short",
            b"short.MP4.md5": b"abcd",
            b"alone.MP4": b"alone",
            b"noending": b"noending",
        }
        take_in(office, fill(tmp_path / "card", files))

        found = {clip.name: [f for f in clip.findings if f.startswith("sidecar")] for clip in office.catalog.clips()}
        told = {name: findings for name, findings in found.items() if findings}
        assert told == {"right.MP4": ["sidecar-md5-equal"], "wrong.MP4": ["sidecar-md5-differs"]}

    def test_a_crash_does_not_lose_what_the_sidecar_said(self, office: Office, card: Path) -> None:
        """It stands in the claim, so a reading that is recorded without the camera is compared all the same."""
        claim = {**claimed(office, card), "md5": "0" * 32}
        berth = office.spool.claim(fresh(Kind.CLIP), claim)
        with next(card.rglob("*_0000.MP4")).open("rb") as file:
            algorithms = frozenset({Algorithm.BLAKE3, Algorithm.SHA256, Algorithm.MD5})
            berth.secure(file, expected_size=None, algorithms=algorithms)
        assert office.pipeline().advance() == ()

        assert "sidecar-md5-differs" in office.catalog.clips()[0].findings


class TestWhatACrashLeft:
    def test_a_complete_reading_is_recorded_without_the_camera(self, office: Office, card: Path) -> None:
        berth = unrecorded(office, card)

        assert office.pipeline().advance() == ()

        assert [clip.subject for clip in office.catalog.clips()] == [berth.clip]
        assert len(take_in(office, card).secured) == 1
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_reading_that_broke_off_is_begun_again_in_its_berth(self, office: Office, card: Path) -> None:
        berth = office.spool.claim(fresh(Kind.CLIP), claimed(office, card))
        berth.original.with_name("original.part").write_bytes(b"half")

        report = take_in(office, card)

        assert berth.clip in report.secured
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_berth_whose_file_was_taken_in_otherwise_goes(self, office: Office, card: Path) -> None:
        take_in(office, card)
        for _ in range(2):
            office.spool.claim(fresh(Kind.CLIP), claimed(office, card))

        take_in(office, card)

        assert faults(office, {"DEMO-1": card}) == []

    def test_two_berths_for_one_file_become_one(self, office: Office, card: Path) -> None:
        for _ in range(2):
            office.spool.claim(fresh(Kind.CLIP), claimed(office, card))

        take_in(office, card)

        assert faults(office, {"DEMO-1": card}) == []

    @pytest.mark.parametrize("claim", [b"", b'{"device": "devi', b"[]", b"{}", b'{"findings": 7}', b"\xff" * 9])
    def test_a_claim_that_the_disk_lost_holds_up_nobody(self, office: Office, card: Path, claim: bytes) -> None:
        """It is named at every start until a person has looked; what it was of is read anew."""
        berth = unrecorded(office, card)
        (berth.original.parent / "claim.json").write_bytes(claim)

        report = take_in(opened(office.home), card)

        assert (len(report.secured), report.problems) == (2, ())
        (damaged,) = report.waiting
        assert (damaged.clip, damaged.name, damaged.error) == (berth.clip, f"spool/{berth.clip.id}", "EvidenceError")
        assert "its claim in the spool cannot be read" in damaged.reason or "expected an object" in damaged.reason
        shutil.rmtree(berth.original.parent)
        assert faults(office, {"DEMO-1": card}) == []

    @pytest.mark.parametrize("what", ["original", "reading.json"])
    def test_a_reading_that_the_disk_damaged_before_it_was_recorded_holds_up_nobody(
        self, office: Office, card: Path, what: str
    ) -> None:
        berth = unrecorded(office, card)
        damage(berth, what)

        report = take_in(opened(office.home), card)

        assert (len(report.secured), report.problems) == (2, ())
        assert [each.clip for each in report.waiting] == [berth.clip]
        shutil.rmtree(berth.original.parent)
        assert faults(office, {"DEMO-1": card}) == []


def damage(berth: Berth, what: str) -> None:
    file = berth.original.with_name(what)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


class TestASpoolThatLosesBytes:
    """Until a clip is deposited, the camera has it too."""

    def test_what_is_gone_is_asked_for_and_brought_back(self, waiting: Office, card: Path) -> None:
        for berth in waiting.spool.berths():
            shutil.rmtree(berth.original.parent)
        told = waiting.pipeline().advance()
        assert {each.error for each in told} == {"EvidenceError"}
        assert all("connect its camera again" in each.reason for each in told)

        report = take_in(waiting, card)

        assert (report.secured, len(report.met_again), report.problems, report.waiting) == ((), 2, (), ())
        assert faults(waiting, {"DEMO-1": card}) == []

    def test_also_if_the_file_was_touched_meanwhile(self, waiting: Office, card: Path) -> None:
        for berth in waiting.spool.berths():
            shutil.rmtree(berth.original.parent)
        for file in card.rglob("*.MP4"):
            file.touch()

        assert take_in(waiting, card).waiting == ()
        assert faults(waiting, {"DEMO-1": card}) == []

    @pytest.mark.parametrize("what", ["original", "reading.json"])
    def test_what_is_damaged_is_never_deposited_and_brought_back(self, waiting: Office, card: Path, what: str) -> None:
        victim = next(iter(waiting.spool.berths()))
        damage(victim, what)
        (told,) = waiting.pipeline().advance()
        assert (told.clip, told.error) == (victim.clip, "DigestMismatch" if what == "original" else "EvidenceError")
        assert waiting.catalog.clip(victim.clip).state == SECURED

        report = take_in(waiting, card)

        assert (report.secured, report.problems, report.waiting) == ((), (), ())
        assert faults(waiting, {"DEMO-1": card}) == []

    def test_a_crash_while_it_was_brought_back_is_gone_on_with(self, waiting: Office, card: Path) -> None:
        """A berth that is known and not complete is no proof that the bytes are there."""
        victim = next(iter(waiting.spool.berths()))
        victim.original.unlink()
        victim.original.with_name("reading.json").unlink()

        assert take_in(waiting, card).waiting == ()
        assert faults(waiting, {"DEMO-1": card}) == []

    def test_another_recording_is_not_taken_for_it(self, waiting: Office, card: Path, tmp_path: Path) -> None:
        """The bytes that are gone are missed until their camera is back, whatever else lies at their place."""
        for berth in waiting.spool.berths():
            shutil.rmtree(berth.original.parent)
        other = fill(tmp_path / "other", {path: content[::-1] for path, content in footage(2, size=3_000_000).items()})

        report = take_in(waiting, other)
        assert (len(report.secured), len(report.waiting)) == (2, 2)

        assert take_in(waiting, card).waiting == ()
        both = fill(tmp_path / "both", {b"x/" + path: content for path, content in files_of(card, other).items()})
        assert faults(waiting, {"DEMO-1": both}) == []
