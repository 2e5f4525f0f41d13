"""The object stores that benchmarks run against, each started for this run and stopped after it."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from storage.errors import StorageUnavailable
from storage.local_s3 import LocalS3, minio, seaweed
from tests.servers.postgres_server import OFFICE, PostgresServer

_NOBODY = 65534
_MINIO = "YIHU_TEST_MINIO"
"""Names a MinIO binary, for tests and benchmarks alike."""


@contextmanager
def s3_servers(work: Path) -> Iterator[tuple[Mapping[str, LocalS3], Mapping[str, str]]]:
    """Run every S3 server that can be had here; gives them by name, and why the others are left out."""
    servers: dict[str, LocalS3] = {}
    left_out: dict[str, str] = {}
    with ExitStack() as stack:
        try:
            servers["seaweedfs"] = stack.enter_context(seaweed(work / "seaweedfs"))
        except StorageUnavailable as error:
            left_out["seaweedfs"] = str(error)
        binary = _minio_binary()
        if binary is None:
            left_out["minio"] = f"{_MINIO} names no binary"
        else:
            servers["minio"] = stack.enter_context(minio(work / "minio", binary=binary))
        for server in servers.values():
            server.prepare(days=1)
        yield servers, left_out


@contextmanager
def minio_server(work: Path) -> Iterator[tuple[LocalS3 | None, str]]:
    """Run MinIO, or say why not."""
    binary = _minio_binary()
    if binary is None:
        yield None, f"{_MINIO} names no binary"
        return
    with minio(work / "minio", binary=binary) as server:
        server.prepare(days=1)
        yield server, ""


@contextmanager
def postgresql(work: Path) -> Iterator[Callable[[], str] | None]:
    """Run PostgreSQL as it comes, every commit synced; gives what makes a new database and tells its URL, or None."""
    directory = work / "pg"
    directory.mkdir(mode=0o711)
    if os.geteuid() == 0:
        os.chown(directory, _NOBODY, _NOBODY)
    try:
        server = PostgresServer(directory, settings=())
        server.prepare()
        server.start()
    except (OSError, subprocess.SubprocessError, StorageUnavailable):
        yield None
        return
    try:
        server.ask(f"CREATE ROLE {OFFICE} LOGIN")
        yield lambda: _database(server)
    finally:
        server.stop()


def _database(server: PostgresServer) -> str:
    name = f"bench_{secrets.token_hex(4)}"
    server.ask(f"CREATE DATABASE {name} OWNER {OFFICE} TEMPLATE template0")
    return server.url(name)


def _minio_binary() -> Path | None:
    """Give the binary that was named, or the one the tests have fetched."""
    named = os.environ.get(_MINIO, "")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    binary = Path(named) if named else cache / "yihu-test-minio" / "minio"
    return binary if binary.is_file() else None
