"""What becomes of mutations: each is detected, or refused by whoever was to carry it out, or proved to change nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

Fate: TypeAlias = Literal["detected", "refused", "neutral", "in the tail"]
"""
``refused``: the database or the store did not let it happen. ``neutral``: proved to have changed nothing that is read. ``in the
tail``: by somebody with the key, after the newest head held outside; not detected, and no verdict vouches for those entries.
"""

CLASSES = {
    "A": "published files",
    "B": "signed artefacts",
    "C": "insiders with the key",
    "D": "database",
    "E": "objects",
    "F": "time",
    "G": "process",
}
SEED = 20261122
"""What every draw of these tests begins with: the same mutations in every run."""


@dataclass
class Tally:
    """Counts mutations of one class; what went unnoticed is kept by name."""

    letter: str
    fates: Counter[Fate] = field(default_factory=Counter)
    unnoticed: list[str] = field(default_factory=list)
    _looked_at: int = 0

    def note(self, name: str, fate: Fate | None) -> None:
        """Count one mutation; ``None`` is the fate that none may have."""
        if fate is None:
            self.unnoticed.append(name)
        else:
            self.fates[fate] += 1

    def settle(self) -> None:
        """End a test: fail by name what went unnoticed in it."""
        unnoticed, self._looked_at = self.unnoticed[self._looked_at :], len(self.unnoticed)
        assert unnoticed == []

    @property
    def total(self) -> int:
        """How many were tried."""
        return self.fates.total() + len(self.unnoticed)

    def __str__(self) -> str:
        fates = " ".join(f"{fate} {self.fates[fate]}" for fate in get_args(Fate) if self.fates[fate])
        return f"{self.letter} {CLASSES[self.letter]}: {self.total} mutations, {fates}, unnoticed {len(self.unnoticed)}"
