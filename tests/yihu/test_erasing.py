"""Erasing: who may be forgotten and when, that nothing half-done stays, and that everything else goes on verifying."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.tokens import revoke_token
from storage import rebuild
from storage.database import reading
from storage.erasure import ERASED, erased, erasure_faults
from storage.errors import Erased, StaleState
from storage.evidence import Entry, Kind, Role, Subject
from storage.ledger.keys import VerifierKey
from storage.ledger.publish import DirectoryShelf, publish
from storage.schema import projections
from storage.verifier.logdir import verify_directory
from storage.verifier.receipt import verify_receipt
from storage.verifier.steps import Outcome
from tests.crashes.offices import founded, opened
from yihu.cli.common import Exit
from yihu.erasing import erase, loss_of
from yihu.wiring import Office

from .commanding import answer, yihu
from .whole_office import (
    PERSON,
    Everything,
    audited,
    needed,
    on_each,
    postgresql,
    prepared_database,
    rows,
    small,
    values_left,
)

__all__ = ["on_each", "postgresql", "prepared_database", "small"]


def test_whoever_is_erased_in_whatever_order_a_replay_makes_the_same_rows(on_each: Everything) -> None:
    """After every single erasure: what people query is what the ledger and the vault still say, on both databases."""
    later = on_each.ended()
    office, order = later.office, later.erasable
    random.Random(7).shuffle(order)
    for subject in order:
        erase(office, subject, reason="期满")
        assert rebuild.differences(office.engine, office.projector, office.vault) == []
    live = rows(office)
    rebuild.rebuild(office.engine, office.projector, office.vault)

    assert rows(office) == live
    assert values_left(office, "甲某某", "0017", "演示员", "000001", "样1号", "询问", "样例街", "某人", ".MP4", "DEMO-1") == []
    assert erasure_faults(office.engine) == (len(order), [])
    office.log.checkpoint()
    assert audited(office) == []
    office.engine.dispose()


def test_every_proof_given_before_and_the_whole_log_stay_valid(small: Everything, tmp_path: Path) -> None:
    office, key = small.office, [VerifierKey.parse(small.office.log.vkey)]
    numbers = [line.seq for line in office.catalog.history(small.party)]
    before = {seq: (office.log.proof(seq), office.log.leaf(seq)) for seq in numbers}
    later = small.ended().office
    erase(later, small.party, reason="期满")
    later.log.checkpoint()

    for seq, (proof, leaf) in before.items():
        assert later.log.leaf(seq) == leaf
        assert verify_receipt(proof, leaf, key).outcome is Outcome.CONSISTENT
        assert verify_receipt(later.log.proof(seq), leaf, key).outcome is Outcome.CONSISTENT
    publish(later.log, DirectoryShelf(tmp_path / "log"))
    assert verify_directory(tmp_path / "log", key).outcome is Outcome.CONSISTENT
    later.engine.dispose()


def test_nobody_is_erased_while_a_clip_is_kept_or_a_matter_is_open(small: Everything) -> None:
    """And the refusal says for whom."""
    office = small.office
    kept, running = "is under retention, or not deposited yet", f"a matter that is not closed needs it: {small.case}"

    assert "it is under retention" in needed(office, small.loose)
    assert "it is under retention" in needed(office, small.filed)
    assert running in needed(office, small.filed)
    assert "a clip that it took is kept: " in needed(office, small.device)
    for subject in (small.party, small.officer, small.case, small.activity):
        said = needed(office, subject)
        assert running in said
        assert kept in said
        assert str(small.filed) in said
    assert "its token is not revoked" in needed(office, small.account)
    assert small.office.catalog.history(small.party)[-1].type != ERASED


def test_an_account_is_kept_as_long_as_a_clip_it_touched(small: Everything) -> None:
    office = small.office
    watcher = Entry("ACCESSED", small.loose, office.operator, {"viewing": "x"})
    touched = Entry("ACCESSED", small.loose, type(office.operator)(small.account, Role.CLERK), dict(watcher.body))
    office.custody.record(touched)
    revoke_token(office.custody, small.account, actor=office.operator)

    assert f"a clip that it touched is kept: {small.loose}" in needed(office, small.account)


def test_an_account_that_touched_nothing_is_erased_once_it_is_revoked(small: Everything) -> None:
    revoke_token(small.office.custody, small.account, actor=small.office.operator)
    erase(small.office, small.account, reason="离职")

    assert values_left(small.office, "某人") == []


def test_time_alone_does_not_close_a_matter_nor_closing_one_end_retention(small: Everything) -> None:
    later = small.later()
    assert needed(later.office, small.party) == f"{small.party}: a matter that is not closed needs it: {small.case}"
    later.office.engine.dispose()
    today = opened(small.office.home)
    today.registry.close(small.case, actor=today.operator)
    said = needed(today, small.party)
    assert "not closed" not in said
    assert f"is under retention, or not deposited yet: {small.filed}" in said

    today.registry.unfile(small.filing, actor=today.operator)  # footage of somebody else, say
    erase(today, small.party, reason="期满")
    today.engine.dispose()


@pytest.mark.parametrize("kind", ["log", "office", "dock"])
def test_some_are_never_erased(small: Everything, kind: str) -> None:
    office = small.office
    with reading(office.engine) as connection:
        names = connection.scalars(select(projections.tables["subjects"].c.subject)).all()
    subject = Subject.parse(next(name for name in names if name.startswith(f"{kind}:")))

    assert needed(office, subject) == f"{subject}: a {kind} is never erased"


def test_what_is_decided_between_the_question_and_the_erasure_counts(small: Everything) -> None:
    """The conditions are part of the statement: an entry recorded without asking is refused, and leaves no trace."""
    office = small.office
    before = rows(office)

    with pytest.raises(StaleState):
        office.custody.record(erased(small.party, actor=office.operator, reason="x"))
    assert rows(office) == before
    with reading(office.engine) as connection:
        assert not office.vault.is_erased(connection, small.party)


def test_nothing_personal_is_recorded_of_the_erased_any_more(small: Everything) -> None:
    later = small.ended().office
    seq = erase(later, small.loose, reason="期满")

    with pytest.raises(Erased):
        later.custody.record(Entry("ACCESSED", small.loose, later.operator, {"viewing": "x"}, {"reason": "x"}))
    assert later.custody.record(Entry("ACCESSED", small.loose, later.operator, {"viewing": "x"})).seq == seq + 1
    assert later.catalog.clip(small.loose).name == "(erased)"
    later.engine.dispose()


def test_the_reason_outlives_whom_it_is_about(small: Everything) -> None:
    later = small.ended().office
    seq = erase(later, small.party, reason="依当事人申请")

    with reading(later.engine) as connection:
        recorded = next(rebuild.recorded_entries(connection, later.vault, start=seq))
    assert (recorded.entry.type, recorded.entry.personal) == (ERASED, {"reason": "依当事人申请"})
    later.engine.dispose()


def test_the_same_person_may_come_again_as_somebody_new(small: Everything) -> None:
    later = small.ended().office
    erase(later, small.party, reason="期满")
    again = later.registry.add_party(PERSON, actor=later.operator)

    assert again != small.party
    assert rebuild.differences(later.engine, later.projector, later.vault) == []
    later.engine.dispose()


def test_erasing_again_does_nothing(small: Everything) -> None:
    later = small.ended().office
    seq = erase(later, small.party, reason="期满")

    assert erase(later, small.party, reason="again") == seq
    assert loss_of(later, small.party).erased_seq == seq
    later.engine.dispose()


@pytest.fixture
def at_home(small: Everything, monkeypatch: pytest.MonkeyPatch) -> Everything:
    monkeypatch.chdir(small.office.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    return small


def test_the_command_says_what_would_be_lost_and_does_nothing_without_yes(at_home: Everything) -> None:
    revoke_token(at_home.office.custody, at_home.account, actor=at_home.office.operator)
    seq = at_home.office.catalog.history(at_home.account)[0].seq

    assert answer("erase", at_home.account, "--reason", "left", code=Exit.USAGE) == {
        "subject": str(at_home.account),
        "fields": {str(seq): ["name"]},
        "erased": None,
    }
    assert f"{seq}: name" in yihu("erase", at_home.account)[1]
    assert values_left(at_home.office, "某人") == ["某人"]
    assert yihu("erase", at_home.account, "--yes")[0] == Exit.USAGE
    done = answer("erase", at_home.account, "--reason", "left", "--yes")
    assert at_home.office.catalog.history(at_home.account)[-1].seq == done["erased"]
    assert answer("erase", at_home.account, "--reason", "left", "--yes")["erased"] == done["erased"]
    assert values_left(at_home.office, "某人") == []
    assert answer("verify")["outcome"] == "internally consistent"


def test_the_command_refuses_with_the_reason(at_home: Everything) -> None:
    refused = answer("erase", at_home.loose, "--reason", "x", "--yes", code=Exit.EVIDENCE)

    assert refused["error"] == "StillNeeded"
    assert f"{at_home.loose}: it is under retention" in refused["detail"]
    assert answer("erase", Subject(Kind.PARTY, "0" * 32), "--reason", "x", "--yes", code=Exit.NOT_FOUND)["error"] == "NotFound"


def test_a_clip_that_is_not_deposited_yet_is_not_erased(tmp_path: Path) -> None:
    office = founded(tmp_path / "office")
    entry = Entry("DEVICE_ENROLLED", Subject(Kind.DEVICE, "1" * 32), office.dock, {"identified_by": "named"}, {"label": "x"})
    office.custody.record(entry)
    assert loss_of(office, entry.subject).fields == {1: ["label"]}
    clip = office_clip(office, entry.subject)

    assert "it is under retention, or not deposited yet" in needed(office, clip)
    assert "a clip that it took is kept" in needed(office, entry.subject)
    office.engine.dispose()


def office_clip(office: Office, device: Subject) -> Subject:
    content: Any = {"size": 3, "blake3": "blake3:" + "1" * 64, "sha256": "sha256:" + "2" * 64}
    content["seg"] = {"n": 1, "size": 1 << 20, "root": "3" * 64}
    body: Any = {"device": str(device), "manifest": 0, "kind": "video", "modified_ns": "1", "content": content}
    clip = Subject(Kind.CLIP, "2" * 32)
    return office.custody.record(Entry("SECURED", clip, office.dock, body, {"file": {"name": "x", "path": "00"}})).entry.subject
