"""Logs that change their keys: whose they are, and how one key hands over to the next."""

from __future__ import annotations

from storage import log_keys
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.keys import Signer, VerifierKey
from storage.ledger.tree import EMPTY_ROOT

from .conftest import ORIGIN, signer
from .living import ADMINISTRATOR, SUBJECT, LivingLog

OLD, NEW, THIRD, THIEF = (signer(number) for number in (1, 2, 3, 9))
OLD_KEY, NEW_KEY, THIRD_KEY, THIEF_KEY = (VerifierKey.parse(one.vkey) for one in (OLD, NEW, THIRD, THIEF))


def hand_over(living: LivingLog, new: Signer, *here: Signer, overlap: int | None = None) -> LivingLog:
    """Record that *new* signs from now on, and open the log as a process that has the keys *here* and *new*."""
    note = living.log.latest()
    head = Checkpoint(ORIGIN, 0, EMPTY_ROOT) if note is None else living.log.keys.opened(note)
    text = living.log.keys.handing_over(head, new, overlap=overlap)
    living.custody.record(log_keys.rotated(text, log=SUBJECT, actor=ADMINISTRATOR))
    living.engine.dispose()
    return living.again(signs=[*(here or [OLD]), new])


def retire(living: LivingLog, key: VerifierKey, *left: Signer) -> LivingLog:
    """Record that *key* signs no more, and open the log with the keys that are *left*."""
    living.custody.record(log_keys.retired(key, log=SUBJECT, actor=ADMINISTRATOR))
    living.engine.dispose()
    return living.again(signs=left)
