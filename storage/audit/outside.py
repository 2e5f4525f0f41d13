"""
What somebody outside holds: older checkpoints, and the cosignatures of witnesses.

The office's own list of witnesses lies in the database that is audited, and whoever can write there can add one. So it says
only how well the office follows its own rules; what makes a ledger *anchored* are keys that the auditor brought on another way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storage.audit.scope import Scope, note_in
from storage.audit.steps import Anchor, Step
from storage.audit.words import Said
from storage.database import reading
from storage.errors import LedgerError
from storage.ledger.anchors import cosigners
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.policy import NONE, Group, Policy
from storage.ledger.recovery import is_given_up
from storage.ledger.stored import hash_reader
from storage.ledger.tree import root_at
from storage.verifier.errors import VerificationError
from storage.verifier.keys import COSIGNATURE, ED25519, VerifierKey

__all__ = ["Brought", "held", "witnesses"]


@dataclass(frozen=True, slots=True)
class Brought:
    """What the auditor brought: heads that were held elsewhere, and a policy with the keys of witnesses he believes."""

    held: Sequence[tuple[str, str]] = ()
    """Where each came from, and its text (`note_in`)."""
    policy: Policy | None = None

    @classmethod
    def keys(cls, vkeys: Sequence[str], *, held: Sequence[tuple[str, str]] = ()) -> Brought:
        """Bring single keys: of witnesses, any of whom suffices, and of the log; `ValueError` for what is neither."""
        try:
            keys = [VerifierKey.parse(vkey) for vkey in vkeys]
        except VerificationError as error:
            message = f"witness: {error}"
            raise ValueError(message) from error
        names = {f"{key.name}+{key.key_id.hex()}": key for key in keys if key.algorithm == COSIGNATURE}
        groups = (Group("any", 1, tuple(names)),) if names else ()
        logs = tuple(key for key in keys if key.algorithm == ED25519)
        return cls(held, Policy(logs, names, groups, "any" if names else NONE)) if keys else cls(held)


def held(scope: Scope, brought: Brought, step: Step) -> Iterator[str]:
    """Every checkpoint the auditor holds is signed by this log, and the stored entries begin with what it covers."""
    if not brought.held:
        step.remark("no older checkpoint was brought: whether the ledger was rewritten as a whole does not show here")
    largest, sound = 0, list[str]()
    for name, text in brought.held:
        step.count()
        try:
            checkpoint = scope.opened(note_in(text))
        except (LedgerError, ValueError) as error:
            yield Said("{name}: {reason}", name=name, reason=str(error))
            continue
        wrong = _contradiction(scope, name, checkpoint)
        if wrong is None:
            largest = max(largest, checkpoint.size)
            sound.append(note_in(text))
        else:
            yield wrong
    if largest:
        step.remark("the ledger continues the checkpoints that were brought; the largest covers {size} entries", size=largest)
    # no finding: a witness may have answered somebody whose stick never came back
    for missing in scope.log.anchors.forgotten(sound):
        step.remark("{reason}", reason=missing)


def _contradiction(scope: Scope, name: str, head: Checkpoint) -> str | None:
    with reading(scope.engine) as connection:
        if head.size <= scope.size and root_at(head.size, hash_reader(connection, scope.size)) == head.root:
            return None
        if is_given_up(connection, head):
            template = "{name}: its {size} entries were lost; an entry RECOVERED of this ledger says so itself"
        elif head.size > scope.size:
            template = "{name}: it covers {size} entries, of which {stored} are there: the ledger was cut or put back"
        else:
            template = "{name}: other entries than these {size} were signed before: the ledger was forked or rewritten"
        return Said(template, name=name, size=head.size, stored=scope.size)


def witnesses(scope: Scope, brought: Brought, step: Step) -> Iterator[str]:
    """Every kept cosignature is one; how much the office's own policy holds, and how much the keys that were brought."""
    for wrong, is_sound in scope.log.anchors.kept(since=scope.since):
        step.count()
        if not is_sound:
            yield Said("{reason}", reason=wrong)
    yield from _own(scope, step)
    if brought.policy is None:
        step.remark("no key was brought from outside: nobody but the office vouches for this ledger")
        return
    yield from _outside(scope, brought, brought.policy, step)


def _own(scope: Scope, step: Step) -> Iterator[str]:
    try:
        policy, size = scope.log.anchors.policy(), scope.log.anchored_size()
    except LedgerError as error:
        yield Said("{reason}", reason=error)
        return
    if policy is None:
        step.remark("the office names no witness outside")
        return
    step.remark("by the office's own list of witnesses {size} entries are held outside; that list proves nothing", size=size)


def _outside(scope: Scope, brought: Brought, policy: Policy, step: Step) -> Iterator[str]:
    if policy.logs:
        step.count()
        if scope.keys.isdisjoint(policy.logs):
            yield Said("the ledger is signed with another key than the one that was brought: {vkey}", vkey=scope.log.vkey)
            return
    if policy.quorum == NONE:
        step.remark("the policy that was brought asks for nobody: it anchors nothing")
        return
    publics = {key.public for key in scope.keys}
    own = {key for key in policy.witnesses.values() if key.public in publics}
    own |= {witness.key for witness in scope.log.anchors.witnesses() if witness.is_ours}
    if own & set(policy.witnesses.values()):
        step.remark("of the keys that were brought, those the office itself calls its own do not count")
    size, by = max(scope.log.anchors.held_by(policy, but=own), _by_held(scope, brought, policy, own))
    if size:
        step.count()
        step.anchor = Anchor(size, by)
        step.remark("{by} vouch for {size} of {all} entries", by=", ".join(by), size=size, all=scope.size)
    else:
        step.remark("none of the keys that were brought vouches for a head of this ledger")


def _by_held(scope: Scope, brought: Brought, policy: Policy, own: set[VerifierKey]) -> tuple[int, tuple[str, ...]]:
    """Look among the heads that were brought: the database may have lost its cosignatures."""
    best: tuple[int, tuple[str, ...]] = (0, ())
    keys = [key for key in policy.witnesses.values() if key not in own]
    for name, text in brought.held:
        try:
            note = note_in(text)
            head = scope.opened(note)
            by = cosigners(note, policy, keys) if _contradiction(scope, name, head) is None else ()
        except (LedgerError, ValueError):
            continue  # said in the step about held heads
        if by:
            best = max(best, (head.size, by))
    return best
