"""Reading a part of every clip instead of all of it, and what that can and cannot find."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass

__all__ = ["Sample"]

_TEXT = re.compile(r"([0-9]{1,6})|([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """So many segments of each clip, or such a share of them; the same *seed* draws the same ones of the same clips."""

    seed: int
    per_clip: int | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        if (self.per_clip is None) == (self.share is None) or (self.per_clip or 1) < 1 or not 0 < (self.share or 1) <= 1:
            message = f"sample: expected a number of segments or a share up to 100 %, found {self.per_clip} and {self.share}"
            raise ValueError(message)

    @classmethod
    def parse(cls, text: str, *, seed: int) -> Sample:
        """Read ``8`` (segments a clip) or ``2.5%`` (of its segments)."""
        found = _TEXT.fullmatch(text.strip())
        if found is None or float(found[1] or found[2]) == 0:
            message = f"sample {text!r}: expected a number of segments, or a share with a % behind it"
            raise ValueError(message)
        return cls(seed, per_clip=int(found[1])) if found[1] else cls(seed, share=float(found[2]) / _WHOLE)

    def drawn(self, clip: str, count: int) -> list[int]:
        """Return the numbers of the segments to read of a clip that has *count* of them, in order."""
        wanted = self.per_clip if self.per_clip is not None else math.ceil((self.share or 0) * count)
        draw = random.Random(f"{self.seed} {clip}")  # noqa: S311 - it must be repeatable, and the seed is chosen afterwards
        return sorted(draw.sample(range(count), min(wanted, count)))

    @staticmethod
    def chance(segments: int, damaged: float) -> float:
        """Return how likely *segments* drawn segments hold one of those *damaged*, a share of all: 1 - (1 - f)^k."""
        return float(1 - (1 - damaged) ** segments)
