"""Erasing: who may be forgotten and when, that nothing half-done stays, and that everything else goes on verifying."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from api.tokens import issue_token, revoke_token
from cases.values import ActivityDetails, ActivityKind, IdKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage import rebuild
from storage.audit import Audit
from storage.database import reading, writing
from storage.erasure import ERASED, erased, erasure_faults, finish_erasures
from storage.errors import Erased, NotFound, StaleState, StillNeeded, StorageUnavailable
from storage.evidence import Entry, Kind, Role, Stage, Subject
from storage.ledger.keys import VerifierKey
from storage.ledger.publish import DirectoryShelf, publish
from storage.schema import projections, vault_keys
from storage.verifier.logdir import verify_directory
from storage.verifier.receipt import verify_receipt
from storage.verifier.steps import Outcome
from tests.crashes.offices import fill, footage, founded, opened, take_in
from tests.servers.postgres_server import Prepared, empty, postgresql, prepared_database
from yihu.cli.common import Exit
from yihu.erasing import erase, loss_of
from yihu.founding import started
from yihu.wiring import Office, now

from .commanding import answer, yihu

__all__ = ["postgresql", "prepared_database"]

PERSON = PartyDetails(PartyKind.NATURAL, "甲某某", IdNumber(IdKind.RESIDENT, "000000190001010017"))


def next_year() -> datetime:
    """When no clip is under retention any more."""
    return now() + timedelta(days=400)


@dataclass
class Everything:
    """An office with one of everything that has a name."""

    office: Office
    device: Subject
    filed: Subject
    loose: Subject
    officer: Subject
    party: Subject
    case: Subject
    activity: Subject
    account: Subject
    filing: str

    def later(self) -> Everything:
        """The same a year later, as a new process sees it."""
        self.office.engine.dispose()
        return Everything(**{**vars(self), "office": opened(self.office.home, next_year)})

    def ended(self) -> Everything:
        """The same a year later, with everything closed and revoked."""
        later = self.later()
        later.office.registry.close(self.case, actor=later.office.operator)
        revoke_token(later.office.custody, self.account, actor=later.office.operator)
        return later

    @property
    def erasable(self) -> list[Subject]:
        return [self.device, self.filed, self.loose, self.officer, self.party, self.case, self.activity, self.account]


def everything_in(office: Office, card: Path) -> Everything:
    report = take_in(office, fill(card, footage(2)))
    assert (len(report.secured), report.problems, report.waiting) == (2, (), ())
    registry, actor = office.registry, office.operator
    bureau = registry.add_office("演示局", code="D-1", actor=actor)
    officer = registry.add_officer("演示员", badge="000001", office=bureau, actor=actor)
    party = registry.add_party(PERSON, actor=actor)
    case = registry.register_case(MatterDetails(MatterKind.CASE, "演示", "样1号"), office=bureau, parties=[party], actor=actor)
    start = datetime(2026, 11, 18, 9, tzinfo=UTC)
    details = ActivityDetails(ActivityKind.INQUIRY, "询问", "样例街", start, None, (officer,))
    activity = registry.record_activity(details, matter=case, stage=Stage.INVESTIGATION, actor=actor)
    filed, loose = (clip.subject for clip in office.catalog.clips())
    filing = registry.file_clip(filed, activity, actor=actor)
    account, _ = issue_token(office.custody, name="某人", role=Role.CLERK, actor=actor)
    device = office.catalog.clip(filed).device
    office.log.checkpoint()
    return Everything(office, device, filed, loose, officer, party, case, activity, account, filing)


@pytest.fixture
def on_each(prepared_database: Prepared, tmp_path: Path) -> Iterator[Everything]:
    """On each kind of database."""
    url = prepared_database(empty)
    made = everything_in(founded(tmp_path / "office", "", "[database]", f'url = "{url}"'), tmp_path / "card")
    yield made
    made.office.engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Everything]:
    made = everything_in(founded(tmp_path / "office"), tmp_path / "card")
    yield made
    made.office.engine.dispose()


def rows(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that people query."""
    with reading(office.engine) as connection:
        tables = projections.sorted_tables
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in tables}


def values_left(office: Office, *values: str) -> list[str]:
    """Which of *values* stand in any table that people query."""
    text = repr(rows(office))
    return [value for value in values if value in text]


def audited(office: Office) -> list[str]:
    verdict = Audit(office.engine, office.log, office.projector, office.vault, office.store).run()
    assert verdict.steps[0].checked > 0
    return [f"{step.name}: {finding}" for step in verdict.steps for finding in step.findings]


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


def needed(office: Office, subject: Subject) -> str:
    with pytest.raises(StillNeeded) as refused:
        erase(office, subject, reason="x")
    return str(refused.value)


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
    if kind == "dock":
        with pytest.raises(NotFound):  # nothing is ever recorded about it
            erase(office, office.dock.who, reason="x")
        return
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


