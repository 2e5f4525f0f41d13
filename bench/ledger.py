"""
How fast the ledger is, and how little a stranger needs to verify it: ``./run bench ledger [--json] [--full]``.

* Recording durably, in batches, from many threads and one by one, on SQLite and PostgreSQL, against an insertion of the same
  bytes by the database driver alone.
* How soon two witnesses have cosigned what was recorded; the memory of whoever records and signs.
* What publishing takes, and auditing with ``--since``, when the same number of entries is new on top of few and of many.
* A proof out of a million entries: its size, and the time to verify it. Auditing a published log with the verifier alone.

``--full`` records a million entries and takes five runs. ``--chart FILE`` draws how all that grows with the log.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.auditing import costs_of_going_on
from bench.chart import Chart
from bench.cosigning import latencies
from bench.measure import Command, Costs, Duel, RunFailed, Spread, costs_of
from bench.offices import ledger
from bench.proving import Proofs, signer, verifying
from bench.published import PublishedLog
from bench.publishing import seconds_to_publish
from bench.recording import BATCH, THREADS, cost_told, told
from bench.report import Figure, Peer, Report
from bench.servers import postgresql
from yihu.language import either

_PERSISTENT = Path("/var/tmp")  # noqa: S108 - a memory disk (as /tmp may be) would make everything durable at no cost
_BATCHED, _THREADED, _SINGLE = 5_120, 3_200, 640
_PROOFS = 300
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_MORE, _PUBLISHED, _AUDITED = 1_000, (5_000, 25_000), (2_000, 20_000, 100_000)
_SAME = 1.5
"""How often what it takes on top of few entries it may take on top of many, and still be called the same."""

_BATCHED_PER_S, _SINGLE_PER_S = 2_000, 500
_COSIGNED_S, _PROOF_BYTES, _VERIFY_MS, _AUDIT_S, _AUDIT_MIB, _GROWTH_MIB = 2.0, 2_048, 1.0, 30.0, 300.0, 16.0


@dataclass
class Bench:
    """One benchmark under way."""

    work: Path
    databases: Mapping[str, Callable[[], str | None]]
    """For each kind of database, what makes a new one and tells its URL; None is the one an office brings along."""
    report: Report
    runs: int
    is_full: bool
    chart: Chart = field(default_factory=Chart)
    _offices: itertools.count[int] = field(default_factory=itertools.count)

    def recording(self) -> None:
        """Compare recording entries with inserting their bytes."""
        for name in self.databases:
            for way, size, least in (("batches", _BATCHED, _BATCHED_PER_S), ("singly", _SINGLE, _SINGLE_PER_S)):
                duel = self._against_bare(name, way, size)
                self.report.peers[f"{name}-{way}"] = Peer(_compared(name, way, size), duel, {})
                self._per_second(name, way, duel.ours, size=size, least=least)
            shared = [cost_told("threads", self._office(name), _THREADED) for _ in range(self.runs)]
            self._per_second(name, "threads", Costs(shared), size=_THREADED, least=None)

    def cosigned(self) -> None:
        """Find how soon what is recorded is held by two witnesses."""
        found = sorted(latencies(self._office(), self.work, records=300 if self.is_full else 40))
        p99 = statistics.quantiles(found, n=100, method="inclusive")[98]
        self._figure("cosigned", either("入账到两家见证会签", "from recorded to cosigned by two witnesses"), found, "s")
        what = either("入账到两家见证会签，99 分位", "from recorded to cosigned by two witnesses, 99th percentile")
        self._figure("cosigned_p99", what, [p99], "s", limit=_COSIGNED_S)

    def memory(self) -> None:
        """Find whether whoever records and signs grows with the log."""
        steps = told("signing", self._office(), _SIZES[-1] if self.is_full else _SIZES[-2])["steps"]
        self.chart.append |= {step["size"]: step["us"] for step in steps}
        before, after = (step["rss"] for step in steps[-2:])
        what = either(
            f"记录并签署 {steps[-1]['size']:,} 条后的内存", f"memory after recording and signing {steps[-1]['size']:,}"
        )
        self._figure("signing_rss", what, [after], "MiB")
        what = either("其中最后十分之九条增加的内存", "of that, what the last nine tenths of the entries added")
        self._figure("signing_growth", what, [after - before], "MiB", limit=_GROWTH_MIB)

    def publishing(self) -> None:
        """Find whether publishing what is new costs more the longer the log is."""
        medians = {}
        for size in _PUBLISHED:
            seconds = seconds_to_publish(self._office(), self.work / f"shelf-{size}", size=size, more=_MORE, times=self.runs)
            what = either(f"已有 {size:,} 条时公布新的 {_MORE:,} 条", f"publishing {_MORE:,} more on top of {size:,}")
            self._figure(f"publish_on_{size}", what, seconds, "s")
            medians[size] = statistics.median(seconds)
        self._growth("publish_growth", either("公布新记录", "publishing more"), medians)

    def auditing(self) -> None:
        """Find whether auditing what is new costs more the longer the log is."""
        medians = {}
        for size in _AUDITED if self.is_full else _AUDITED[:-1]:
            costs = Costs(costs_of_going_on(self._office(), size=size, more=_MORE, times=self.runs))
            what = either(f"已审 {size:,} 条时续审新的 {_MORE:,} 条", f"auditing {_MORE:,} more on top of {size:,}")
            self._figure(f"audit_on_{size}", what, [run.wall for run in costs.runs], "s")
            self._figure(f"audit_on_{size}_cpu", f"{what} (CPU)", [run.cpu for run in costs.runs], "s")
            medians[size] = costs.cpu.median
        self._growth("audit_growth", either("续审新记录 (CPU)", "auditing more (CPU)"), medians)

    def published(self) -> None:
        """Audit published logs from a thousand to a million entries, and verify proofs out of them."""
        log = PublishedLog(self.work / "log", signer(self.work / "keys"))
        for size in _SIZES:
            note = log.grow(size).show()
            audits = self._audits(log, runs=1 if size == _SIZES[-1] and not self.is_full else self.runs)
            proofs = Proofs(log, note, self.work / "keys" / str(size))
            self.chart.audit[size], self.chart.proof[size] = audits.wall.median, self._proofs(proofs, size)
            if size == _SIZES[-1]:
                what = either(f"离线审计 {size:,} 条", f"auditing {size:,} entries offline")
                self._figure("audit", what, [run.wall for run in audits.runs], "s", limit=_AUDIT_S)
                self._figure("audit_cpu", f"{what} (CPU)", [run.cpu for run in audits.runs], "s")
                self._figure("audit_rss", f"{what} (RSS)", [run.rss for run in audits.runs], "MiB", limit=_AUDIT_MIB)

    def _growth(self, key: str, what: str, medians: Mapping[int, float]) -> None:
        few, many = min(medians), max(medians)
        said = either(f"{what}：已有 {many:,} 条比已有 {few:,} 条", f"{what}: on top of {many:,} to on top of {few:,}")
        self._figure(key, said, [medians[many] / medians[few]], "×", limit=_SAME)

    def _audits(self, log: PublishedLog, *, runs: int) -> Costs:
        command = Command([sys.executable, "-m", "storage.verifier", str(log.root), "--vkey", log.vkey])
        return costs_of(lambda _: command, self.work, runs=runs)

    def _proofs(self, proofs: Proofs, size: int) -> float:
        """Return the bytes of the longest proof; the figures are those of the largest log."""
        some = proofs.of(_PROOFS)
        lengths = [float(len(proof)) for proof, _ in some]
        what = either(f"{size:,} 条中一条的证明（两家会签）", f"a proof out of {size:,} entries, two cosignatures")
        self._figure("proof", what, lengths, "B", limit=_PROOF_BYTES)
        times = [verifying(proof, leaf, proofs.vkeys) for proof, leaf in some]
        self._figure("proof_verify", either("验证这份证明", "verifying it"), times, "ms", limit=_VERIFY_MS)
        return max(lengths)

    def _against_bare(self, name: str, way: str, size: int) -> Duel:
        pairs = [
            (cost_told(way, self._office(name), size), cost_told(f"bare-{way}", self._office(name), size))
            for _ in range(self.runs)
        ]
        return Duel(Costs([ours for ours, _ in pairs]), Costs([theirs for _, theirs in pairs]))

    def _office(self, database: str = "sqlite") -> Path:
        return ledger(self.work / f"office-{next(self._offices)}", url=self.databases[database]())

    def _per_second(self, name: str, way: str, costs: Costs, *, size: int, least: float | None) -> None:
        self._figure(f"{name}_{way}", _recorded(name, way), [size / run.wall for run in costs.runs], "/s", least=least)

    def _figure(
        self, key: str, what: str, values: Sequence[float], unit: str, *, limit: float | None = None, least: float | None = None
    ) -> None:
        self.report.figures[key] = Figure(what, Spread.of(values), unit, limit, least)


def _ways() -> dict[str, str]:
    return {
        "batches": either(f"每批 {BATCH} 条", f"in batches of {BATCH}"),
        "singly": either("逐条", "one by one"),
        "threads": either(f"{THREADS} 个线程同时", f"from {THREADS} threads at once"),
    }


def _recorded(name: str, way: str) -> str:
    return either(f"持久入账（{name}，{_ways()[way]}）", f"recorded durably ({name}, {_ways()[way]})")


def _compared(name: str, way: str, size: int) -> str:
    return either(
        f"{size:,} 条入账（{name}，{_ways()[way]}）：对同样字节的裸 INSERT",
        f"recording {size:,} entries ({name}, {_ways()[way]}) against a bare INSERT of the same bytes",
    )


_PARTS: Mapping[str, Callable[[Bench], None]] = {
    "recording": Bench.recording,
    "cosigned": Bench.cosigned,
    "publishing": Bench.publishing,
    "auditing": Bench.auditing,
    "memory": Bench.memory,
    "published": Bench.published,
}


def main(words: Sequence[str]) -> None:
    """Measure what was asked for and print it."""
    wanted = _parser().parse_args(words)
    report = Report("ledger")
    with tempfile.TemporaryDirectory(prefix="yihu-bench-", dir=wanted.work) as directory:
        work = Path(directory)
        work.chmod(0o711)  # PostgreSQL may run as somebody else
        with postgresql(work) as new_database:
            databases: dict[str, Callable[[], str | None]] = {"sqlite": lambda: None}
            if new_database is None:
                report.left_out["postgresql"] = "cannot be started here"
            else:
                databases["postgresql"] = new_database
            bench = Bench(work, databases, report, wanted.runs or (5 if wanted.full else 3), wanted.full)
            for part in wanted.only or _PARTS:
                print(f"… {part}", file=sys.stderr, flush=True)
                _PARTS[part](bench)
    if wanted.chart is not None:
        bench.chart.write(wanted.chart)
    print(report.as_json() if wanted.json else report.as_table())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run bench ledger", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--full", action="store_true", help="record a million entries, and five runs")
    parser.add_argument("--runs", type=int, help="how many runs (default: 3, with --full 5)")
    parser.add_argument("--only", action="append", choices=list(_PARTS), help="measure only this; may be repeated")
    parser.add_argument("--chart", type=Path, help="draw memory, published and proofs over the size of the log into this SVG")
    parser.add_argument(
        "--work", type=Path, default=_PERSISTENT, help="where to work: a real disk with 4 GiB free (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RunFailed as error:
        sys.exit(f"bench: {error}")
