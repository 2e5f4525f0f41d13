"""What a benchmark says: one table for people, or one JSON object of the same shape for every benchmark."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import Duel, Spread
from yihu.language import either


@dataclass(frozen=True, slots=True)
class Figure:
    """One number we hold ourselves to, or only watch."""

    what: str
    """In words, for the table."""
    value: Spread
    unit: str
    limit: float | None = None
    """What it may be at most."""
    least: float | None = None
    """What it must be at least, for what is better the more there is of it."""

    @property
    def is_met(self) -> bool:
        """Say whether the median keeps to what was set for it, if anything."""
        low = self.least is None or self.value.median >= self.least
        return low and (self.limit is None or self.value.median <= self.limit)

    def as_json(self) -> dict[str, object]:
        """Write it."""
        set_for_it = {"limit": self.limit, "least": self.least}
        goal = {name: value for name, value in set_for_it.items() if value is not None}
        if goal:
            goal["met"] = self.is_met
        return {"value": round(self.value.median, 4), "unit": self.unit, **self.value.as_json(), **goal}


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who does the same, side by side with us; *limits* are what the ratios may be."""

    what: str
    duel: Duel
    limits: Mapping[str, float]

    def ratios(self) -> dict[str, Spread]:
        """Compare ours to theirs, pair by pair."""
        return {
            "wall": self.duel.ratio(lambda cost: cost.wall),
            "cpu": self.duel.ratio(lambda cost: cost.cpu),
            "rss": self.duel.ratio(lambda cost: cost.rss),
        }

    def as_json(self) -> dict[str, object]:
        """Write it."""
        ratios = self.ratios()
        return {
            **{f"{name}_ratio": round(spread.median, 4) for name, spread in ratios.items()},
            "ours": self.duel.ours.as_json(),
            "theirs": self.duel.theirs.as_json(),
            "spread": {f"{name}_ratio": spread.as_json() for name, spread in ratios.items()},
            "limits": {f"{name}_ratio": limit for name, limit in self.limits.items()},
            "runs": len(self.duel.ours.runs),
        }


@dataclass(slots=True)
class Report:
    """Everything one benchmark found out."""

    name: str
    peers: dict[str, Peer] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """What could not be measured here, and why."""

    def as_json(self) -> str:
        """Write the one object."""
        whole = {
            "bench": self.name,
            "machine": machine(),
            "peers": {name: peer.as_json() for name, peer in self.peers.items()},
            "figures": {name: figure.as_json() for name, figure in self.figures.items()},
            "left_out": self.left_out,
        }
        return json.dumps(whole, ensure_ascii=False, indent=2)

    def as_table(self) -> str:
        """Write the same for people."""
        about = machine()
        lines = [f"{self.name} · {about['cpu']} × {about['cores']}, {about['memory_gib']} GiB, Python {about['python']}"]
        for peer in self.peers.values():
            lines += ["", peer.what, *_rows_of(peer)]
        lines += ["", *(_row_of(figure) for figure in self.figures.values())]
        lines += [f"– {name}: {why}" for name, why in self.left_out.items()]
        return "\n".join(lines)


def _rows_of(peer: Peer) -> list[str]:
    heading = either(
        "           我们                      对方                      比值（限值）",
        "           ours                      theirs                    ratio (limit)",
    )
    rows = [heading]
    ratios = peer.ratios()
    for name, unit in (("wall", "s"), ("cpu", "s"), ("rss", "MiB")):
        ours, theirs = getattr(peer.duel.ours, name), getattr(peer.duel.theirs, name)
        limit = peer.limits.get(name)
        verdict = "" if limit is None else f" (≤ {limit:g}) {_mark(is_met=ratios[name].median <= limit)}"
        rows.append(f"  {name:<5}{unit:>4} {_spread(ours):<25} {_spread(theirs):<25} {_spread(ratios[name])}{verdict}")
    return rows


def _row_of(figure: Figure) -> str:
    goals = [f"{sign} {goal:g} {figure.unit}" for sign, goal in (("≥", figure.least), ("≤", figure.limit)) if goal is not None]
    verdict = f" ({', '.join(goals)}) {_mark(is_met=figure.is_met)}" if goals else ""
    return f"{figure.what}: {_spread(figure.value)} {figure.unit}{verdict}"


def _spread(spread: Spread) -> str:
    return f"{short(spread.median)} [{short(spread.low)} … {short(spread.high)}]"


def short(value: float) -> str:
    """Write a number with about three digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits say enough


def _mark(*, is_met: bool) -> str:
    return "✔" if is_met else "✘"


def machine() -> dict[str, object]:
    """Say on what was measured, as far as it matters for the figures."""
    return {
        "cpu": _first("/proc/cpuinfo", "model name") or platform.processor() or "?",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def _first(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
