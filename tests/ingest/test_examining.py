"""From a listed card to claims and entries: what the ledger says afterwards, in a real office."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.before import Space
from ingest.claims import Claim
from ingest.examining import Examination
from storage.catalog import Clip
from storage.custody import Custody
from storage.errors import StorageUnavailable
from storage.evidence import Entry, Json, Recorded, Subject
from storage.rebuild import differences, rebuild
from tests.crashes.offices import fill
from tests.ingest.examining import NOW, Came, docked, examine, examining, take
from yihu.wiring import Office

Named = Callable[[int, str], bytes]


def name(number: int, mark: str = "", clock: str | None = None) -> bytes:
    """As a camera names a recording."""
    return f"DCIM/DEMO-1_000001_20261124_{clock or f'15{number:02}00'}_{number:04}{mark}.MP4".encode()


def files(*names: bytes) -> dict[bytes, bytes]:
    return {path: b"recording " + path.replace(b"_IMP", b"") for path in names}


def of_type(office: Office, subject: Subject, type_: str) -> list[int]:
    return [line.seq for line in office.catalog.history(subject) if line.type == type_]


def clip_of(office: Office, clips: dict[str, Subject], path: bytes) -> Clip:
    return office.catalog.clip(clips[path.decode()])


class TestTimes:
    def test_a_clip_has_what_the_camera_wrote_and_beside_it_the_corrected_time(self, office: Office, tmp_path: Path) -> None:
        _, clips = docked(office, Came(fill(tmp_path / "card", files(name(1))), shows="20261124160009"))

        clip = clip_of(office, clips, name(1))
        assert (clip.recorded_at, clip.corrected_at) == ("2026-11-24T07:01:00.000Z", "2026-11-24T07:00:51.000Z")
        assert clip.uncertainty_ms == 520 + 500 + 5 + 124
        body = office.log.leaf(of_type(office, clip.subject, "SECURED")[0])
        assert b'"recorded_raw":"20261124150100"' in body

    def test_without_a_measured_clock_nothing_is_corrected(self, office: Office, tmp_path: Path) -> None:
        _, clips = docked(office, Came(fill(tmp_path / "card", files(name(1)))))

        assert (clip_of(office, clips, name(1)).corrected_at, clip_of(office, clips, name(1)).uncertainty_ms) == (None, None)

    @pytest.mark.parametrize(
        ("mount", "recorded", "corrected"),
        [
            ("ro,tz=UTC", "2026-11-18T01:05:00.000Z", "2026-11-18T01:05:00.500Z"),
            ("ro", "2026-11-18T09:05:00.000Z", None),
        ],
        ids=["the digits of the camera", "what the host made of them"],
    )
    def test_a_time_of_change_is_corrected_where_it_is_what_the_clock_showed(
        self, office: Office, tmp_path: Path, mount: str, recorded: str, corrected: str | None
    ) -> None:
        card = fill(tmp_path / "card", {b"DCIM/unnamed.MP4": b"x"})
        _, clips = docked(office, Came(card, shows="20261124160000", mount=mount, profile="amba-4255-0001"))

        clip = clip_of(office, clips, b"DCIM/unnamed.MP4")
        assert (clip.recorded_at, clip.corrected_at) == (recorded, corrected)

    def test_drift_is_said_of_the_clips_of_that_docking(self, office: Office, tmp_path: Path) -> None:
        docked(office, Came(fill(tmp_path / "1", files(name(1))), shows="20261124160000"))
        later = replace(Came(fill(tmp_path / "2", files(name(2)))), shows="20261126160020", now=NOW + timedelta(days=2))

        _, clips = docked(office, later)

        assert "clock-drift" in clip_of(office, clips, name(2)).findings


class TestEvents:
    def test_a_part_of_a_later_docking_is_found_with_the_others(self, office: Office, tmp_path: Path) -> None:
        paths = [f"20261124_15{minute:02}00.mp4".encode() for minute in (0, 5, 10)]
        _, first = docked(office, Came(fill(tmp_path / "1", files(*paths[:2])), profile="aseko-ar-pe6"))
        _, second = docked(office, Came(fill(tmp_path / "2", files(paths[2])), profile="aseko-ar-pe6"))

        event = clip_of(office, first, paths[0]).event
        assert event is not None
        found = office.catalog.segments_of(event)
        assert [clip.subject for clip in found] == [*first.values(), *second.values()]
        assert [clip.event_part for clip in found] == [1, 2, 3]

    def test_the_name_of_an_event_tells_nobody_anything_and_stays(self, office: Office, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", files(name(1)))
        one, other = (examine(office, Came(card)).claims[0].event for _ in range(2))

        assert one is not None
        assert one == other
        assert len(str(one["of"])) == 32

    def test_a_claim_of_an_earlier_version_is_read_from_the_spool(self, office: Office, tmp_path: Path) -> None:
        claim = examine(office, Came(fill(tmp_path / "card", files(name(1))), shows="20261124160009")).claims[0]
        written = claim.as_json()
        assert Claim.from_json(written) == claim

        older = {key: value for key, value in written.items() if key not in {"corrected_at", "uncertainty_ms", "event"}}

        assert Claim.from_json(older) == replace(claim, corrected_at=None, uncertainty_ms=None, event=None)


class TestWhatWasFound:
    def test_a_gap_is_said_of_both_neighbours_and_of_the_card(self, office: Office, tmp_path: Path) -> None:
        examination, clips = docked(office, Came(fill(tmp_path / "card", files(name(1), name(4)))))

        assert all("sequence-gap" in office.catalog.clip(clip).findings for clip in clips.values())
        assert office.dockings.findings(examination.listed.device) == {"sequence-gap": 1}

    def test_which_files_it_is_about_is_in_the_vault_alone(self, office: Office, tmp_path: Path) -> None:
        examination, _ = docked(office, Came(fill(tmp_path / "card", files(name(1), name(4)))))

        (seq,) = of_type(office, examination.listed.device, "CARD_EXAMINED")
        leaf = office.log.leaf(seq)
        assert b'{"code":"sequence-gap","count":1,"missing":2}' in leaf
        assert name(1).hex().encode() not in leaf

    def test_a_lost_mark_is_said_of_the_clip_that_is_ours_too(self, office: Office, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", files(name(1, "_IMP")))
        _, before = docked(office, Came(card))
        (card / name(1, "_IMP").decode()).rename(card / name(1).decode())

        examination, after = docked(office, Came(card))

        assert examination.codes == {"importance-vanished"}
        assert clip_of(office, before, name(1, "_IMP")).findings == ("important", "importance-vanished")
        assert clip_of(office, after, name(1)).findings == ("importance-vanished",)

    def test_it_is_not_said_again_of_a_clip(self, office: Office, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", files(name(1), name(4)))
        _, clips = docked(office, Came(card))
        docked(office, Came(card))

        assert [of_type(office, clip, "FOUND") for clip in clips.values()] == [[], []]

    def test_a_number_that_goes_missing_later_is_said_of_the_clips_beside_it(self, office: Office, tmp_path: Path) -> None:
        """It was listed and never became ours; then somebody removed it."""
        card = fill(tmp_path / "card", files(name(1), name(2), name(3)))
        examination = examine(office, Came(card))
        without = replace(examination, claims=tuple(c for c in examination.claims if c.path.raw != name(2)))
        clips = take(office, without, card)
        (card / name(2).decode()).unlink()

        again, _ = docked(office, Came(card))

        assert again.codes == {"sequence-gap", "gone-unsecured"}
        assert [office.catalog.clip(clip).findings for clip in clips.values()] == [("sequence-gap",)] * 2

    def test_what_we_removed_ourselves_is_not_gone(self, office: Office, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", files(name(1), name(2)))
        _, clips = docked(office, Came(card))
        (card / name(2).decode()).unlink()
        listed = examine(office, Came(card)).listed

        def removed(_device: Subject) -> Collection[Subject]:
            return {clips[name(2).decode()]}

        assert examining(office).examine(listed).codes == {"gone-ours"}
        assert replace(examining(office), removed=removed).examine(listed).codes == frozenset()

    def test_a_folder_that_is_being_watched_has_no_gaps_and_nothing_gone(self, office: Office, tmp_path: Path) -> None:
        docked(office, Came(fill(tmp_path / "1", files(name(1)))))
        partial = replace(Came(fill(tmp_path / "2", files(name(5), name(8)))), is_whole=False)

        assert examine(office, partial).findings == ()

    def test_everything_else_about_the_card_is_told_in_one_entry(self, office: Office, tmp_path: Path) -> None:
        card = fill(tmp_path / "card", files(name(1, clock="200000"), b"Thumbs.db"))
        (card / "FOUND.000").mkdir()
        space = Space(used=2**30, total=2**35, cluster=2**15)

        examination, clips = docked(office, Came(card, space=space, needs_password=False))

        expected = {"clock-ahead", "host-windows", "repaired", "space-unexplained", "no-password"}
        assert examination.codes == expected
        assert len(clips) == 1
        assert set(office.dockings.findings(examination.listed.device)) == expected

    def test_an_ordinary_card_has_no_entry(self, office: Office, tmp_path: Path) -> None:
        examination, _ = docked(office, Came(fill(tmp_path / "card", files(name(1), name(2)))))

        assert examination.findings == ()
        assert of_type(office, examination.listed.device, "CARD_EXAMINED") == []


def derive(office: Office, clip: Subject, *findings: str) -> None:
    """Record a rendering, as `ingest.derive` does for a clip that cannot be played."""
    if not of_type(office, clip, "DEPOSITED"):
        office.pipeline().advance()
    body: dict[str, Json] = {"facts": {}, "findings": list(findings), "outputs": []}
    office.custody.record(Entry("DERIVED", clip, office.dock, body))


def test_findings_add_up_in_any_order_and_when_the_catalog_is_made_again(office: Office, tmp_path: Path) -> None:
    card = fill(tmp_path / "card", files(name(1, "_IMP")))
    _, clips = docked(office, Came(card))
    clip = clips[name(1, "_IMP").decode()]
    derive(office, clip, "important", "silent")
    (card / name(1, "_IMP").decode()).rename(card / name(1).decode())
    docked(office, Came(card))
    derive(office, clip, "important", "truncated")

    assert office.catalog.clip(clip).findings == ("important", "truncated", "importance-vanished")
    assert differences(office.engine, office.projector, office.vault) == []
    rebuild(office.engine, office.projector, office.vault)
    assert office.catalog.clip(clip).findings == ("important", "truncated", "importance-vanished")


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
@pytest.mark.parametrize("failing", ["CARD_EXAMINED", "FOUND"])
def test_what_was_found_can_be_recorded_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, moment: str
) -> None:
    """The next docking looks again: it ends with the same findings, and none is said twice of a clip."""
    card = fill(tmp_path / "card", files(name(1, "_IMP")))
    _, clips = docked(office, Came(card))
    (card / name(1, "_IMP").decode()).rename(card / name(1).decode())
    examination = examine(office, Came(card))
    with monkeypatch.context() as broken:
        broken.setattr(Custody, "record", _failing(Custody.record, failing, moment))
        with pytest.raises(StorageUnavailable):
            examining(office).record(examination)

    examining(office).record(_looked_again(office, card))

    clip = clips[name(1, "_IMP").decode()]
    assert len(of_type(office, clip, "FOUND")) == 1
    assert office.catalog.clip(clip).findings == ("important", "importance-vanished")
    assert office.dockings.findings(examination.listed.device) == {"importance-vanished": 1}


def _looked_again(office: Office, card: Path) -> Examination:
    return examine(office, Came(card))


def _failing(record: Callable[[Custody, Entry], Recorded], type_: str, moment: str) -> Callable[[Custody, Entry], Recorded]:
    def spoiled(custody: Custody, entry: Entry) -> Recorded:
        if entry.type != type_:
            return record(custody, entry)
        if moment == "after":
            record(custody, entry)
        message = "the line went dead"
        raise StorageUnavailable(message)

    return spoiled
