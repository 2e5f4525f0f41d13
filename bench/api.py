"""
How the API carries footage and people: ``./run bench api [--json] [--full]``. The server is ``yihu serve``, over loopback.

* Ranges of one large original, through the API and through nginx, in turn, over the same object: a folder, and MinIO. In one
  range as players ask, in many as who looks here and there, and whole, which the API checks by SHA-256 before its last bytes
  leave. CPU is the server's alone; and the memory with 1 and with 50 viewers at once.
* The reviewer's calls, 20 users at once, against the bare SQL of the same calls, on SQLite and PostgreSQL.
* Signing in, against a bare hash of Argon2id; and 50 people who sign in at the same moment.

``--full`` streams 2 GiB instead of 512 MiB, records 2,000 parties and 20,000 clips instead of a tenth, and takes five runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.calling import CALLS, PREPARED, Asked, connected, milliseconds
from bench.client import Client
from bench.measure import Costs, Duel, RunFailed, Spread
from bench.report import Figure, Peer, Report
from bench.seeded import Seeded, seeded
from bench.servers import minio_server, postgresql
from bench.signing_in import at_once, bare, one_by_one
from bench.streaming import crowd, sides, streamed, ways
from bench.web_servers import nginx_is_there, yihu_serve
from storage.local_s3 import LocalS3
from yihu.language import either

_MIB, _GIB = 2**20, 2**30
_PERSISTENT = Path("/var/tmp")  # noqa: S108 - a memory disk (as /tmp may be) would make everything durable at no cost
_VIEWERS, _USERS, _PEOPLE = 50, 20, 50
_THROUGHPUT, _MORE_MIB, _SIGN_IN_MIB = 0.6, 100.0, 300.0
_LARGE = 500


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark under way."""

    work: Path
    report: Report
    runs: int
    is_full: bool

    def folder(self) -> None:
        """Stream out of a folder."""
        self._streaming("folder", None)

    def minio(self) -> None:
        """Stream out of MinIO."""
        with minio_server(self.work) as (server, why):
            if server is None:
                self.report.left_out["minio"] = why
            else:
                self._streaming("minio", server)

    def calls(self) -> None:
        """Compare calls with their SQL."""
        self._calls("sqlite", None)
        with postgresql(self.work) as new_database:
            if new_database is None:
                self.report.left_out["postgresql"] = "cannot be started here"
            else:
                self._calls("postgresql", new_database())

    def signing_in(self) -> None:
        """Find what it costs to sign in."""
        logins = [f"person.{number}" for number in range(_PEOPLE)]
        home = seeded(self.work / "people", url=None, parties=1, clips=1, large=0, logins=logins).home
        some = logins[: 20 if self.is_full else 10]
        with yihu_serve(home, self.work) as serving:
            one_by_one(serving, logins[:1])
            pairs = [(one_by_one(serving, some), bare(len(some))) for _ in range(self.runs)]
            crowds = [at_once(serving, logins) for _ in range(self.runs)]
        duel = Duel(Costs([ours for ours, _ in pairs]), Costs([theirs for _, theirs in pairs]))
        what = either(f"{len(some)} 次登录：对裸 Argon2id", f"{len(some)} sign-ins against as many bare Argon2id hashes")
        self.report.peers["sign-in"] = Peer(what, duel, {})
        for key, costs in (("sign_in", duel.ours.runs), ("argon2", duel.theirs.runs)):
            self._figure(f"{key}_wall", f"{key}, wall", [1000 * cost.wall / len(some) for cost in costs], "ms")
            self._figure(f"{key}_cpu", f"{key}, CPU", [1000 * cost.cpu / len(some) for cost in costs], "ms")
        what = either(f"{_PEOPLE} 人同时登录", f"{_PEOPLE} people sign in at once")
        self._figure("crowd_rate", what, [_PEOPLE / cost.wall for cost in crowds], "/s")
        peaks, before = [cost.rss for cost in crowds], pairs[-1][0].rss
        self._figure("crowd_rss", either("其间内存峰值", "peak memory meanwhile"), peaks, "MiB")
        what = either("比逐个登录时多", "more than one after another")
        self._figure("crowd_growth", what, [peak - before for peak in peaks], "MiB", limit=_SIGN_IN_MIB)

    def _streaming(self, store: str, server: LocalS3 | None) -> None:
        size = (2048 if self.is_full else 512) * _MIB
        with sides(self.work / f"streaming-{store}", size=size, server=server) as both:
            self._load(store)
            for way, parts in ways(size).items():
                found = streamed(both, parts, viewers=1, runs=self.runs)
                what = either(f"{store}，{_ways()[way]}：对 nginx", f"{store}, {_ways()[way]}: against nginx")
                self.report.peers[f"{store}-{way}"] = Peer(what, found.duel, {})
                goal = None if way == "whole" else _THROUGHPUT
                self._figure(f"{store}_{way}_throughput", f"{what}, throughput", found.throughputs, "×", least=goal)
                self._figure(f"{store}_{way}_rate", f"{store}, {way}", found.rates(found.ours), "MB/s")
                self._figure(f"{store}_{way}_cpu", f"{store}, {way}, CPU", found.cpu(found.ours), "s/GiB")
                self._figure(f"{store}_{way}_cpu_nginx", f"{store}, {way}, CPU nginx", found.cpu(found.theirs), "s/GiB")
            few, many = (streamed(both, crowd(size), viewers=viewers, runs=self.runs) for viewers in (1, _VIEWERS))
            rss = [[cost.rss for cost in found.ours] for found in (few, many)]
        what = either(f"{store}，{_VIEWERS} 人同时观看", f"{store}, {_VIEWERS} viewers at once")
        self._figure(f"{store}_crowd_throughput", f"{what}, throughput", many.throughputs, "×", least=_THROUGHPUT)
        self._figure(f"{store}_rss_1", either(f"{store}，1 人的内存峰值", f"{store}, peak memory, 1 viewer"), rss[0], "MiB")
        self._figure(f"{store}_rss_{_VIEWERS}", either(f"{what}的内存峰值", f"{what}, peak memory"), rss[1], "MiB")
        growth = [more - less for less, more in zip(*rss, strict=True)]
        self._figure(f"{store}_growth", either("其中增加", "of that, more than with 1"), growth, "MiB", limit=_MORE_MIB)

    def _calls(self, name: str, url: str | None) -> None:
        parties, clips = (2_000, 20_000) if self.is_full else (200, 2_000)
        office = seeded(
            self.work / f"calls-{name}", url=url, parties=parties, clips=clips, large=_LARGE, logins=["reviewer.one"]
        )
        database = str(office.home / "yihu.db") if url is None else url.replace("postgresql+psycopg", "postgresql")
        _prepare(database)
        self._load(name)
        with yihu_serve(office.home, self.work) as serving, _client(serving.port, "reviewer.one") as client:
            for call, subjects, times in _asked_about(office):
                ours = Asked(call, subjects, _USERS, times, port=serving.port, headers=client.headers)
                theirs = Asked(call, subjects, _USERS, times, database=database)
                pairs = [(milliseconds(ours), milliseconds(theirs)) for _ in range(self.runs)]
                self.tell_call(f"{name}_{call}" if len(subjects) > 1 else f"{name}_{call}_large", pairs)

    def tell_call(self, key: str, pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> None:
        """Put percentiles into the report, and what they are of those of the SQL, pair by pair."""
        for percent in (50, 99):
            ours = [_percentile(api, percent) for api, _ in pairs]
            theirs = [_percentile(sql, percent) for _, sql in pairs]
            ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
            self._figure(f"{key}_p{percent}", f"{key}, p{percent}", ours, "ms")
            self._figure(f"{key}_p{percent}_sql", f"{key}, p{percent}, SQL", theirs, "ms")
            self._figure(f"{key}_p{percent}_ratio", f"{key}, p{percent}, ratio", ratios, "×")

    def _load(self, name: str) -> None:
        what = either(f"{name}：测量前的系统负载", f"{name}: load of the machine before")
        self._figure(f"{name}_load", what, [os.getloadavg()[0]], "")

    def _figure(
        self, key: str, what: str, values: Sequence[float], unit: str, *, limit: float | None = None, least: float | None = None
    ) -> None:
        self.report.figures[key] = Figure(what, Spread.of(values), unit, limit, least)


def _asked_about(office: Seeded) -> Iterator[tuple[str, list[str], int]]:
    """Give the calls, about whom, and how often each user makes them; the large case comes last."""
    some = {"dossier": office.parties[1:], "case": office.matters[1:], "case_clips": office.matters[1:]}
    for call in CALLS:
        yield call, some.get(call, office.clips[1:])[:200], 3 if call == "parties" else 15
    yield "case_clips", [office.large], 3


def _prepare(database: str) -> None:
    line = connected(database)
    line.execute(PREPARED.format(bytes="BLOB" if database.startswith("/") else "BYTEA"))
    line.commit()
    line.close()


@contextmanager
def _client(port: int, login: str) -> Iterator[Client]:
    client = Client(port)
    client.sign_in(login)
    yield client
    client.close()


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _ways() -> dict[str, str]:
    return {
        "range": either("一段取完", "in one range"),
        "pieces": either("每段 16 MiB", "in ranges of 16 MiB"),
        "whole": either("整体取回并核对", "whole, checked"),
    }


_PARTS: Mapping[str, Callable[[Bench], None]] = {
    "folder": Bench.folder,
    "minio": Bench.minio,
    "calls": Bench.calls,
    "signing-in": Bench.signing_in,
}


def main(words: Sequence[str]) -> None:
    """Measure what was asked for and print it."""
    wanted = _parser().parse_args(words)
    report, parts = Report("api"), wanted.only or list(_PARTS)
    if not nginx_is_there():
        report.left_out |= {part: "nginx is not installed" for part in ("folder", "minio") if part in parts}
    with tempfile.TemporaryDirectory(prefix="yihu-bench-", dir=wanted.work) as directory:
        work = Path(directory)
        work.chmod(0o711)  # PostgreSQL may run as somebody else
        bench = Bench(work, report, wanted.runs or (5 if wanted.full else 3), wanted.full)
        for part in [part for part in parts if part not in report.left_out]:
            print(f"… {part}", file=sys.stderr, flush=True)
            _PARTS[part](bench)
    print(report.as_json() if wanted.json else report.as_table())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench api", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--full", action="store_true", help="2 GiB, 2,000 parties, 20,000 clips, and five runs")
    parser.add_argument("--runs", type=int, help="how many runs (default: 3, with --full 5)")
    parser.add_argument("--only", action="append", choices=list(_PARTS), help="measure only this; may be repeated")
    parser.add_argument(
        "--work", type=Path, default=_PERSISTENT, help="where to work: a real disk with 8 GiB free (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RunFailed as error:
        sys.exit(f"bench: {error}")
