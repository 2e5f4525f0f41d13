"""
How fast docks take cameras in: ``./run bench docks [--json] [--full]``.

One, four and sixteen cameras of 40 MB/s each are put in at once, and the dock program takes them in, in turn with others that
read the very same cameras:

* ``cat`` to nowhere, which is as fast as the cameras are;
* ``cat`` into files that are synced, which is as fast as this machine gets what they give onto its disk;
* ``openssl dgst -sha256``, for the processor time.

The cameras are throttled by the kernel, which needs root and a control group for block devices. Reading ends when everything is
in the spool, on a real disk; meanwhile the dock program deposits, into a folder in memory that stands for a store with disks of
its own (``--store DIR`` for another). Its processor time and memory are given until everything is safe to remove, deposited
included.

``--full`` takes clips of 128 MiB instead of 32 MiB, large ones of 8 GiB instead of 512 MiB, and five rounds instead of two.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.cameras import MEMORY, RATE, Cameras, cameras, missing
from bench.cards import write_sparse_card
from bench.docking import Docked, docking
from bench.measure import Command, Cost, Costs, Duel, RunFailed, Spread, cost_of, words_told
from bench.offices import office_in
from bench.peers import copying, hashing, reading
from bench.report import Figure, Peer, Report
from yihu.language import either

_MIB, _GIB = 2**20, 2**30
_PERSISTENT = Path("/var/tmp")  # noqa: S108 - a memory disk (as /tmp may be) would make everything durable at no cost
_COUNTS = (1, 4, 16)
_CLIPS, _CLIP, _LONG_CLIP = 4, 32 * _MIB, 128 * _MIB
_BIG_CARDS = 4
_THROUGHPUT, _RSS_MIB = 0.95, 256


@dataclass(slots=True)
class Rounds:
    """What was measured with the same number of cameras."""

    size: int
    ours: list[Docked] = field(default_factory=list)
    read: list[Cost] = field(default_factory=list)
    copied: list[Cost] = field(default_factory=list)
    hashed: list[Cost] = field(default_factory=list)
    source: list[float] = field(default_factory=list)
    """Seconds of the kernel for being so many cameras, each time they were read to nowhere."""
    load: list[float] = field(default_factory=list)
    """Of the machine, before each round."""

    def against(self, theirs: Sequence[Cost], *, safe: bool = False) -> Duel:
        """Compare us with somebody, round by round, until everything is read or is *safe*."""
        return Duel(Costs([run.safe if safe else run.read for run in self.ours]), Costs(theirs))

    def rates(self, costs: Sequence[Cost]) -> list[float]:
        """MB/s of all cameras together."""
        return [self.size / cost.wall / 1e6 for cost in costs]


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark under way."""

    work: Path
    report: Report
    store: Path
    """Where a new folder for the store of each run is made."""
    rounds: int
    clip: int
    big: int

    def with_cameras(self, count: int) -> None:
        """Take in *count* cameras, in turn with the others."""
        with cameras(self.work, count=count, clips=_CLIPS, size=self.clip) as them:
            found = Rounds(them.size)
            for _ in range(self.rounds):
                self._round(them, found)
        self.tell(count, found)

    def memory(self) -> None:
        """Find the largest memory for clips that are large, from cards that nothing slows down."""
        cards = [write_sparse_card(self.work / f"big-{number}", size=self.big) for number in range(_BIG_CARDS)]
        safe = self._docked(lambda words: words, cards, self.work).safe
        gib = self.big / _GIB
        what = either(
            f"{_BIG_CARDS} 台各一个 {gib:g} GiB 文件的内存峰值",
            f"peak memory, {_BIG_CARDS} cameras with one clip of {gib:g} GiB each",
        )
        self._figure("rss_big_clips", what, [safe.rss], "MiB", limit=_RSS_MIB)

    def _round(self, them: Cameras, found: Rounds) -> None:
        found.load.append(os.getloadavg()[0])
        found.ours.append(self._docked(them.reading, them.roots, self.store))
        before = them.spent()
        found.read.append(cost_of(lambda _: them.reading(reading(them.roots)), self.work))
        found.source.append(them.spent() - before)
        found.copied.append(cost_of(lambda place: them.reading(copying(them.roots, place)), self.work))
        found.hashed.append(cost_of(lambda _: them.reading(hashing(them.roots)), self.work))

    def _docked(self, slowed: Callable[[Command], Command], cards: Sequence[Path], store: Path) -> Docked:
        def prepare(place: Path) -> Command:
            return slowed(docking(office_in(place, store=Path(kept)), cards))

        with tempfile.TemporaryDirectory(prefix="yihu-bench-", dir=store) as kept:
            return Docked.from_json(words_told(prepare, self.work))

    def tell(self, count: int, found: Rounds) -> None:
        """Put what was found with *count* cameras into the report."""
        many = either(f"{count} 台", f"{count} camera{'s' if count > 1 else ''}")
        each = f"{count} × {RATE / 1e6:g} MB/s"
        peers = self.report.peers
        what = either(f"{many}（{each}）读取：对 cat > /dev/null", f"{many} ({each}), reading: against cat to nowhere")
        peers[f"cat-{count}"] = Peer(what, found.against(found.read), {"wall": 1 / _THROUGHPUT})
        what = either(f"{many}，读取：对 cat 到文件并 sync", f"{many}, reading: against cat into files that are synced")
        peers[f"copy-{count}"] = Peer(what, found.against(found.copied), {})
        what = either(
            f"{many}，直到可以取下：对 openssl dgst -sha256", f"{many}, until safe to remove: against openssl dgst -sha256"
        )
        peers[f"openssl-{count}"] = Peer(what, found.against(found.hashed, safe=True), {})
        self._tell_figures(count, many, found)

    def _tell_figures(self, count: int, many: str, found: Rounds) -> None:
        rate, gib = found.rates, found.size / _GIB
        safe = [run.safe for run in found.ours]
        ratios = [theirs.wall / run.read.wall for run, theirs in zip(found.ours, found.read, strict=True)]
        told = self._figure
        told(f"throughput_{count}", either(f"{many}读取速度比 cat", f"{many}, reading to cat"), ratios, "×", least=_THROUGHPUT)
        told(f"rate_{count}", either(f"{many}读取速度", f"{many}, reading"), rate([run.read for run in found.ours]), "MB/s")
        told(f"rate_safe_{count}", either(f"{many}直到可以取下", f"{many}, until safe to remove"), rate(safe), "MB/s")
        told(f"rate_cat_{count}", f"{many}, cat > /dev/null", rate(found.read), "MB/s")
        told(f"rate_copy_{count}", f"{many}, cat + sync", rate(found.copied), "MB/s")
        told(f"cpu_{count}", either(f"{many}每 GiB 的 CPU", f"{many}, CPU for a GiB"), [cost.cpu / gib for cost in safe], "s")
        hashed = [cost.cpu / gib for cost in found.hashed]
        told(f"cpu_openssl_{count}", either(f"{many}每 GiB 的 CPU，openssl", f"{many}, CPU for a GiB, openssl"), hashed, "s")
        source = [each / gib for each in found.source]
        told(
            f"cpu_source_{count}",
            either(f"{many}每 GiB 的 CPU，限速源（内核）", f"{many}, CPU for a GiB, being the cameras"),
            source,
            "s",
        )
        rss = [cost.rss for cost in safe]
        told(f"rss_{count}", either(f"{many}的内存峰值", f"{many}, peak memory"), rss, "MiB", limit=_RSS_MIB)
        told(f"load_{count}", either(f"{many}测量前的系统负载", f"{many}, load of the machine before"), found.load, "")

    def _figure(
        self, key: str, what: str, values: Sequence[float], unit: str, *, limit: float | None = None, least: float | None = None
    ) -> None:
        self.report.figures[key] = Figure(what, Spread.of(values), unit, limit, least)


