"""What others do for the same end, as they do it by default."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from bench.cards import clips_of
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


def reading(cameras: Sequence[Path]) -> Command:
    """``cat`` what is on *cameras*, all at once, to nowhere."""
    return at_once([f"exec cat {_quoted(clips_of(camera))} > /dev/null" for camera in cameras])


def copying(cameras: Sequence[Path], place: Path) -> Command:
    """``cat`` each file that is on *cameras* into one of its own and ``sync`` it, all cameras at once."""
    return at_once([_copying_one(camera, place / f"copy-{number}") for number, camera in enumerate(cameras)])


def _copying_one(camera: Path, copy: Path) -> str:
    copy.mkdir()
    pairs = [(shlex.quote(str(clip)), shlex.quote(str(copy / clip.name))) for clip in clips_of(camera)]
    return " && ".join(f"cat {clip} > {into} && sync {into}" for clip, into in pairs)


def hashing(cameras: Sequence[Path]) -> Command:
    """``openssl dgst -sha256`` of what is on *cameras*, all at once."""
    return at_once([f"exec openssl dgst -sha256 {_quoted(clips_of(camera))}" for camera in cameras])


def _quoted(paths: Sequence[Path]) -> str:
    return shlex.join(map(str, paths))


def at_once(each: Sequence[str]) -> Command:
    """Run lines of a shell side by side; if one does not end well, the whole does not."""
    begun = [f'( {line} ) & all="$all $!"' for line in each]
    return Command(["sh", "-c", "\n".join(["all=", *begun, "for one in $all; do wait $one || exit 1; done"])])
