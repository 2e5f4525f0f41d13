"""Once a minute, while the server runs: the ledger is told how many strangers were refused, and what passed is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from api.desk import Desk
from api.people.refused import EVERY
from storage.errors import YihuError
from storage.evidence import Kind
from storage.identity import found_again
from yihu.wiring import Office

log = structlog.get_logger()


@contextmanager
def counting(office: Office, desk: Desk) -> Iterator[None]:
    """Record what *desk* counted, every minute and at the end."""
    ended = threading.Event()
    thread = threading.Thread(target=_until, args=(office, desk, ended), name="strangers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _until(office: Office, desk: Desk, ended: threading.Event) -> None:
    while not ended.wait(EVERY.total_seconds()):
        _record(office, desk)
    _record(office, desk)


def _record(office: Office, desk: Desk) -> None:
    about = found_again(office.index_key, Kind.LOG, office.settings.office.log)
    try:
        desk.strangers.record(office.custody, about, office.dock)
        desk.tidy()
    except YihuError as error:  # it stays counted, and the next minute says it
        log.warning("refused sign-ins wait to be recorded", reason=str(error))
