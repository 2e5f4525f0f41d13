"""SeaweedFS for the tests: the same server that ``./run demo --s3`` starts, ended at once instead of in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import StorageUnavailable
from storage.local_s3 import LocalS3, seaweed
from tests.servers.missing import server_is_missing


@contextmanager
def seaweed_server(directory: Path) -> Iterator[LocalS3]:
    """Run SeaweedFS with both buckets made; its data are thrown away, so it need not write them out at the end (15 s)."""
    try:
        starting = seaweed(directory)
        server = starting.__enter__()
    except StorageUnavailable as error:
        server_is_missing("SeaweedFS", str(error))
    try:
        server.prepare(days=1)
        yield server
    finally:
        server.kill()
        starting.__exit__(None, None, None)
