"""Objects that were spoilt: behind the back of a folder, and through the front door of real servers with the owner's keys."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE, GOVERNANCE, CopySource
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.catalog import Clip
from storage.evidence import utc_moment
from storage.local_s3 import LocalS3
from storage.objects import Bucket, ObjectName, Promise, Stored
from yihu.wiring import Office

from .bytewise import DAMAGES, Files, damaged
from .offices import make_on_server
from .tally import SEED, Fate, Tally
from .world import World, findings_in

CLASS = "E"
FEW = 4
"""Damages drawn for each file: every audit reads everything."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The store of an office as files, and the office."""

    office: Office
    root: Path
    files: Files

    @contextmanager
    def spoilt(self, changes: dict[str, bytes | None]) -> Iterator[None]:
        """Change files for a while, as whoever owns the disk can."""
        self._write(changes)
        try:
            yield
        finally:
            self._write({path: self.files.get(path) for path in changes})

    def _write(self, changes: dict[str, bytes | None]) -> None:
        for path, raw in changes.items():
            target = self.root / path
            target.unlink(missing_ok=True)
            if raw is not None:
                target.write_bytes(raw)

    def fate(self, changes: dict[str, bytes | None]) -> Fate | None:
        """Detected, or neither."""
        with self.spoilt(changes):
            return "detected" if findings_in(self.office) else None


@pytest.fixture(scope="module")
def folder(small: World, workplace: Path) -> Iterator[Folder]:
    world = small.copy(workplace / "objects")
    root = world.home / "store"
    files = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    made = Folder(world.office(), root, files)
    assert findings_in(made.office) == []
    yield made
    assert findings_in(made.office) == []
    made.office.engine.dispose()


def test_every_file_of_the_store(folder: Folder, tally: Tally) -> None:
    """Originals, segment manifests, review copies, posters, and what describes them: spoilt, gone, changed places."""
    assert len(folder.files) == 24
    for path, raw in folder.files.items():
        draw = random.Random(f"{SEED} {path}")
        drawn = [*draw.sample(list(DAMAGES), FEW), "deleted"]
        for mutation in damaged({path: raw}):
            if mutation.name.rpartition(": ")[2] in drawn:
                tally.note(mutation.name, folder.fate(dict(mutation.changes)))
    for suffix in (".bytes", ".json"):
        for one, other in pairwise(path for path in folder.files if path.endswith(suffix)):
            if folder.files[one] != folder.files[other]:
                fate = folder.fate({one: folder.files[other], other: folder.files[one]})
                tally.note(f"{one} and {other}: swapped", fate)
    tally.settle()


DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "the lock shortened": {"retained_until": "2026-11-23T00:00:00.000Z"},
    "the lock lifted": {"retained_until": None},
    "the lock lengthened": {"retained_until": "2099-01-01T00:00:00.000Z"},
    "another media type": {"media_type": "text/html"},
    "another digest": {"sha256": "sha256:" + "0" * 64},
    "another version": {"version": "0" * 32},
}


