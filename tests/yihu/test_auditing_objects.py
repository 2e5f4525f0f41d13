"""The audit of what a store holds: whole, by sample, and the other way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from storage.audit import Outcome, Sample
from storage.clips import clips
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.segments import SEGMENT_SIZE
from yihu.wiring import Office

from .auditing import audit, change, clip_named, of, opened, original, spoil


def test_an_object_that_no_entry_speaks_of_is_found(office: Office) -> None:
    """A second version of a key, a file of no clip, and one of a clip that nobody knows; canaries are none of these."""
    known = clip_named(office, "long.MP4")
    for key in (f"clips/{known.id}/extra", "notes/1", "clips/01JQZ0000000000000000000AB/original", "canary/1"):
        content = b"who put me here"
        deposit(
            office.store,
            ObjectName(Bucket.EVIDENCE, key),
            lambda content=content: opened(content),  # type: ignore[misc]
            Promise.of_bytes(content),
            retain_until=None,
        )

    step = of(audit(office), "objects")
    assert sorted(finding.partition(" version")[0] for finding in step.findings) == [
        "evidence/clips/01JQZ0000000000000000000AB/original",
        f"evidence/clips/{known.id}/extra",
        "evidence/notes/1",
    ]
    assert any("1 canaries" in remark for remark in step.remarks)
    shared = of(audit(office, is_shared=True), "objects")
    assert [f"clips/{known.id}/extra" in finding for finding in shared.findings] == [True]
    assert any("2 objects are of clips of other offices" in remark for remark in shared.remarks)


def test_an_object_of_a_clip_that_is_just_being_deposited_is_no_finding(office: Office) -> None:
    """Deposited, and the entry that says so not recorded yet: what a crash or the next second leaves."""
    change(
        office,
        update(clips).where(clips.c.name == "short.MP4").values(object_key=None, object_version=None, manifest_version=None),
    )

    step = of(audit(office), "objects")
    assert step.findings == []
    assert any("2 objects are of clips that are just being deposited" in remark for remark in step.remarks)


def test_every_difference_of_an_object_is_named(office: Office) -> None:
    change(office, update(clips).where(clips.c.name == "short.MP4").values(retained_until="2026-01-01T00:00:00.000Z"))

    findings = of(audit(office), "objects").findings
    assert len(findings) == 2
    assert all("retained_until: recorded 2026-01-01" in finding for finding in findings)


@pytest.mark.parametrize("sample", ["1", "100%"])
def test_a_sample_reads_segments_and_nothing_else(office: Office, sample: str) -> None:
    drawn = Sample.parse(sample, seed=7)
    verdict = audit(office, sample=drawn)

    assert verdict.outcome is Outcome.CONSISTENT
    wanted = 2 if sample == "1" else 7
    assert f"{wanted} segments were read and compared" in of(verdict, "objects").remarks
    assert any("what was not drawn" in text_ for text_ in verdict.not_checked)


def test_a_sample_finds_a_flipped_byte_where_it_was_drawn_and_says_that_it_looked_nowhere_else(office: Office) -> None:
    clip = str(clip_named(office, "long.MP4"))
    hit = next(seed for seed in range(100) if Sample(seed, per_clip=2).drawn(clip, 6) == [1, 3])
    missed = next(seed for seed in range(100) if 3 not in Sample(seed, per_clip=2).drawn(clip, 6))
    spoil(original(office, "long.MP4"), 3 * SEGMENT_SIZE + 99)

    found = audit(office, sample=Sample(hit, per_clip=2))
    assert f"bytes {3 * SEGMENT_SIZE} to {4 * SEGMENT_SIZE} of the clip" in of(found, "objects").findings[0]
    unseen = audit(office, sample=Sample(missed, per_clip=2))
    assert unseen.outcome is Outcome.CONSISTENT
    assert any("2 segments of each clip were read, which finds damage of 1 %" in text_ for text_ in unseen.not_checked)
    assert audit(office, sample=Sample(0, share=1.0)).outcome is Outcome.FAILED
    assert audit(office).outcome is Outcome.FAILED


def test_a_segment_manifest_that_was_exchanged_is_found_by_a_sample_too(office: Office) -> None:
    clip = office.catalog.clip(clip_named(office, "long.MP4"))
    path = office.home / "store/evidence/clips" / clip.subject.id / "segments.object" / f"{clip.manifest_version}.bytes"
    spoil(path, 40)

    findings = of(audit(office, sample=Sample(1, per_clip=1)), "objects").findings
    assert findings
    assert all("its root or size is not the recorded one" in finding for finding in findings)


@given(st.integers(0, 2**32), st.integers(1, 50), st.integers(0, 200))
def test_the_same_seed_draws_the_same_segments_each_once(seed: int, wanted: int, count: int) -> None:
    drawn = Sample(seed, per_clip=wanted).drawn("clip:1", count)

    assert drawn == Sample(seed, per_clip=wanted).drawn("clip:1", count)
    assert len(set(drawn)) == len(drawn) == min(wanted, count)
    assert all(0 <= index < count for index in drawn)


@given(st.floats(0.001, 1), st.integers(1, 1000))
def test_a_share_draws_at_least_that_share(share: float, count: int) -> None:
    assert len(Sample(1, share=share).drawn("clip:1", count)) >= max(1, share * count - 1e-6)


@pytest.mark.parametrize("text_", ["", "0", "0%", "-1", "101%", "x", "1e3", "5 %x", "1.5"])
def test_what_is_no_sample_is_refused(text_: str) -> None:
    with pytest.raises(ValueError, match="sample"):
        Sample.parse(text_, seed=1)


def test_the_chance_of_finding_damage() -> None:
    assert Sample.chance(1, 0.1) == pytest.approx(0.1)
    assert Sample.chance(10, 0.5) == pytest.approx(1 - 0.5**10)
