"""``yihu verify`` on whole offices: catalog, objects, samples, going on, and the command as people and scripts meet it."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from cases.tables import activities, filings, matters, parties
from cases.values import ActivityDetails, ActivityKind, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage import durable
from storage.audit import Audit, Outcome, Sample, Step, Verdict
from storage.clips import clips
from storage.database import writing
from storage.evidence import Stage, Subject, TimeRange
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.schema import history, subjects
from storage.segments import SEGMENT_SIZE
from tests.crashes.offices import fill, founded, take_in
from yihu.cli.common import Exit
from yihu.wiring import Office

from .commanding import answer, fresh, served, witness_for, yihu

LONG = hashlib.shake_128(b"long").digest(5 * SEGMENT_SIZE + 7)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a clip of six segments and a case it is filed under, signed."""
    root = tmp_path_factory.mktemp("template")
    office = founded(root / "office")
    take_in(office, fill(root / "card", {b"long.MP4": LONG, b"short.MP4": b"short"}))
    actor, registry = office.operator, office.registry
    bureau = registry.add_office("演示局", code="D-1", actor=actor)
    officer = registry.add_officer("演示员", badge="000001", office=bureau, actor=actor)
    party = registry.add_party(PartyDetails(PartyKind.ORGANISATION, "样例商铺"), actor=actor)
    case = registry.register_case(MatterDetails(MatterKind.CASE, "演示", "样1号"), office=bureau, parties=[party], actor=actor)
    start = datetime(2026, 11, 18, 9, tzinfo=UTC)
    details = ActivityDetails(ActivityKind.ON_SITE_INSPECTION, "现场检查", "街", start, start + timedelta(hours=1), (officer,))
    act = registry.record_activity(details, matter=case, stage=Stage.INVESTIGATION, actor=actor)
    for clip in office.catalog.clips():
        registry.file_clip(clip.subject, act, actor=actor)
    office.log.checkpoint()
    office.engine.dispose()
    return office.home


