"""
Small real offices for tests that break things, and the one check that says whether anything was lost.

Nothing is faked: founded as ``yihu init`` does, opened as every command does, with a real spool, database and store.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from ingest.identify import ClaimKind, DeviceClaim
from ingest.progress import CardReport, Progress, Watcher, unwatched
from storage.audit import Audit
from storage.catalog import Clip
from storage.clips import DEPOSITED, RENDERED
from storage.evidence import Kind
from storage.identity import found_again
from storage.objects import Bucket, ObjectInventory, ObjectStore, VersionInfo
from storage.s3 import S3Store
from yihu.founding import found
from yihu.settings import FILE_NAME
from yihu.wiring import Office

ORIGIN = "office.example/yihu/crashes"
NOT_RENDERED = ("", "[media]", "render = false")
NO_RESERVE = ("", "[spool]", "reserve_mib = 0")
LEFTOVERS = ("*.tmp", "*.part", ".claiming-*", ".removed-*")
"""What names that mean nothing look like, in spool and store."""


def founded(home: Path, *more: str) -> Office:
    """Make an office that renders nothing; *more* are further lines of its settings."""
    return founded_to_render(home, *NOT_RENDERED, *more)


def founded_to_render(home: Path, *more: str) -> Office:
    """Make an office that renders what it takes in."""
    return found(home, name="测试局", log=ORIGIN, more=[*NO_RESERVE, *more])


def opened(home: Path, clock: Callable[[], datetime] | None = None) -> Office:
    """Open the office in *home* as a new process would."""
    return Office.open(home / FILE_NAME, *([] if clock is None else [clock]))


def fill(card: Path, files: Mapping[bytes, bytes], *, at: datetime = datetime(2026, 11, 18, 9, 5, tzinfo=UTC)) -> Path:
    """Write *files* below *card*, all of the same time."""
    for path, content in files.items():
        file = card / path.decode("utf-8", "surrogateescape")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        touch(file, at)
    return card


def touch(file: Path, at: datetime) -> None:
    """Give *file* a time of change."""
    moment = int(at.timestamp()) * 10**9
    os.utime(file, ns=(moment, moment))


def footage(count: int, *, size: int = 700) -> dict[bytes, bytes]:
    """So many small clips as a camera names them, each of other bytes."""
    name = "DCIM/100MEDIA/DSJ-DEMO-0001_000001_20261118{:06}_{:04}.MP4"
    return {
        name.format(90000 + number, number).encode(): hashlib.shake_128(b"clip %d" % number).digest(size + number)
        for number in range(count)
    }


@dataclass(slots=True)
class Watched:
    """Everything a person was shown."""

    shown: list[Progress] = field(default_factory=list)

    def __call__(self, progress: Progress) -> None:
        self.shown.append(progress)


def take_in(office: Office, card: Path, *, device: str = "DEMO-1", watcher: Watcher = unwatched) -> CardReport:
    """Take a card in by a fresh pipeline."""
    return office.pipeline().ingest(card, device=device, watcher=watcher)


def holding(store: ObjectInventory) -> list[VersionInfo]:
    """Everything the store has below ``clips/``."""
    return [line for bucket in Bucket for line in store.inventory(bucket, "clips/")]


def clip_of(line: VersionInfo) -> str:
    """Which clip an object is of, by its key."""
    return line.name.key.split("/")[1]


def faults(office: Office, cards: Mapping[str, Path], *, others: Container[str] = (), but: Container[bytes] = ()) -> list[str]:
    """
    Say everything that is wrong after *cards* were taken in to the end; all is well only if that is nothing.

    *cards* are by the name of their device, *others* are clips that other offices keep in the same store, *but* are files that
    are not to be taken in.
    """
    catalog = office.catalog.clips()
    return [
        *_not_once(office, catalog, cards, but),
        *_not_in_store(office, catalog, others),
        *_unfinished(office.store),
        *_left_over(office),
        *_not_consistent(office),
    ]


def _not_once(office: Office, catalog: Sequence[Clip], cards: Mapping[str, Path], but: Container[bytes]) -> list[str]:
    """Every file is one clip, with its bytes, which was secured once and deposited once."""
    wanted = Counter(
        (found_again(office.index_key, Kind.DEVICE, str(DeviceClaim(ClaimKind.NAMED, device))), _digest(file))
        for device, card in cards.items()
        for file in card.rglob("*")
        if file.is_file() and not file.is_symlink() and os.fsencode(file.relative_to(card)) not in but
    )
    found = Counter((clip.device, clip.sha256.hex) for clip in catalog)
    wrong = [f"{count} times missing: {what}" for what, count in (wanted - found).items()]
    wrong += [f"{count} times too often: {what}" for what, count in (found - wanted).items()]
    for clip in catalog:
        types = Counter(line.type for line in office.catalog.history(clip.subject))
        if clip.state not in {DEPOSITED, RENDERED} or (types["SECURED"], types["DEPOSITED"]) != (1, 1) or types["DERIVED"] > 1:
            wrong.append(f"{clip.subject} is {clip.state} after {dict(types)}")
    return wrong


def _digest(file: Path) -> str:
    with file.open("rb") as opened_file:
        return hashlib.file_digest(opened_file, "sha256").hexdigest()


def _not_in_store(office: Office, catalog: Sequence[Clip], others: Container[str]) -> list[str]:
    """The store has exactly one version of each object that an entry names, and nothing else."""
    wanted = Counter(
        (Bucket.EVIDENCE, f"clips/{clip.subject.id}/{what}") for clip in catalog for what in ("original", "segments")
    )
    for clip in catalog:
        wanted.update((Bucket(made.bucket), made.key) for made in office.catalog.derivatives(clip.subject).values())
    lines = [line for line in holding(office.store) if clip_of(line) not in others]
    found = Counter((line.name.bucket, line.name.key) for line in lines)
    wrong = [f"not in the store: {what}" for what in (wanted - found).elements()]
    wrong += [f"in the store, named by no entry: {what}" for what in (found - wanted).elements()]
    return wrong + [f"marked as deleted: {line.name}" for line in lines if line.is_delete_marker]


def _unfinished(store: ObjectStore) -> list[str]:
    """No upload is left that nobody will ever complete."""
    if not isinstance(store, S3Store):
        return []
    pages = (store._wire.send("GET", f"/{store.bucket(bucket)}", query={"uploads": ""}) for bucket in Bucket)
    keys = (key.text or "" for page in pages for key in ET.fromstring(page.data).iterfind("{*}Upload/{*}Key"))  # noqa: S314
    return [f"unfinished upload of {key}" for key in keys if key.startswith("clips/")]


def _left_over(office: Office) -> list[str]:
    """Spool and folder store hold nothing that means nothing."""
    spool = office.home / "spool"
    wrong = [f"left in the spool: {path.name}" for path in spool.iterdir() if path.name != ".lock"]
    store = office.home / "store"
    wrong += [f"left over: {path.name}" for root in (spool, store) for glob in LEFTOVERS for path in root.rglob(glob)]
    alone = (path for path in store.rglob("*.bytes") if not path.with_suffix(".json").exists())
    return wrong + [f"bytes that nothing describes: {path.name}" for path in alone]


def _not_consistent(office: Office) -> list[str]:
    # servers are shared by many tests
    is_shared = isinstance(office.store, S3Store)
    audit = Audit(office.engine, office.log, office.projector, office.vault, office.store, is_shared=is_shared)
    verdict = audit.run()
    wrong = [f"{step.name}: {finding}" for step in verdict.steps for finding in step.findings]
    if not verdict.is_consistent and not wrong:
        wrong.append("the audit found nothing to verify")
    # making one where there is one gives the same
    return wrong if office.log.latest() == office.log.checkpoint() else [*wrong, "the newest entries are not signed"]
