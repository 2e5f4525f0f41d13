"""Auditing a living log, and what the owner of its database and the holder of its key can do to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text, update

from storage.audit import Audit, Step, Verdict
from storage.database import writing
from storage.ledger.leaf import Leaf
from storage.ledger.tree import leaf_hash
from storage.schema import APPEND_ONLY, entries

from .living import LivingLog
from .outside import signed

STEPS = ["log", "heads", "held", "witnesses", "life-cycle", "tiles", "catalog", "objects", "configuration"]


def audit(living: LivingLog, **more: Any) -> Verdict:  # noqa: ANN401 - what an audit may be told
    return Audit(living.engine, living.log, living.projector, living.vault, living.store, **more).run()


def of(verdict: Verdict, name: str) -> Step:
    (step,) = [step for step in verdict.steps if step.name == name]
    return step


def found(verdict: Verdict) -> dict[str, list[str]]:
    """What was found wrong, by step."""
    return {step.name: step.findings for step in verdict.steps if step.findings}


def tamper(living: LivingLog, *statements: Any) -> None:  # noqa: ANN401 - SQL
    """Do what the owner of the database file can."""
    with writing(living.engine) as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        guards = connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for table in APPEND_ONLY:
            for act in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER {table.name}_no_{act}"))
        for statement in statements:
            connection.execute(statement)
        for guard in guards:
            connection.execute(text(guard))


def forged(living: LivingLog, index: int, /, **changes: Any) -> Any:  # noqa: ANN401 - SQL
    """Write the entry *index* again, with the hash that belongs to it."""
    raw = replace(Leaf.decode(living.log.leaf(index)), **changes).encode()
    return update(entries).where(entries.c.seq == index).values(leaf=raw, hash=leaf_hash(raw))


def another(living: LivingLog, home: Path, grown: int) -> LivingLog:
    """Another history of the same log, signed with the same key: what whoever holds the key can make."""
    other = LivingLog.found(home)
    other.clock.now = living.clock.now + timedelta(days=1)
    signed(other, grown)
    return other


def note(living: LivingLog) -> str:
    return living.log.latest() or ""
