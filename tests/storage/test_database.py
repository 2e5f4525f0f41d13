"""The database itself: it may be away, refuse, come back, lose a commit or its answer, and nobody hears a password from us."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, text
from sqlalchemy.exc import DBAPIError, OperationalError

from storage import rebuild
from storage.database import connect, is_new, migrate, reading, writing
from storage.errors import LifeCycleError, Refused, StorageUnavailable
from storage.evidence import Entry
from storage.ledger.log import count
from storage.migrations import is_done
from storage.schema import APPEND_ONLY, checkpoints, projection_shape
from tests.servers.postgres_server import OFFICE, PostgresServer, empty

from .conftest import DOCK, Bench, enrolled, opened, prepare

SECRET = "correct-horse"  # noqa: S105 - no secret of anybody


def size(bench: Bench) -> int:
    with reading(bench.engine) as connection:
        return count(connection)


@contextmanager
def unplugged_at_commit(bench: Bench, moment: str) -> Iterator[None]:
    """Lose the next commit, or only the answer to it."""

    def unplug(connection: Connection) -> None:
        event.remove(bench.engine, "commit", unplug)
        if moment == "after":
            connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]
        statement = "COMMIT"
        raise OperationalError(statement, None, ConnectionError("unplugged"))

    event.listen(bench.engine, "commit", unplug)
    yield


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_after_a_lost_commit_recording_again_ends_with_one_entry(bench: Bench, moment: str) -> None:
    """Whether the commit or only the answer got lost, the caller learns to try again, and the life cycle knows which it was."""
    with unplugged_at_commit(bench, moment), pytest.raises(StorageUnavailable, match="unplugged"):
        bench.custody.record(enrolled())
    if moment == "before":
        bench.custody.record(enrolled())
    else:
        with pytest.raises(LifeCycleError, match="may not follow when it is known"):
            bench.custody.record(enrolled())

    assert size(bench) == 1
    assert bench.custody.record(enrolled("DEMO-2")).seq == 1
    assert bench.differences() == []


@pytest.fixture
def office(postgresql: PostgresServer, tmp_path: Path) -> Iterator[Bench]:
    """A ledger on PostgreSQL."""
    with postgresql.database(prepare) as url, opened(url, tmp_path) as made:
        yield made


def terminated(server: PostgresServer, bench: Bench, condition: str = "true") -> int:
    """Close connections to the database of *bench* as an administrator does, and say how many."""
    query = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND {condition}"  # noqa: S608
    return len(server.ask(query, bench.engine.url.database))


@pytest.mark.postgres
def test_a_connection_that_was_closed_while_nobody_used_it_is_never_noticed(postgresql: PostgresServer, office: Bench) -> None:
    office.custody.record(enrolled())
    assert terminated(postgresql, office) > 0

    assert office.custody.record(enrolled("DEMO-2")).seq == 1


@pytest.mark.postgres
def test_a_connection_that_dies_in_the_middle_records_nothing_and_says_so(postgresql: PostgresServer, office: Bench) -> None:
    """Everybody whose entry was in that commit is told, and everybody can record again."""

    def die(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:  # noqa: ANN401 - as SQLAlchemy has it
        if statement.startswith("INSERT INTO history"):
            event.remove(office.engine, "after_cursor_execute", die)
            terminated(postgresql, office)

    event.listen(office.engine, "after_cursor_execute", die)
    with pytest.raises(StorageUnavailable, match="the database is away: terminating connection"):
        office.custody.record_all([enrolled(), enrolled("DEMO-2")])

    assert size(office) == 0
    assert office.custody.record(enrolled()).seq == 0
    assert office.differences() == []


@pytest.mark.postgres
def test_a_writer_that_dies_lets_the_next_one_in(postgresql: PostgresServer, office: Bench) -> None:
    """The lock that orders appends is held by a connection, and ends with it."""

    def die_while_another_waits(pool: ThreadPoolExecutor) -> None:
        with writing(office.engine) as connection:
            waiting = pool.submit(office.custody.record, enrolled())
            while not postgresql.ask("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                pass
            assert terminated(postgresql, office, "state = 'idle in transaction'") == 1
            assert waiting.result(timeout=30).seq == 0
            connection.execute(text("SELECT 1"))

    with ThreadPoolExecutor(1) as pool, pytest.raises(StorageUnavailable, match="terminating connection"):
        die_while_another_waits(pool)
    assert size(office) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("end", [PostgresServer.stop, PostgresServer.kill], ids=["stopped", "crashed"])
def test_a_server_that_went_away_and_came_back_has_lost_nothing(
    postgresql: PostgresServer, office: Bench, end: Callable[[PostgresServer], None]
) -> None:
    office.custody.record(enrolled())
    end(postgresql)
    try:
        with pytest.raises(StorageUnavailable, match="the database is away: .*failed"):
            office.custody.record(enrolled("DEMO-2"))
        with pytest.raises(StorageUnavailable):
            office.catalog.clips()
        with pytest.raises(StorageUnavailable):
            office.log.checkpoint()
        with pytest.raises(StorageUnavailable):
            office.differences()
    finally:
        postgresql.start()

    assert office.custody.record(enrolled("DEMO-2")).seq == 1
    office.log.checkpoint()
    assert office.differences() == []


@pytest.mark.postgres
def test_commits_are_durable_and_see_each_other_whatever_the_server_prefers(postgresql: PostgresServer, office: Bench) -> None:
    """An administrator's default must not turn our answers into lies."""
    name = office.engine.url.database
    for preference in ("synchronous_commit = off", "default_transaction_isolation = serializable", "lock_timeout = 0"):
        postgresql.ask(f"ALTER DATABASE {name} SET {preference}")
    terminated(postgresql, office)

    with writing(office.engine) as connection:
        shown = [
            connection.scalar(text(f"SHOW {each}")) for each in ("synchronous_commit", "transaction_isolation", "lock_timeout")
        ]

    assert shown == ["on", "read committed", "30s"]


