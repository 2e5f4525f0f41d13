"""Many who record at once: threads share commits, processes take turns, and the ledger has one order without gap or loss."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from storage.audit import Audit
from storage.database import reading, writing
from storage.errors import LifeCycleError, StaleState, StorageUnavailable, YihuError
from storage.evidence import Entry, Json, Kind, Recorded
from storage.folder import FolderStore
from storage.identity import fresh
from storage.ledger.log import count
from storage.schema import subjects, vault_keys
from tests.servers.postgres_server import Prepared, empty

from .conftest import DOCK, Bench, enrolled, opened, prepare, secured

ROOT = Path(__file__).parent.parent.parent
RECORDER = """
import json, sys, threading
from pathlib import Path
from storage.errors import LifeCycleError
from storage.evidence import Entry
from tests.storage.conftest import DOCK, enrolled, opened

url, keys, name, each = *sys.argv[1:4], int(sys.argv[4])
told = {"seqs": [], "won": 0}

def work(bench, number):
    for i in range(each):
        try:
            shared = bench.custody.record(enrolled(f"SHARED-{number}-{i}"))
            told["won"] += 1
            told["seqs"].append(shared.seq)
        except LifeCycleError:
            pass
        device = enrolled(f"{name}-{number}-{i}")
        both = bench.custody.record_all([device, Entry("DOCKED", enrolled(f"SHARED-{number}-{i}").subject, DOCK)])
        assert both[1].seq == both[0].seq + 1
        told["seqs"].extend(one.seq for one in both)

with opened(url, Path(keys)) as bench:
    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=work, args=(bench, number)) for number in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(json.dumps(told))
"""
FIRST = """
import sys
from pathlib import Path
from storage import rebuild
from storage.database import migrate
from tests.storage.conftest import enrolled, opened

with opened(sys.argv[1], Path(sys.argv[2])) as bench:
    print("ready", flush=True)
    sys.stdin.readline()
    migrate(bench.engine)
    if not rebuild.is_current(bench.engine):
        rebuild.rebuild(bench.engine, bench.projector, bench.vault)
    print(bench.custody.record(enrolled(sys.argv[3])).seq)
