"""
Whether a file may be removed from a camera: the rule, as a pure function of facts.

The office chooses a policy; whatever it says, nothing is removed while nobody outside holds the ledger, and nothing where the
store does not keep what it promised. Every reason is told, not only the first, so that a person sees all that is to be done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["Facts", "Permission", "Policy", "Reason", "When", "may_clear"]


class When(StrEnum):
    """When the office wants cameras cleared."""

    NEVER = "never"
    AFTER_DAYS = "after-days"
    AT_ONCE = "at-once"


class Reason(StrEnum):
    """Why a file stays on its camera."""

    POLICY = "policy-never"
    TOO_EARLY = "too-early"
    """The days that the policy waits are not over."""
    NO_WITNESS = "no-witness"
    """Nobody outside the bureau holds anything of the ledger."""
    NOT_ANCHORED = "not-anchored"
    """Nobody outside holds its entries yet; the witnesses are to be asked."""
    STORE_UNTRUSTED = "store-untrusted"
    """The store does not keep what it promised against who administers it, or this was not shown."""
    NOT_OURS = "not-ours"
    """No clip is of this file: it is new, another, or erased from the catalog."""
    NOT_DEPOSITED = "not-deposited"
    STORED_DIFFERS = "stored-differs"
    """What the store gives is not what was secured, or is not there."""
    LOCK_TOO_SHORT = "lock-too-short"
    LEDGER_DIFFERS = "ledger-differs"
    """Catalog and ledger do not say the same of the clip."""
    CHANGED = "changed"
    """The file on the camera is not, or is not any more, what was secured."""
    LINKED = "linked"
    """The file has a second name: removing one would remove nothing."""
    UNREADABLE = "unreadable"
    UNREMOVABLE = "unremovable"
    """The card does not allow that it is removed."""
    GONE = "gone"
    """It is not there, and it was not we who removed it."""
    GIVEN_UP = "given-up"
    """A person closed the authorisation without the camera."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the office wants."""

    when: When = When.NEVER
    days: int = 0
    """With `When.AFTER_DAYS`: how long after a clip was secured."""
    trusts_any_store: bool = False
    """Whether a store that is not protected from who administers it is enough."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a clip, each found out in this clearing."""

    secured_at: datetime
    is_deposited: bool
    anchored_size: int
    """How many entries somebody outside holds."""
    last_entry: int
    """The last entry that the proof needs."""
    store_is_locked: bool
    """Whether the store was shown to keep what is locked from everybody who holds our keys."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Granted where nothing speaks against it."""

    reasons: tuple[Reason, ...] = ()

    @property
    def is_granted(self) -> bool:
        """Whether the file may be removed."""
        return not self.reasons


def may_clear(facts: Facts, policy: Policy, now: datetime) -> Permission:
    """Say whether the file of a clip may be removed by *policy* at *now*, and everything that speaks against it."""
    early = policy.when is When.AFTER_DAYS and now < facts.secured_at + timedelta(days=policy.days)
    against = {
        Reason.POLICY: policy.when is When.NEVER,
        Reason.TOO_EARLY: early,
        Reason.NO_WITNESS: facts.anchored_size == 0,
        Reason.NOT_ANCHORED: 0 < facts.anchored_size <= facts.last_entry,
        Reason.STORE_UNTRUSTED: not (facts.store_is_locked or policy.trusts_any_store),
        Reason.NOT_DEPOSITED: not facts.is_deposited,
    }
    return Permission(tuple(reason for reason, speaks in against.items() if speaks))
