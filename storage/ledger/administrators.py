"""
In whose hands the witnesses are. Fifty offices under one administrator are one witness.

Every witness has an *administrator*, and a policy is refused when it could be met by counting one administrator twice, or by
our own bureau alone. A policy that was accepted means the same to every program that reads policy files, without knowing about
administrators.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from storage.ledger.policy import NONE, Group, Policy, check_name
from storage.verifier.keys import COSIGNATURE, VerifierKey

__all__ = ["Witness", "refuse_weak", "standard_policy"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: what the policy calls it, its key, where it answers, and in whose hands it is."""

    name: str
    key: VerifierKey
    administrator: str
    """An organisation, never a person: 检察院, county-audit."""
    is_ours: bool = False
    """Whether that administrator is our own bureau, or answers to it."""
    url: str | None = None

    def __post_init__(self) -> None:
        for what, text in (("witness name", self.name), ("administrator", self.administrator)):
            check_name(what, text)
        if self.key.algorithm != COSIGNATURE:
            message = f"witness {self.name}: expected a key for cosignatures (type 4), found type {self.key.algorithm}"
            raise ValueError(message)
        if self.url is not None and not re.fullmatch(r"https?://[^\s@?#]+", self.url):
            message = f"witness {self.name}: expected a URL like https://HOST/PATH, without password and query"
            raise ValueError(message)


def standard_policy(log: VerifierKey, witnesses: Sequence[Witness], *, least: int = 1) -> Policy:
    """
    Return the policy "at least *least* administrators outside the bureau", each by any of its witnesses.

    Raises `ValueError` where there are fewer: a quorum does not become smaller by itself.
    """
    outside: dict[str, list[str]] = {}
    for witness in witnesses:
        if witness.administrator not in _ours(witnesses):
            outside.setdefault(witness.administrator, []).append(witness.name)
    if not 1 <= least <= len(outside):
        message = f"policy: a quorum of {least} administrators outside the bureau, of whom there are {len(outside)}"
        raise ValueError(message)
    taken = {witness.name for witness in witnesses}
    groups = []
    for administrator, names in outside.items():
        groups.append(Group(_free(administrator, taken), 1, tuple(names)))
        taken.add(groups[-1].name)
    quorum = Group(_free("outside", taken), least, tuple(group.name for group in groups))
    keys = {witness.name: witness.key for witness in witnesses}
    return Policy((log,), keys, (*groups, quorum), quorum.name)


def refuse_weak(policy: Policy, witnesses: Sequence[Witness]) -> None:
    """
    Return only if no quorum counts an administrator twice and none is reached by our own bureau alone.

    Raises `ValueError` naming the group and the administrator, or the witness that nobody has added.
    """
    known = {witness.name: witness for witness in witnesses}
    for name, key in policy.witnesses.items():
        if name not in known or known[name].key != key:
            message = f"policy: {name} is not a witness that was added, or has another key"
            raise ValueError(message)
    _refuse_counting_twice(policy, known)
    ours = _ours(witnesses)
    if policy.is_met_by(witness.name for witness in witnesses if witness.administrator in ours):
        message = f"policy: the quorum {policy.quorum} needs nobody outside the bureau"
        raise ValueError(message)


def _refuse_counting_twice(policy: Policy, known: Mapping[str, Witness]) -> None:
    for group in policy.groups:
        if group.least == 1:
            continue
        hands = {member: {known[name].administrator for name in policy.below[member]} for member in group.members}
        for one, other in combinations(group.members, 2):
            twice = hands[one] & hands[other]
            if twice:
                message = f"policy: group {group.name} counts {min(twice)} twice ({one}, {other})"
                raise ValueError(message)


def _ours(witnesses: Sequence[Witness]) -> set[str]:
    """Return the administrators of the bureau; said of one of its witnesses, it is said of all."""
    return {witness.administrator for witness in witnesses if witness.is_ours}


def _free(wanted: str, taken: set[str]) -> str:
    name = wanted
    while name in taken or name == NONE:
        name = f"{name}*"
    return name
