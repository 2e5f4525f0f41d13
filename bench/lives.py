"""
The entries that benchmarks record: clips as an office has them, ten entries each, many lives at once.

Bodies, commitments and life cycle are those of real entries (see `storage.clips`); only what they speak of is made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

from storage.evidence import Actor, Entry, Json, Kind, Role, Subject
from storage.identity import found_again, fresh

KEY = b"b" * 32
"""Of the blind indexes."""

ORIGIN = "bench.example/yihu/ledger"
LOG = found_again(KEY, Kind.LOG, ORIGIN)
CAMERA = found_again(KEY, Kind.DEVICE, "BENCH-0001")
DOCK = Actor(fresh(Kind.DOCK), Role.DOCK)
REVIEWER = Actor(fresh(Kind.ACCOUNT), Role.REVIEWER)

ENTRIES_OF_A_CLIP = 10
_CLIPS_AT_ONCE = 64
_UNTIL = "2029-11-21T08:30:00.000Z"


def entries(lives: int = _CLIPS_AT_ONCE) -> Iterator[Entry]:
    """Give entries without end, in an order that may be recorded: *lives* clips at a time, one entry of each in turn."""
    yield Entry("STARTED", LOG, DOCK, {"version": "0", "files_sha256": _digest(0), "platform": "bench"})
    yield Entry("DEVICE_ENROLLED", CAMERA, DOCK, {"identified_by": "named"}, {"label": "BENCH-0001"})
    number = 0
    while True:
        clips = [_life(number + place) for place in range(lives)]
        number += lives
        for _ in range(ENTRIES_OF_A_CLIP):
            yield from (next(clip) for clip in clips)


def first(count: int) -> list[Entry]:
    """Give the first *count* of them."""
    return list(islice(entries(), count))


def _life(number: int) -> Iterator[Entry]:
    clip = fresh(Kind.CLIP)
    yield _secured(clip, number)
    yield Entry("DEPOSITED", clip, DOCK, _deposited(clip, number))
    yield Entry("DERIVED", clip, DOCK, _derived(clip, number))
    for look in range(ENTRIES_OF_A_CLIP - 3):
        body: dict[str, Json] = {"viewing": str(fresh(Kind.VIEWING)), "what": "review", "sha256": _digest(number)}
        yield Entry("ACCESSED", clip, REVIEWER, body, {"reason": f"复核第 {look} 次"})


def _secured(clip: Subject, number: int) -> Entry:
    size = 300 * 2**20 + number
    content: dict[str, Json] = {
        "size": size,
        "blake3": f"blake3:{_digest(number, b'b')}",
        "sha256": f"sha256:{_digest(number)}",
        "seg": {"n": -(-size >> 20), "size": 2**20, "root": _digest(number, b"r")},
    }
    body: dict[str, Json] = {
        "content": content,
        "device": str(CAMERA),
        "findings": [],
        "kind": "video",
        "manifest": 1,
        "modified_ns": "1763600000000000000",
        "recorded_at": "2026-11-21T06:35:07.000Z",
        "recorded_raw": "2026-11-21 14:35:07",
        "zone": "Asia/Shanghai",
    }
    name = f"CLIP{number:08}.MP4"
    file: dict[str, Json] = {
        "path": f"DCIM/100BENCH/{name}".encode().hex(),
        "name": name,
        "belongs_to": None,
        "officer": "012345",
    }
    return Entry("SECURED", clip, DOCK, body, {"file": file})


def _deposited(clip: Subject, number: int) -> dict[str, Json]:
    original, segments = f"clips/{clip.id}/original", f"clips/{clip.id}/segments"
    return {
        "original": {"b": "evidence", "k": original, "ver": _digest(number)[:32], "size": 300 * 2**20, "until": _UNTIL},
        "manifest": {"b": "evidence", "k": segments, "ver": _digest(number)[32:], "sha256": f"sha256:{_digest(number, b's')}"},
    }


def _derived(clip: Subject, number: int) -> dict[str, Json]:
    placed: dict[str, Json] = {"b": "index", "k": f"clips/{clip.id}/review.mp4", "ver": _digest(number)[:32], "size": 2**20}
    output: dict[str, Json] = {
        "blake3": f"blake3:{_digest(number, b'd')}",
        "kind": "review",
        "media_type": "video/mp4",
        "obj": placed,
        "recipe": "review/1",
        "recipe_digest": _digest(1),
        "sha256": f"sha256:{_digest(number, b'v')}",
        "size": 2**20,
    }
    return {"facts": {"duration_ms": 60_000}, "findings": [], "outputs": [output]}


def _digest(number: int, what: bytes = b"") -> str:
    return hashlib.sha256(what + number.to_bytes(8, "big")).hexdigest()
