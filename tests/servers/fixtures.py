"""
The real servers, one of each for a whole run of a process; a conftest imports what it wants of these.

Tests share them: everybody uses keys of their own, and nobody counts on a server that nobody else has restarted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.local_s3 import LocalS3
from tests.servers.minio_server import minio_server
from tests.servers.seaweed_server import seaweed_server


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalS3]:
    """A running SeaweedFS."""
    with seaweed_server(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalS3]:
    """A running MinIO."""
    with minio_server(tmp_path_factory.mktemp("minio")) as server:
        yield server
