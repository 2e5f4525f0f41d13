"""
Which parts somebody watched: pure functions over spans, from one place up to, not including, another.

What a browser reports is hostile: a span counts only as far as it lies inside the clip, and there are never many of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Milliseconds of footage, or bytes of an object."""

MOST = 64
"""Spans that are told of one viewing; where there are more, those with the least between them become one."""


def merged(spans: Iterable[Span], *, most: int = MOST) -> tuple[Span, ...]:
    """Join spans that touch or overlap, and then those nearest to each other, until there are at most *most*; in order."""
    apart: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((start, end))
    while len(apart) > max(most, 1):
        place = min(range(len(apart) - 1), key=lambda at: apart[at + 1][0] - apart[at][1])
        apart[place : place + 2] = [(apart[place][0], apart[place + 1][1])]
    return tuple(apart)


def within(spans: Iterable[Span], length: int) -> tuple[Span, ...]:
    """Return what of *spans* lies between 0 and *length*."""
    cut = ((max(start, 0), min(end, length)) for start, end in spans)
    return tuple((start, end) for start, end in cut if start < end)


def total(spans: Iterable[Span]) -> int:
    """Return how much they cover, if they do not overlap."""
    return sum(end - start for start, end in spans)
