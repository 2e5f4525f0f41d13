"""
Which status of a bay may follow which.

::

    idle ─▶ identifying ─▶ reading ─▶ proving ─▶ safe ─▶ clearing ─▶ cleared
              │  │  │         │          │  │             ▲ │  ▲
              │  │  └─────────┼──────────┼──┼─────────────┘ │  │   nothing on it that is not ours: safe at once
              │  │            │          │  └───────────────┼──┘   cleared at once: nobody is told to take it out before
              │  └▶ refused   └──────────┴──────▶ failed ◀──┘

A camera that is pulled while it is read, proved or cleared has failed; the bay is idle again once somebody could see that, or
identifying when the camera is back. From ``safe``, ``cleared``, ``refused`` and ``failed`` taking it out leads to ``idle``.
"""

from __future__ import annotations

from ingest.board import Status

_OUT = frozenset({Status.IDLE, Status.IDENTIFYING})
"""What follows when there is nothing more to do: it is taken out, or its card or the camera is changed."""

MOVES: dict[Status, frozenset[Status]] = {
    Status.IDLE: frozenset({Status.IDENTIFYING, Status.REFUSED}),
    Status.IDENTIFYING: frozenset({Status.IDLE, Status.READING, Status.PROVING, Status.SAFE, Status.REFUSED, Status.FAILED}),
    Status.READING: frozenset({Status.PROVING, Status.SAFE, Status.FAILED}),
    Status.PROVING: frozenset({Status.SAFE, Status.CLEARING, Status.FAILED}),
    Status.SAFE: frozenset({Status.CLEARING}) | _OUT,
    Status.CLEARING: frozenset({Status.CLEARED, Status.SAFE, Status.FAILED}),
    Status.CLEARED: _OUT,
    Status.REFUSED: _OUT,
    Status.FAILED: _OUT,
}
"""From ``clearing`` back to ``safe``: something may not be cleared after all; everything on it is ours all the same."""


class ImpossibleMove(AssertionError):
    """A bay went where it cannot go: a mistake in the program, found by its tests."""


def may_follow(before: Status, after: Status) -> bool:
    """Say whether a bay may go from *before* to *after*; it may always stay."""
    return after is before or after in MOVES[before]


def strictly(before: Status, after: Status) -> None:
    """Raise `ImpossibleMove` where *after* may not follow: the judge of a board under test."""
    if not may_follow(before, after):
        message = f"a bay cannot go from {before} to {after}"
        raise ImpossibleMove(message)
