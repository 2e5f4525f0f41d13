"""
Handing evidence over: a bundle that verifies by itself, and an entry of the ledger that says so before the bundle exists.

The order is the promise. Everything is written under a name that means nothing, verified as the receiver will verify it,
recorded, and only then named. Whoever is killed in between has recorded an export that nobody holds, never the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import urllib3
from ulid import ULID

from storage.catalog import Clip
from storage.database import reading
from storage.erasure import disclosed
from storage.errors import LedgerError, NotFound, NotHeldOutside
from storage.evidence import Digest, Entry, Subject, utc_text
from storage.export.bag import BagWriter
from storage.export.birth import born, unborn
from storage.export.bundle import write_disclosures, write_excerpt, write_originals
from storage.export.excerpt import Excerpt, take_excerpt
from storage.export.explain import Told, explanation
from storage.export.handed_over import HandedOver, exported
from storage.folder_files import within_reach
from storage.ledger.leaf import Leaf
from storage.verifier.bundle import POLICY, TABLE, verify_bundle
from storage.verifier.disclosure import Disclosure
from storage.verifier.pack import zipped
from yihu.anchoring import policy_text
from yihu.notary import ask_witnesses
from yihu.wiring import Office

__all__ = ["Exported", "Selection", "export", "select_case", "select_clips"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be handed over."""

    clips: tuple[Clip, ...]
    about: tuple[Subject, ...]
    """Everything whose entries go with it: the clips, the activities they are filed to, the matters of these."""
    matter: Subject | None = None
    """The case that was asked for."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was handed over."""

    export: str
    clips: int
    entries: int
    size: int
    is_outside: bool
    manifest: Digest
    keys: tuple[str, ...]
    """By which the receiver verifies it: one, or more where the log changed its key between the heads in the bundle."""
    recorded: tuple[int, ...]
    """Numbers of the entries that say so."""


def select_clips(office: Office, wanted: Sequence[Subject]) -> Selection:
    """Select clips and what they are filed to; raises `NotFound`."""
    found = tuple(office.catalog.clip(clip) for clip in dict.fromkeys(wanted))
    filings = [filing for clip in found for filing in office.dossiers.filings(clip.subject)]
    about = [clip.subject for clip in found]
    about += [subject for filing in filings for subject in (filing.activity, filing.matter)]
    return Selection(found, tuple(dict.fromkeys(about)))


def select_case(office: Office, matter: Subject) -> Selection:
    """Select a case with all its activities and every clip that is filed to it; raises `NotFound` where there is none."""
    filed = tuple(office.catalog.clip(one.clip.subject) for one in office.dossiers.case_clips(matter))
    if not filed:
        message = f"{matter}: no clip is filed to it"
        raise NotFound(message)
    stages = office.dossiers.matter_file(matter).stages
    activities = [file.activity.subject for stage in stages for file in stage.activities]
    return Selection(filed, (*(clip.subject for clip in filed), *activities, matter), matter)


def export(
    office: Office,
    what: Selection,
    out: Path,
    *,
    reason: str | None = None,
    disclose: Sequence[str] = (),
    since: Sequence[int] = (),
    needs_outside: bool = True,
) -> Exported:
    """
    Make the bundle *out*; *since* are the sizes of heads that the receiver holds and wants to see continued.

    Raises `NotHeldOutside` where no quorum of witnesses covers every entry and that is needed, `StaleState` where *out*
    exists, `StorageUnavailable` where store, disk or database are away or full; then *out* is not there and it may be tried
    again.
    """
    if disclose and reason is None:
        message = "disclosing: expected a reason, found none"
        raise ValueError(message)
    excerpt = _excerpt(office, what, since, needs_outside=needs_outside)
    told = _disclosures(office, excerpt, disclose)
    entry = HandedOver(
        export=str(ULID()),
        manifest=Digest.parse(f"sha256:{'0' * 64}"),
        size=excerpt.size,
        is_outside=excerpt.is_outside,
        disclosed=sorted(set(disclose)),
        matter=what.matter,
        reason=reason,
    )
    with within_reach(f"exporting to {out}"), unborn(out) as partial:
        files = {disclosure.seq: disclosure.encode() for _, disclosure in told}
        entry = replace(entry, manifest=_write(office, what, excerpt, entry, files, partial))
        _verify(office, partial)
        # from here on the ledger says that this was handed over; a crash before the next line means it was not
        recorded = office.custody.record_all(_entries(office, what, entry, told))
        born(partial, out)
    return Exported(
        export=entry.export,
        clips=len(what.clips),
        entries=len(excerpt.entries),
        size=excerpt.size,
        is_outside=excerpt.is_outside,
        manifest=entry.manifest,
        keys=_needed_keys(office, excerpt),
        recorded=tuple(one.seq for one in recorded),
    )


