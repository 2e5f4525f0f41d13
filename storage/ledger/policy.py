"""
Who must have cosigned before a checkpoint counts as held outside: policy files (C2SP tlog-policy).

A policy file lists logs, witnesses, groups of witnesses, and which of them are a quorum. In whose hands a witness is, it cannot
say: that is for `storage.ledger.administrators`.

Stricter than the format where that costs nothing honest: names are UTF-8, keys are those that `storage.verifier` knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from storage.verifier.errors import VerificationError
from storage.verifier.keys import COSIGNATURE, ED25519, VerifierKey

__all__ = ["NONE", "Group", "Policy", "check_name"]

_NAME = re.compile(r"[^\s\x00-\x1f\x7f#][^\s\x00-\x1f\x7f]{0,99}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_MOST_LINES = 1000
NONE = "none"
"""The quorum that nobody is needed for."""


@dataclass(frozen=True, slots=True)
class Group:
    """At least *least* of *members*, each a witness or a group that was defined before."""

    name: str
    least: int
    members: tuple[str, ...]

    def __str__(self) -> str:
        return f"group {self.name} {self.least} {' '.join(self.members)}"


@dataclass(frozen=True)
class Policy:
    """A policy file. `ValueError` where it is none: a name that is not defined before, defined twice, or a member twice."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    def __post_init__(self) -> None:
        _check_keys([*self.logs, *self.witnesses.values()])
        known, used = set(self.witnesses), set[str]()
        for name in (*self.witnesses, *(group.name for group in self.groups)):
            check_name("policy", name)
        for group in self.groups:
            _check_group(group, known, used)
            known.add(group.name)
            used.update(group.members)
        if self.quorum not in known | {NONE}:
            message = f"policy: the quorum {self.quorum} is not defined"
            raise ValueError(message)

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read a policy file."""
        _check_characters(text)
        reader = _Reader()
        for line in text.split("\n")[:-1]:
            words = [word for word in re.split(r"[ \t]+", line) if word]
            if words and not words[0].startswith("#"):
                reader.take(words)
        return reader.policy()

    def text(self, comments: Mapping[str, str] | None = None, urls: Mapping[str, str] | None = None) -> str:
        """Write it; *comments* and *urls* belong to witnesses."""
        lines = [f"log {key.vkey}" for key in self.logs]
        for name, key in self.witnesses.items():
            lines += [f"# {comment}" for comment in [(comments or {}).get(name)] if comment]
            lines.append(" ".join(filter(None, ("witness", name, key.vkey, (urls or {}).get(name)))))
        return "\n".join([*lines, *map(str, self.groups), f"quorum {self.quorum}", ""])

    def is_met(self, cosigners: Iterable[VerifierKey]) -> bool:
        """Say whether these keys are a quorum; without one ("quorum none") anything is."""
        keys = set(cosigners)
        return self.is_met_by(name for name, key in self.witnesses.items() if key in keys)

    def is_met_by(self, names: Iterable[str]) -> bool:
        """Say whether the witnesses of these names are a quorum."""
        met = set(names) & set(self.witnesses)
        for group in self.groups:
            if len(met.intersection(group.members)) >= group.least:
                met.add(group.name)
        return self.quorum == NONE or self.quorum in met

    @cached_property
    def fewest(self) -> int:
        """How many witnesses a quorum has at least."""
        cost = dict.fromkeys(self.witnesses, 1)
        for group in self.groups:
            cost[group.name] = sum(sorted(cost[member] for member in group.members)[: group.least])
        return cost.get(self.quorum, 0)

    @cached_property
    def below(self) -> Mapping[str, frozenset[str]]:
        """The witnesses below each name."""
        below = {name: frozenset({name}) for name in self.witnesses}
        for group in self.groups:
            below[group.name] = frozenset().union(*(below[member] for member in group.members))
        return below


class _Reader:
    """Takes lines of a policy file; what a line says of names is checked by `Policy`."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: list[Group] = []
        self._quorums: list[str] = []

    def take(self, words: list[str]) -> None:
        keyword, *rest = words
        match keyword, rest:
            case "log", [vkey] | [vkey, _]:
                self._logs.append(_key(vkey, ED25519))
            case "witness", [name, vkey] | [name, vkey, _]:
                self._define(name)
                self._witnesses[name] = _key(vkey, COSIGNATURE)
            case "group", [name, least, *members]:
                self._define(name)
                self._groups.append(Group(name, _least(name, least, len(members)), tuple(members)))
                # a member must stand on a line before; Policy keeps witnesses and groups apart and cannot see that
                self._refuse_unknown(name, members)
            case "quorum", [name]:
                self._refuse_unknown("quorum", [name] if name != NONE else [])
                self._quorums.append(name)
            case _:
                message = f"policy: not a line of one: {' '.join(words)[:80]!r}"
                raise ValueError(message)

    def policy(self) -> Policy:
        if len(self._quorums) != 1:
            message = f"policy: expected exactly one quorum line, found {len(self._quorums)}"
            raise ValueError(message)
        return Policy(tuple(self._logs), self._witnesses, tuple(self._groups), self._quorums[0])

    def _defined(self) -> set[str]:
        return {*self._witnesses, *(group.name for group in self._groups)}

    def _define(self, name: str) -> None:
        if name in self._defined():
            message = f"policy: {name} is defined twice"
            raise ValueError(message)

    def _refuse_unknown(self, by: str, names: Iterable[str]) -> None:
        for name in names:
            if name == by or name not in self._defined():
                message = f"policy: {name} is used by {by} before it is defined"
                raise ValueError(message)


