"""
Somebody with the database and without the key: every table and every column, grown from the schema itself.

A mutation is found by the audit, or by whoever outside kept a cosigned head, or it is proved to have changed nothing that
anybody is told.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import is_
from pathlib import Path

import pytest
from sqlalchemy import Table, text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from storage.database import reading
from storage.errors import YihuError
from storage.migrations.append_only import is_guarded
from storage.schema import permanent, projections, tiles
from tests.servers.postgres_server import empty, postgres_server
from yihu.wiring import Office

from .offices import make
from .rows import DatabaseFile, DatabaseOnServer, Row, RowMutation, drawn, mutations, rows_in, tables
from .tally import SEED, Fate, Tally
from .world import World, effects_of, findings_in, opened, opened_again

CLASS = "D"

NEUTRAL = {
    "checkpoints": "an older head that nobody cosigned says nothing that the leaves do not say; the newest is in the lock",
    "projection_shape": "the catalog is made again from the ledger when its shape is not the one that is named",
}
"""Tables of which mutations may be neutral, and why. That each of them is, is proved each time."""


LENIENT = """
CREATE OR REPLACE FUNCTION yihu_append_only() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$
"""
DRAWN = 30
"""How many are drawn for PostgreSQL."""
EMPTY_HERE = {"tiles"}
"""Only the large office has full tiles. Who adds a table puts something into it in `tests.tamper.world`."""


@dataclass
class Patient:
    """A copy of an office whose database is spoilt and put back."""

    world: World
    office: Office
    file: DatabaseFile | DatabaseOnServer
    rows: dict[str, list[Row]]
    effects: dict[str, bytes]
    place: Path

    def fate(self, mutation: RowMutation) -> Fate | None:
        """Do it, look whether anybody notices, and undo it."""
        try:
            with self.file.spoiling() as connection:
                mutation.apply(connection, self.rows)
        except (IntegrityError, DataError, ProgrammingError):
            return "refused"
        if self.noticed():
            return "detected"
        return "neutral" if mutation.table.name in NEUTRAL and self.is_neutral() else None

    def noticed(self) -> list[str]:
        """What the audit finds, and what those outside find who kept cosigned heads."""
        try:
            office = opened_again(self.office)
        except YihuError as error:
            return [f"it cannot be opened: {error}"]
        return findings_in(office) or list(office.log.anchors.forgotten(self.world.held()))

    def is_neutral(self) -> bool:
        """Whether the office tells what it told before."""
        place = self.place / str(sum(1 for _ in self.place.iterdir()))
        return effects_of(self.world, place) == self.effects


def patient_of(honest: World, place: Path) -> Patient:
    place.mkdir()
    world = honest.copy(place / "office")
    (place / "effects").mkdir()
    effects = effects_of(world, place / "effects" / "honest")
    with opened(world) as office, reading(office.engine) as connection:
        rows = rows_in(connection)
    office = world.office()
    return Patient(world, office, DatabaseFile(world.database, office.engine.dispose), rows, effects, place / "effects")


@pytest.fixture(scope="module")
def patient(small: World, workplace: Path) -> Iterator[Patient]:
    made = patient_of(small, workplace / "small")
    yield made
    made.office.engine.dispose()


@pytest.fixture(scope="module")
def tiled(large: World, workplace: Path) -> Iterator[Patient]:
    made = patient_of(large, workplace / "large")
    yield made
    made.office.engine.dispose()


def test_nothing_is_found_before_and_nothing_is_empty(patient: Patient, tiled: Patient) -> None:
    """No false alarm; and a table with no row here would be a table that nobody tries."""
    for one in (patient, tiled):
        one.file.put_back()
        assert one.noticed() == []
    assert {name for name, rows in patient.rows.items() if not rows} == EMPTY_HERE
    assert tiled.rows["tiles"]


@pytest.mark.parametrize("table", [table for table in tables() if table is not tiles], ids=lambda table: table.name)
def test_every_column_of_every_table(patient: Patient, tally: Tally, table: Table, pytestconfig: pytest.Config) -> None:
    """Changed, emptied, swapped; rows deleted and copied."""
    _try(patient, tally, table, all_of_them=bool(pytestconfig.getoption("--full")))


def test_every_column_of_the_tiles(tiled: Patient, tally: Tally) -> None:
    _try(tiled, tally, tiles, all_of_them=True)


def _try(patient: Patient, tally: Tally, table: Table, *, all_of_them: bool) -> None:
    found = list(mutations(patient.rows, lambda one: one is table))
    for mutation in found if all_of_them or table.metadata is permanent else drawn(found):
        tally.note(mutation.name, patient.fate(mutation))
    tally.settle()


def test_a_draw_leaves_out_no_column_and_no_kind(patient: Patient) -> None:
    """``--full`` tries everything; the draw is the same in every run (`tally.SEED`)."""
    everything = [one for one in mutations(patient.rows) if one.table.metadata is projections]
    some = [one for table in projections.sorted_tables for one in drawn(mutations(patient.rows, partial(is_, table)))]
    assert len(everything) / 3 < len(some) < len(everything)
    assert {(one.table.name, one.column) for one in some} == {(one.table.name, one.column) for one in everything}
    kinds = ("changed", "emptied", "swapped", "deleted", "copied")
    assert all(any(kind in one.what for one in some) for kind in kinds)


EMPTIED = "CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT 1; END"


@pytest.mark.parametrize("instead", [(), (EMPTIED,)], ids=["nothing", "one that refuses nothing"])
def test_a_guard_that_was_dropped_stands_again_after_the_next_opening(
    patient: Patient, tally: Tally, instead: tuple[str, ...]
) -> None:
    """Neutral: nothing but the guard is gone, and then it is back."""
    patient.file.put_back()
    for statement in ("DROP TRIGGER entries_no_update", *instead):
        _raw(patient, statement)
    assert patient.noticed() == []
    with reading(patient.office.engine) as connection:
        assert is_guarded(connection)
    tally.note(f"a guard dropped, {len(instead)} in its place", "neutral" if patient.is_neutral() else None)
    tally.settle()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM alembic_version",
        "UPDATE alembic_version SET version_num = '0001'",
        "UPDATE alembic_version SET version_num = 'x'",
    ],
)
def test_a_database_that_lies_about_its_shape_is_not_opened(patient: Patient, tally: Tally, statement: str) -> None:
    patient.file.put_back()
    _raw(patient, statement)
    tally.note(statement, "detected" if patient.noticed() else None)
    tally.settle()


def _raw(patient: Patient, statement: str) -> None:
    raw = sqlite3.connect(patient.world.database)
    with raw:
        raw.execute(statement)
    raw.close()


def test_findings_name_what_was_changed(patient: Patient) -> None:
    """A person must know where to look."""
    for mutation in mutations(patient.rows, lambda table: table.name == "filings"):
        if not mutation.what.endswith("changed") or mutation.table.primary_key.columns.keys()[0] in mutation.what:
            continue
        with patient.file.spoiling() as connection:
            mutation.apply(connection, patient.rows)
        found = patient.noticed()
        assert any(mutation.table.name in finding for finding in found), (mutation.name, found)
    patient.file.put_back()


# --- a smaller draw on PostgreSQL ---------------------------------------------------------------------------------------


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Patient]:
    with postgres_server() as server, server.database(empty) as url:
        world = make(tmp_path / "world", more=["", "[database]", f'url = "{url}"'])
        office = world.office()
        with reading(office.engine) as connection:
            rows = rows_in(connection)
        (tmp_path / "effects").mkdir()
        effects = effects_of(world, tmp_path / "effects" / "honest")
        yield Patient(world, office, DatabaseOnServer(office.engine, rows), rows, effects, tmp_path / "effects")
        office.engine.dispose()


@pytest.mark.postgres
def test_a_draw_of_all_this_on_postgresql(on_postgresql: Patient, tally: Tally) -> None:
    """By the owner of the tables; what its types and keys do not let in is refused."""
    patient = on_postgresql
    assert patient.noticed() == []
    drawn = random.Random(SEED).sample(list(mutations(patient.rows)), DRAWN)
    for mutation in drawn:
        tally.note(f"PostgreSQL, {mutation.name}", patient.fate(mutation))
        patient.file.put_back()
    assert patient.noticed() == []
    tally.settle()
    with patient.office.engine.begin() as connection:
        connection.execute(text(LENIENT))
        assert not is_guarded(connection)
    assert patient.noticed() == []
    with reading(patient.office.engine) as connection:
        assert is_guarded(connection)
