"""`yihu key`: what a person does to change the key of a ledger, and what dying in between leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.audit import Audit
from storage.custody import Custody
from storage.errors import StorageUnavailable
from storage.evidence import Entry, Recorded
from storage.ledger.log import Log
from storage.verifier.note import SignedNote
from tests.yihu.commanding import LOG, answer, fresh, witness_for, yihu
from yihu import keys
from yihu.cli.common import Exit
from yihu.founding import found
from yihu.settings import FILE_NAME
from yihu.wiring import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A new office."""
    made = found(tmp_path / "office", name="测试局", log=LOG)
    made.log.checkpoint()
    return made


def config(office: Office) -> tuple[str, str]:
    return "--config", str(office.home / FILE_NAME)


def signatures(office: Office) -> int:
    return len(SignedNote.parse(fresh(office).log.checkpoint()).signatures)


def is_sound(office: Office) -> bool:
    again = fresh(office)
    return Audit(again.engine, again.log, again.projector, again.vault, again.store).run().is_consistent


def test_a_key_is_changed_by_two_commands(office: Office, tmp_path: Path) -> None:
    old = office.log.vkey
    rotated = answer("key", "rotate", *config(office))
    during = answer("key", "list", *config(office))["keys"]
    assert signatures(office) == 2
    retired = answer("key", "retire", *config(office))
    after = answer("key", "list", *config(office))["keys"]

    assert (rotated["verifier_key"], retired["retired"]) == (fresh(office).log.vkey, old)
    assert [(row["from"], row["to"]) for row in during] == [(0, None), (rotated["entry"] + 1, None)]
    assert [row["to"] for row in after] == [retired["entry"], None]
    assert signatures(office) == 1
    assert is_sound(office)
    (office.home / "keys" / "log.pem").unlink()
    assert signatures(office) == 1
    assert answer("log", "publish", "--to", tmp_path / "log", *config(office))["size"] == retired["entry"] + 1


def test_a_key_that_was_made_before_is_taken(office: Office) -> None:
    made = answer("key", "make", office.home / "keys" / "log-next.pem", *config(office))["verifier_key"]
    assert fresh(office).log.vkey == office.log.vkey

    assert answer("key", "rotate", "--to", office.home / "keys" / "log-next.pem", *config(office))["verifier_key"] == made


def test_a_key_that_nobody_would_find_is_not_taken(office: Office, tmp_path: Path) -> None:
    answer("key", "make", tmp_path / "elsewhere.pem", *config(office))

    assert yihu("key", "rotate", "--to", tmp_path / "elsewhere.pem", *config(office))[0] == Exit.NOT_FOUND
    assert signatures(office) == 1


def test_the_only_key_is_not_retired(office: Office) -> None:
    assert yihu("key", "retire", *config(office))[0] == Exit.EVIDENCE
    assert yihu("key", "retire", "00000000", *config(office))[0] == Exit.NOT_FOUND
    assert signatures(office) == 1


def test_an_sm2_key_adds_its_line(office: Office) -> None:
    made = answer("key", "make", office.home / "keys" / "sm2.pem", "--sm2", *config(office))
    settings = office.home / FILE_NAME
    settings.write_text(settings.read_text("utf-8") + '\n[keys]\nsm2 = "keys/sm2.pem"\n', "utf-8")
    answer("key", "rotate", *config(office))

    assert made["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    assert signatures(office) == 3
    assert answer("key", "list", *config(office))["sm2"] == made["verifier_key"]


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_a_rotation_that_broke_off_is_finished_by_the_next_try(
    office: Office, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Whether the entry or only the answer got lost: one new key, one entry."""
    really = Custody.record

    def lost(self: Custody, entry: Entry) -> Recorded:
        if moment == "after":
            really(self, entry)
        message = "unplugged"
        raise StorageUnavailable(message)

    with monkeypatch.context() as patch:
        patch.setattr(Custody, "record", lost)
        assert yihu("key", "rotate", *config(office))[0] == Exit.TRY_AGAIN
    answer("key", "rotate", *config(office))

    assert len(list((office.home / "keys").glob("log*.pem"))) == 2
    assert len(answer("key", "list", *config(office))["keys"]) == 2
    assert (signatures(office), is_sound(office)) == (2, True)


def test_dying_before_the_first_head_of_both_is_finished_by_whoever_signs_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def died(_log: Log) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Log, "checkpoint", died)
        with pytest.raises(KeyboardInterrupt):
            keys.rotate(fresh(office))

    assert signatures(office) == 2
    assert len(list((office.home / "keys").glob("log*.pem"))) == 2


def test_a_witness_is_told_by_the_command_that_the_documents_name(office: Office, tmp_path: Path) -> None:
    witness_for(office, tmp_path / "witness")
    rotated = answer("key", "rotate", *config(office))

    assert answer("witness", "watch", rotated["verifier_key"], "--dir", tmp_path / "witness")["watching"] == LOG
