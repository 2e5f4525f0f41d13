"""The seal of an office: its newest head, with what it is cosigned by, on paper."""

from __future__ import annotations

from dataclasses import dataclass

from storage.ledger.checkpoint import verify_checkpoint
from yihu.paper.seal import seal_pdf
from yihu.wiring import Office

__all__ = ["Seal", "seal_of"]


@dataclass(frozen=True, slots=True)
class Seal:
    """A page, and what it says."""

    pdf: bytes
    size: int
    witnesses: list[str]


def seal_of(office: Office) -> Seal:
    """Sign what is not signed yet, and return the page of the newest head with the cosignatures it has by now."""
    note = office.log.checkpoint()
    note = office.log.newest() or note
    keys = office.log.keys.history().at(office.log.keys.opened(note).size)
    known = [one.key for one in office.log.anchors.witnesses()]
    head = verify_checkpoint(note, [*keys, *known], origin=office.log.origin)
    pdf = seal_pdf(note, office=office.settings.office.name, log_keys=keys, witnesses=known, at=office.clock().astimezone())
    return Seal(pdf, head.checkpoint.size, [one.key.name for one in head.witnesses])
