"""Opening the object store that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from storage.errors import NotFound, Refused
from storage.folder import FolderStore
from storage.objects import Bucket, ObjectStore
from storage.s3 import S3Store
from yihu.settings import StoreSection


def open_store(home: Path, section: StoreSection, clock: Callable[[], datetime]) -> ObjectStore:
    """Return the store; whether an S3 server is there and takes our key shows at the first deposit."""
    if section.kind == "folder":
        return FolderStore(home / section.path, clock=clock)
    return s3_store(home, section, access=section.access_key_file, secret_=section.secret_key_file)


def s3_store(home: Path, section: StoreSection, *, access: Path, secret_: Path) -> S3Store:
    """Return the S3 store as whoever has these two keys: ours to deposit, or the server's owner to make the buckets."""
    return S3Store(
        section.endpoint,
        access_key=secret(home / access),
        secret_key=secret(home / secret_),
        buckets={Bucket.EVIDENCE: section.evidence_bucket, Bucket.INDEX: section.index_bucket},
        region=section.region,
        ca_file=None if section.ca_file is None else home / section.ca_file,
    )


def secret(path: Path) -> str:
    """Read a secret from its file; a file that others may read is refused."""
    try:
        if path.stat().st_mode & 0o077:
            message = f"{path}: a secret must not be readable by others (chmod 600)"
            raise Refused(message)
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        message = f"{path}: there is no such file"
        raise NotFound(message) from error