@pytest.mark.postgres
def test_nothing_is_written_where_somebody_only_reads(office: Bench) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"), reading(office.engine) as connection:
        connection.execute(insert(checkpoints).values(size=1, note="-"))


def test_too_many_at_once_are_told_to_try_again(bench: Bench) -> None:
    """A pool that is empty is no reason to say that something unforeseen happened."""
    bench.engine.pool._timeout = 0.01  # type: ignore[attr-defined]
    held = [bench.engine.connect() for _ in range(15)]
    try:
        with pytest.raises(StorageUnavailable, match="every connection is in use"):
            size(bench)
    finally:
        for connection in held:
            connection.close()
    assert size(bench) == 0


def test_postgresql_without_its_driver_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StorageUnavailable, match="psycopg: this package is not installed; it comes with the extra 'postgres'"):
        connect("postgresql+psycopg://db.example/yihu")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://yihu:{SECRET}@db.example/yihu",
        f"postgresql+psycopg://yihu:{SECRET}@db.example:port/yihu",
        f"postgresql+psycopg://yihu:{SECRET}@{SECRET}@db.example/yihu",
        f"postgresql+psycopg:///yihu?password={SECRET}",
        f"postgresql+psycopg2://yihu:{SECRET}@db.example/yihu",
        f"mysql://yihu:{SECRET}@db.example/yihu",
        f"{SECRET}",
        "",
    ],
)
def test_a_url_that_holds_a_password_or_is_none_is_refused_and_not_repeated(url: str) -> None:
    """Settings are copied, mailed and shown; a password has a file of its own."""
    with pytest.raises(ValueError, match="database url: expected") as caught:
        connect(url)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.postgres
