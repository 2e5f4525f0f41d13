"""
Clips on their way: none is forgotten because a database was away, and the end of the program waits for no queue.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ingest.due import Due
from ingest.progress import Watcher, unwatched
from ingest.works import Works
from storage.catalog import Catalog
from storage.errors import StorageUnavailable
from storage.evidence import Kind, Subject
from storage.identity import fresh
from yihu.wiring import Office


def test_what_waits_is_not_forgotten_where_the_database_is_away_when_it_is_to_go_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = fresh(Kind.CLIP)
    with office.pipeline().running() as running:
        running.works.must_wait(clip, "a.mp4", StorageUnavailable("store: away"))

        def away(_catalog: Catalog) -> None:
            message = "database: away"
            raise StorageUnavailable(message)

        with monkeypatch.context() as patched:
            patched.setattr(Catalog, "unfinished", away)
            with pytest.raises(StorageUnavailable):
                running.resume()

        assert [one.clip for one in running.works.waiting()] == [clip]


def test_what_may_go_on_is_under_way_from_the_moment_it_does_not_wait_any_more() -> None:
    clip, begun, go = fresh(Kind.CLIP), threading.Event(), threading.Event()

    def move(_clip: Subject, _name: str, _watcher: Watcher) -> None:
        begun.set()
        assert go.wait(30)

    with ThreadPoolExecutor(1) as pool:
        works = Works(move, unwatched, pool)
        works.must_wait(clip, "a.mp4", StorageUnavailable("store: away"))
        works.try_again([(clip, "a.mp4")])

        assert works.waiting() == ()
        assert not works.is_idle
        go.set()
        works.finish([clip])
    assert begun.is_set()


def test_a_program_that_stops_finishes_what_is_under_way_and_leaves_the_queue_to_the_next_start() -> None:
    clips, moved = [fresh(Kind.CLIP) for _ in range(3)], []
    begun, go = threading.Event(), threading.Event()

    def move(clip: Subject, _name: str, _watcher: Watcher) -> None:
        begun.set()
        assert go.wait(30)
        moved.append(clip)

    with ThreadPoolExecutor(1) as pool:
        works = Works(move, unwatched, pool)
        for clip in clips:
            works.deposit(clip, "a.mp4")
        assert begun.wait(30)
        works.stop()
        go.set()
        works.finish()

    assert moved == clips[:1]
    assert {(one.clip, one.error) for one in works.waiting()} == {(clip, "Stopping") for clip in clips[1:]}


def test_what_fails_again_and_again_is_tried_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("ingest.due.time.monotonic", lambda: now[0])
    due, tried = Due(), []
    for _second in range(3600):
        due.once_more(timedelta(seconds=30))
        now[0] += 1
        if due.has_come():
            tried.append(now[0])

    assert tried[:4] == [30, 90, 180, 300]
    assert len(tried) < 20


def test_something_else_is_tried_soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("ingest.due.time.monotonic", lambda: now[0])
    due = Due()
    for _ in range(5):
        due.once_more(timedelta(seconds=30))
        now[0] += 1000
        assert due.has_come()
    due.afresh()
    due.once_more(timedelta(seconds=30))
    now[0] += 30

    assert due.has_come()
