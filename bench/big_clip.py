"""
An office with one large clip, and people who may watch it.

The large object is the original of the clip and, named a second time, what is shown as its review copy: so the very bytes of
the original are streamed by whoever may watch, and nobody's approval is measured.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from blake3 import blake3

from api.people.accounts import Accounts
from bench.lives import CAMERA
from storage.evidence import Actor, Algorithm, Digest, Entry, Json, Kind, Role, Subject
from storage.identity import fresh
from storage.objects import Bucket, ObjectName, Stored, deposit
from storage.promise import PART_SIZE, Promise
from yihu.wiring import Office

PASSWORD = "a sentence of nobody, for a benchmark"  # noqa: S105 - of accounts that last as long as a run
_NAME = "CLIP0001.MP4"
_RECIPE = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class BigClip:
    """The clip, and its object."""

    clip: Subject
    stored: Stored


def write_original(path: Path, *, size: int) -> Promise:
    """Write *size* bytes that nobody can compress, and promise them."""
    sha256, whole, parts = hashlib.sha256(), blake3(), list[bytes]()
    with path.open("wb") as file:
        for start in range(0, size, PART_SIZE):
            part = os.urandom(min(PART_SIZE, size - start))
            file.write(part)
            sha256.update(part)
            whole.update(part)
            parts.append(hashlib.sha256(part).digest())
    return Promise(
        size, Digest(Algorithm.SHA256, sha256.digest()), Digest(Algorithm.BLAKE3, whole.digest()), PART_SIZE, tuple(parts)
    )


def add_big_clip(office: Office, original: Path, promise: Promise) -> BigClip:
    """Put the clip in, as a dock and a rendering would."""
    clip = fresh(Kind.CLIP)
    name = ObjectName(Bucket.EVIDENCE, f"clips/{clip.id}/original")
    until = office.clock() + timedelta(days=1)

    stored = deposit(office.store, name, lambda: original.open("rb"), promise, retain_until=until)
    enrolled = Entry("DEVICE_ENROLLED", CAMERA, office.dock, {"identified_by": "named"}, {"label": "BENCH-0001"})
    office.custody.record_all([enrolled, *life(office.dock, clip, stored)])
    return BigClip(clip, stored)


def life(dock: Actor, clip: Subject, stored: Stored) -> Iterator[Entry]:
    """Give the entries of a clip whose original and review copy both are what is *stored*."""
    content: dict[str, Json] = {
        "size": stored.size,
        "blake3": str(stored.blake3),
        "sha256": str(stored.sha256),
        "seg": {"n": -(-stored.size >> 20), "size": 2**20, "root": hashlib.sha256(b"").hexdigest()},
    }
    body: dict[str, Json] = {
        "device": str(CAMERA),
        "manifest": 0,
        "kind": "video",
        "modified_ns": "1763600000000000000",
        "recorded_at": "2026-11-21T06:35:07.000Z",
        "content": content,
    }
    file: dict[str, Json] = {"path": f"DCIM/{_NAME}".encode().hex(), "name": _NAME}
    yield Entry("SECURED", clip, dock, body, {"file": file})
    kept: dict[str, Json] = {"k": stored.name.key, "ver": stored.version, "until": "2029-11-21T08:30:00.000Z"}
    yield Entry("DEPOSITED", clip, dock, {"original": kept, "manifest": {"ver": stored.version}})
    output: dict[str, Json] = {
        "kind": "review",
        "obj": {"b": stored.name.bucket.value, "k": stored.name.key, "ver": stored.version},
        "size": stored.size,
        "blake3": str(stored.blake3),
        "sha256": str(stored.sha256),
        "media_type": "video/mp4",
        "recipe": "review/bench",
        "recipe_digest": _RECIPE,
    }
    yield Entry("DERIVED", clip, dock, {"facts": {"duration_ms": 60_000}, "findings": [], "outputs": [output]})


def add_people(office: Office, logins: Sequence[str]) -> None:
    """Make people who may watch, each with `PASSWORD`."""
    accounts = Accounts(office.custody, office.engine, office.clock, office.settings.signin.rules, key=office.index_key)
    for login in logins:
        link = accounts.add(login, name=login, role=Role.REVIEWER, actor=office.operator)
        accounts.use(link.secret, PASSWORD)
