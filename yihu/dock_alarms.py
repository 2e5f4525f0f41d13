"""
What a person should come for, found out by looking: store, database, spool and time source.

The rules are pure. `watching_over` looks again and again while the dock runs and rings or hushes the board; every look has a
thread of its own, so that a store which takes a minute to say nothing keeps nobody from seeing that the spool is full.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ingest.board import AlarmKind, Board
from ingest.progress import said
from storage.errors import NotFound, YihuError
from storage.objects import Bucket, ObjectName, ObjectReader
from yihu.wiring import Office

_TIME_ERROR = 5
"""What adjtimex(2) returns while no time source sets the clock."""
_TIMEX_BYTES = 512
"""More than any `struct timex` has."""
_JOIN = 1.0
"""Seconds that a look under way may keep the dock from ending."""


@dataclass(frozen=True, slots=True)
class Look:
    """Something that is looked at again and again."""

    kind: AlarmKind
    reason: Callable[[], str]
    """Say what is wrong, in a code or in words; nothing where all is well. A `YihuError` is a reason, too."""
    about: str = ""


def spool_reason(free: int, size: int, percent: int) -> str:
    """Say how full a spool is of whose *size* bytes so many are *free*, from *percent* on; no room at all is full."""
    used = 100 if size <= 0 else min(100 - max(free, 0) * 100 // size, 100)
    return f"{used} %" if used >= percent else ""


def looks_of(office: Office) -> tuple[Look, ...]:
    """Return what is looked at in this office."""
    settings = office.settings.board
    spool = Look(AlarmKind.SPOOL_FILLING, lambda: _spool(office, settings.spool_alarm_percent))
    looks = (
        Look(AlarmKind.STORE_AWAY, lambda: store_reason(office.store)),
        Look(AlarmKind.DATABASE_AWAY, lambda: _database(office)),
        spool,
    )
    return (*looks, Look(AlarmKind.CLOCK_WRONG, time_reason)) if settings.host_clock else looks


def store_reason(store: ObjectReader) -> str:
    """Ask the store for an object that nobody ever put there; that it knows of none is all that is wanted."""
    try:
        store.describe(ObjectName(Bucket.EVIDENCE, f"probe/{secrets.token_hex(8)}"))
    except NotFound:
        return ""
    return "no-answer"


def _database(office: Office) -> str:
    office.log.latest()
    return ""


def _spool(office: Office, percent: int) -> str:
    root = office.home / office.settings.spool.path
    if not root.is_dir():  # made when the first clip is read
        return ""
    status = os.statvfs(root)
    reserve = office.settings.spool.reserve_mib * 2**20
    return spool_reason(office.spool.free(), status.f_blocks * status.f_frsize - reserve, percent)


def time_reason() -> str:
    """Ask the kernel whether a time source sets the clock; nothing is set by asking."""
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return "time-unsynchronised" if state == _TIME_ERROR else ""


@contextmanager
def watching_over(board: Board, looks: Sequence[Look], *, seconds: float) -> Iterator[None]:
    """Look at everything now and every so many *seconds* while inside, and ring and hush *board* for it."""
    ended = threading.Event()
    threads = [threading.Thread(target=_watch, args=(board, look, ended, seconds), daemon=True) for look in looks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(_JOIN)


def _watch(board: Board, look: Look, ended: threading.Event, seconds: float) -> None:
    while not ended.is_set():
        try:
            reason = look.reason()
        except (YihuError, OSError) as error:
            reason = said(error) or type(error).__name__
        if ended.is_set():
            return
        if reason:
            board.ring(look.kind, look.about, reason)
        else:
            board.hush(look.kind, look.about)
        ended.wait(seconds)
