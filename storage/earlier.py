"""What was seen of a camera's card before: the newest list of its files, and the clips that came from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from storage.clips import clips, findings_of, manifests
from storage.database import reading
from storage.evidence import Json, Kind, MediaKind, Subject
from storage.ledger.stored import leaves
from storage.rebuild import recorded_entry
from storage.vault import Vault

_MOST = 5_000
"""The newest clips of a camera that are looked at: about as many as a card holds, and half a second of work."""


@dataclass(frozen=True, slots=True)
class EarlierClip:
    """A clip that came from a camera, as far as a later look at the camera needs it."""

    subject: Subject
    kind: MediaKind
    path: bytes | None
    """Where it lay; None once the vault no longer tells."""
    size: int
    modified_ns: int
    duration_ms: int | None
    event: str | None
    event_part: int | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EarlierList:
    """The newest list of the files on a card."""

    seq: int
    at: str
    rows: Json | None
    """As `ingest.manifest` wrote them; None once the vault no longer tells."""


def newest_list(engine: Engine, vault: Vault, device: Subject, *, before: int) -> EarlierList | None:
    """Return the newest list of *device* in an entry before number *before*, or None where there is none."""
    query = select(manifests.c.seq, manifests.c.at).where(manifests.c.device == str(device), manifests.c.seq < before)
    with reading(engine) as connection:
        found = connection.execute(query.order_by(manifests.c.seq.desc()).limit(1)).first()
        if found is None:
            return None
        return EarlierList(found.seq, found.at, _personal(connection, vault, found.seq).get("rows"))


def _personal(connection: Connection, vault: Vault, seq: int) -> Mapping[str, Json]:
    ((_, raw, _),) = leaves(connection, seq, seq + 1)
    return recorded_entry(connection, vault, seq, raw).entry.personal


def clips_of(engine: Engine, device: Subject) -> tuple[EarlierClip, ...]:
    """Return the newest clips of *device*, the oldest of them first."""
    ours = select(clips).where(clips.c.device == str(device)).order_by(clips.c.secured_seq.desc()).limit(_MOST)
    with reading(engine) as connection:
        rows = connection.execute(ours).all()
    return tuple(
        EarlierClip(
            subject=Subject.parse(row.clip, Kind.CLIP),
            kind=MediaKind(row.kind),
            path=row.path,
            size=row.size,
            modified_ns=int(row.modified_ns),
            duration_ms=row.duration_ms,
            event=row.event,
            event_part=row.event_part,
            findings=findings_of(row),
        )
        for row in reversed(rows)
    )
