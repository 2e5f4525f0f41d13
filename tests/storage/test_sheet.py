"""A sheet: many entries are recorded with as few statements as a few, and nobody can tell afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event, func, select

from storage.database import reading
from storage.errors import EvidenceError, StaleState
from storage.evidence import Entry
from storage.ledger.leaf import Leaf
from storage.schema import entries, vault, vault_keys

from .conftest import DOCK, Bench, enrolled, secured


@contextmanager
def statements(bench: Bench) -> Iterator[list[str]]:
    """Every statement that goes to the database while inside."""
    seen: list[str] = []

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(bench.engine, "before_cursor_execute", executed)
    yield seen
    event.remove(bench.engine, "before_cursor_execute", executed)


def test_many_entries_take_no_more_statements_than_two(bench: Bench) -> None:
    with statements(bench) as few:
        bench.custody.record_all([enrolled(f"DEMO-1-{n}") for n in range(2)])
    with statements(bench) as many:
        bench.custody.record_all([enrolled(f"DEMO-2-{n}") for n in range(100)])

    assert len(many) == len(few)
    assert bench.differences() == []


def docked(camera: Entry, where: str | None) -> Entry:
    return Entry("DOCKED", camera.subject, DOCK, {}, {} if where is None else {"where": where})


@pytest.mark.parametrize("where", [None, "slot 3"], ids=["open", "sealed"])
def test_an_entry_alone_about_something_known_takes_few_statements(bench: Bench, where: str | None) -> None:
    """To begin, to look, to write: each is a way to the server. SQLite is no way off."""
    camera = enrolled()
    bench.custody.record(camera)

    with statements(bench) as seen:
        alone = bench.custody.record(docked(camera, where))
    bench.custody.record_all([docked(camera, where), docked(camera, where)])

    assert len(seen) == (3 if bench.engine.dialect.name == "postgresql" else 5 if where is None else 6)
    assert [line.seq for line in bench.catalog.history(camera.subject)] == [0, 1, 2, 3]
    with reading(bench.engine) as connection:
        told = bench.vault.open(connection, alone.seq, Leaf.decode(bench.log.leaf(alone.seq)).commitments)
    assert told == ({} if where is None else {"where": where})
    assert bench.differences() == []


@pytest.mark.parametrize("where", [None, "slot 3"], ids=["open", "sealed"])
def test_an_entry_alone_leaves_nothing_where_somebody_else_has_moved_its_subject(bench: Bench, where: str | None) -> None:
    camera = enrolled()
    bench.custody.record(camera)

    def overtake(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "UPDATE subjects" in statement and "99" not in statement:
            connection.exec_driver_sql("UPDATE subjects SET last_seq = 99")

    event.listen(bench.engine, "before_cursor_execute", overtake)
    with pytest.raises(StaleState, match="expected to change 1 rows, changed 0"):
        bench.custody.record(docked(camera, where))
    event.remove(bench.engine, "before_cursor_execute", overtake)

    with reading(bench.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(vault)) == 1
        assert connection.scalar(select(func.count()).select_from(entries)) == 1
    assert bench.custody.record(docked(camera, where)).seq == 1
    assert bench.differences() == []


def test_entries_of_one_call_are_chained_as_those_of_many(bench: Bench) -> None:
    """A subject may be born and go on within one call; each entry links to the one before it."""
    camera = enrolled()
    first, clip, *others = bench.custody.record_all(
        [
            camera,
            secured(camera.subject),
            *(docked(camera, f"slot {n}") for n in range(3)),
        ]
    )

    links = [Leaf.decode(bench.log.leaf(one.seq)).previous for one in (first, clip, *others)]

    assert links == [None, None, *((one.seq, one.leaf_hash) for one in (first, *others[:-1]))]
    assert [line.type for line in bench.catalog.history(camera.subject)] == ["DEVICE_ENROLLED", "DOCKED", "DOCKED", "DOCKED"]
    assert bench.differences() == []


def test_the_values_of_one_subject_are_sealed_under_one_key(bench: Bench) -> None:
    """Whether they came in one call or later: to destroy it erases all of them."""
    camera = enrolled()
    first, second, third = (docked(camera, f"slot {n}") for n in range(3))
    bench.custody.record_all([camera, first, second])
    bench.custody.record(third)

    with reading(bench.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(vault_keys)) == 1
        assert connection.scalar(select(func.count()).select_from(vault)) == 4
    assert bench.differences() == []


def test_more_subjects_than_one_question_may_name_are_all_found_again(bench: Bench) -> None:
    cameras = [enrolled(f"DEMO-{n}") for n in range(501)]
    bench.custody.record_all(cameras)

    later = bench.custody.record_all([docked(camera, "slot") for camera in cameras])

    assert [Leaf.decode(bench.log.leaf(one.seq)).previous for one in later[::100]] == [
        (seq, Leaf.decode(bench.log.leaf(seq)).hash) for seq in range(0, 501, 100)
    ]
    assert bench.differences() == []


def test_nothing_wanted_is_nothing_recorded(bench: Bench) -> None:
    assert bench.custody.record_all([]) == []
    assert bench.log.latest() is None


def test_a_text_that_the_database_cannot_hold_is_refused_alone(bench: Bench) -> None:
    """PostgreSQL keeps no text with a NUL in it, SQLite does; the ledger goes on in either."""
    device = bench.custody.record(enrolled()).entry.subject
    try:
        bench.custody.record(secured(device, name="a\0b"))
    except EvidenceError as error:
        assert "cannot keep" in str(error)  # noqa: PT017 - one of two databases refuses

    assert bench.custody.record(secured(device)).seq in {1, 2}
    assert bench.differences() == []