def test_a_password_comes_from_its_file_and_is_never_told(
    postgresql: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "pgpass"
    file.touch(mode=0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    with postgresql.database(empty) as url:
        name = url.partition("?")[0].rpartition("/")[2]
        postgresql.ask(f"CREATE ROLE keeper LOGIN PASSWORD '{SECRET}' IN ROLE {OFFICE}")
        engine = connect(postgresql.url(name, role="keeper"))
        for wrong in ("", f"{SECRET}-2"):
            file.write_text(f"*:*:*:keeper:{wrong}\n")
            with pytest.raises(StorageUnavailable, match="the database is away: .*keeper|password") as caught:
                is_new(engine)
            assert SECRET not in "".join(traceback.format_exception(caught.value))
        file.write_text(f"*:*:*:keeper:{SECRET}\n")
        assert is_new(engine)
        engine.dispose()
        postgresql.ask("DROP ROLE keeper")

    assert SECRET not in caplog.text


@pytest.fixture
def guest(postgresql: PostgresServer, office: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL by which a role reaches the ledger that has what docs/postgresql.md grants, and nothing else."""
    document = (Path(__file__).parent.parent.parent / "docs" / "postgresql.md").read_text("utf-8")
    grants = document.partition("```sql\n-- grants")[2].partition("```")[0]
    name = office.engine.url.database or ""
    monkeypatch.setenv("PGPASSWORD", SECRET)
    postgresql.ask(f"CREATE ROLE yihu LOGIN PASSWORD '{SECRET}'")
    try:
        postgresql.ask(f"-- {grants}", database=name)
        yield postgresql.url(name, role="yihu")
    finally:
        postgresql.ask("DROP OWNED BY yihu", database=name)
        postgresql.ask("DROP ROLE yihu")


@pytest.mark.postgres
def test_the_daily_role_records_and_cannot_change_what_was_recorded(office: Bench, guest: str, tmp_path: Path) -> None:
    """With the grants of docs/postgresql.md."""
    office.custody.record_all([enrolled(f"DEMO-{n}") for n in range(257)])
    with opened(guest, tmp_path) as bench:
        migrate(bench.engine)
        recorded = bench.custody.record(enrolled())
        bench.custody.record(Entry("DOCKED", recorded.entry.subject, DOCK))
        bench.log.checkpoint()
        assert bench.differences() == []
        for table in APPEND_ONLY:
            for act in (
                "UPDATE {} SET {} = NULL",
                "DELETE FROM {}",
                "TRUNCATE {} CASCADE",
                "ALTER TABLE {} DISABLE TRIGGER ALL",
            ):
                with pytest.raises(Refused, match="permission denied|must be owner"), writing(bench.engine) as connection:
                    connection.execute(text(act.format(table.name, list(table.columns)[-1].name)))
        assert rebuild.rebuild(bench.engine, bench.projector, bench.vault) == 259
        with writing(bench.engine) as connection:
            bench.vault.erase(connection, recorded.entry.subject)
        with writing(office.engine) as connection:
            connection.execute(delete(projection_shape))
        with pytest.raises(Refused, match="the database refused: must be owner"):
            rebuild.rebuild(bench.engine, bench.projector, bench.vault)


@pytest.mark.postgres
def test_a_backup_restores_to_the_same_guarded_ledger(postgresql: PostgresServer, office: Bench, tmp_path: Path) -> None:
    """As docs/postgresql.md says, with the programs of PostgreSQL."""
    office.custody.record_all([enrolled(f"DEMO-{n}") for n in range(257)])
    note = office.log.checkpoint()
    where = ["--host", str(postgresql.directory), "--username", OFFICE]
    dump = subprocess.run(
        [postgresql.program("pg_dump"), *where, "--format=custom", office.engine.url.database or ""],
        check=True,
        capture_output=True,
    ).stdout
    with postgresql.database(empty) as url, opened(url, tmp_path) as restored:
        target = ["--exit-on-error", "--no-owner", "--dbname", restored.engine.url.database or ""]
        subprocess.run([postgresql.program("pg_restore"), *where, *target], input=dump, check=True)
        with reading(restored.engine) as connection:
            assert is_done(connection)
        assert restored.log.checkpoint() == note
        assert restored.differences() == []
        assert restored.custody.record(enrolled()).seq == 257
