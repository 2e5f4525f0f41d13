"""
The keys of docks, as entries, and the signature below what a dock found on a card.

===================  =======  ================  ================================================================
entry                subject  moves             body
===================  =======  ================  ================================================================
``DOCK_KEY_SET``     dock     (any) → known     the verifier key whose name is the dock
===================  =======  ================  ================================================================

How a list is signed and verified is said by `storage.verifier.dockkeys`, which a stranger runs too.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, Column, Engine, Table, Text, insert, select

from storage.custody import Custody
from storage.database import reading
from storage.evidence import Actor, Entry, Json, Kind, Recorded, Subject, utc_text
from storage.ledger.keys import Signer, VerifierKey
from storage.lifecycle import UNBORN, move
from storage.projecting import Change
from storage.schema import projections
from storage.verifier.dockkeys import KEY_SET, manifest_text

__all__ = ["MOVES", "DockSigner", "dock_keys", "project", "recorded_key"]

MOVES = (move(Kind.DOCK, KEY_SET, f"{UNBORN}|known", "known"),)

dock_keys = Table(
    "dock_keys",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("dock", Text, nullable=False),
    Column("vkey", Text, nullable=False),
)


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about a dock's key changes."""
    if recorded.entry.type == KEY_SET:
        dock, vkey = str(recorded.entry.subject), str(recorded.entry.body["vkey"])
        yield Change(insert(dock_keys).values(seq=recorded.seq, dock=dock, vkey=vkey))


def recorded_key(engine: Engine, dock: Subject) -> str | None:
    """Return the verifier key that was recorded last for *dock*, or None."""
    newest = select(dock_keys.c.vkey).where(dock_keys.c.dock == str(dock)).order_by(dock_keys.c.seq.desc()).limit(1)
    with reading(engine) as connection:
        vkey: str | None = connection.scalar(newest)
    return vkey


@dataclass(slots=True)
class DockSigner:
    """Signs what a dock found on a card. *signer* is called like the dock."""

    signer: Signer
    custody: Custody
    engine: Engine
    actor: Actor
    log: str
    clock: Callable[[], datetime]
    _is_recorded: bool = False
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, device: Subject, body: Mapping[str, Json]) -> Json:
        """
        Return the ``sig`` of a ``MANIFESTED`` with this *body* about *device*.

        The key is recorded before it signs for the first time; a key that was exchanged is recorded anew, for all to see.
        """
        self._record()
        at = utc_text(self.clock())
        text = manifest_text(log=self.log, dock=str(self.actor.who), device=str(device), at=at, body=body)
        signature = base64.b64encode(self.signer.sign(text.encode())).decode("ascii")
        return {"key": VerifierKey.parse(self.signer.vkey).key_id.hex(), "at": at, "signature": signature}

    def _record(self) -> None:
        with self._alone:
            if not self._is_recorded and recorded_key(self.engine, self.actor.who) != self.signer.vkey:
                # after a lost answer it stands there already and is not recorded again
                self.custody.record(Entry(KEY_SET, self.actor.who, self.actor, {"vkey": self.signer.vkey}))
            self._is_recorded = True
