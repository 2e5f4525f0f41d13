"""
The policy: what somebody was granted × what they want to do × what the object is to them → yes or no, with the reason.

Pure: who was granted what and what is known of the object come in as values, nothing is asked for here. A grant covers
everything, or offices, or single matters, and may end at a time. Several grants add up: one that allows it is enough. An object
that is filed belongs to its matters and their offices; one that is filed nowhere to the office of the officer who held the
camera when it was taken in, and if nobody knows that, to nobody: then only a grant for everything covers it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.roles import ADMINISTRATORS, HANDLING, TABLE, Act, Relation
from storage.evidence import Kind, Role, Subject

Reason = Literal["role", "scope", "unapproved", "inside", "separation", "self"]
"""Why not: the role never may; not this object; not without approval; 三员分立; not to oneself."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a grant covers; neither offices nor matters means everything."""

    offices: frozenset[Subject] = frozenset()
    matters: frozenset[Subject] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.offices and not self.matters

    @property
    def text(self) -> str:
        """The one way it is kept: pseudonyms in order; nothing for everything."""
        return " ".join(sorted(map(str, self.offices | self.matters)))

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read what `text` wrote; raises `ValueError`."""
        return cls.of(map(Subject.parse, text.split()))

    @classmethod
    def of(cls, named: Iterable[Subject]) -> Scope:
        """Return what covers those offices and matters."""
        chosen = frozenset(named)
        wrong = sorted(str(each) for each in chosen if each.kind not in {Kind.OFFICE, Kind.MATTER})
        if wrong:
            message = f"scope of a grant: expected offices and matters, found {', '.join(wrong)}"
            raise ValueError(message)
        return cls(*(frozenset(each for each in chosen if each.kind is kind) for kind in (Kind.OFFICE, Kind.MATTER)))


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, what it covers, and until when."""

    role: Role
    scope: Scope = EVERYTHING
    until: datetime | None = None
    number: int = -1
    """Of the entry by which it was given: what is withdrawn."""

    def counts(self, now: datetime) -> bool:
        """Say whether it is not over."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Thing:
    """What is known of an object, as far as the policy asks."""

    matters: frozenset[Subject] = frozenset()
    """To which it is filed, or of which it is part."""
    offices: frozenset[Subject] = frozenset()
    """Those of its matters; without any, the office of whoever took it in, if known."""
    owner: Subject | None = None
    """The account whose it is: itself, or whose viewing, upload or request it is."""
    is_approved: bool = False
    """Whether a request of whoever asks, for this, was approved and still counts; a grant must cover it even so."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes, by which grant; or no, and why."""

    grant: Grant | None
    relation: Relation | None = None
    why_not: Reason | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether it may be done."""
        return self.grant is not None


def relation_of(grant: Grant, thing: Thing | None, asking: Subject) -> Relation:
    """Say what *thing* is to a grant of *asking*; None is an act without an object."""
    scope = grant.scope
    if thing is None:
        return Relation.CASE_ONLY if scope.matters and not scope.offices else Relation.ANY
    if thing.owner is not None:
        return Relation.SELF if thing.owner == asking else Relation.OTHER
    if thing.matters & scope.matters:
        return Relation.CASE
    if not thing.offices and not thing.matters:
        return Relation.NOBODY if scope.is_everything else Relation.ELSEWHERE
    if not scope.is_everything and not thing.offices & scope.offices:
        return Relation.ELSEWHERE
    return Relation.OFFICE if thing.matters else Relation.UNFILED


def decide(grants: Iterable[Grant], act: Act, thing: Thing | None, *, asking: Subject) -> Decision:
    """Decide whether *asking*, who holds *grants* that all still count, may do *act* to *thing*."""
    held = sorted(grants, key=lambda grant: (list(Role).index(grant.role), grant.number))
    able = [grant for grant in held if act in TABLE.get(grant.role, {})]
    if not able:
        return Decision(None, why_not="role")
    if act is Act.INTERFERENCE and thing is not None and _has_a_hand(held, thing, asking):
        return Decision(None, Relation.INSIDE, "inside")
    for grant in able:
        relation = relation_of(grant, thing, asking)
        allowing = TABLE[grant.role][act]
        if relation in allowing:
            return Decision(grant, relation)
        is_covered = relation not in {Relation.ELSEWHERE, Relation.OTHER}
        if thing is not None and thing.is_approved and is_covered and Relation.APPROVED in allowing:
            return Decision(grant, Relation.APPROVED)
    if thing is not None and thing.owner == asking:
        return Decision(None, Relation.SELF, "self")
    by_approval = any(Relation.APPROVED in TABLE[grant.role][act] for grant in able)
    return Decision(None, why_not="unapproved" if by_approval else "scope")


def within(grants: Iterable[Grant], act: Act) -> Scope:
    """Return to what a list is limited for whoever holds *grants*; raises `ValueError` where none of them allows *act*."""
    able = [grant.scope for grant in grants if act in TABLE.get(grant.role, {})]
    if not able:
        message = f"list: nothing allows to {act}"  # an empty scope would be everything
        raise ValueError(message)
    if any(scope.is_everything for scope in able):
        return EVERYTHING
    return Scope.of(each for scope in able for each in scope.offices | scope.matters)


def separated(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """
    Return what of *grants* counts: beside an administrator's role nothing does (三员分立).

    Nobody is given both; but an older ledger may say so, and two may give at the same moment.
    """
    held = tuple(grants)
    first = next((grant.role for grant in held if grant.role in ADMINISTRATORS), None)
    return held if first is None else tuple(grant for grant in held if grant.role is first)


def why_not_granted(held: Iterable[Grant], role: Role, *, to: Subject, by: Subject) -> Reason | None:
    """Say why nobody may give *role* to somebody who has *held*; None where it may be given."""
    if to == by:
        return "self"
    beside = {grant.role for grant in held} - {role}
    both = beside if role in ADMINISTRATORS else beside & ADMINISTRATORS
    return "separation" if both else None


def _has_a_hand(held: Iterable[Grant], thing: Thing, asking: Subject) -> bool:
    covered = {Relation.CASE, Relation.OFFICE, Relation.UNFILED, Relation.NOBODY}
    return any(grant.role in HANDLING and relation_of(grant, thing, asking) in covered for grant in held)
