"""The permanent tables: every way to change or delete what was recorded is refused, and no migration takes that away."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from storage import migrations
from storage.database import connect, is_new, migrate, migrating, reading, writing
from storage.errors import StorageUnavailable
from storage.ledger.cosigning import Cosigner, cosignatures_in
from storage.ledger.keys import FileSigner
from storage.schema import APPEND_ONLY, permanent, timestamps
from tests.servers.postgres_server import PostgresServer, Prepared, empty

from .conftest import Bench, enrolled, prepare, triggers

WAYS = {
    "sqlite": (
        "UPDATE {table} SET {column} = {column}",
        "UPDATE OR REPLACE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
        "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
    ),
    "postgresql": (
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE false",
        "TRUNCATE {table} CASCADE",
        "TRUNCATE entries, {table} CASCADE",
        "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
        "MERGE INTO {table} USING {table} AS other ON true WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM {table} RETURNING *) SELECT * FROM gone",
    ),
}
IMAGINARY_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "imaginary"
down_revision = "{newest}"


def upgrade() -> None:
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    for table in {tables}:
        with op.batch_alter_table(table, recreate=recreate) as batch:
            batch.add_column(sa.Column("more", sa.Text))
"""


def filled(bench: Bench) -> None:
    """Put rows into every permanent table."""
    bench.custody.record_all([enrolled(f"DEMO-{n}") for n in range(257)])
    note = bench.log.checkpoint()
    witness = Cosigner(FileSigner(Ed25519PrivateKey.generate(), name="witness.example/w1"))
    line = witness.cosign(note.partition("\n\n")[0] + "\n", time=1)
    bench.log.anchors.keep(note, *cosignatures_in(note + line, [witness.key]))
    with writing(bench.engine) as connection:
        connection.execute(insert(timestamps).values(size=257, digest="0" * 64, token=b"a reply"))


def contents(connection: Connection) -> dict[str, int]:
    return {table.name: len(connection.execute(select(table)).all()) for table in APPEND_ONLY}


def guarded(connection: Connection) -> set[str]:
    there = {table for table, _name in triggers(connection)}
    return there & {table.name for table in APPEND_ONLY}


def assert_that_every_way_is_refused(engine: Engine) -> None:
    for table in APPEND_ONLY:
        names = {
            "table": table.name,
            "column": list(table.columns)[-1].name,
            "key": ", ".join(table.primary_key.columns.keys()),
        }
        for way in WAYS[engine.dialect.name]:
            with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
                connection.execute(text(way.format(**names)))


def test_the_database_refuses_every_way_to_change_or_delete_what_was_recorded(bench: Bench) -> None:
    """Whoever has only SQL, not the file or the owner's password, cannot rewrite the ledger."""
    filled(bench)

    assert_that_every_way_is_refused(bench.engine)
    assert bench.differences() == []


def test_the_guards_stand_after_every_single_step(prepared_database: Prepared) -> None:
    """Somebody may stop between two steps."""
    engine = connect(prepared_database(empty))
    assert is_new(engine)
    for step in _steps():
        migrate(engine, step=step)
        with reading(engine) as connection:
            expected = {table.name for table in APPEND_ONLY} & set(inspect(connection).get_table_names())
            assert guarded(connection) == expected
    assert not is_new(engine)
    engine.dispose()


def test_the_steps_lead_to_the_tables_the_program_works_with(prepared_database: Prepared) -> None:
    engine = connect(prepared_database(empty))
    migrate(engine)
    with reading(engine) as connection:
        differing = compare_metadata(MigrationContext.configure(connection), permanent)
        triggers_of = dict(triggers(connection))
    engine.dispose()

    assert differing == []
    assert set(triggers_of) == {table.name for table in APPEND_ONLY}
    assert _steps()[-1] == migrations.NEWEST


def test_a_step_that_makes_tables_anew_keeps_their_rows_and_their_guards(bench: Bench, tmp_path: Path) -> None:
    """SQLite can hardly change a table: Alembic copies it, drops it, and its triggers with it."""
    filled(bench)
    with reading(bench.engine) as connection:
        before = contents(connection)
    tables = [table.name for table in APPEND_ONLY]
    (tmp_path / "step_imaginary.py").write_text(IMAGINARY_STEP.format(newest=migrations.NEWEST, tables=tables))
    configuration = _configuration()
    configuration.set_main_option("version_locations", f"{files('storage') / 'migrations' / 'versions'};{tmp_path}")
    configuration.set_main_option("path_separator", ";")
    with migrating(bench.engine) as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "imaginary")

    with reading(bench.engine) as connection:
        assert contents(connection) == before
        assert "more" in {column["name"] for column in inspect(connection).get_columns("entries")}
    assert_that_every_way_is_refused(bench.engine)


def test_migrating_what_is_migrated_only_looks(bench: Bench) -> None:
    """A command that reads must not wait for one that records."""
    with writing(bench.engine):
        migrate(bench.engine)


def test_a_guard_that_somebody_took_away_is_put_back(bench: Bench) -> None:
    filled(bench)
    bench.unguard()
    with reading(bench.engine) as connection:
        assert guarded(connection) == set()

    migrate(bench.engine)

    assert_that_every_way_is_refused(bench.engine)


@pytest.mark.postgres
def test_pretending_to_be_a_replica_switches_no_guard_off(postgresql: PostgresServer) -> None:
    """Ordinary triggers do not fire then; not even the superuser gets past these by accident."""
    with postgresql.database(prepare) as url:
        name = connect(url).url.database or ""
        statement = "SET session_replication_role = replica; DELETE FROM entries"
        with pytest.raises(Exception, match="append-only: DELETE of entries refused"):
            postgresql.ask(statement, database=name)


def test_a_database_that_cannot_be_reached_is_neither_new_nor_old(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"the database is away: .*nowhere"):
        is_new(connect(f"postgresql+psycopg:///yihu?host={tmp_path}/nowhere"))
    with pytest.raises(StorageUnavailable, match="unable to open"):
        migrate(connect(f"sqlite:///{tmp_path}/nowhere/yihu.db"))


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(files("storage") / "migrations"))
    return configuration


def _steps() -> list[str]:
    return [step.revision for step in ScriptDirectory.from_config(_configuration()).walk_revisions()][::-1]
