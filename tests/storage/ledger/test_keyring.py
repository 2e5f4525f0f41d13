"""The key files of a log: which are found, and what a try that died leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import durable
from storage.errors import LedgerError, NotFound
from storage.ledger.keyring import load_signers, make_beside
from storage.ledger.keys import FileSigner
from storage.ledger.log import Log

from .conftest import ORIGIN
from .living import LivingLog


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The key file of the settings."""
    (tmp_path / "keys").mkdir()
    FileSigner.generate(tmp_path / "keys" / "log.pem", name=ORIGIN)
    return tmp_path / "keys" / "log.pem"


def test_keys_that_came_later_are_found_beside_the_first(first: Path) -> None:
    later = {make_beside(first, name=ORIGIN).vkey for _ in range(2)}
    FileSigner.generate(first.with_name("dock.pem"), name="dock")
    found = [signer.vkey for signer in load_signers(first, name=ORIGIN)]

    assert found[0] == FileSigner.load(first, name=ORIGIN).vkey
    assert (set(found[1:]), len(found)) == (later, 3)


def test_the_first_may_be_gone_once_there_is_another(first: Path) -> None:
    made = make_beside(first, name=ORIGIN)
    first.unlink()

    assert [signer.vkey for signer in load_signers(first, name=ORIGIN)] == [made.vkey]


def test_without_any_key_the_file_of_the_settings_is_named(first: Path) -> None:
    first.unlink()

    with pytest.raises(NotFound, match=r"log\.pem"):
        load_signers(first, name=ORIGIN)


def test_a_file_that_others_may_read_is_refused_wherever_it_stands(first: Path) -> None:
    make_beside(first, name=ORIGIN)
    next(first.parent.glob("log-*.pem")).chmod(0o644)

    with pytest.raises(LedgerError, match="0600"):
        load_signers(first, name=ORIGIN)


def test_dying_while_a_key_is_made_leaves_nothing_that_counts(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def died(_old: Path, _new: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(durable, "rename", died)
        with pytest.raises(KeyboardInterrupt):
            make_beside(first, name=ORIGIN)
    assert len(load_signers(first, name=ORIGIN)) == 1
    made = make_beside(first, name=ORIGIN)

    assert sorted(path.name for path in first.parent.iterdir()) == [f"log-{made.key_id.hex()}.pem", "log.pem"]


def test_a_key_that_the_log_has_not_heard_of_signs_nothing(first: Path, tmp_path: Path) -> None:
    make_beside(first, name=ORIGIN)
    living = LivingLog.found(tmp_path / "office")
    (tmp_path / "office" / "other disk" / "head").unlink()
    log = Log(living.engine, *load_signers(first, name=ORIGIN), cell=living.cell)
    log.lock()

    assert log.vkey == FileSigner.load(first, name=ORIGIN).vkey
    assert log.checkpoint().count("\u2014") == 1
