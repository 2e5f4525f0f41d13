"""
How fast footage comes in, beside what others do for the same end: ``./run bench ingest [--json] [--full]``.

* A card of 2 GiB into an S3 server: the whole of ``yihu ingest`` (hashes, object lock, ledger, every part verified; rendering
  off) against ``rclone copy --checksum``.
* Securing alone against ``cp``, ``sync``, ``b3sum`` and ``openssl dgst -sha256``, one after another.
* The memory of a very large clip and of eight cards at once, what a small file costs, and how soon ``yihu --help`` answers.

``--full`` takes a clip of 20 GiB instead of 4 GiB and five pairs instead of three.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.alone import securing
from bench.cards import clips_of, write_card, write_sparse_card
from bench.measure import Command, RunFailed, Spread, cost_of, costs_of, in_turn
from bench.offices import ingesting
from bench.peers import copying_then_hashing, rclone
from bench.report import Figure, Peer, Report
from bench.servers import s3_servers
from storage.local_s3 import LocalS3
from yihu.language import either

_MIB = 2**20
_CLIPS, _CLIP = 8, 256 * _MIB
_SECURED_CLIPS = 2
"""Short pairs, and more of them: in long ones a virtual machine pays its host for fresh memory, the longer run most."""
_CARDS, _CARD_CLIPS, _CARD_CLIP = 8, 2, 64 * _MIB
_SMALL_FILES, _SMALL_FILE = 1000, 10_000
_PERSISTENT = Path("/var/tmp")  # noqa: S108 - a memory disk (as /tmp may be) would make everything durable at no cost
_STARTS = 9

_WALL, _CPU, _SECURE_WALL = 1.0, 0.65, 1.0
_RSS_MIB, _SMALL_FILE_MS, _HELP_S = 256, 15, 0.3


@dataclass(frozen=True)
class Bench:
    """One benchmark under way."""

    work: Path
    servers: Mapping[str, LocalS3]
    report: Report
    runs: int
    big_gib: int

    @cached_property
    def card(self) -> Path:
        """The card of 2 GiB."""
        return write_card(self.work / "card", clips=_CLIPS, size=_CLIP)

    def against_rclone(self) -> None:
        """Compare a whole ingest with a copy to the same server."""
        if self._is_missing("rclone"):
            return
        tiny = write_card(self.work / "tiny", clips=1, size=_MIB)
        for name, server in self.servers.items():
            for warming in (ingesting([tiny], server), rclone(tiny, server)):
                cost_of(warming, self.work)
            what = either(
                f"2 GiB 采集卡（8 个文件）存入 {name}：yihu ingest 对 rclone copy --checksum",
                f"a card of 2 GiB in 8 clips into {name}: yihu ingest against rclone copy --checksum",
            )
            duel = in_turn(ingesting([self.card], server), rclone(self.card, server), self.work, runs=self.runs)
            self.report.peers[f"rclone-{name}"] = Peer(what, duel, {"wall": _WALL, "cpu": _CPU})

    def secure_alone(self) -> None:
        """Compare one read that copies and hashes with three that do one thing each."""
        if self._is_missing("b3sum", "openssl"):
            return
        clips = clips_of(self.card)[:_SECURED_CLIPS]
        what = either(
            "只落暂存（512 MiB）：对 cp+sync、b3sum、openssl dgst -sha256 依次执行",
            "securing alone (512 MiB): against cp+sync, b3sum, openssl dgst -sha256 one after another",
        )
        duel = in_turn(lambda place: securing(clips, place), copying_then_hashing(clips), self.work, runs=2 * self.runs + 1)
        self.report.peers["cp-b3sum-openssl"] = Peer(what, duel, {"wall": _SECURE_WALL})

    def memory(self) -> None:
        """Find the largest memory a very large clip and many cards at once take."""
        big = write_sparse_card(self.work / "big", size=self.big_gib * 2**30)
        many = [write_card(self.work / f"card-{number}", clips=_CARD_CLIPS, size=_CARD_CLIP) for number in range(_CARDS)]
        server = next(iter(self.servers.values()), None)
        one, all_ = (cost_of(ingesting(cards, server), self.work) for cards in ([big], many))
        what_one = either(f"一个 {self.big_gib} GiB 文件的内存峰值", f"peak memory for one clip of {self.big_gib} GiB")
        what_all = either(f"{_CARDS} 张卡同时采集的内存峰值", f"peak memory for {_CARDS} cards at once")
        self.report.figures["rss_big_clip"] = Figure(what_one, Spread.of([one.rss]), "MiB", _RSS_MIB)
        self.report.figures["rss_eight_cards"] = Figure(what_all, Spread.of([all_.rss]), "MiB", _RSS_MIB)

    def small_files(self) -> None:
        """Find what a small file costs, without what starting the program costs."""
        many = write_card(self.work / "many", clips=_SMALL_FILES, size=_SMALL_FILE)
        single = write_card(self.work / "single", clips=1, size=_SMALL_FILE)
        for name, server in {"folder": None, **self.servers}.items():
            duel = in_turn(ingesting([many], server), ingesting([single], server), self.work, runs=self.runs)
            pairs = zip(duel.ours.runs, duel.theirs.runs, strict=True)
            each = [1000 * (m.wall - s.wall) / (_SMALL_FILES - 1) for m, s in pairs]
            what = either(f"每个小文件的开销（{name}）", f"overhead of a small file ({name})")
            self.report.figures[f"small_file_{name}"] = Figure(what, Spread.of(each), "ms", _SMALL_FILE_MS)

    def help(self) -> None:
        """Find how soon the program answers."""
        asking = Command([sys.executable, "-m", "yihu", "--help"])
        costs_of(lambda _: asking, self.work, runs=1)
        wall = costs_of(lambda _: asking, self.work, runs=_STARTS).wall
        self.report.figures["help"] = Figure("yihu --help", wall, "s", _HELP_S)

    def _is_missing(self, *programs: str) -> bool:
        missing = [program for program in programs if shutil.which(program) is None]
        self.report.left_out.update(dict.fromkeys(missing, "not installed"))
        return bool(missing)


_PARTS: Mapping[str, Callable[[Bench], None]] = {
    "rclone": Bench.against_rclone,
    "secure": Bench.secure_alone,
    "memory": Bench.memory,
    "small": Bench.small_files,
    "help": Bench.help,
}


def main(words: Sequence[str]) -> None:
    """Measure what was asked for and print it."""
    wanted = _parser().parse_args(words)
    report = Report("ingest")
    with tempfile.TemporaryDirectory(prefix="yihu-bench-", dir=wanted.work) as directory:
        work = Path(directory)
        with s3_servers(work) as (servers, left_out):
            report.left_out.update(left_out)
            chosen = {name: server for name, server in servers.items() if not wanted.server or name in wanted.server}
            bench = Bench(work, chosen, report, wanted.runs or (5 if wanted.full else 3), 20 if wanted.full else 4)
            for part in wanted.only or _PARTS:
                print(f"… {part}", file=sys.stderr, flush=True)
                _PARTS[part](bench)
    print(report.as_json() if wanted.json else report.as_table())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run bench ingest", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--full", action="store_true", help="a clip of 20 GiB, and five pairs")
    parser.add_argument("--runs", type=int, help="how many pairs (default: 3, with --full 5)")
    parser.add_argument("--only", action="append", choices=list(_PARTS), help="measure only this; may be repeated")
    parser.add_argument("--server", action="append", help="only against this server (seaweedfs, minio); may be repeated")
    parser.add_argument(
        "--work", type=Path, default=_PERSISTENT, help="where to work: a real disk with 30 GiB free (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RunFailed as error:
        sys.exit(f"bench: {error}")