_PARTS: Mapping[str, Callable[[Bench], None]] = {
    **{str(count): partial(Bench.with_cameras, count=count) for count in _COUNTS},
    "memory": Bench.memory,
}


def main(words: Sequence[str]) -> None:
    """Measure what was asked for and print it."""
    wanted = _parser().parse_args(words)
    report, parts = Report("docks"), wanted.only or list(_PARTS)
    lacking = missing()
    if lacking:
        report.left_out |= {part: lacking for part in parts if part != "memory"}
    with tempfile.TemporaryDirectory(prefix="yihu-bench-", dir=wanted.work) as directory:
        clip, big = (_LONG_CLIP, 8 * _GIB) if wanted.full else (_CLIP, _GIB // 2)
        bench = Bench(Path(directory), report, wanted.store, wanted.runs or (5 if wanted.full else 2), clip, big)
        for part in [part for part in parts if part not in report.left_out]:
            print(f"… {part}", file=sys.stderr, flush=True)
            _PARTS[part](bench)
    print(report.as_json() if wanted.json else report.as_table())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run bench docks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--full", action="store_true", help="clips of 128 MiB, large ones of 8 GiB, and five rounds")
    parser.add_argument("--runs", type=int, help="how many rounds (default: 2, with --full 5)")
    parser.add_argument("--only", action="append", choices=list(_PARTS), help="measure only this; may be repeated")
    parser.add_argument("--store", type=Path, default=MEMORY, help="where to keep the evidence (default: %(default)s)")
    parser.add_argument(
        "--work", type=Path, default=_PERSISTENT, help="where to work: a real disk with 70 GiB free (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RunFailed as error:
        sys.exit(f"bench: {error}")
