"""Everything the rooms below give to this one, opened by `yihu` and handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from api.access.rules import AccessRules
from api.checks import Operations
from api.people.issuers import Elsewhere
from api.people.rules import Rules
from api.queries import Engine
from cases.dossier import Dossiers
from cases.lists.parts import Lists
from cases.registry import Registry
from storage.catalog import Catalog
from storage.custody import Custody
from storage.intake import Intake
from storage.ledger.log import Log
from storage.objects import ObjectReader
from storage.vault import Vault


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
    access: AccessRules = field(default_factory=AccessRules)
    office_name: str = "Yihu"
    """As telephones show it beside a one-time code."""
    intake: Intake | None = None
    """What becomes of files that are sent here; None where nothing is received."""
    operations: Operations | None = None
    """How those who run the server look at it; None where nobody does."""
    elsewhere: Elsewhere | None = None
    """Where people may sign in instead (OpenID Connect); None where they may not."""


def lists_of(services: Services) -> Lists:
    """Return what answers with parts of lists."""
    return Lists(services.engine, index_key=services.index_key)
