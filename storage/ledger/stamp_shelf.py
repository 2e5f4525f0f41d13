"""
Giving the authority's replies to strangers: into the index bucket, or into a directory with the texts that were stamped.

::

    log-timestamps/SIZE-DIGEST.tsr     the reply over the first SIZE entries, as the authority sent it

They are put there in the order of the log, so the newest one that is there says that all before it are.
"""

from __future__ import annotations

import io
from pathlib import Path

from sqlalchemy import Engine, select

from storage import durable
from storage.database import reading
from storage.errors import NotFound
from storage.folder_files import within_reach
from storage.ledger.log import Log
from storage.ledger.stamping import head_at
from storage.objects import Bucket, ObjectName, ObjectStore, Promise, deposit
from storage.schema import timestamps
from storage.timestamps import recorded_stamps

__all__ = ["give_stamps", "publish_stamps"]

_PLACE, _REPLY = "log-timestamps", "application/timestamp-reply"


def publish_stamps(engine: Engine, store: ObjectStore) -> int:
    """Put every recorded reply that is not there yet into the index bucket, durably, and say how many those were."""
    missing = []
    with reading(engine) as connection:
        for size, digest in recorded_stamps(connection):  # newest first
            if _is_there(store, _name(size, digest)):
                break
            missing.append((size, digest))
    for size, digest in reversed(missing):
        reply = _reply(engine, size, digest)
        promise = Promise.of_bytes(reply)
        name = _name(size, digest)
        deposit(store, name, lambda raw=reply: io.BytesIO(raw), promise, retain_until=None, media_type=_REPLY)  # type: ignore[misc]
    return len(missing)


def give_stamps(engine: Engine, log: Log, directory: Path) -> list[Path]:
    """Write every recorded reply, and beside it the text that was stamped, for `openssl ts -verify`; return the replies."""
    with reading(engine) as connection:
        stamped = [(head_at(connection, log, size), digest) for size, digest in reversed([*recorded_stamps(connection)])]
    written = []
    with within_reach(f"writing to {directory}"):
        durable.make_directory(directory, 0o755)
        for head, digest in stamped:
            path = directory / _name(head.size, digest).key.rpartition("/")[2]
            durable.replace(path.with_suffix(".txt"), head.text.encode("ascii"), 0o644)
            durable.replace(path, _reply(engine, head.size, digest), 0o644)
            written.append(path)
    return written


def _reply(engine: Engine, size: int, digest: str) -> bytes:
    with reading(engine) as connection:
        reply = connection.scalar(select(timestamps.c.token).where(timestamps.c.size == size, timestamps.c.digest == digest))
    if reply is None:
        message = f"the authority's reply {digest[:16]} about {size} entries is not kept"
        raise NotFound(message)
    return bytes(reply)


def _name(size: int, digest: str) -> ObjectName:
    return ObjectName(Bucket.INDEX, f"{_PLACE}/{size:016d}-{digest[:16]}.tsr")


def _is_there(store: ObjectStore, name: ObjectName) -> bool:
    try:
        store.describe(name)
    except NotFound:
        return False
    return True