def _excerpt(office: Office, what: Selection, since: Sequence[int], *, needs_outside: bool) -> Excerpt:
    """Take the entries out of the log, after signing and, where that is needed, asking the witnesses."""
    office.log.checkpoint()
    numbers = [line.seq for subject in what.about for line in office.catalog.history(subject)]
    problems: list[str] = []
    if needs_outside and not office.log.is_anchored(max(numbers)):
        asked = ask_witnesses(office.log, office.log.anchors.witnesses(), urllib3.PoolManager())
        problems = [f"{one.witness.name}: {one.error}" for one in asked if one.error is not None]
    found = take_excerpt(office.engine, office.log, numbers, since=since)
    if needs_outside and not found.is_outside:
        message = f"entry {max(numbers)}: only {office.log.anchored_size()} entries are held outside"
        raise NotHeldOutside("; ".join([message, *problems]))
    return found


def _entries(office: Office, what: Selection, entry: HandedOver, told: Sequence[tuple[Subject, Disclosure]]) -> list[Entry]:
    """Return what is recorded: that the case and every clip were handed over, and which values of which entries were told."""
    actor, reason = office.operator, entry.reason or ""
    said = [disclosed(subject, seq=one.seq, fields=one.names, actor=actor, reason=reason) for subject, one in told]
    handed = [*([] if what.matter is None else [what.matter]), *(clip.subject for clip in what.clips)]
    return [*(exported(subject, entry, actor=actor) for subject in handed), *said]


def _needed_keys(office: Office, excerpt: Excerpt) -> tuple[str, ...]:
    needed = {office.log.keys.history().at(size)[-1] for size in excerpt.sizes}
    return tuple(term.text for term in office.log.keys.all() if term.key in needed)


def _write(
    office: Office, what: Selection, excerpt: Excerpt, entry: HandedOver, disclosures: Mapping[int, bytes], root: Path
) -> Digest:
    bag = BagWriter(root)
    write_originals(bag, office.store, what.clips)
    write_excerpt(bag, excerpt)
    write_disclosures(bag, disclosures)
    told = Told(
        entry.export,
        log=office.log.origin,
        size=excerpt.size,
        is_outside=excerpt.is_outside,
        clips=len(what.clips),
        entries=len(excerpt.entries),
    )
    bag.put(TABLE, office.life_cycle.table())
    bag.put("VERIFY.md", explanation(told))
    bag.put("verify.pyz", zipped())
    if office.log.anchors.policy() is not None:
        bag.put(POLICY, policy_text(office).encode())
    return bag.finish(
        [
            ("Bag-Software-Agent", "yihu export"),
            ("Bagging-Date", utc_text(office.clock())[:10]),
            ("External-Identifier", entry.export),
            ("Internal-Sender-Identifier", f"{office.log.origin} {excerpt.size}"),
            ("Held-Outside", "yes" if excerpt.is_outside else "no"),
        ]
    )


def _disclosures(office: Office, excerpt: Excerpt, fields: Sequence[str]) -> list[tuple[Subject, Disclosure]]:
    """Reveal the chosen *fields* of every entry that has any of them; `NotFound` for one that none has."""
    told: list[tuple[Subject, Disclosure]] = []
    for leaf in (Leaf.decode(entry.leaf) for entry in excerpt.entries):
        chosen = [name for name, _ in leaf.commitments if name in fields]
        if chosen:
            with reading(office.engine) as connection:
                revealed = office.vault.reveal(connection, leaf.seq, leaf.commitments, chosen)
            told.append((Subject.parse(leaf.subject), Disclosure(leaf.log, leaf.seq, revealed)))
    missing = set(fields) - {name for _, disclosure in told for name in disclosure.names}
    if missing:
        message = f"no exported entry has the field {', '.join(sorted(missing))}"
        raise NotFound(message)
    return told


def _verify(office: Office, root: Path) -> None:
    """Do what the receiver will do; nothing that would not hold there is handed over."""
    found = verify_bundle(root, office.log.keys.all())
    if found.outcome.exit_code != 0:
        wrong = "; ".join(f"{step.name}: {step.detail}" for step in found.steps if not step.ok)
        message = f"the bundle does not verify and is not handed over: {wrong}"
        raise LedgerError(message)
