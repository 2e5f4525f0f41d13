"""An erasure is done wholly or not at all, wherever it breaks off; and a key that comes back or goes by itself is found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from storage import rebuild
from storage.database import reading, writing
from storage.erasure import ERASED, erased, erasure_faults, finish_erasures
from storage.errors import StorageUnavailable
from storage.evidence import Kind, Subject
from storage.schema import vault_keys
from storage.strays import strays
from tests.crashes.offices import opened
from yihu.erasing import erase
from yihu.founding import started
from yihu.wiring import Office

from .whole_office import (
    Everything,
    next_year,
    on_each,
    postgresql,
    prepared_database,
    small,
    values_left,
)

__all__ = ["on_each", "postgresql", "prepared_database", "small"]

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


def test_a_place_that_nobody_holds_is_found(small: Everything) -> None:
    """The empty row is what keeps a later value from bringing a key back."""
    office = small.ended().office
    erase(office, small.party, reason="期满")
    with writing(office.engine) as connection:
        connection.execute(delete(vault_keys).where(vault_keys.c.subject == str(small.party)))

    found = [f"{small.party}: it was erased, and nothing holds the place of its data key"]
    assert erasure_faults(office.engine) == (1, found)
    office.engine.dispose()


def test_a_place_held_for_a_key_is_no_stray_and_one_that_nobody_erased_is_a_fault(small: Everything) -> None:
    """Whoever was erased may have had no value at all; and an empty row alone would keep every value of somebody out."""
    office = small.ended().office
    silent, nobody = Subject(Kind.PARTY, "0" * 26), Subject(Kind.PARTY, "1" * 26)
    with writing(office.engine) as connection:
        for subject in (silent, nobody):
            connection.execute(insert(vault_keys).values(subject=str(subject), wrapped=b""))
    with reading(office.engine) as connection:
        assert [stray for stray in strays(connection) if "1" * 26 in stray or "0" * 26 in stray] == []

    _, faults = erasure_faults(office.engine)

    assert faults == [f"{subject}: its data key is gone, and no entry says that it was erased" for subject in (silent, nobody)]
    office.engine.dispose()
