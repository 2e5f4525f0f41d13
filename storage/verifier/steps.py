"""What was checked, in numbered steps, and what it comes to. A step that checked nothing has not succeeded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from .errors import SignaturesUncheckable, VerificationError
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    Given = ParamSpec("Given")

Result = TypeVar("Result")


class Outcome(Enum):
    """What a verification comes to; the value is the exit code of the program."""

    VERIFIED = "verified", 0
    """Everything holds, and somebody outside the office vouches for all of it: a witness, or a head that was held elsewhere."""
    CONSISTENT = "consistent", 0
    """Everything holds together, but only the office's own key vouches for it, or for its last entries (`Report.tail`)."""
    FAILED = "failed", 1
    """Something does not hold, or there was nothing to verify."""
    UNSIGNED = "unsigned", 3
    """Everything else holds, but no signature could be checked here."""

    @property
    def label(self) -> str:
        """The word for machines."""
        return self.value[0]

    @property
    def exit_code(self) -> int:
        """What the program returns."""
        return self.value[1]


@dataclass(frozen=True)
class Step:
    """One thing that was checked."""

    number: int
    name: str
    ok: bool
    detail: Said
    unchecked: bool = False
    """Not ok only because signatures cannot be checked on this machine."""


@dataclass(frozen=True)
class Report:
    """All steps in order, and what they come to."""

    steps: tuple[Step, ...]
    outcome: Outcome
    tail: int = 0
    """How many entries came after the newest head that somebody outside held: whoever has the key could have changed those."""


class Check:
    """One thing that is checked many times: how often, and what was wrong the first time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done = self.failed = 0
        self._wrong: VerificationError | None = None
        self._uncheckable: SignaturesUncheckable | None = None

    def attempt(self, action: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result | None:
        """Do *action* with what is *given*; what it refuses is remembered, and None is returned instead of its result."""
        self.done += 1
        try:
            return action(*given, **named)
        except SignaturesUncheckable as error:
            self._uncheckable = error
        except VerificationError as error:
            self.failed += 1
            self._wrong = self._wrong or error
        return None

    @property
    def ok(self) -> bool:
        """Whether something was checked and nothing was wrong."""
        return bool(self.done) and self._wrong is None and self._uncheckable is None

    @property
    def unchecked(self) -> bool:
        """Whether all that is wrong is that signatures cannot be checked here."""
        return self._wrong is None and self._uncheckable is not None

    def step(self, number: int, success: Said) -> Step:
        """Say how it went."""
        detail = success if self.done else Said("nothing was checked")
        if self._uncheckable is not None:
            detail = Said.of(self._uncheckable)
        if self._wrong is not None:
            detail = _wrong(self._wrong, self.failed)
        return Step(number, self.name, self.ok, detail, self.unchecked)


def report(results: list[tuple[Check, Said]], *, vouched: bool, tail: int = 0) -> Report:
    """Number the steps and decide what they come to; *vouched* says that somebody outside knows all but the *tail*."""
    steps = tuple(check.step(number, success) for number, (check, success) in enumerate(results, 1))
    outcome = _outcome([check for check, _ in results], vouched=vouched and not tail)
    return Report(steps, outcome, tail if vouched and outcome is Outcome.CONSISTENT else 0)


def _outcome(checks: list[Check], *, vouched: bool) -> Outcome:
    if not checks or any(not check.ok and not check.unchecked for check in checks):
        return Outcome.FAILED
    if any(check.unchecked for check in checks):
        return Outcome.UNSIGNED
    return Outcome.VERIFIED if vouched else Outcome.CONSISTENT


def _wrong(first: VerificationError, failed: int) -> Said:
    said = Said.of(first)
    return said if failed == 1 else Said("{first} (the first of {count})", first=said, count=failed)
