"""Everything the rooms below give to this one, opened by `yihu` and handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from api.checks import Operations
from api.people.issuers import Elsewhere
from api.people.rules import Rules
from api.queries import Engine
from api.roles import Act
from cases.dossier import Dossiers
from cases.registry import Registry
from storage.catalog import Catalog
from storage.custody import Custody
from storage.evidence import Subject
from storage.intake import Intake
from storage.ledger.log import Log
from storage.objects import ObjectReader
from storage.vault import Vault


class Approvals(Protocol):
    """What was approved on request."""

    def has(self, account: Subject, clip: Subject, act: Act) -> bool:
        """Say whether a request of *account* to do *act* to *clip* was approved and still counts."""
        ...


class NothingApproved:
    """Where nobody keeps requests."""

    def has(self, account: Subject, clip: Subject, act: Act) -> bool:  # noqa: ARG002 - the contract
        """Say no."""
        return False


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with."""

    engine: Engine
    custody: Custody
    catalog: Catalog
    registry: Registry
    dossiers: Dossiers
    log: Log
    store: ObjectReader
    clock: Callable[[], datetime]
    log_origin: str
    index_key: bytes
    vault: Vault
    board: Path | None = None
    """The socket on which a running dock says what happens."""
    signing_in: Rules = field(default_factory=Rules)
    office_name: str = "Yihu"
    """As telephones show it beside a one-time code."""
    intake: Intake | None = None
    """What becomes of files that are sent here; None where nothing is received."""
    approvals: Approvals = field(default_factory=NothingApproved)
    """What was approved on request."""
    operations: Operations | None = None
    """How those who run the server look at it; None where nobody does."""
    elsewhere: Elsewhere | None = None
    """Where people may sign in instead (OpenID Connect); None where they may not."""
