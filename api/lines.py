"""From what the rooms below know to what goes over the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from api import listed, models
from api.queries import Engine, derivatives_of, digests_of
from cases import records
from cases.dossier import FiledClip
from storage.catalog import Clip, Derivative, EntryLine, HistoryLine
from storage.evidence import Role, TimeRange

_MILLISECOND = timedelta(milliseconds=1)


def party(found: records.Party) -> models.PartyLine:
    """Show a party."""
    return models.PartyLine(
        party=str(found.subject), kind=found.kind, name=found.name, id_shown=found.id_shown, matters=found.matters
    )


def matter(found: records.Matter) -> models.MatterLine:
    """Show a matter."""
    return models.MatterLine(
        matter=str(found.subject),
        kind=found.kind,
        title=found.title,
        number=found.number,
        state=found.state,
        stage=found.stage,
        office=str(found.office),
        parties=[str(party) for party in found.parties],
        activities=found.activities,
        filings=found.filings,
        opened_at=found.opened_at,
        registered_at=found.registered_at,
        closed_at=found.closed_at,
    )


def activity(found: records.Activity) -> models.ActivityLine:
    """Show an activity."""
    return models.ActivityLine(
        activity=str(found.subject),
        matter=str(found.matter),
        stage=found.stage,
        kind=found.kind.value,
        title=found.title,
        place=found.place,
        started_at=found.started_at,
        ended_at=found.ended_at,
        officers=[str(officer) for officer in found.officers],
    )


def filing(found: records.Filing) -> models.FilingLine:
    """Show a filing."""
    return models.FilingLine(
        filing=found.id,
        clip=str(found.clip),
        activity=str(found.activity),
        matter=str(found.matter),
        stage=found.stage,
        range=None if found.range is None else _range(found.range),
        filed_at=found.filed_at,
        counts=found.counts,
    )


def filed_clips(engine: Engine, found: Iterable[FiledClip]) -> list[models.FiledClip]:
    """Show clips with their filings, asking twice for all of them and not twice for each."""
    chosen = list(found)
    subjects = [one.clip.subject for one in chosen]
    digests, kinds = digests_of(engine, subjects), derivatives_of(engine, subjects)
    return [
        models.FiledClip(
            clip=_line(one.clip, sha256=digests[one.clip.subject], shows=kinds[one.clip.subject]),
            filings=[filing(each) for each in one.filings],
        )
        for one in chosen
    ]


def clip(found: Clip, derivatives: Iterable[Derivative], filings: Iterable[records.Filing]) -> models.ClipWhole:
    """Show all that is known of a clip."""
    return models.ClipWhole(
        clip=str(found.subject),
        state=found.state,
        kind=found.kind,
        name=found.name,
        size=found.size,
        recorded_at=found.recorded_at,
        corrected_at=found.corrected_at,
        uncertainty_ms=found.uncertainty_ms,
        secured_at=found.secured_at,
        duration_ms=found.duration_ms,
        findings=list(found.findings),
        device=str(found.device),
        blake3=str(found.blake3),
        sha256=str(found.sha256),
        segment_root=found.segment_root,
        retained_until=found.retained_until,
        derivatives=[_made(each) for each in derivatives],
        filings=[filing(each) for each in filings],
    )


def history(found: Iterable[HistoryLine]) -> list[models.HistoryLine]:
    """Show the entries about a clip, each with where its bytes and its proof are."""
    return [models.HistoryLine(**_entry(line)) for line in found]


def entries(found: Iterable[EntryLine]) -> list[listed.EntryLine]:
    """Show entries of the ledger."""
    return [listed.EntryLine(**_entry(line), subject=line.subject) for line in found]


def _entry(line: HistoryLine) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "type": line.type,
        "at": line.at,
        "actor": line.actor,
        "role": Role(line.role),
        "entry": f"/api/entries/{line.seq}",
        "proof": f"/api/entries/{line.seq}/proof",
    }


def _line(found: records.ClipLine, *, sha256: str, shows: list[str]) -> models.ClipLine:
    return models.ClipLine(
        clip=str(found.subject),
        state=found.state,
        kind=found.kind,
        name=found.name,
        size=found.size,
        recorded_at=found.recorded_at,
        corrected_at=found.corrected_at,
        uncertainty_ms=found.uncertainty_ms,
        secured_at=found.secured_at,
        duration_ms=found.duration_ms,
        findings=list(found.findings),
        sha256=sha256,
        shows=shows,
    )


def _made(found: Derivative) -> models.Made:
    return models.Made(
        kind=found.kind,
        media_type=found.media_type,
        size=found.size,
        blake3=str(found.blake3),
        sha256=str(found.sha256),
        recipe=found.recipe,
    )


def _range(found: TimeRange) -> models.Range:
    return models.Range(start_ms=found.start // _MILLISECOND, end_ms=found.end // _MILLISECOND)
