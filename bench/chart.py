"""How the ledger grows, as a small chart written as SVG by hand: panels over the size of the log, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.report import short

_WIDTH, _HEIGHT = 250, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 46, 40
_INK, _GRID, _PAPER, _GOAL = "#24292f", "#d8dee4", "#ffffff", "#b35900"
_LINES = ("#0b5cad", "#1a7f4b", "#6f3fa0")
_STYLE = "font-family:sans-serif;font-size:11px"

Series = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class _Panel:
    chinese: str
    english: str
    unit: str
    values: Series
    goal: float | None


@dataclass(slots=True)
class Chart:
    """What was measured, by the size of the log."""

    append: dict[int, float] = field(default_factory=dict)
    """Microseconds for an entry, recorded in batches and signed."""
    audit: dict[int, float] = field(default_factory=dict)
    """Seconds."""
    proof: dict[int, float] = field(default_factory=dict)
    """Bytes."""

    def write(self, path: Path) -> None:
        """Draw those that were measured."""
        panels = [
            _Panel("每条入账并签署", "recording and signing an entry", "µs", self.append, 500),
            _Panel("离线审计全部", "auditing all of it offline", "s", self.audit, 30),
            _Panel("一条的证明", "the proof of an entry", "B", self.proof, 2048),
        ]
        drawn = [panel for panel in panels if panel.values]
        size = f'width="{_WIDTH * len(drawn)}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH * len(drawn)} {_HEIGHT}"'
        lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="{_STYLE}">']
        lines.append(f'<rect width="100%" height="100%" fill="{_PAPER}"/>')
        for number, panel in enumerate(drawn):
            lines += [f'<g transform="translate({_WIDTH * number},0)">', *_drawn(panel, _LINES[number % len(_LINES)]), "</g>"]
        path.write_text("\n".join([*lines, "</svg>", ""]), encoding="utf-8")


def _drawn(panel: _Panel, colour: str) -> Iterable[str]:
    goals = [] if panel.goal is None else [panel.goal]
    across, up = _decades(panel.values), _decades([*panel.values.values(), *goals])

    def place(size: float, value: float) -> tuple[float, float]:
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * _share(size, across)
        return round(x, 1), round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * _share(value, up), 1)

    yield _text(_LEFT, 17, panel.chinese, weight="bold")
    yield _text(_LEFT, 33, f"{panel.english} ({panel.unit})")
    for power in range(across[0], across[1] + 1):
        (x, bottom), (_, top) = place(10**power, 10.0 ** up[0]), place(10**power, 10.0 ** up[1])
        yield f'<path d="M{x} {bottom}V{top}" stroke="{_GRID}"/>'
        yield _text(x, bottom + 16, _power(power), anchor="middle")
    for power in range(up[0], up[1] + 1):
        (left, y), (right, _) = place(10 ** across[0], 10.0**power), place(10 ** across[1], 10.0**power)
        yield f'<path d="M{left} {y}H{right}" stroke="{_GRID}"/>'
        yield _text(left - 6, y + 4, _power(power), anchor="end")
    yield _text(_WIDTH - _RIGHT, _HEIGHT - 8, "记录数 entries", anchor="end")
    for goal in goals:
        (left, y), (right, _) = place(10 ** across[0], goal), place(10 ** across[1], goal)
        yield f'<path d="M{left} {y}H{right}" stroke="{_GOAL}" stroke-dasharray="4 3"/>'
        yield _text(right, y - 4, f"≤ {goal:g}", anchor="end", fill=_GOAL)
    points = [place(size, value) for size, value in sorted(panel.values.items())]
    yield f'<polyline points="{" ".join(f"{x},{y}" for x, y in points)}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points)
    for (x, y), size in zip(points, sorted(panel.values), strict=True):
        anchor = "start" if size == min(panel.values) else "end" if size == max(panel.values) else "middle"
        below = y + 16 if y + 16 < _HEIGHT - _BOTTOM else y - 8
        yield _text(x, below, short(panel.values[size]), anchor=anchor, fill=colour)


def _decades(values: Iterable[float]) -> tuple[int, int]:
    found = [math.log10(value) for value in values]
    low, high = math.floor(min(found)), math.ceil(max(found))
    return low, max(high, low + 1)


def _share(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(value) - decades[0]) / (decades[1] - decades[0])


def _power(power: int) -> str:
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if power not in {0, 1} else str(10**power)


def _text(x: float, y: float, said: str, *, anchor: str = "start", fill: str = _INK, weight: str = "normal") -> str:
    # a rim of the colour of the paper, so that lines may pass below
    look = f'fill="{fill}" font-weight="{weight}" stroke="{_PAPER}" stroke-width="3" paint-order="stroke"'
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {look}>{said}</text>'