@pytest.mark.parametrize("changes", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_every_description_rewritten_by_somebody_who_knows_the_form(
    folder: Folder, tally: Tally, changes: dict[str, Any]
) -> None:
    for path, raw in folder.files.items():
        wanted = {**json.loads(raw), **changes} if path.endswith(".json") else None
        if wanted is not None and wanted != json.loads(raw):
            rewritten = json.dumps(wanted, ensure_ascii=False, indent=1).encode()
            tally.note(f"{path}: {changes}", folder.fate({path: rewritten}))
    tally.settle()


def test_an_object_replaced_with_a_description_that_fits(folder: Folder, tally: Tally) -> None:
    """Bytes and description agree with each other; the ledger agrees with neither."""
    for path in folder.files:
        if path.endswith(".bytes"):
            beside = path.replace(".bytes", ".json")
            raw = b"another film altogether"
            told = Promise.of_bytes(raw)
            fields = {
                **json.loads(folder.files[beside]),
                "size": len(raw),
                "sha256": str(told.sha256),
                "blake3": str(told.blake3),
            }
            description = json.dumps(fields, ensure_ascii=False, indent=1).encode()
            tally.note(f"{path}: replaced", folder.fate({path: raw, beside: description}))
    tally.settle()


def test_what_stands_beside_an_object_is_never_read_in_its_place(folder: Folder, tally: Tally) -> None:
    """Neutral: objects are addressed by version, so another version, or a hold that nobody asked for, changes no byte."""
    clip = folder.office.catalog.clips()[0]
    name = ObjectName(Bucket.EVIDENCE, str(clip.object_key))
    before = _read(folder.office, name, str(clip.object_version))
    path = f"evidence/{clip.object_key}.object/{clip.object_version}"
    described = json.loads(folder.files[f"{path}.json"])
    other = json.dumps({**described, "version": "0" * 32}, ensure_ascii=False, indent=1).encode()
    held = json.dumps({**described, "held": True}, ensure_ascii=False, indent=1).encode()
    beside = f"evidence/{clip.object_key}.object/{'0' * 32}"
    for what, changes in {
        "a version on top": {f"{beside}.json": other, f"{beside}.bytes": bytes(described["size"])},
        "held": {f"{path}.json": held},
    }.items():
        with folder.spoilt(dict(changes)):
            detected = bool(findings_in(folder.office))
            same = _read(folder.office, name, str(clip.object_version)) == before
        tally.note(what, "detected" if detected else "neutral" if same else None)
    tally.settle()


def _read(office: Office, name: ObjectName, version: str) -> tuple[object, bytes]:
    with office.store.open(name, version=version) as opened:
        return office.store.describe(name, version), b"".join(iter(opened.read, b""))


# --- through the front door of a server ---------------------------------------------------------------------------------


Address: TypeAlias = tuple[str, str, str]
"""Bucket, key and version."""
Attack: TypeAlias = Callable[[Minio, Address, Address], object]
"""Done to one object, with another at hand."""


@dataclass(frozen=True, slots=True)
class Served:
    """An office whose objects lie on a real server, and a client with the keys of the server's owner."""

    office: Office
    owner: Minio
    clips: list[Clip]

    def fate(self, attack: Attack, clip: Clip, it: Address, other: Address) -> Fate | None:
        """Refused or detected, or neutral: what is addressed by its version is read as before."""
        name = ObjectName(Bucket(it[0]), it[1])
        before, refused = _read(self.office, name, it[2]), False
        try:
            attack(self.owner, it, other)
        except (S3Error, PermissionError):
            refused = True
        if any(str(clip.subject) in finding for finding in findings_in(self.office)):
            return "detected"
        same = _read(self.office, name, it[2]) == before
        return None if not same else "refused" if refused else "neutral"

    def unlocked(self) -> list[str]:
        """The originals that cannot be read, or are locked for less than was recorded."""
        wrong = []
        for clip in self.clips:
            stored, _raw = _read(self.office, ObjectName(Bucket.EVIDENCE, str(clip.object_key)), str(clip.object_version))
            assert isinstance(stored, Stored)
            if stored.retained_until is None or stored.retained_until < utc_moment(str(clip.retained_until)):
                wrong.append(str(clip.subject))
        return wrong


@pytest.fixture(scope="module", params=[pytest.param(kind, marks=pytest.mark.servers) for kind in ("seaweed", "minio")])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server: LocalS3 = request.getfixturevalue(request.param)
    world = make_on_server(tmp_path_factory.mktemp(request.param), server, clips=1 + len(ON_EVIDENCE))
    office = world.office()
    access_key, secret_key = server.owner
    owner = Minio(
        server.endpoint.removeprefix("http://"), access_key=access_key, secret_key=secret_key, secure=False, region="us-east-1"
    )
    made = Served(office, owner, office.catalog.clips())
    assert findings_in(office) == []
    yield made
    office.engine.dispose()
    owner._http.clear()


ON_EVIDENCE: dict[str, Attack] = {
    "delete the version": lambda s3, it, _: s3.remove_object(it[0], it[1], version_id=it[2]),
    "delete in bulk past governance": lambda s3, it, _: _bulk(s3, it),
    "delete marker": lambda s3, it, _: s3.remove_object(it[0], it[1]),
    "a version on top": lambda s3, it, _: s3.put_object(it[0], it[1], io.BytesIO(b"another film"), 12),
    "another object on top": lambda s3, it, other: s3.copy_object(
        it[0], it[1], CopySource(other[0], other[1], version_id=other[2])
    ),
    "shorten the lock": lambda s3, it, _: s3.set_object_retention(it[0], it[1], Retention(COMPLIANCE, _soon()), it[2]),
    "weaken the lock": lambda s3, it, _: s3.set_object_retention(it[0], it[1], Retention(GOVERNANCE, _late()), it[2]),
    "lengthen the lock": lambda s3, it, _: s3.set_object_retention(it[0], it[1], Retention(COMPLIANCE, _late()), it[2]),
    "suspend versioning": lambda s3, it, _: s3.set_bucket_versioning(it[0], VersioningConfig(SUSPENDED)),
    "delete the bucket": lambda s3, it, _: s3.remove_bucket(it[0]),
}


def _bulk(s3: Minio, it: Address) -> None:
    refused = list(s3.remove_objects(it[0], [DeleteObject(it[1], it[2])], bypass_governance_mode=True))
    if refused:
        raise PermissionError(refused[0].message)


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def _late() -> datetime:
    return datetime.now(UTC) + timedelta(days=3650)


def _replace(s3: Minio, it: Address) -> None:
    s3.put_object(it[0], it[1], io.BytesIO(b"another film"), 12)
    s3.remove_object(it[0], it[1], version_id=it[2])


def _replace_by(s3: Minio, it: Address, other: Address) -> None:
    s3.copy_object(it[0], it[1], CopySource(other[0], other[1], version_id=other[2]))
    s3.remove_object(it[0], it[1], version_id=it[2])


ON_WHAT_CAN_BE_MADE_AGAIN: dict[str, Attack] = {
    "delete the version": lambda s3, it, _: s3.remove_object(it[0], it[1], version_id=it[2]),
    "delete in bulk": lambda s3, it, _: _bulk(s3, it),
    "delete marker": lambda s3, it, _: s3.remove_object(it[0], it[1]),
    "a version on top": lambda s3, it, _: s3.put_object(it[0], it[1], io.BytesIO(b"another film"), 12),
    "put another in its place": lambda s3, it, _: _replace(s3, it),
    "put that of another clip in its place": _replace_by,
}


def test_evidence_outlives_the_owner_of_the_server(served: Served, tally: Tally) -> None:
    """Refused; or done beside the version that was recorded, which is read as before; or found."""
    for (what, attack), clip in zip(ON_EVIDENCE.items(), served.clips[1:], strict=False):
        tally.note(f"evidence: {what}", served.fate(attack, clip, *map(_original, (clip, served.clips[0]))))
    tally.settle()
    assert served.unlocked() == [], "no original is gone, and none is under a weaker lock"


def test_what_can_be_made_again_is_at_least_missed(served: Served, tally: Tally) -> None:
    """Review copies and posters lie in a bucket without lock: the audit says which are not there any more, or not the same."""
    for (what, attack), clip in zip(ON_WHAT_CAN_BE_MADE_AGAIN.items(), served.clips[1:], strict=False):
        it, other = (_review(served.office, one) for one in (clip, served.clips[0]))
        tally.note(f"review copy: {what}", served.fate(attack, clip, it, other))
    tally.settle()


def _original(clip: Clip) -> Address:
    return "evidence", str(clip.object_key), str(clip.object_version)


def _review(office: Office, clip: Clip) -> Address:
    made = office.catalog.derivatives(clip.subject)["review"]
    return made.bucket, made.key, made.version