KILLED = """
import os, sys
from datetime import timedelta
from pathlib import Path
from sqlalchemy import event
from storage.evidence import Subject
from yihu.erasing import erase
from yihu.wiring import Office, now

home, subject, moment, part = sys.argv[1:]
office = Office.open(Path(home) / "yihu.toml", lambda: now() + timedelta(days=400))
office.custody

armed = []

def reached(statement):
    if part == "COMMIT" and "INSERT INTO vault_keys" in statement:
        armed.append(statement)
    if part in statement:
        os._exit(9)

def commit(connection):
    if armed and moment == "before":
        os._exit(9)
    connection.commit()
    if armed:
        os._exit(9)

stand = "before" if part != "COMMIT" and moment == "before" else "after"
event.listen(office.engine, stand + "_cursor_execute", lambda c, cursor, statement, *_: reached(statement))
office.engine.dialect.do_commit = commit
erase(office, Subject.parse(subject), reason="x")
"""
POINTS = [
    ("after", "INSERT INTO entries", False),
    ("before", "DELETE FROM vault_keys", False),
    ("after", "DELETE FROM vault_keys", False),
    ("after", "UPDATE parties", False),
    ("before", "COMMIT", False),
    ("after", "COMMIT", True),
]


@pytest.mark.parametrize(("moment", "part", "is_done"), POINTS, ids=[f"{moment} {part}" for moment, part, _ in POINTS])
def test_killed_anywhere_it_is_done_wholly_or_not_at_all_and_may_be_repeated(
    small: Everything, moment: str, part: str, *, is_done: bool
) -> None:
    ended = small.ended()
    ended.office.engine.dispose()
    command = [sys.executable, "-c", KILLED, str(ended.office.home), str(small.party), moment, part]
    assert subprocess.run(command, check=False, env=os.environ, cwd=Path(__file__).parents[2]).returncode == 9
    office = opened(ended.office.home, next_year)

    assert (office.catalog.history(small.party)[-1].type == ERASED) is is_done
    with reading(office.engine) as connection:
        assert office.vault.is_erased(connection, small.party) is is_done
    assert (values_left(office, "甲某某") == []) is is_done
    assert rebuild.differences(office.engine, office.projector, office.vault) == []
    erase(office, small.party, reason="x")
    assert [line.type for line in office.catalog.history(small.party)].count(ERASED) == 1
    assert erasure_faults(office.engine) == (1, [])
    office.engine.dispose()


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_an_erasure_whose_write_or_answer_was_lost_can_be_repeated(small: Everything, moment: str) -> None:
    office = small.ended().office
    custody = office.custody  # opened before: it reads
    commit = office.engine.dialect.do_commit

    def broken(connection: Any) -> None:  # noqa: ANN401 - of the driver
        office.engine.dialect.do_commit = commit  # type: ignore[method-assign] # once
        if moment == "after":
            commit(connection)
        message = "the cable"
        raise StorageUnavailable(message)

    office.engine.dialect.do_commit = broken  # type: ignore[method-assign, assignment] # as a network does
    with pytest.raises(StorageUnavailable):
        custody.record(erased(small.party, actor=office.operator, reason="x"))
    seq = erase(office, small.party, reason="x")

    assert [line.seq for line in office.catalog.history(small.party) if line.type == ERASED] == [seq]
    assert erasure_faults(office.engine) == (1, [])
    office.engine.dispose()


def kept_key(office: Office, subject: Subject) -> Callable[[], None]:
    """A backup of the key of *subject*, and how it is put back."""
    with reading(office.engine) as connection:
        row = connection.execute(select(vault_keys).where(vault_keys.c.subject == str(subject))).one()

    def put_back() -> None:
        with writing(office.engine) as connection:
            connection.execute(delete(vault_keys).where(vault_keys.c.subject == str(subject)))
            connection.execute(insert(vault_keys).values(dict(row._mapping)))

    return put_back


@pytest.mark.parametrize("by", [started, lambda office: finish_erasures(office.engine, office.vault)], ids=["start", "hand"])
def test_a_key_that_came_back_from_a_backup_is_found_and_destroyed_again(
    on_each: Everything, by: Callable[[Office], object]
) -> None:
    office = on_each.ended().office
    put_back = kept_key(office, on_each.party)
    erase(office, on_each.party, reason="期满")
    put_back()
    assert erasure_faults(office.engine) == (1, [f"{on_each.party}: it was erased, and its data key is there"])
    assert rebuild.differences(office.engine, office.projector, office.vault) == []  # the names are back for nobody

    by(office)

    assert erasure_faults(office.engine) == (1, [])
    with reading(office.engine) as connection:
        assert office.vault.is_erased(connection, on_each.party)
    office.engine.dispose()


@pytest.mark.parametrize("how", ["deleted", "emptied"])
def test_a_key_that_went_without_a_word_is_found(small: Everything, how: str) -> None:
    """Whoever reaches the database can destroy a value: not without being seen."""
    office, mine = small.office, vault_keys.c.subject == str(small.party)
    with writing(office.engine) as connection:
        connection.execute(
            delete(vault_keys).where(mine) if how == "deleted" else update(vault_keys).where(mine).values(wrapped=b"")
        )

    found = [f"{small.party}: its data key is gone, and no entry says that it was erased"]
    assert erasure_faults(office.engine) == (0, found)


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
    assert answer("verify")["verdict"] == "internally consistent"


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
