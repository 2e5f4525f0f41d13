"""Erasing somebody: what it would cost, whether it is allowed, and doing it once."""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import reading
from storage.erasure import ERASED, erased, finish_erasures, hindrances
from storage.errors import NotFound, StillNeeded
from storage.evidence import Subject, utc_text
from yihu.wiring import ERASING, Office

__all__ = ["Loss", "erase", "loss_of"]


@dataclass(frozen=True, slots=True)
class Loss:
    """What erasing a subject destroys: the fields of its entries, and of entries whose values were confided to it."""

    fields: dict[int, list[str]]
    """By number of the entry."""
    erased_seq: int | None
    """The entry by which it was erased already."""


def loss_of(office: Office, subject: Subject) -> Loss:
    """
    Return what erasing *subject* would destroy.

    Raises `NotFound` for one that nobody recorded, and `StillNeeded`, with every reason, for one that may not be erased now.
    """
    lines = office.catalog.history(subject)
    if not lines:
        message = f"{subject}: no entry is about it"
        raise NotFound(message)
    before = next((line.seq for line in lines if line.type == ERASED), None)
    with reading(office.engine) as connection:
        hindering = hindrances(connection, ERASING, subject, utc_text(office.clock())) if before is None else []
        fields = office.vault.sealed(connection, subject)
    if hindering:
        raise StillNeeded("; ".join(hindering))
    return Loss(fields, before)


def erase(office: Office, subject: Subject, *, reason: str) -> int:
    """
    Record that *subject* is erased, destroy its data key with it, and return the number of that entry.

    It may be called again: who is erased is not erased twice. What `loss_of` raises is raised here too.
    """
    finish_erasures(office.engine, office.vault)
    loss = loss_of(office, subject)
    if loss.erased_seq is not None:
        return loss.erased_seq
    return office.custody.record(erased(subject, actor=office.operator, reason=reason)).seq
