"""``yihu verify`` as people and scripts meet it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import text, update

from storage import durable
from storage.clips import clips
from storage.evidence import Subject
from yihu.cli.common import Exit
from yihu.wiring import Office

from .auditing import change, more
from .commanding import answer, fresh, served, witness_for, yihu


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
