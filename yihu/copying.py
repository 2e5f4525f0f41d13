"""Copies that people asked for are made, and removed when their time is over, while ``yihu serve`` runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from ingest.copying import Copying
from ingest.tools import find_tools
from storage.copies import Copies
from storage.errors import StorageUnavailable, YihuError
from yihu.wiring import Office

_BEAT = 1.0
_PATIENCE = 30.0
"""Seconds until what did not go is tried again."""
_LEAVING = 5.0
"""Seconds that a copy under way is waited for at the end; the next start makes it again."""

logger = structlog.get_logger()


def copying_of(office: Office) -> Copying:
    """Put together what makes copies; neither store nor ffmpeg is touched before it is needed."""
    return Copying(
        copies=Copies(office.engine),
        catalog=office.catalog,
        vault=office.vault,
        custody=office.custody,
        store=lambda: office.store,
        tools=lambda: find_tools(office.settings.media.tools),
        actor=office.dock,
        clock=office.clock,
        last=office.settings.access.rules.copies_last,
        room=office.home / "copies",
    )


@contextmanager
def copying(office: Office) -> Iterator[None]:
    """Make and remove copies while inside."""
    work, ended = copying_of(office), threading.Event()
    work.sweep()
    thread = threading.Thread(target=_repeat, args=(work, ended), name="copies", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_LEAVING)


def _repeat(work: Copying, ended: threading.Event) -> None:
    wait, said = _BEAT, ""
    while not ended.wait(wait):
        try:
            work.advance()
            wait = _BEAT
        except StorageUnavailable:
            wait = _PATIENCE
        except YihuError as error:
            if str(error) != said:
                logger.error("a copy needs a person", error=type(error).__name__, reason=str(error))  # noqa: TRY400
            wait, said = _PATIENCE, str(error)
