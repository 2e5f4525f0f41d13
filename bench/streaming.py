"""Streaming one large original through the API and through nginx, in turn, over the same object of the same store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.big_clip import add_big_clip, add_people, write_original
from bench.client import Client
from bench.measure import Cost, Costs, Duel
from bench.offices import found_on
from bench.watching import Range, watched
from bench.web_servers import OBJECT, Serving, from_folder, from_s3, nginx, yihu_serve
from storage.local_s3 import LocalS3

_LOGIN = "viewer.one"
_PIECE = 16 * 2**20
"""Bytes of a range, as somebody asks for who looks here and there."""
_SHARE = 16
"""So many times less than all of it is what each of many viewers reads."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The two servers over one object, and how each is asked for it."""

    size: int
    ours: Serving
    theirs: Serving
    media: str
    headers: dict[str, str]


@dataclass(slots=True)
class Streamed:
    """What was measured of one way to ask."""

    size: int
    ours: list[Cost] = field(default_factory=list)
    theirs: list[Cost] = field(default_factory=list)

    @property
    def duel(self) -> Duel:
        """Pair by pair."""
        return Duel(Costs(self.ours), Costs(self.theirs))

    def cpu(self, costs: Sequence[Cost]) -> list[float]:
        """Seconds for a GiB."""
        return [cost.cpu * 2**30 / self.size for cost in costs]

    def rates(self, costs: Sequence[Cost]) -> list[float]:
        """MB/s."""
        return [self.size / cost.wall / 1e6 for cost in costs]

    @property
    def throughputs(self) -> list[float]:
        """Ours to theirs, pair by pair."""
        return [theirs.wall / ours.wall for ours, theirs in zip(self.ours, self.theirs, strict=True)]


@contextmanager
def sides(work: Path, *, size: int, server: LocalS3 | None) -> Iterator[Sides]:
    """Make an office with one clip of *size* bytes on *server* or in a folder, and serve it twice."""
    work.mkdir()
    home, original = work / "office", work / "original"
    with ExitStack() as stack:
        office = found_on(home, server)
        big = add_big_clip(office, original, write_original(original, size=size))
        add_people(office, [_LOGIN])
        original.unlink()
        office.engine.dispose()
        where = from_folder(home / "store", big.stored) if server is None else from_s3(server, big.stored)
        theirs = stack.enter_context(nginx(where, work / "nginx"))
        ours = stack.enter_context(yihu_serve(home, work))
        client = Client(ours.port)
        stack.callback(client.close)
        client.sign_in(_LOGIN)
        yield Sides(size, ours, theirs, client.viewing(str(big.clip)), client.headers)


def ways(size: int) -> dict[str, list[tuple[int, int]]]:
    """Return how one viewer may ask for all of it: as players do, who seeks, and who takes it whole (0, 0)."""
    pieces = [(start, min(size, start + _PIECE)) for start in range(0, size, _PIECE)]
    return {"range": [(0, size)], "pieces": pieces, "whole": [(0, 0)]}


def streamed(both: Sides, parts: Sequence[tuple[int, int]], *, viewers: int, runs: int) -> Streamed:
    """Have *viewers* at once ask for *parts* of the object, of us and of nginx in turn."""
    found = Streamed(viewers * sum(end - start if end else both.size for start, end in parts))
    for _ in range(runs):
        found.ours.append(_cost(both.ours, [Range(both.media, both.headers, *part) for part in parts], viewers))
        found.theirs.append(_cost(both.theirs, [Range(OBJECT, {}, *part) for part in parts], viewers))
    return found


def crowd(size: int) -> list[tuple[int, int]]:
    """Return what each of many viewers asks for."""
    return [(0, size // _SHARE)]


def _cost(serving: Serving, ranges: Sequence[Range], viewers: int) -> Cost:
    """Return the wall of the viewers, and the CPU and the peak memory of the server."""
    serving.family.forget_peak()
    before = serving.family.cpu()
    seen = watched(serving.port, [ranges] * viewers)
    return Cost(seen.wall, serving.family.cpu() - before, serving.family.peak())
