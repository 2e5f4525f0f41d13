"""
Where everything meets: an office, opened from its ``yihu.toml``.

Nothing else in the project knows which database, which store and which rooms there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import api.access.tables
import api.people.tables
import api.tables
import cases.erasing
import cases.moves
import cases.projections
from cases.dossier import Dossiers
from cases.registry import Registry
from ingest import unlocking
from storage import (
    clearings,
    clips,
    copies,
    dock_keys,
    dockings,
    erasure,
    log_keys,
    rebuild,
    stations,
    timestamps,
    witnesses,
)
from storage.audit import record
from storage.catalog import Catalog
from storage.custody import Custody
from storage.database import Engine, connect, migrate
from storage.errors import StorageUnavailable
from storage.evidence import Actor, Kind, Role, Subject
from storage.export import handed_over
from storage.ledger import recovery, snapshot
from storage.ledger.cell import Cell
from storage.ledger.keyring import load_signers
from storage.ledger.keys import Signer
from storage.ledger.log import Log
from storage.lifecycle import LifeCycle, at_any_time
from storage.officer_signatures import SIGNED
from storage.projecting import Projector
from storage.vault import Vault, load_key
from yihu.settings import Settings, load_settings

if TYPE_CHECKING:
    from ingest.pipeline import Pipeline
    from storage.ledger.sm2 import Sm2Signer
    from storage.objects import ObjectStore
    from storage.spool import Spool


ERASING = (*erasure.RULES, *cases.erasing.RULES, *api.tables.RULES)
"""Who may be forgotten and when, by the rules of all rooms."""


def now() -> datetime:
    """Return the time by this machine's clock, the only place that reads it."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Office:
    """An installation: settings, and what is made of them when it is first asked for."""

    home: Path
    settings: Settings
    clock: Callable[[], datetime] = now

    @classmethod
    def open(cls, config: Path, clock: Callable[[], datetime] = now) -> Office:
        """Open the office of *config*; permanent tables are migrated, projections of an older shape are made again."""
        office = cls(config.parent, load_settings(config), clock)
        migrate(office.engine)
        if not rebuild.is_current(office.engine):
            rebuild.rebuild(office.engine, office.projector, office.vault)
        return office

    @classmethod
    def look(cls, config: Path, clock: Callable[[], datetime] = now) -> Office:
        """Open the office of *config* as it stands, to look at it: nothing is migrated, mended or made again."""
        return cls(config.parent, load_settings(config), clock)

    @cached_property
    def engine(self) -> Engine:
        """The database."""
        return connect(self.settings.database.url, home=self.home)

    @cached_property
    def signers(self) -> tuple[Signer, ...]:
        """The keys that are here; which of them sign checkpoints is said by the log."""
        return self._look_for_signers()

    def _look_for_signers(self) -> tuple[Signer, ...]:
        return load_signers(self.home / self.settings.keys.signing, name=self.settings.office.log)

    @cached_property
    def log(self) -> Log:
        """The ledger."""
        return Log(self.engine, *self.signers, cell=self.cell, sm2=self.sm2, look=self._look_for_signers)

    @cached_property
    def sm2(self) -> Sm2Signer | None:
        """The SM2 key that signs checkpoints as well."""
        path = self.settings.keys.sm2
        if path is None:
            return None
        from storage.ledger.sm2 import Sm2Signer  # noqa: PLC0415 - an optional package

        return Sm2Signer.load(self.home / path, name=self.settings.office.log)

    @cached_property
    def cell(self) -> Cell | None:
        """The rollback lock."""
        from yihu.cells import open_cell  # noqa: PLC0415 - the S3 client is slow to import and not every command needs it

        return open_cell(self.home, self.settings)

    @cached_property
    def vault(self) -> Vault:
        """The home of personal values."""
        return Vault(load_key(self.home / self.settings.keys.vault), log=self.settings.office.log)

    @cached_property
    def index_key(self) -> bytes:
        """The key of blind indexes."""
        return load_key(self.home / self.settings.keys.index)

    @cached_property
    def life_cycle(self) -> LifeCycle:
        """What may follow what, in all rooms."""
        ledger = (*recovery.MOVES, *record.MOVES, *snapshot.MOVES, *witnesses.MOVES, *timestamps.MOVES, *log_keys.MOVES)
        docks = (*dock_keys.MOVES, *dockings.MOVES, *stations.MOVES)
        people = (*api.tables.MOVES, *api.people.tables.MOVES, *api.access.tables.MOVES)
        rooms = (*clips.MOVES, *copies.MOVES, *docks, *ledger, *cases.moves.MOVES, *people)
        known = (*rooms, *handed_over.moves(rooms), *unlocking.moves(rooms), *clearings.moves(rooms))
        return LifeCycle((*known, *at_any_time(known, SIGNED, Kind), *erasure.moves(known, ERASING)))

    @cached_property
    def projector(self) -> Projector:
        """The life cycles and projections of all rooms."""
        rooms = (
            clips.project,
            copies.project,
            dockings.project,
            snapshot.project,
            witnesses.project,
            timestamps.project,
            log_keys.project,
            dock_keys.project,
            stations.project,
            clearings.project,
            cases.projections.projection(self.index_key),
            api.tables.project,
            api.people.tables.project,
            api.access.tables.project,
            erasure.projection(ERASING),
        )
        return Projector(self.life_cycle, rooms)

    @cached_property
    def custody(self) -> Custody:
        """
        The only way to record anything.

        Raises `LedgerError` where the database is not the one that signed last: who only looks may look, nobody records.
        """
        # The cell being away is no reason to stop a dock: nothing is signed until it is back, and then this is asked again.
        with contextlib.suppress(StorageUnavailable):
            self.log.confirm()
        return self.unconfirmed_custody

    @cached_property
    def unconfirmed_custody(self) -> Custody:
        """Custody for the one entry by which a log goes on that lost some; see `yihu.recovering`."""
        return Custody(self.engine, self.projector, self.vault, log=self.settings.office.log, clock=self.clock)

    @cached_property
    def catalog(self) -> Catalog:
        """What is known about clips."""
        return Catalog(self.engine)

    @cached_property
    def dockings(self) -> dockings.Dockings:
        """What is known about dockings."""
        return dockings.Dockings(self.engine)

    @cached_property
    def registry(self) -> Registry:
        """Parties, matters, activities, filings."""
        return Registry(self.custody, self.engine, index_key=self.index_key)

    @cached_property
    def dossiers(self) -> Dossiers:
        """What is known about parties and cases."""
        return Dossiers(self.engine, index_key=self.index_key)

    @cached_property
    def store(self) -> ObjectStore:
        """Where the evidence lies."""
        from yihu.stores import open_store  # noqa: PLC0415 - the S3 client is slow to import and not every command needs it

        return open_store(self.home, self.settings.store, self.clock)

    @cached_property
    def spool(self) -> Spool:
        """Where recordings rest between camera and store."""
        from storage.spool import Spool  # noqa: PLC0415 - imports the hashers, which not every command needs

        return Spool(self.home / self.settings.spool.path, reserve=self.settings.spool.reserve_mib * 2**20)

    @cached_property
    def dock(self) -> Actor:
        """Under whom cameras are read."""
        return Actor(Subject.parse(self.settings.office.dock, Kind.DOCK), Role.DOCK)

    @cached_property
    def operator(self) -> Actor:
        """Under whom command-line acts are recorded."""
        return Actor(Subject.parse(self.settings.office.operator, Kind.ACCOUNT), Role.ADMINISTRATOR)

    def retain_until(self, secured_at: datetime) -> datetime:
        """Say how long a clip secured at that moment is locked."""
        return secured_at + timedelta(days=self.settings.retention.days)

    def pipeline(self) -> Pipeline:
        """Return the way of a clip, ready to go."""
        from yihu.stations import pipeline_of  # noqa: PLC0415 - imports ffmpeg and the hashers

        return pipeline_of(self)
