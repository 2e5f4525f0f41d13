"""
Making the copies that people asked for, and removing them when their time is over.

The list of work is the table `storage.copies`. Making a copy twice is fine: it is stored first and recorded second, and what a
process that died left in the store goes with the copy. Of two who record, the second is told so and leaves it at that.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ingest.deposit import placed
from ingest.tools import Tools, run
from ingest.watermark import NAME, chinese_font, recipe_digest, watermark_command
from storage import copies
from storage.catalog import Catalog, Derivative
from storage.copies import Copies, Copy
from storage.custody import Custody
from storage.errors import DigestMismatch, LifeCycleError, StaleState, StorageUnavailable
from storage.evidence import Actor, Entry, Json
from storage.hashing import read_through
from storage.objects import Bucket, ObjectName, ObjectStore, deposit
from storage.room import on_disk
from storage.vault import Vault

_PATIENCE, _LONGEST_RUN = timedelta(minutes=5), timedelta(hours=6)
_FULL_DISK = "No space left on device"


@dataclass(frozen=True, slots=True)
class Copying:
    """What making copies needs."""

    copies: Copies
    catalog: Catalog
    vault: Vault
    custody: Custody
    store: Callable[[], ObjectStore]
    tools: Callable[[], Tools]
    actor: Actor
    clock: Callable[[], datetime]
    last: timedelta
    """For how long a copy stays."""
    room: Path
    """A directory of ours alone, where copies are made; nothing stays in it."""

    def sweep(self) -> None:
        """Remove what a process that died left behind; only while no other makes copies."""
        shutil.rmtree(self.room, ignore_errors=True)

    def advance(self) -> int:
        """Make what is asked for, remove what is over, and say how much that was; may be repeated."""
        due, over = self.copies.to_make(), self.copies.to_remove(self.clock())
        for copy in reversed(due):
            self._record(self._made(copy))
        for copy in over:
            self._remove(copy)
        return len(due) + len(over)

    def _made(self, copy: Copy) -> Entry:
        review = self.catalog.derivatives(copy.clip).get("review")
        mark = self.copies.mark(self.vault, copy)
        if review is None or not review.media_type.startswith("video/"):
            return copies.failed(copy, reason="no-picture", actor=self.actor)
        if not mark:
            return copies.failed(copy, reason="erased", actor=self.actor)
        with self._workshop() as place:
            target = self._rendered(copy, review, mark, place)
            if target is None:
                return copies.failed(copy, reason="unplayable", actor=self.actor)
            body = self._stored(copy, target)
        return copies.made(copy, body=body, until=self.clock() + self.last, actor=self.actor)

    def _rendered(self, copy: Copy, review: Derivative, mark: tuple[str, ...], place: Path) -> Path | None:
        source, text, target = place / "review.mp4", place / "mark.txt", place / "copy.mp4"
        with on_disk(f"marking a copy of {copy.clip}"):
            self._fetch(review, source)
            text.write_text("\n".join(mark), "utf-8")
        length = timedelta(milliseconds=self.catalog.clip(copy.clip).duration_ms or 0)
        argv = watermark_command(self.tools(), source=source, text=text, font=chinese_font(), target=target)
        ended = run(argv, timeout=min(_PATIENCE + 20 * length, _LONGEST_RUN), largest=max(1 << 28, 8 * review.size))
        if _FULL_DISK in ended.tail:
            message = "directory for copies: full"
            raise StorageUnavailable(message)
        return target if ended.well and target.is_file() and target.stat().st_size else None

    def _fetch(self, review: Derivative, target: Path) -> None:
        name = ObjectName(Bucket(review.bucket), review.key)
        with self.store().open(name, version=review.version) as opened, target.open("wb") as file:
            content = read_through(opened, file, expected_size=review.size).content
        if content.sha256 != review.sha256:
            raise DigestMismatch(str(name), expected=review.sha256, actual=content.sha256)

    def _stored(self, copy: Copy, path: Path) -> dict[str, Json]:
        with on_disk(f"reading a copy of {copy.clip}"), path.open("rb") as opened:
            reading = read_through(opened, None, expected_size=path.stat().st_size)
        # the digest in the name: a rendering that died before it was recorded may have left other bytes under its own
        name = ObjectName(Bucket.INDEX, f"{_prefix(copy)}{reading.content.sha256.hex[:16]}.mp4")
        stored = deposit(
            self.store(), name, lambda: path.open("rb"), reading.promise, retain_until=None, media_type="video/mp4"
        )
        return {
            "blake3": str(stored.blake3),
            "media_type": "video/mp4",
            "obj": placed(stored),
            "recipe": NAME,
            "recipe_digest": str(recipe_digest()),
            "sha256": str(stored.sha256),
            "size": stored.size,
        }

    def _remove(self, copy: Copy) -> None:
        store = self.store()
        for version in list(store.inventory(Bucket.INDEX, _prefix(copy))):
            store.dispose(version.name, version.version)
        self._record(copies.removed(copy, actor=self.actor))

    def _record(self, entry: Entry) -> None:
        # somebody else was first, or an answer was lost and it stands
        with suppress(StaleState, LifeCycleError):
            self.custody.record(entry)

    @contextmanager
    def _workshop(self) -> Iterator[Path]:
        with on_disk("making a copy"):
            self.room.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(dir=self.room))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _prefix(copy: Copy) -> str:
    return f"copies/{copy.clip.id}/{copy.id}-"
