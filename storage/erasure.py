"""
Erasing a subject: who may be forgotten and when, what is forgotten, and what stays.

``ERASED`` is about the subject and is recorded in the same transaction in which its data key goes and its values leave the
tables that people query; why it was done is sealed under the key of whoever did it. Leaves, salted commitments and proofs stay
as they are. Every room says by `Forgetting` where values of its subjects stand, and what must not be the case: the conditions
are part of the statements, so nobody can make them untrue between the question and the erasure.

``DISCLOSED`` names an entry and the fields that somebody was told, never the values; it is recorded before anything is told.

=============  =============================  =====================================  ==================
entry          subject                        body                                   personal
=============  =============================  =====================================  ==================
``ERASED``     clip, device, party, …         –                                      reason
``DISCLOSED``  whoever the entry is about     number of the entry, names of fields   reason
=============  =============================  =====================================  ==================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, or_, select, update

from storage.clips import clips, devices
from storage.database import reading, writing
from storage.evidence import Actor, Entry, Kind, Recorded, Subject, utc_text
from storage.lifecycle import Move, at_any_time
from storage.projecting import Change, Projection
from storage.schema import history, vault, vault_keys
from storage.vault import ERASED, Vault

__all__ = [
    "DISCLOSED",
    "ERASED",
    "RULES",
    "Forgetting",
    "Hindrance",
    "disclosed",
    "erased",
    "erasure_faults",
    "finish_erasures",
    "hindrances",
    "is_kept",
    "moves",
    "projection",
]

DISCLOSED = "DISCLOSED"


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What must not be there: rows of *found*, whose first column names the thing that still needs the subject."""

    reason: str
    found: Select[tuple[str]]


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Where values of a subject of *kind* stand: in *columns* of its one row in *table*."""

    kind: Kind
    table: Table
    columns: tuple[str, ...]
    hindrances: Callable[[str, str], Sequence[Hindrance]]
    """Given the subject and the moment, what would forbid to forget it."""


def is_kept(at: str) -> ColumnElement[bool]:
    """Say of a clip that it is under retention at that moment, or not deposited yet."""
    return or_(clips.c.retained_until.is_(None), clips.c.retained_until > at)


def _clip(subject: str, at: str) -> Sequence[Hindrance]:
    kept = select(clips.c.clip).where(clips.c.clip == subject, is_kept(at))
    return [Hindrance("it is under retention, or not deposited yet", kept)]


def _device(subject: str, at: str) -> Sequence[Hindrance]:
    taken = select(clips.c.clip).where(clips.c.device == subject, is_kept(at))
    return [Hindrance("a clip that it took is kept", taken)]


RULES: tuple[Forgetting, ...] = (
    Forgetting(Kind.CLIP, clips, ("path", "name", "belongs_to", "officer_claim"), _clip),
    Forgetting(Kind.DEVICE, devices, ("label",), _device),
)
"""How clips and cameras are forgotten."""


def moves(others: Iterable[Move], rules: Iterable[Forgetting]) -> tuple[Move, ...]:
    """Return when something may be disclosed and erased: whatever state *others* have brought it to."""
    known = tuple(others)
    erasable = dict.fromkeys(rule.kind for rule in rules)
    return (*at_any_time(known, DISCLOSED, Kind), *at_any_time(known, ERASED, erasable))


def projection(rules: Iterable[Forgetting]) -> Projection:
    """Return what an erasure changes in the tables of all rooms: values become NULL, as in a catalog that is made again."""
    by_kind: dict[Kind, list[Forgetting]] = {}
    for rule in rules:
        by_kind.setdefault(rule.kind, []).append(rule)

    def project(recorded: Recorded) -> Iterable[Change]:
        if recorded.entry.type == ERASED:
            subject, at = recorded.entry.subject, utc_text(recorded.at)
            for rule in by_kind[subject.kind]:
                yield _forgotten(rule, str(subject), at)

    return project


def _forgotten(rule: Forgetting, subject: str, at: str) -> Change:
    (key,) = rule.table.primary_key.columns
    # not correlated: a row must not be looked at in place of the whole table
    free = (~hindrance.found.correlate(None).exists() for hindrance in rule.hindrances(subject, at))
    return Change(update(rule.table).where(key == subject, *free).values(dict.fromkeys(rule.columns)))


def hindrances(connection: Connection, rules: Iterable[Forgetting], subject: Subject, at: str) -> list[str]:
    """Say everything that forbids to erase *subject* at that moment, each with the first thing that needs it."""
    mine = [rule for rule in rules if rule.kind is subject.kind]
    if not mine:
        return [f"{subject}: a {subject.kind} is never erased"]
    told = []
    for hindrance in (one for rule in mine for one in rule.hindrances(str(subject), at)):
        needing = connection.scalars(hindrance.found).all()
        if needing:
            more = f" and {len(needing) - 1} more" if needing[1:] else ""
            told.append(f"{subject}: {hindrance.reason}: {needing[0]}{more}")
    return told


def erased(subject: Subject, *, actor: Actor, reason: str) -> Entry:
    """Return the entry by which *subject* is forgotten."""
    return Entry(ERASED, subject, actor, {}, {"reason": reason}, confided_to=actor.who)


def disclosed(subject: Subject, *, seq: int, fields: Sequence[str], actor: Actor, reason: str) -> Entry:
    """Return the entry that says that *fields* of entry *seq*, which is about *subject*, were disclosed."""
    return Entry(DISCLOSED, subject, actor, {"fields": list(fields), "seq": seq}, {"reason": reason})


def finish_erasures(engine: Engine, vault_: Vault) -> list[Subject]:
    """
    Destroy every data key that an ``ERASED`` entry says is gone, and return whose they were.

    There are such keys only where a key table was put back from a backup: recording and destroying are one transaction.
    """
    with reading(engine) as connection:
        left = list(_undead(connection))
    if left:
        with writing(engine) as connection:
            for subject in left:
                vault_.erase(connection, subject)
    return left


def erasure_faults(engine: Engine) -> tuple[int, list[str]]:
    """
    Return how many subjects were erased, and what is wrong: a key that lives on, or one gone that no entry speaks of.

    In place of the key of who was erased stays an empty row; where that is missing, the next value would bring a key back.
    """
    with reading(engine) as connection:
        recorded = set(connection.scalars(select(history.c.subject).where(history.c.type == ERASED)))
        faults = [f"{subject}: it was erased, and its data key is there" for subject in _undead(connection)]
        gone = select(vault.c.subject).distinct().outerjoin(vault_keys, vault_keys.c.subject == vault.c.subject)
        gone = gone.where(or_(vault_keys.c.wrapped.is_(None), vault_keys.c.wrapped == b""))
        empty = select(vault_keys.c.subject).where(vault_keys.c.wrapped == b"")
        silent = sorted({*connection.scalars(gone), *connection.scalars(empty)} - recorded)
        unheld = sorted(recorded - set(connection.scalars(select(vault_keys.c.subject))))
    faults += [f"{subject}: it was erased, and nothing holds the place of its data key" for subject in unheld]
    return len(recorded), faults + [
        f"{subject}: its data key is gone, and no entry says that it was erased" for subject in silent
    ]


def _undead(connection: Connection) -> Iterator[Subject]:
    living = select(vault_keys.c.subject).join(history, history.c.subject == vault_keys.c.subject)
    living = living.where(history.c.type == ERASED, vault_keys.c.wrapped != b"").distinct().order_by(vault_keys.c.subject)
    return map(Subject.parse, connection.scalars(living).all())
