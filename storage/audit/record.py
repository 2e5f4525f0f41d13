"""
That an audit was made, as an entry: so that nobody can say later that it was not, or that it found something else.

===========  =======  =======  ===========================================================================================
entry        subject  moves    body
===========  =======  =======  ===========================================================================================
``AUDITED``  log      stays    size and root that were audited, from which entry on, outcome, how many findings, the sample
===========  =======  =======  ===========================================================================================
"""

from __future__ import annotations

from storage.audit.sampling import Sample
from storage.audit.steps import Verdict
from storage.evidence import Actor, Entry, Json, Kind, Subject
from storage.lifecycle import move

__all__ = ["AUDITED", "MOVES", "audited"]

AUDITED = "AUDITED"
MOVES = (move(Kind.LOG, AUDITED, "running"),)
_MILLION = 1_000_000


def audited(verdict: Verdict, sample: Sample | None, *, log: Subject, actor: Actor) -> Entry:
    """Return the entry that says what an audit found; findings may name things and stay in its report."""
    body: dict[str, Json] = {
        "size": verdict.size,
        "root": verdict.root.hex(),
        "since": verdict.since,
        "outcome": verdict.outcome.value,
        "anchored": 0 if verdict.anchored is None else verdict.anchored.size,
        "findings": sum(len(step.findings) + step.unlisted for step in verdict.steps),
    }
    if sample is not None:
        # a leaf holds no fractions
        share = None if sample.share is None else round(sample.share * _MILLION)
        body["sample"] = {"seed": sample.seed, "per_clip": sample.per_clip, "share_ppm": share}
    return Entry(AUDITED, log, actor, body)
