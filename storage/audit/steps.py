"""Steps and what they come to. A step yields what is wrong; what is wrong in one never keeps a later one from looking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from storage.audit.words import Said
from storage.errors import EvidenceError
from storage.verifier.errors import VerificationError

__all__ = ["Anchor", "Check", "Outcome", "Step", "Told", "Verdict", "gone_through", "outcome_of"]

_MOST = 1000
"""Findings that are listed of one step; whoever has more than these needs no list."""
_NEWS = 500
"""After so many things a step says how far it is."""


class Outcome(StrEnum):
    """What an audit comes to."""

    FAILED = "failed"
    """Something does not hold, or there was nothing to verify."""
    CONSISTENT = "internally consistent"
    """Everything holds together, but only the office's own keys vouch for it."""
    ANCHORED = "anchored"
    """Everything holds, and a key that the auditor brought vouches for a head; how much it covers is said beside it."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Up to which entry somebody outside vouches, and who."""

    size: int
    by: tuple[str, ...]


@dataclass(slots=True)
class Step:
    """One step: how many things were checked, everything that was wrong, and what is to be known without being wrong."""

    number: int
    name: str
    checked: int = 0
    findings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    anchor: Anchor | None = None
    """Set by a step that found a key vouching which the auditor brought."""
    unlisted: int = 0
    told: Told = lambda _step: None

    def count(self, things: int = 1) -> None:
        """Say that so many things more were looked at."""
        before, self.checked = self.checked, self.checked + things
        if before // _NEWS != self.checked // _NEWS:
            self.told(self)

    def found(self, wrong: str) -> None:
        """Note what is wrong; beyond `_MOST` it is only counted."""
        if len(self.findings) < _MOST:
            self.findings.append(wrong)
        else:
            self.unlisted += 1

    def remark(self, template: str, **values: object) -> None:
        """Note what is to be known."""
        self.remarks.append(Said(template, **values))


Told: TypeAlias = Callable[[Step], None]
"""Who is told of each step: when it begins, every so many things, and when it has ended."""

Check: TypeAlias = Callable[[Step], Iterable[str]]
"""
What a step does: it counts in the `Step` what it looks at, and yields what is wrong.

A further step is given as a value, ``("timestamps", check)``; it may set `Step.anchor` where a key the auditor brought vouches.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit found."""

    steps: tuple[Step, ...]
    origin: str = ""
    size: int = 0
    """How many entries there were when it began."""
    root: bytes = b""
    since: int = 0
    """Entries before this one were not read again."""
    not_checked: tuple[str, ...] = ()
    head: str | None = None
    """Where everything holds, the newest signed checkpoint of it, with cosignatures: what the next audit may go on from."""

    @property
    def outcome(self) -> Outcome:
        """What it comes to."""
        return outcome_of(self.steps)

    @property
    def anchored(self) -> Anchor | None:
        """The farthest anchor, if everything holds."""
        anchors = [step.anchor for step in self.steps if step.anchor is not None and step.anchor.size > 0]
        if self.outcome is Outcome.FAILED:
            return None
        return max(anchors, key=lambda anchor: anchor.size, default=None)

    @property
    def is_consistent(self) -> bool:
        """Whether something was checked and nothing was found wrong anywhere."""
        return self.outcome is not Outcome.FAILED


def outcome_of(steps: Iterable[Step]) -> Outcome:
    """Say what *steps* come to; nothing checked is a failure."""
    gone = list(steps)
    if not any(step.checked for step in gone) or any(step.findings for step in gone):
        return Outcome.FAILED
    return Outcome.ANCHORED if any(step.anchor and step.anchor.size for step in gone) else Outcome.CONSISTENT


def gone_through(checks: Iterable[tuple[str, Check]], told: Told) -> Iterator[Step]:
    """Do every step in turn; a store that is away ends the audit, since nothing can be said of what it holds."""
    for number, (name, check) in enumerate(checks, 1):
        step = Step(number, name, told=told)
        told(step)
        try:
            for wrong in check(step):
                step.found(wrong)
        except (EvidenceError, VerificationError, ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            # what was tampered with may not even be a value of ours any more
            step.found(str(error) or repr(error))
        if step.unlisted:
            step.findings.append(Said("{count} more, not listed", count=step.unlisted))
        told(step)
        yield step