"""


@contextmanager
def together(script: str, *arguments: Sequence[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """Run *script* once for each of *arguments*, each in a process of its own, and let all begin in the same moment."""
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen([sys.executable, "-c", script, *given], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        for given in arguments
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()


def answers(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    """What each process says at its end."""
    told = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return told


def assert_that_all_is_well(bench: Bench, store: Path) -> None:
    """Leaves, chain of every subject, checkpoints, tiles and catalog agree."""
    verdict = Audit(bench.engine, bench.log, bench.projector, bench.vault, FolderStore(store, clock=bench.clock)).run()
    assert [finding for step in verdict.steps for finding in step.findings] == []
    assert verdict.is_consistent


def test_two_processes_record_and_a_third_signs_without_gap_or_loss(prepared_database: Prepared, tmp_path: Path) -> None:
    """Both want the same cameras, each of which is enrolled once, and every head that was signed on the way stays true."""
    url = prepared_database(prepare)
    with opened(url, tmp_path) as bench:
        bench.custody.record(enrolled())
        with together(RECORDER, (url, str(tmp_path), "A", "15"), (url, str(tmp_path), "B", "15")) as processes:
            signed = set()
            while any(process.poll() is None for process in processes):
                signed.add(bench.log.checkpoint())
            told = [json.loads(answer) for answer in answers(processes)]
        bench.log.checkpoint()

        assert sorted(told[0]["seqs"] + told[1]["seqs"]) == list(range(1, 1 + 3 * 15 * 5))
        assert told[0]["won"] + told[1]["won"] == 3 * 15
        assert signed
        assert_that_all_is_well(bench, tmp_path)


def test_two_processes_begin_with_an_empty_database_at_once(prepared_database: Prepared, tmp_path: Path) -> None:
    """Whoever is second finds the tables made, and loses nothing of what the first one has recorded."""
    url = prepared_database(empty)
    with opened(url, tmp_path) as bench:
        with together(FIRST, *((url, str(tmp_path), name) for name in "AB")) as processes:
            assert sorted(answers(processes)) == ["0\n", "1\n"]
        bench.log.checkpoint()
        assert_that_all_is_well(bench, tmp_path)


@contextmanager
def commits(bench: Bench) -> Iterator[list[Connection]]:
    """Every commit of a writer while inside."""
    seen: list[Connection] = []

    def committed(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            seen.append(connection)

    event.listen(bench.engine, "commit", committed)
    yield seen
    event.remove(bench.engine, "commit", committed)


def queued(bench: Bench, pool: ThreadPoolExecutor, wanted: Sequence[Sequence[Entry]]) -> list[Future[list[Recorded]]]:
    """Let one thread each record, all of them waiting for a writer who is not done yet; the first waits at the database."""
    with writing(bench.engine):
        leader = pool.submit(bench.custody.record_all, wanted[0])
        _until(lambda: bench.custody._is_recording and not bench.custody._waiting)
        others = [pool.submit(bench.custody.record_all, each) for each in wanted[1:]]
        _until(lambda: len(bench.custody._waiting) == len(others))
    return [leader, *others]


def test_waiting_callers_share_a_commit(bench: Bench) -> None:
    """One for whoever came first, one for the thirty who came while it waited."""
    with commits(bench) as seen, ThreadPoolExecutor(31) as pool:
        futures = queued(bench, pool, [[enrolled(f"DEMO-{n}")] for n in range(31)])
        seqs = [recorded.seq for future in futures for recorded in future.result()]

    assert sorted(seqs) == list(range(31))
    assert len(seen) == 1 + 1 + 1  # the writer they waited for, the first, all others


def test_whoever_is_refused_costs_the_others_of_the_commit_nothing(bench: Bench) -> None:
    """By the life cycle, by the database, for a body that says nothing, for a text that is none: one savepoint each."""
    device = bench.custody.record(enrolled()).entry.subject
    clip = bench.custody.record(secured(device)).entry.subject
    bench.custody.record(_deposited(clip))
    refused: dict[type[Exception], list[Entry]] = {
        LifeCycleError: [enrolled("DEMO-2"), Entry("DERIVED", fresh(Kind.CLIP), DOCK)],
        StaleState: [enrolled("DEMO-2"), _derived_twice(clip)],
        KeyError: [enrolled("DEMO-2"), Entry("SECURED", fresh(Kind.CLIP), DOCK)],
        ValueError: [enrolled("DEMO-2"), Entry("DOCKED", device, DOCK, {}, {"note": "\ud800"})],
    }
    wanted = [[enrolled("DEMO-1")], *refused.values(), [enrolled("DEMO-2")]]
    with commits(bench) as seen, ThreadPoolExecutor(len(wanted)) as pool:
        first, *futures, last = queued(bench, pool, wanted)

    for expected, future in zip(refused, futures, strict=True):
        assert isinstance(future.exception(), expected | YihuError if expected is ValueError else expected), future.exception()
    assert [first.result()[0].seq, last.result()[0].seq] == [3, 4]
    assert len(seen) == 3
    assert bench.differences() == []
    with reading(bench.engine) as connection:
        # nothing stays of the sheet that was refused: whoever has a data key has an entry
        assert set(connection.scalars(select(vault_keys.c.subject))) <= set(connection.scalars(select(subjects.c.subject)))


@pytest.mark.parametrize("is_written", [False, True], ids=["lost write", "lost answer"])
def test_a_shared_commit_that_fails_is_told_to_everybody(bench: Bench, *, is_written: bool) -> None:
    """All of them try again: what was written is refused then, what was not is recorded."""
    wanted = [[enrolled(f"DEMO-{n}")] for n in range(5)]
    spoil_third_commit(bench, is_written=is_written)  # the writer they waited for, the first, all others
    with ThreadPoolExecutor(len(wanted)) as pool:
        first, *others = queued(bench, pool, wanted)

    assert first.result()[0].seq == 0
    assert {type(future.exception()) for future in others} == {StorageUnavailable}
    for again in wanted[1:]:
        if is_written:
            with pytest.raises(LifeCycleError):
                bench.custody.record_all(again)
        else:
            bench.custody.record_all(again)
    with reading(bench.engine) as connection:
        assert count(connection) == 5
    assert bench.differences() == []


def spoil_third_commit(bench: Bench, *, is_written: bool) -> None:
    """Let the third commit from now on fail, before or after it is done."""
    dialect, turns = bench.engine.dialect, itertools.count(1)
    commit = dialect.do_commit

    def spoiled(connection: Any) -> None:  # noqa: ANN401 - the DBAPI has no types
        spoil = next(turns) == 3
        if is_written or not spoil:
            commit(connection)
        if spoil:
            raise dialect.loaded_dbapi.OperationalError

    vars(dialect)["do_commit"] = spoiled


def test_something_unforeseen_is_told_to_everybody_of_the_commit_and_stops_nobody_later(bench: Bench) -> None:
    """Whoever carried it out gets the error itself, the others hear that they may try again."""

    def broken_once() -> datetime:
        if bench.clock.now > before:
            bench.custody._clock = bench.clock
            raise ArithmeticError
        return bench.clock()

    before = bench.clock.now
    bench.custody._clock = broken_once
    with ThreadPoolExecutor(3) as pool:
        first, *others = queued(bench, pool, [[enrolled(f"DEMO-{n}")] for n in range(3)])

    assert first.result()[0].seq == 0
    assert {type(future.exception()) for future in others} == {ArithmeticError, StorageUnavailable}
    assert bench.custody.record(enrolled("DEMO-4")).seq == 1
    assert bench.differences() == []


def test_a_reader_sees_one_moment(bench: Bench) -> None:
    """However long it looks, and whoever records meanwhile."""
    bench.custody.record(enrolled())
    with reading(bench.engine) as before:
        assert count(before) == 1
        bench.custody.record(enrolled("DEMO-2"))
        assert count(before) == 1
        with reading(bench.engine) as after:
            assert count(after) == 2


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.002)


def _deposited(clip: object) -> Entry:
    original: Json = {"k": "clips/1/original", "ver": "1", "until": "2027-11-21T01:30:00.000Z"}
    return Entry("DEPOSITED", clip, DOCK, {"original": original, "manifest": {"ver": "1"}})  # type: ignore[arg-type]


def _derived_twice(clip: object) -> Entry:
    output: Json = {
        "kind": "poster",
        "obj": {"b": "index", "k": "clips/1/poster", "ver": "1"},
        "size": 1,
        "blake3": "blake3:" + "1" * 64,
        "sha256": "sha256:" + "2" * 64,
        "media_type": "image/jpeg",
        "recipe": "poster/1",
        "recipe_digest": "sha256:" + "0" * 64,
    }
    return Entry("DERIVED", clip, DOCK, {"facts": {}, "findings": [], "outputs": [output, output]})  # type: ignore[arg-type]
