"""The pipeline of an office: cameras in, evidence out."""

from __future__ import annotations

from device_profiles.profile import load_profiles
from ingest.deposit import Depositing
from ingest.derive import Deriving
from ingest.examining import Examining
from ingest.pipeline import Pipeline
from ingest.secure import Securing
from ingest.steps import Steps
from ingest.time_source import time_source
from ingest.tools import find_tools
from storage.clearings import Clearings
from storage.dock_keys import DockSigner
from storage.dockings import Dockings
from storage.evidence import Algorithm
from storage.ledger.keyring import load_signer
from storage.objects import ObjectStore
from yihu.wiring import Office


def pipeline_of(office: Office) -> Pipeline:
    """Put the steps of *office* together; neither store nor ffmpeg is touched before it is needed."""
    settings = office.settings
    algorithms = {Algorithm.BLAKE3, Algorithm.SHA256} | ({Algorithm.SM3} if settings.ingest.sm3 else set())

    def store() -> ObjectStore:
        return office.store

    shared = (office.spool, office.custody, office.catalog, store, office.dock)
    deriving = Deriving(*shared, lambda: find_tools(settings.media.tools)) if settings.media.render else None
    steps = Steps(
        securing=Securing(*shared, frozenset(algorithms)),
        depositing=Depositing(*shared, office.retain_until),
        deriving=deriving,
        log=office.log,
        profiles=load_profiles(settings.ingest.profiles),
        index_key=office.index_key,
        clock=office.clock,
        dockings=Dockings(office.engine),
        examining=Examining(
            office.engine,
            office.vault,
            office.custody,
            office.dock,
            office.index_key,
            Clearings(office.engine).removed_from,
        ),
        time_source=lambda: time_source(settings.clock.source),
        limits=settings.clock.limits,
        deposits=settings.ingest.deposits,
        sign_manifest=_dock_signer(office),
    )
    return Pipeline(steps)


def _dock_signer(office: Office) -> DockSigner | None:
    path = office.home / office.settings.keys.dock
    if not path.exists():
        return None
    signer = load_signer(path, name=str(office.dock.who))
    return DockSigner(signer, office.custody, office.engine, office.dock, office.log.origin, office.clock)
