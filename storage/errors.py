"""
Everything that can go wrong here, and the one question that matters to a caller.

Is it worth trying again, or does it take a person?

::

    YihuError
    ├── StorageUnavailable      try again: a store, a database or a disk is away or full for now
    │   ├── SpoolFull           try again once deposits have made room
    │   ├── InUse               try again: somebody else is at it
    │   └── Stopping            the program ends; the next start goes on
    └── EvidenceError           get a person: what was found is not what was promised
        ├── DigestMismatch      bytes differ from their digest
        ├── SourceChanged       a source ended early, grew or changed while it was read
        ├── NotMounted          a card could not be mounted: its file system, its state, or our rights
        ├── RetentionRefused    a store kept an object that somebody wanted gone, shortened or downgraded
        ├── NotFound            there is no such thing
        ├── LifeCycleError      an entry that may not follow what is already recorded
        ├── StaleState          somebody else moved the subject first
        ├── StillNeeded         somebody wanted erased what a kept clip or an open case still needs
        ├── Erased              a value was erased for good, or is of somebody who was
        ├── LedgerError         leaf, tree, checkpoint or vault contradict each other
        └── Refused             this person may not do this
            ├── NoQuota         larger than what may be sent to us
            ├── NotHeldOutside  first a witness outside the office must vouch for it
            └── LockedOut       too many wrong PINs; nobody is asked again before a while

Library exceptions are translated at the edge (`storage.s3`, `storage.folder`, …) and kept as the cause. Every message names the
thing and the reason. What a person is shown in Chinese or English is said by `yihu.messages`, by the name of the class.
"""

from __future__ import annotations


class YihuError(Exception):
    """Something we foresaw went wrong."""


class StorageUnavailable(YihuError):
    """A store, database or disk is away for now; the same call may succeed later."""


class SpoolFull(StorageUnavailable):
    """There is no room in the spool; reading stops, nothing that was recorded is lost."""


class InUse(StorageUnavailable):
    """Somebody else holds what only one at a time may change."""


class Stopping(StorageUnavailable):
    """The program was asked to end; what it was doing is begun again by the next start."""


class EvidenceError(YihuError):
    """What was found is not what was promised; trying again will not help."""


class DigestMismatch(EvidenceError):
    """Bytes differ from the digest that was promised for them."""

    def __init__(self, what: str, *, expected: object, actual: object) -> None:
        super().__init__(f"{what}: expected {expected}, read {actual}")
        self.what, self.expected, self.actual = what, expected, actual


class SourceChanged(EvidenceError):
    """A source ended early, grew, vanished or could not be read to its end."""


class NotMounted(EvidenceError):
    """A card is there and could not be mounted: an unknown or damaged file system, or we may not."""


class RetentionRefused(EvidenceError):
    """A store kept an object that somebody wanted gone, shortened or downgraded."""


class NotFound(EvidenceError):
    """There is no such thing."""


class LifeCycleError(EvidenceError):
    """An entry may not follow what is already recorded of its subject."""


class StaleState(EvidenceError):
    """Somebody else moved the subject between reading and recording."""


class StillNeeded(EvidenceError):
    """Somebody wanted erased what a kept clip or an open case still needs."""


class Erased(EvidenceError):
    """A value was erased for good, or is of somebody who was erased."""


class LedgerError(EvidenceError):
    """Leaf, tree, checkpoint or vault contradict each other."""


class Refused(EvidenceError):
    """Whoever asked may not do this."""


class NoQuota(Refused):
    """Somebody wants to send more than is allowed at once."""


class NotHeldOutside(Refused):
    """Nothing may leave the house, or be destroyed, on the word of our own key alone."""


class LockedOut(Refused):
    """A PIN was wrong too often; for a while nobody is asked again."""