def _key(vkey: str, algorithm: int) -> VerifierKey:
    try:
        key = VerifierKey.parse(vkey)
    except VerificationError as error:
        message = f"policy: {error}"
        raise ValueError(message) from error
    if key.algorithm != algorithm:
        message = f"policy: {key.name}: expected a key of type {algorithm}, found {key.algorithm}"
        raise ValueError(message)
    return key


def _least(group: str, text: str, members: int) -> int:
    if text in {"all", "any"}:
        return members if text == "all" else 1
    if not _NUMBER.fullmatch(text):
        message = f"policy: group {group}: expected all, any or a number, found {text[:20]!r}"
        raise ValueError(message)
    return int(text)


def _check_keys(keys: list[VerifierKey]) -> None:
    if len({key.public for key in keys}) != len(keys):
        message = "policy: the same key under two names"
        raise ValueError(message)


def check_name(what: str, name: str) -> None:
    """Return only if *name* can stand in a policy file; *what* names it in the message."""
    if not _NAME.fullmatch(name) or name == NONE:
        message = f"{what} {name!r}: expected up to 100 characters without space, none of them first a #, and not {NONE!r}"
        raise ValueError(message)


def _check_group(group: Group, known: set[str], used: set[str]) -> None:
    if group.name in known:
        message = f"policy: {group.name} is defined twice"
        raise ValueError(message)
    if not 1 <= group.least <= len(group.members):
        message = f"policy: group {group.name}: {group.least} of {len(group.members)} members cannot be"
        raise ValueError(message)
    for member in group.members:
        if member not in known:
            message = f"policy: {member} is used by {group.name} before it is defined"
            raise ValueError(message)
        # so that nobody contributes in two ways
        if member in used or group.members.count(member) > 1:
            message = f"policy: {member} is a member twice"
            raise ValueError(message)


def _check_characters(text: str) -> None:
    if not text.endswith("\n") or text.count("\n") > _MOST_LINES:
        message = f"policy: expected at most {_MOST_LINES} lines, each ended by a line feed"
        raise ValueError(message)
    if any((ord(character) < ord(" ") and character not in "\t\n") or ord(character) == 0x7F for character in text):  # noqa: PLR2004
        message = "policy: a control character"
        raise ValueError(message)
