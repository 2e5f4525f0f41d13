"""``yihu disclose``: chosen values with their proofs, said in the ledger before they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.tokens import issue_token, revoke_token
from cases.values import IdKind, IdNumber, PartyDetails, PartyKind
from storage import durable, rebuild
from storage.database import reading
from storage.erasure import DISCLOSED
from storage.errors import NotFound, StorageUnavailable
from storage.evidence import Role, Subject
from storage.verifier.program import main
from yihu.cli.common import Exit
from yihu.disclosing import disclose
from yihu.founding import found
from yihu.wiring import Office

from .commanding import LOG, answer, fresh, yihu

PERSON = PartyDetails(PartyKind.NATURAL, "甲某某", IdNumber(IdKind.RESIDENT, "000000190001010017"))
WHY = "复议机关调取"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = found(tmp_path / "office", name="测试局", log=LOG)
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()


@pytest.fixture
def party(office: Office) -> Subject:
    return office.registry.add_party(PERSON, actor=office.operator)


def verified(office: Office, directory: Path, seq: int) -> int:
    """What a stranger's program says."""
    files = ((f"--{what}", directory / f"{seq}.{end}") for what, end in _FILES)
    return main([*(str(part) for pair in files for part in pair), "--vkey", office.log.vkey])


_FILES = (("leaf", "json"), ("proof", "tlog-proof"), ("disclosure", "disclosure.json"))


def told(office: Office, party: Subject) -> list[tuple[object, object]]:
    """Every disclosure that the ledger knows of: what, and why."""
    with reading(office.engine) as connection:
        entries = [recorded.entry for recorded in rebuild.recorded_entries(connection, office.vault)]
    mine = [entry for entry in entries if entry.type == DISCLOSED and entry.subject == party]
    return [(dict(entry.body), entry.personal["reason"]) for entry in mine]


def test_one_field_is_told_and_the_others_stay_closed(
    office: Office, party: Subject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    written = answer("disclose", 1, "--field", "name", "--out", out, "--reason", WHY)["written"]

    assert sorted(Path(path).name for path in written) == ["1.disclosure.json", "1.json", "1.tlog-proof"]
    assert "甲某某" in (out / "1.disclosure.json").read_text()
    assert not any("000000190001010017" in path.read_text() for path in out.iterdir())
    assert oct((out / "1.disclosure.json").stat().st_mode & 0o777) == "0o600"
    assert verified(office, out, 1) == 0
    assert "entry 1 committed to name" in capsys.readouterr().out
    assert told(office, party) == [({"fields": ["name"], "seq": 1}, WHY)]
    assert "甲某某" not in office.log.leaf(2).decode()
    assert answer("verify")["verdict"] == "internally consistent"


def test_of_a_subject_every_entry_that_has_the_field_is_told(office: Office, party: Subject, tmp_path: Path) -> None:
    """The entry that says so is about the subject as well, and has no such field."""
    for _ in range(2):
        answer("disclose", party, "--field", "name", "--field", "id_number", "--out", tmp_path / "out", "--reason", WHY)

    assert told(office, party) == [({"fields": ["id_number", "name"], "seq": 1}, WHY)] * 2
    assert verified(office, tmp_path / "out", 1) == 0
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_the_list_says_which_fields_there_are_and_tells_none(office: Office, party: Subject) -> None:
    account, _ = issue_token(office.custody, name="某人", role=Role.CLERK, actor=office.operator)
    revoke_token(office.custody, account, actor=office.operator)
    answer("erase", account, "--reason", "left", "--yes")

    line = {"entry": 1, "type": "PARTY_REGISTERED", "about": str(party), "fields": ["id_number", "name"], "erased": []}
    assert answer("disclose", party, "--list") == {"entries": [line]}
    assert [one["erased"] for one in answer("disclose", account, "--list")["entries"]] == [["name"], []]
    assert "1  PARTY_REGISTERED" in yihu("disclose", 1, "--list")[1]
    assert "name (erased)" in yihu("disclose", account, "--list")[1]
    assert "no personal fields" in yihu("disclose", 0, "--list")[1]
    assert told(office, party) == []
    refused = answer("disclose", account, "--field", "name", "--out", "out", "--reason", WHY, code=Exit.EVIDENCE)
    assert refused["error"] == "Erased"
    assert told(office, account) == []


@pytest.mark.parametrize("left_out", ["--field", "--out", "--reason"])
def test_without_a_field_a_place_and_a_reason_nothing_is_told(office: Office, party: Subject, left_out: str) -> None:
    given = {"--field": "name", "--out": "out", "--reason": WHY}
    arguments = [part for name, value in given.items() if name != left_out for part in (name, value)]

    assert yihu("disclose", 1, *arguments)[0] == Exit.USAGE
    assert yihu("disclose", 1, "--field", "name", "--out", "out", "--reason", " ")[0] == Exit.USAGE
    assert told(office, party) == []


@pytest.mark.parametrize(("what", "field"), [("1", "badge"), ("0", "name"), ("party:" + "0" * 32, "name")])
def test_a_field_or_an_entry_that_is_not_there_is_refused(
    office: Office, party: Subject, tmp_path: Path, what: str, field: str
) -> None:
    with pytest.raises(NotFound):
        disclose(office, what, fields=["name", field], reason=WHY, directory=tmp_path / "out")

    assert told(office, party) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_nothing_is_written_before_the_ledger_says_so(
    office: Office, party: Subject, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    custody, out = office.custody, tmp_path / "out"
    record = custody.record_all

    def broken(wanted: object) -> None:
        if moment == "after":
            record(wanted)  # type: ignore[arg-type] # handed on
        message = "the cable"
        raise StorageUnavailable(message)

    with monkeypatch.context() as patched:
        patched.setattr(custody, "record_all", broken)
        with pytest.raises(StorageUnavailable):
            disclose(office, "1", fields=["name"], reason=WHY, directory=out)

    assert not out.exists()
    disclose(office, "1", fields=["name"], reason=WHY, directory=out)
    assert len(told(office, party)) == (1 if moment == "before" else 2)
    assert verified(office, out, 1) == 0


@pytest.mark.parametrize("number", range(3))
def test_a_disk_that_is_full_leaves_no_half_file_and_the_same_again_ends_well(
    office: Office, party: Subject, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.log.checkpoint()  # what is signed is written to disk as well
    passed, write_all = iter(range(99)), durable.write_all

    def full(write: Any, data: bytes) -> None:  # noqa: ANN401 - handed on
        if next(passed) == number:
            raise OSError(28, "No space left on device")
        write_all(write, data)

    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr("storage.durable.write_all", full)
        with pytest.raises(StorageUnavailable, match="No space"):
            disclose(office, "1", fields=["name"], reason=WHY, directory=out)
    assert len(told(office, party)) == 1
    assert len(list(out.iterdir())) == number  # and no temporary one

    disclose(office, "1", fields=["name"], reason=WHY, directory=out)
    assert verified(office, out, 1) == 0


def test_what_was_disclosed_goes_on_verifying_after_the_erasure(office: Office, party: Subject, tmp_path: Path) -> None:
    """Whoever was told keeps what he was told: an erasure reaches the vault, nobody's drawer."""
    answer("disclose", 1, "--field", "name", "--out", tmp_path / "out", "--reason", WHY)
    answer("erase", party, "--reason", "期满", "--yes")

    assert verified(office, tmp_path / "out", 1) == 0
    assert json.loads((tmp_path / "out" / "1.disclosure.json").read_text())["fields"][0]["value"] == "甲某某"
    assert "甲某某" not in str(fresh(office).dossiers.find_party("某"))
