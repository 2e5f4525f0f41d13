"""
The entry by which the ledger knows that evidence was handed over.

============  ======  =====================  =====================================================================
entry         about   moves                  body
============  ======  =====================  =====================================================================
``EXPORTED``  clip    stays (deposited)      which export, SHA-256 of its manifest, size of the tree, whether that
                                             was held outside, names of disclosed fields, the case it was part of
``EXPORTED``  matter  stays (whichever it    the same, but for the case, which it is about
                      is in)
============  ======  =====================  =====================================================================

It is recorded before the export has its name, once for each clip, and for the case where a case was asked for: a bundle nobody
recorded does not exist. Why and for whom is a personal value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.clips import DEPOSITED, RENDERED
from storage.evidence import Actor, Digest, Entry, Json, Kind, Subject
from storage.lifecycle import Move, at_any_time, move

EXPORTED = "EXPORTED"


def moves(others: Iterable[Move]) -> tuple[Move, ...]:
    """Return when clips and cases may be handed over: a case in whatever state *others* have brought it to."""
    return (move(Kind.CLIP, EXPORTED, f"{DEPOSITED}|{RENDERED}"), *at_any_time(others, EXPORTED, [Kind.MATTER]))


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What is said of an export."""

    export: str
    """A ULID; also in ``bag-info.txt``."""
    manifest: Digest
    size: int
    """Of the tree under the head that the bundle holds."""
    is_outside: bool
    disclosed: Sequence[str] = ()
    matter: Subject | None = None
    reason: str | None = None


def exported(subject: Subject, what: HandedOver, *, actor: Actor) -> Entry:
    """Return the entry that says *subject*, a clip or the case that was asked for, was part of an export."""
    body: dict[str, Json] = {
        "export": what.export,
        "manifest": str(what.manifest),
        "size": what.size,
        "outside": what.is_outside,
    }
    if what.disclosed:
        body["disclosed"] = list[Json](what.disclosed)
    if what.matter not in {None, subject}:
        body["matter"] = str(what.matter)
    return Entry(EXPORTED, subject, actor, body, {} if what.reason is None else {"reason": what.reason})
