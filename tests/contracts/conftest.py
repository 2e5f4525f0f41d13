"""Every store that is held to the store contract, each under one name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.folder import FolderStore
from storage.local_s3 import LocalS3
from storage.objects import Bucket, ObjectName, ObjectStore
from storage.s3 import S3Store
from storage.testing import FaultyStore
from tests.servers.fixtures import minio, seaweed
from tests.servers.unplugged import UnpluggedPool

__all__ = ["minio", "seaweed"]

SERVERS = [pytest.param(kind, marks=pytest.mark.servers) for kind in ("seaweed", "minio")]


@dataclass(frozen=True, slots=True)
class OnServer:
    """A store on a real server, the server itself, and the cable between them."""

    store: S3Store
    server: LocalS3
    cable: UnpluggedPool


@pytest.fixture(params=["folder", "faulty", *SERVERS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    """A store of each kind; on a server it holds what other tests have put there."""
    if request.param in {"folder", "faulty"}:
        folder = FolderStore(tmp_path / "store", clock=lambda: datetime.now(UTC))
        yield folder if request.param == "folder" else FaultyStore(folder)
        return
    s3 = _store(request.getfixturevalue(request.param), UnpluggedPool())
    yield s3
    s3.close()


@pytest.fixture(params=SERVERS)
def on_server(request: pytest.FixtureRequest) -> Iterator[OnServer]:
    """A store on each real server, with a cable that can be pulled."""
    server: LocalS3 = request.getfixturevalue(request.param)
    cable = UnpluggedPool()
    s3 = _store(server, cable)
    yield OnServer(s3, server, cable)
    s3.close()


@pytest.fixture
def new_name() -> Callable[..., ObjectName]:
    """Give a name that nothing has: ``new_name()``, ``new_name(Bucket.INDEX)``."""

    def name(bucket: Bucket = Bucket.EVIDENCE) -> ObjectName:
        return ObjectName(bucket, f"测试/{secrets.token_hex(8)}/original")

    return name


def _store(server: LocalS3, cable: UnpluggedPool) -> S3Store:
    return S3Store(server.endpoint, access_key=server.access_key, secret_key=server.secret_key, http=cable)
