"""A small real office: a database, a log with its key, a vault, custody over the life cycle of clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

import api.tables  # noqa: F401 - the tables of every room are there, whichever tests have run before
import cases.tables  # noqa: F401 - the same
import storage.timestamps  # noqa: F401 - the same
from storage import clips, rebuild
from storage.catalog import Catalog
from storage.custody import Custody
from storage.database import connect, migrate, writing
from storage.evidence import Actor, Entry, Json, Kind, Role, Subject
from storage.identity import found_again, fresh
from storage.ledger.keys import FileSigner
from storage.ledger.log import Log
from storage.lifecycle import LifeCycle
from storage.projecting import Projector
from storage.vault import Vault, load_key, make_key
from tests.servers.postgres_server import Prepared, postgresql, prepared_database
from yihu import wiring  # noqa: F401 - importing it registers the tables of all rooms, in every process alike

__all__ = ["postgresql", "prepared_database"]

ORIGIN = "office.example/yihu/test"
DOCK = Actor(fresh(Kind.DOCK), Role.DOCK)


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = datetime(2026, 11, 21, 8, 30, 0, 123000, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=7)
        return self.now


@dataclass
class Bench:
    """Everything a ledger test needs."""

    engine: Engine
    log: Log
    vault: Vault
    projector: Projector
    custody: Custody
    catalog: Catalog
    clock: Clock

    def differences(self) -> list[rebuild.Difference]:
        """What an honest replay finds."""
        return rebuild.differences(self.engine, self.projector, self.vault)

    def unguard(self) -> None:
        """Take the guards away, as only the owner of the database can."""
        on_table = self.engine.dialect.name == "postgresql"
        with writing(self.engine) as connection:
            for table, trigger in triggers(connection):
                connection.execute(text(f"DROP TRIGGER {trigger} ON {table}" if on_table else f"DROP TRIGGER {trigger}"))


def triggers(connection: Connection) -> set[tuple[str, str]]:
    """Table and name of every trigger."""
    query = {
        "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal",
    }
    return {(row[0], row[1]) for row in connection.execute(text(query[connection.dialect.name]))}


def prepare(url: str) -> None:
    """Make the tables of a ledger of clips."""
    engine = connect(url)
    migrate(engine)
    rebuild.rebuild(engine, Projector(LifeCycle(clips.MOVES), [clips.project]), Vault(b"-" * 32, log=ORIGIN))
    engine.dispose()


@contextmanager
def opened(url: str, keys: Path) -> Iterator[Bench]:
    """A bench on a prepared database; *keys* holds its keys from one opening to the next."""
    if not (keys / "vault.key").exists():
        make_key(keys / "vault.key")
        FileSigner.generate(keys / "log.pem", name=ORIGIN)
    engine = connect(url)
    vault = Vault(load_key(keys / "vault.key"), log=ORIGIN)
    projector = Projector(LifeCycle(clips.MOVES), [clips.project])
    clock = Clock()
    yield Bench(
        engine=engine,
        log=Log(engine, FileSigner.load(keys / "log.pem", name=ORIGIN)),
        vault=vault,
        projector=projector,
        custody=Custody(engine, projector, vault, log=ORIGIN, clock=clock),
        catalog=Catalog(engine),
        clock=clock,
    )
    engine.dispose()


@pytest.fixture
def bench(prepared_database: Prepared, tmp_path: Path) -> Iterator[Bench]:
    """A fresh ledger on each kind of database."""
    with opened(prepared_database(prepare), tmp_path) as made:
        yield made


def enrolled(serial: str = "DEMO-0001") -> Entry:
    """A camera that is seen for the first time."""
    device = found_again(b"k" * 32, Kind.DEVICE, serial)
    return Entry("DEVICE_ENROLLED", device, DOCK, {"identified_by": "named"}, {"label": serial})


def secured(device: Subject, *, name: str = "现场检查.mp4", clip: Subject | None = None) -> Entry:
    """A clip that has just become ours."""
    content: Json = {
        "size": 3,
        "blake3": "blake3:" + "1" * 64,
        "sha256": "sha256:" + "2" * 64,
        "seg": {"n": 1, "size": 1 << 20, "root": "3" * 64},
    }
    body: dict[str, Json] = {
        "device": str(device),
        "manifest": 0,
        "kind": "video",
        "modified_ns": "1763600000000000000",
        "content": content,
    }
    file: Json = {"path": name.encode().hex(), "name": name}
    return Entry("SECURED", clip or fresh(Kind.CLIP), DOCK, body, {"file": file})


MakeEntry = Callable[..., Entry]
