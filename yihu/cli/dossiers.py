"""How dossiers, matters and clips are written for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from cases.dossier import Dossier
from cases.records import Matter
from storage.catalog import Clip
from storage.errors import NotFound
from storage.evidence import Kind, Subject
from yihu.language import either
from yihu.wiring import Office


def the_party(office: Office, text: str) -> Subject:
    """Return the one party that *text* means: a pseudonym, an id number, or part of a name that only one party has."""
    if text.startswith("party:"):
        return Subject.parse(text, Kind.PARTY)
    found = office.dossiers.find_party(text)
    if len(found) == 1:
        return found[0].subject
    names = ", ".join(f"{each.name} ({each.subject})" for each in found)
    message = f"party {text!r}: expected one, found {len(found)}{': ' + names if names else ''}"
    raise NotFound(message)


def clip_json(clip: Clip) -> dict[str, object]:
    """Write a clip as JSON."""
    return {
        "clip": str(clip.subject),
        "name": clip.name,
        "state": clip.state,
        "kind": clip.kind.value,
        "size": clip.size,
        "sha256": clip.sha256.hex,
        "blake3": clip.blake3.hex,
        "recorded_at": clip.recorded_at,
        "corrected_at": clip.corrected_at,
        "uncertainty_ms": clip.uncertainty_ms,
        "event": clip.event,
        "event_part": clip.event_part,
        "secured_at": clip.secured_at,
        "retained_until": clip.retained_until,
        "duration_ms": clip.duration_ms,
        "findings": list(clip.findings),
    }


def print_clips(clips: Sequence[Clip]) -> None:
    """Print clips as a table."""
    table = Table()
    table.add_column(either("编号", "clip"), no_wrap=True, min_width=31)
    for heading in (("名称", "name"), ("状态", "state"), ("大小", "size"), ("发现", "findings")):
        table.add_column(either(*heading), overflow="fold")
    for clip in clips:
        table.add_row(str(clip.subject), escape(clip.name), clip.state, f"{clip.size:,}", " ".join(clip.findings))
    _print(table)


def _print(table: Table) -> None:
    console = Console()
    # what is piped into a file or another program is not cut to 80 columns
    console.print(table, width=console.width if console.is_terminal else 200)


def matter_json(matter: Matter) -> dict[str, object]:
    """Write a matter as JSON."""
    return {
        "matter": str(matter.subject),
        "kind": matter.kind.value,
        "state": matter.state,
        "stage": None if matter.stage is None else matter.stage.value,
        "title": matter.title,
        "number": matter.number,
        "parties": [str(party) for party in matter.parties],
        "activities": matter.activities,
        "filings": matter.filings,
    }


def print_matters(matters: Sequence[Matter]) -> None:
    """Print matters as a table."""
    table = Table(either("编号", "matter"), either("案号", "number"), either("事由", "title"), either("环节", "stage"))
    for matter in matters:
        stage = "" if matter.stage is None else either(matter.stage.chinese, matter.stage.value)
        table.add_row(str(matter.subject), escape(matter.number or ""), escape(matter.title or ""), stage)
    _print(table)


def dossier_json(dossier: Dossier) -> dict[str, object]:
    """Write a dossier as JSON."""
    return {
        "party": {"party": str(dossier.party.subject), "name": dossier.party.name, "id": dossier.party.id_shown},
        "matters": [
            {
                **matter_json(each.matter),
                "stages": {
                    stage.stage.value: [
                        {
                            "activity": str(act.activity.subject),
                            "title": act.activity.title,
                            "clips": [str(filing.clip) for filing in act.filings],
                        }
                        for act in stage.activities
                    ]
                    for stage in each.stages
                },
            }
            for each in dossier.matters
        ],
        "clips": len(dossier.clips),
    }


def print_dossier(dossier: Dossier) -> None:
    """Print a dossier as a tree: party, matters, stages, activities, clips."""
    tree = Tree(f"{escape(dossier.party.name or either('（已删除）', '(erased)'))}  {dossier.party.id_shown or ''}")
    for each in dossier.matters:
        matter = tree.add(escape(f"{each.matter.title or ''}  {each.matter.number or ''}"))
        for stage in each.stages:
            branch = matter.add(either(stage.stage.chinese, stage.stage.value))
            for act in stage.activities:
                twig = branch.add(escape(act.activity.title or ""))
                for filing in act.filings:
                    twig.add(f"▶ {filing.clip}")
    Console().print(tree)
