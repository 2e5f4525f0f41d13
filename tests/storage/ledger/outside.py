"""Witnesses under administrators of their own, beside a living log."""

from __future__ import annotations

from storage import witnesses
from storage.ledger.administrators import Witness
from storage.ledger.witness import Answer
from storage.ledger.witnessing import Witness as AtWork

from .living import ADMINISTRATOR, KEY, SUBJECT, LivingLog


class Outside:
    """A witness under an administrator of its own: at work in its own directory, and known to the log."""

    def __init__(self, living: LivingLog, name: str, administrator: str, *, is_ours: bool = False) -> None:
        self.at_work = AtWork.found(living.home / name, name=f"{name}.example/w", clock=living.clock)
        self.at_work.watch(KEY)
        self.known = Witness(name, self.at_work.key, administrator, is_ours=is_ours)
        living.custody.record(witnesses.added(self.known, log=SUBJECT, actor=ADMINISTRATOR))

    def __call__(self, body: str) -> Answer:
        return self.at_work.add_checkpoint(body.encode())


def signed(living: LivingLog, grown: int = 1) -> int:
    """Record and sign, and say how many entries there are."""
    living.grow(grown).log.checkpoint()
    return int((living.log.latest() or "").split("\n")[1])
