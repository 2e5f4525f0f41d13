"""What others do for the same end, as they do it by default."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench.measure import Command, Prepare
from storage.local_s3 import LocalS3
from storage.objects import Bucket
from storage.s3 import BUCKETS

_RUNS = count(1)


def rclone(card: Path, server: LocalS3) -> Prepare:
    """
    Prepare ``rclone copy --checksum`` of *card* into the bucket that we deposit into, under object lock.

    As it does by default: it hashes each file before it sends it, sends each part with its MD5, and compares at the end.
    """

    def prepare(_place: Path) -> Command:
        settings = {
            "TYPE": "s3",
            "PROVIDER": "Other",
            "ENDPOINT": server.endpoint,
            "ACCESS_KEY_ID": server.access_key,
            "SECRET_ACCESS_KEY": server.secret_key,
            "REGION": "us-east-1",
        }
        environment = {"RCLONE_CONFIG": "/dev/null", **{f"RCLONE_CONFIG_S3_{key}": value for key, value in settings.items()}}
        target = f"s3:{BUCKETS[Bucket.EVIDENCE]}/rclone/{next(_RUNS)}"
        return Command(["rclone", "copy", "--checksum", str(card), target], environment)

    return prepare


def copying_then_hashing(recordings: list[Path]) -> Callable[[Path], Command]:
    """Prepare a copy that is synced, then BLAKE3, then SHA-256, as somebody with a shell would."""

    def prepare(place: Path) -> Command:
        copy = place / "copy"
        copy.mkdir()
        each = [
            f"cp {shlex.quote(str(path))} {shlex.quote(str(copy / path.name))} && sync {shlex.quote(str(copy / path.name))}"
            f" && b3sum {shlex.quote(str(path))} && openssl dgst -sha256 {shlex.quote(str(path))}"
            for path in recordings
        ]
        return Command(["sh", "-c", "\n".join(["set -e", *each, f"sync {shlex.quote(str(copy))}"])])

    return prepare
