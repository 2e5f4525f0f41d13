"""
MinIO for the tests.

MinIO's own downloads are gone (the community edition was archived in 2026). Unless ``YIHU_TEST_MINIO`` names another binary,
or the URL of a server that runs on this machine (keys in ``YIHU_TEST_MINIO_KEYS`` as ``ACCESS:SECRET``), the server is taken
from a package that somebody else published: RELEASE.2024-01-01T16-36-33Z, under the AGPL, known by its SHA-256 and kept in the
user's cache. It is good for tests only; nothing of it belongs into the repository or into anything we ship.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from storage.errors import StorageUnavailable
from storage.local_s3 import LocalS3, minio
from tests.servers.missing import server_is_missing

CHOICE = "YIHU_TEST_MINIO"
CHOSEN_KEYS = "YIHU_TEST_MINIO_KEYS"
_PACKAGE = "@dragon-den/packages@1.0.0-minio-0.1.20231112-1-1"
_INSIDE = "package/package.tgz.part.aa"
_MEMBER = "./bin/minio"
_SHA256 = "95bfab0dc507629a91ea5ca1fa665d70565503824fee2feb427e4d0235467dcb"
_FETCH_SECONDS = 300


@contextmanager
def minio_server(directory: Path) -> Iterator[LocalS3]:
    """Run MinIO, or reach the one that was named, with both buckets made."""
    choice = os.environ.get(CHOICE, "")
    with ExitStack() as stack:
        if choice.startswith("http"):
            server = _running_elsewhere(choice, directory)
        else:
            try:
                binary = Path(choice) if choice else _cached()
                server = stack.enter_context(minio(directory, binary=binary))
            except (OSError, subprocess.SubprocessError, StorageUnavailable, tarfile.TarError, KeyError) as error:
                server_is_missing("MinIO", str(error))
        server.prepare(days=1)
        yield server


def _running_elsewhere(url: str, directory: Path) -> LocalS3:
    access_key, _, secret_key = os.environ.get(CHOSEN_KEYS, "minioadmin:minioadmin").partition(":")
    return LocalS3(url, access_key, secret_key, (access_key, secret_key), directory, command=(), environment={})


def _cached() -> Path:
    """Give the binary in the user's cache, fetching it if it is not there or not the right one."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yihu-test-minio"
    binary = cache / "minio"
    if not _is_right(binary):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            _fetch(Path(work)).rename(binary)
    return binary


def _fetch(work: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", _PACKAGE], cwd=work, check=True, timeout=_FETCH_SECONDS, capture_output=True)  # noqa: S607
    binary = work / "minio"
    with tarfile.open(next(work.glob("*.tgz"))) as package:
        inside = package.extractfile(_INSIDE)
        assert inside is not None
        with tarfile.open(fileobj=inside, mode="r|gz") as archive:
            _copy_member(archive, binary)
    if not _is_right(binary):
        message = f"the binary in {_PACKAGE} is not the one expected"
        raise StorageUnavailable(message)
    return binary


def _copy_member(archive: tarfile.TarFile, binary: Path) -> None:
    # one stream, one member, read to its end and no further: the archive goes on in a part we do not need
    for member in archive:
        if member.name == _MEMBER:
            content = archive.extractfile(member)
            assert content is not None
            with binary.open("xb") as file:
                while block := content.read(2**20):
                    file.write(block)
            binary.chmod(0o700)
            return
    message = f"there is no {_MEMBER} in {_PACKAGE}"
    raise StorageUnavailable(message)


def _is_right(binary: Path) -> bool:
    if not binary.is_file() or not os.access(binary, os.X_OK):
        return False
    with binary.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == _SHA256
