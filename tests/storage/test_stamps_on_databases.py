"""Time-stamps on each kind of database: they go forward only, and the catalog made again has the same rows."""

from __future__ import annotations

import pytest

from storage import clips, rebuild, timestamps
from storage.custody import Custody
from storage.database import reading, writing
from storage.errors import StaleState
from storage.evidence import Entry, Kind
from storage.identity import found_again
from storage.ledger.checkpoint import Checkpoint
from storage.lifecycle import LifeCycle
from storage.projecting import Projector
from storage.schema import timestamps as kept
from storage.timestamps import is_stamped_enough, last_stamp, recorded_stamps, standing_in, timestamped, unrecorded
from storage.verifier.tokens import Token

from .conftest import DOCK, ORIGIN, Bench

LOG = found_again(b"k" * 32, Kind.LOG, ORIGIN)


@pytest.fixture
def custody(bench: Bench) -> Custody:
    projector = Projector(LifeCycle((*clips.MOVES, *timestamps.MOVES)), [clips.project, timestamps.project])
    bench.projector = projector
    return Custody(bench.engine, projector, bench.vault, log=ORIGIN, clock=bench.clock)


def stamp(size: int, second: int, digest: str) -> Entry:
    token = Token(b"", f"2026-11-21T08:30:{second:02d}.000Z", 1000, 1, "1.2.3", None, b"certificate")
    return timestamped(Checkpoint(ORIGIN, size, b"r" * 32), token, digest * 64, log=LOG, actor=DOCK)


def test_time_stamps_go_forward_only(bench: Bench, custody: Custody) -> None:
    custody.record(Entry("STARTED", LOG, DOCK))
    custody.record(stamp(1, 1, "a"))
    custody.record(stamp(1, 1, "b"))
    custody.record(stamp(3, 2, "c"))
    for behind in (stamp(2, 3, "d"), stamp(4, 1, "e"), stamp(3, 2, "c")):
        with pytest.raises(StaleState):
            custody.record(behind)

    with reading(bench.engine) as connection:
        assert last_stamp(connection) == (3, "2026-11-21T08:30:02.000Z")
        assert [*recorded_stamps(connection)] == [(3, "c" * 64), (1, "b" * 64), (1, "a" * 64)]
        assert is_stamped_enough(connection, 4)
    assert bench.differences() == []
    assert rebuild.rebuild(bench.engine, bench.projector, bench.vault) == 4
    assert bench.differences() == []


@pytest.mark.parametrize(
    ("column", "value"), [("seq", 7), ("size", 7), ("token", "f" * 64), ("time", "2025-11-21T08:30:01.000Z")]
)
def test_a_changed_cell_is_found_by_the_replay(bench: Bench, custody: Custody, column: str, value: object) -> None:
    custody.record(Entry("STARTED", LOG, DOCK))
    custody.record(stamp(1, 1, "a"))
    with writing(bench.engine) as connection:
        assert connection.execute(timestamps.stamps.update().values({column: value})).rowcount == 1

    assert bench.differences() != []


def test_what_waits_is_known(bench: Bench, custody: Custody) -> None:
    custody.record(Entry("STARTED", LOG, DOCK))
    bench.log.checkpoint()
    assert standing_in(bench.engine) == timestamps.Standing(0, 0, "", 1, is_waiting=True)
    with writing(bench.engine) as connection:
        connection.execute(kept.insert().values(size=1, digest="a" * 64, token=b"reply"))
    with reading(bench.engine) as connection:
        assert unrecorded(connection) == [(1, "a" * 64, b"reply")]
    custody.record(stamp(1, 1, "a"))
    with reading(bench.engine) as connection:
        assert unrecorded(connection) == []
    assert standing_in(bench.engine) == timestamps.Standing(1, 1, "2026-11-21T08:30:01.000Z", 1, is_waiting=False)