@pytest.fixture
def office(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    shutil.copytree(template, tmp_path / "office")
    made = Office.open(tmp_path / "office" / "yihu.toml")
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()


def audit(office: Office, **more: Any) -> Verdict:  # noqa: ANN401 - what an audit may be told
    return Audit(office.engine, office.log, office.projector, office.vault, office.store, **more).run()


def of(verdict: Verdict, name: str) -> Step:
    (step,) = [step for step in verdict.steps if step.name == name]
    return step


def change(office: Office, *statements: Any) -> None:  # noqa: ANN401 - SQL
    with writing(office.engine) as connection:
        for statement in statements:
            connection.execute(statement)


def clip_named(office: Office, name: str) -> Subject:
    return next(clip.subject for clip in office.catalog.clips() if clip.name == name)


def original(office: Office, name: str) -> Path:
    clip = office.catalog.clip(clip_named(office, name))
    return office.home / "store" / "evidence" / f"{clip.object_key}.object" / f"{clip.object_version}.bytes"


def spoil(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(raw)


def head_of(office: Office) -> str:
    head = audit(office).head
    assert head is not None
    return head


def more(office: Office) -> Subject:
    """A day on: one clip more, filed to the same activity; a part of an older one filed and taken back."""
    card = fill(office.home.parent / "second card", {b"second.MP4": b"second"})
    take_in(office, card)
    second, older = clip_named(office, "second.MP4"), clip_named(office, "long.MP4")
    file = office.dossiers.matter_file(office.dossiers.matters()[0].subject)
    act = next(one.activity.subject for stage in file.stages for one in stage.activities)
    office.registry.file_clip(second, act, actor=office.operator)
    part = TimeRange(timedelta(0), timedelta(seconds=1))
    office.registry.unfile(office.registry.file_clip(older, act, range=part, actor=office.operator), actor=office.operator)
    office.log.checkpoint()
    return second


# --- objects -----------------------------------------------------------------------------------------------------------------


def test_an_object_that_no_entry_speaks_of_is_found(office: Office) -> None:
    """A second version of a key, a file of no clip, and one of a clip that nobody knows; canaries are none of these."""
    known = clip_named(office, "long.MP4")
    for key in (f"clips/{known.id}/extra", "notes/1", "clips/01JQZ0000000000000000000AB/original", "canary/1"):
        content = b"who put me here"
        deposit(
            office.store,
            ObjectName(Bucket.EVIDENCE, key),
            lambda content=content: _opened(content),  # type: ignore[misc]
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


def _opened(content: bytes) -> Any:  # noqa: ANN401 - bytes to read
    import io  # noqa: PLC0415 - here alone

    return io.BytesIO(content)


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


# --- going on ----------------------------------------------------------------------------------------------------------------


def test_what_came_since_is_compared_and_nothing_is_wrong_with_it(office: Office) -> None:
    """No false alarm: counters of matters that other entries moved, a camera docked again, filings taken back."""
    head = head_of(office)
    more(office)

    verdict = audit(office, since=head)
    assert [finding for step in verdict.steps for finding in step.findings] == []
    assert 0 < of(verdict, "objects").checked < of(audit(office), "objects").checked


TOUCHED = [
    ("a new clip", update(clips).where(clips.c.name == "second.MP4").values(size=7)),
    ("a new filing", update(filings).where(filings.c.filed_seq > 15).values(start_ms=5)),
    ("the matter it is in", update(matters).values(title="x")),
    ("the activity it shows", update(activities).values(place="x")),
    ("the party of the matter", update(parties).values(name="x")),
    ("a line of history", update(history).where(history.c.seq == 17).values(actor="x")),
    ("a state", update(subjects).where(subjects.c.kind == "matter").values(state="x")),
    ("a line too many", insert(history).values(seq=18, subject="x", type="X", at="x", actor="x", role="x")),
]


@pytest.mark.parametrize("tampering", [each[1] for each in TOUCHED], ids=[each[0] for each in TOUCHED])
def test_going_on_finds_a_changed_row_of_whatever_a_new_entry_is_about(office: Office, tampering: Any) -> None:  # noqa: ANN401 - SQL
    head = head_of(office)
    more(office)
    if "INSERT" in str(tampering):
        change(office, text("DELETE FROM history WHERE seq = 18"))
    change(office, tampering)

    verdict = audit(office, since=head)
    assert verdict.since
    assert of(verdict, "catalog").findings


def test_going_on_does_not_look_at_the_rest_and_says_so(office: Office) -> None:
    head = head_of(office)
    more(office)
    spoil(original(office, "short.MP4"), 1)
    change(office, update(clips).where(clips.c.name == "short.MP4").values(duration_ms=1))

    verdict = audit(office, since=head)
    assert verdict.outcome is Outcome.CONSISTENT
    assert any("rows of the catalog and objects of everything that no new entry is about" in t for t in verdict.not_checked)
    assert {step.name for step in audit(office).steps if step.findings} == {"catalog", "objects"}


def test_going_on_finds_a_changed_object_of_a_new_clip_and_one_beside_it(office: Office) -> None:
    head = head_of(office)
    second = more(office)
    spoil(original(office, "second.MP4"), 1)
    name = ObjectName(Bucket.EVIDENCE, f"clips/{second.id}/shadow")
    deposit(office.store, name, lambda: _opened(b"x"), Promise.of_bytes(b"x"), retain_until=None)

    findings = of(audit(office, since=head), "objects").findings
    assert ["sha256: recorded" in findings[0], "no entry speaks of it" in findings[1]] == [True, True]


def test_a_history_that_is_too_long_is_begun_at_its_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera docked every day for years costs no more than its new entries; that is said."""
    head = head_of(office)
    more(office)
    monkeypatch.setattr("storage.audit.rows.LONGEST", 1)

    step = of(audit(office, since=head), "catalog")
    assert step.findings == []
    assert any("too long a history" in remark for remark in step.remarks)
    change(office, update(subjects).where(subjects.c.kind == "device").values(entries=99))
    assert "entries: live 99" in of(audit(office, since=head), "catalog").findings[0]


def test_a_catalog_of_another_shape_is_found_and_not_made_again(office: Office) -> None:
    change(office, text("UPDATE projection_shape SET fingerprint = 'older'"))

    assert "yihu rebuild" in of(audit(office), "catalog").findings[0]


# --- the command -------------------------------------------------------------------------------------------------------------


def test_what_a_script_is_told(office: Office) -> None:
    told = answer("verify")

    assert list(told) == [
        *("outcome", "origin", "size", "root", "at", "program", "anchored", "since", "sample", "not_checked", "steps"),
    ]
    assert (told["outcome"], told["anchored"], told["since"], told["sample"]) == ("internally consistent", None, 0, None)
    assert all(list(step) == ["number", "name", "title", "checked", "findings", "detail"] for step in told["steps"])
    assert len(told["root"]) == 64
    assert told["at"].endswith("Z")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("账本记录", "结论：内部一致", "整体改写", "无可检查")),
        ("en", ("ledger entries", "verdict: internally consistent")),
    ],
)
def test_what_a_person_is_told(office: Office, monkeypatch: pytest.MonkeyPatch, language: str, words: tuple[str, ...]) -> None:
    monkeypatch.setenv("YIHU_LANG", language)
    ended, said = yihu("verify")

    assert ended == Exit.DONE
    assert [word for word in words if word not in said] == []
    change(office, update(clips).values(size=7))
    ended, said = yihu("verify", "--sample", "3", "--seed", "5")
    assert ended == Exit.EVIDENCE
    assert ("结论：不一致" if language == "zh" else "verdict: FAILED") in said
    assert "✗ clips" in said
    assert ("抽样种子：5" if language == "zh" else "seed of the sample: 5") in said


def test_anchored_by_a_key_on_the_command_line(office: Office, tmp_path: Path) -> None:
    witness = witness_for(office, tmp_path / "procuratorate")
    with served(witness) as server:
        answer("witness", "add", "procuratorate", witness.key.vkey, server.url, "--administrator", "检察院")
        size = answer("witness", "ask")["anchored"]
    policy = tmp_path / "policy"
    policy.write_text(answer("witness", "policy")["policy"], encoding="utf-8")
    answer("token", "add", "某人")

    assert answer("verify")["outcome"] == "internally consistent"
    told = answer("verify", "--policy", policy, "--held", "audit/last")
    assert (told["outcome"], told["anchored"]) == ("anchored", {"size": size, "by": ["procuratorate"]})
    assert f"vouch from outside for {size} entries; for the last 1" in yihu("verify", "--witness", witness.key.vkey)[1]
    assert answer("verify", "--policy", policy, "--witness", "x", code=Exit.USAGE)["error"] == "ValueError"
    assert answer("verify", "--witness", "x", code=Exit.USAGE)["error"] == "ValueError"


def test_an_audit_goes_on_from_what_the_last_one_kept(office: Office, tmp_path: Path) -> None:
    assert answer("verify", "--since", "last", code=Exit.NOT_FOUND)["error"] == "NotFound"
    first = answer("verify", "--keep", tmp_path / "mine")
    assert (tmp_path / "mine").read_bytes() == (office.home / "audit/last").read_bytes()
    more(fresh(office))

    by_office, by_auditor = answer("verify", "--since", "last"), answer("verify", "--since", tmp_path / "mine")
    assert by_office["since"] == by_auditor["since"] == first["size"]
    assert "the checkpoint gone on from was kept by the office itself" in by_office["not_checked"]
    assert "the checkpoint gone on from was kept by the office itself" not in by_auditor["not_checked"]
    assert answer("verify", "--since", tmp_path / "none", code=Exit.NOT_FOUND)["error"] == "NotFound"
    (tmp_path / "rubbish").write_text("rubbish")
    assert answer("verify", "--since", tmp_path / "rubbish", code=Exit.EVIDENCE)["error"] == "EvidenceError"


def test_a_failed_audit_keeps_no_head(office: Office, tmp_path: Path) -> None:
    answer("verify", "--keep", tmp_path / "mine")
    before = (tmp_path / "mine").read_bytes()
    more(fresh(office))
    change(office, update(clips).values(size=7))

    assert answer("verify", "--keep", tmp_path / "mine", code=Exit.EVIDENCE)["outcome"] == "failed"
    assert (tmp_path / "mine").read_bytes() == (office.home / "audit/last").read_bytes() == before


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_a_head_whose_keeping_broke_off_can_be_kept_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    really = durable.rename

    def broken(source: Path, target: Path) -> None:
        if moment == "after":
            really(source, target)
        raise OSError(5, "input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(durable, "rename", broken)
        assert answer("verify", "--keep", tmp_path / "mine", code=Exit.TRY_AGAIN)["error"] == "StorageUnavailable"
    assert (tmp_path / "mine").exists() == (moment == "after")
    assert not (office.home / "audit/last").exists()

    answer("verify", "--keep", tmp_path / "mine")
    assert (tmp_path / "mine").read_bytes() == (office.home / "audit/last").read_bytes()


def test_heads_on_a_stick_are_held_against_the_ledger(office: Office, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    assert answer("verify", "--held", stick, code=Exit.NOT_FOUND)["error"] == "NotFound"
    assert answer("verify", "--held", tmp_path / "none", code=Exit.NOT_FOUND)["error"] == "NotFound"
    answer("verify", "--keep", stick / "mine")
    (stick / "w-1.answer").write_text("200\n")
    assert answer("verify", "--held", stick)["steps"][2]["checked"] == 1
    (stick / "rubbish").write_bytes(b"\xff")
    assert answer("verify", "--held", stick, code=Exit.EVIDENCE)["error"] == "EvidenceError"


def test_that_an_audit_was_made_is_recorded_only_if_asked(office: Office) -> None:
    """And the next audit finds that entry in order."""
    size = answer("verify")["size"]
    assert answer("verify", "--record", "--sample", "25%", "--seed", "9")["size"] == size
    opened = fresh(office)
    (line,) = [line for line in opened.catalog.history(_log(opened)) if line.type == "AUDITED"]

    assert line.seq == size
    raw = opened.log.leaf(line.seq).decode()
    assert '"sample":{"per_clip":null,"seed":9,"share_ppm":250000}' in raw
    assert '"findings":0' in raw
    change(office, update(clips).values(size=7))
    assert answer("verify", "--record", code=Exit.EVIDENCE)["size"] == size + 1
    assert '"outcome":"failed"' in opened.log.leaf(size + 1).decode()


def _log(office: Office) -> Subject:
    from storage.evidence import Kind  # noqa: PLC0415 - here alone
    from storage.identity import found_again  # noqa: PLC0415 - here alone

    return found_again(office.index_key, Kind.LOG, office.log.origin)


def test_verifying_changes_nothing_and_mends_nothing(office: Office) -> None:
    """Not even a guard that is gone: to mend it would be to hide it."""
    change(office, text("DROP TRIGGER entries_no_update"))
    office.engine.dispose()
    before = (office.home / "yihu.db").read_bytes()

    told = answer("verify", code=Exit.EVIDENCE)
    assert [step["name"] for step in told["steps"] if step["findings"]] == ["configuration"]
    assert (office.home / "yihu.db").read_bytes() == before


def test_a_report_in_pdf_is_made_from_what_a_script_is_told(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_: list[dict[str, Any]] = []

    def report_pdf(report: dict[str, Any]) -> bytes:
        given_.append(report)
        return b"%PDF"

    monkeypatch.setitem(sys.modules, "yihu.paper.report", None)  # as where it is not installed
    refused = answer("verify", "--pdf", tmp_path / "report.pdf", code=Exit.NOT_FOUND)
    assert "extra 'paper'" in refused["detail"]
    for name in ("yihu.paper", "yihu.paper.report"):
        module = ModuleType(name)
        module.report_pdf = report_pdf  # type: ignore[attr-defined] # a module of others
        monkeypatch.setitem(sys.modules, name, module)

    told = answer("verify", "--pdf", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == b"%PDF"
    assert given_ == [told]


def test_a_seed_without_a_sample_is_a_mistake(office: Office) -> None:
    assert answer("verify", "--seed", "1", code=Exit.USAGE)["error"] == "ValueError"
    assert answer("verify", "--sample", "nonsense", code=Exit.USAGE)["error"] == "ValueError"
