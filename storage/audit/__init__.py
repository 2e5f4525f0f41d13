"""
The audit: whether everything that is stored still says the same, and whether anybody outside can say so too.

Numbered steps, each with how much was checked, everything that was found, and what is to be known beside it:

1. **log**            every leaf is strictly one, stands at its number, hashes to its stored hash, is linked; the clock goes on
2. **heads**          every stored checkpoint is signed by the log and has the root of its entries; the rollback lock agrees
3. **held**           every older checkpoint that the auditor holds is a beginning of this ledger
4. **witnesses**      every cosignature is one; how much the office's policy holds, and how much the keys the auditor brought
5. … whatever wiring adds, in the order it is given: timestamps, snapshots, keys
6. **life-cycle**     every entry may follow what was recorded of its subject before
7. **tiles**          every kept tile holds the hashes below it, none is missing
8. **catalog**        replaying the ledger with the vault gives exactly the rows that people query
9. **objects**        every original, segment manifest and derivative by its version, with lock, size, digests and bytes (or a
                      random sample of segments); and nothing in the bucket for evidence that no entry speaks of
10. **configuration** guards of the tables, settings of the buckets, place of the rollback lock, the program itself

The database is only read. Nothing checked is a failure. What holds together is *internally consistent*; it is *anchored* as far
as a head reaches that a key vouches for which the auditor brought from outside. What was not looked at stands in
`Verdict.not_checked`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Engine

from storage.audit.configuration import configuration
from storage.audit.ledger import heads, log, tiles_of
from storage.audit.lives import life_cycle
from storage.audit.objects import AuditedStore, objects
from storage.audit.outside import Brought, held, witnesses
from storage.audit.rows import catalog
from storage.audit.sampling import Sample
from storage.audit.scope import Scope, looked_at
from storage.audit.steps import Anchor, Check, Outcome, Step, Told, Verdict, gone_through, outcome_of
from storage.audit.words import Said, in_language
from storage.ledger.log import Log
from storage.projecting import Projector
from storage.vault import Vault

__all__ = ["Anchor", "Audit", "Brought", "Check", "Outcome", "Said", "Sample", "Step", "Verdict", "in_language"]

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit looks at, and how closely."""

    engine: Engine
    log: Log
    projector: Projector
    vault: Vault
    store: AuditedStore
    since: str | None = None
    """The signed checkpoint an earlier audit ended with: entries before it are not read again."""
    brought: Brought = field(default_factory=Brought)
    sample: Sample | None = None
    """Read so much of each clip; None: every byte."""
    is_shared: bool = False
    """Whether other offices keep their evidence in the same buckets."""
    program: str | None = None
    """The digest of this program's files."""
    further: Sequence[tuple[str, Check]] = ()
    """More steps, made after those about witnesses."""

    def run(self, told: Told = lambda _step: None) -> Verdict:
        """Go through all steps. `StorageUnavailable` where database or store are away: then nothing can be said."""
        scope = looked_at(self.engine, self.log, self.since)
        steps = tuple(gone_through(self._checks(scope), told))
        is_sound = outcome_of(steps) is not Outcome.FAILED
        return Verdict(
            steps=steps,
            origin=self.log.origin,
            size=scope.size,
            root=scope.root,
            since=scope.since,
            not_checked=tuple(self._left_out(scope)),
            head=scope.newest_head() if is_sound else None,
        )

    def _checks(self, scope: Scope) -> Iterator[tuple[str, Check]]:
        yield "log", partial(log, scope)
        yield "heads", partial(heads, scope)
        yield "held", partial(held, scope, self.brought)
        yield "witnesses", partial(witnesses, scope, self.brought)
        yield from self.further
        yield "life-cycle", partial(life_cycle, scope, self.projector.lifecycle)
        yield "tiles", partial(tiles_of, scope)
        yield "catalog", partial(catalog, scope, self.projector, self.vault)
        yield "objects", partial(objects, scope, self.store, self.sample, is_shared=self.is_shared)
        yield "configuration", partial(configuration, scope, self.store, self.program)

    def _left_out(self, scope: Scope) -> Iterator[str]:
        if scope.since:
            yield Said(
                "entries before {since} were not read again: only that their stored hashes have the root that was audited",
                since=scope.since,
            )
            yield Said("checkpoints, cosignatures, time-stamps and tiles of those entries")
            yield Said(
                "rows of the catalog and objects of everything that no new entry is about, figures that count other entries, "
                "rows that no entry speaks of, and objects of no clip",
            )
        if self.sample is not None:
            yield _sampled(self.sample)
            yield Said("the bytes of derivatives: only what the store says of their size, digests and lock")


def _sampled(sample: Sample) -> str:
    if sample.per_clip is None:
        template = "what was not drawn: {percent} % of each clip were read; one damaged segment is found with {percent} %"
        return Said(template, percent=f"{(sample.share or 0) * _PERCENT:g}")
    one, ten = (f"{Sample.chance(sample.per_clip, share) * _PERCENT:.1f}" for share in (0.01, 0.1))
    return Said(
        "what was not drawn: {segments} segments of each clip were read, which finds damage of 1 % of a clip with {one} %, "
        "of 10 % with {ten} % (1 - (1 - f)^k)",
        segments=sample.per_clip,
        one=one,
        ten=ten,
    )
