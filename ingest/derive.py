"""
Derive: a review copy and a poster for the browser, beside the original, never instead of it.

What was made is first written down in the berth (``rendering.json``), then stored, then recorded: a process that dies in
between stores the same bytes again, not others. A clip that cannot be played is recorded as that, with its findings.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.deposit import placed
from ingest.probe import Facts, facts
from ingest.recipes import OutputKind
from ingest.render import Rendering, render
from ingest.tools import Tools
from storage import durable
from storage.catalog import Catalog, Clip
from storage.clips import DEPOSITED
from storage.custody import Custody
from storage.errors import DigestMismatch, LifeCycleError
from storage.evidence import Actor, Entry, Json
from storage.hashing import read_through
from storage.objects import Bucket, ObjectName, ObjectReader, ObjectStore, deposit
from storage.room import on_disk
from storage.spool import Berth, Spool


@dataclass(frozen=True, slots=True)
class Deriving:
    """What deriving needs besides the clip."""

    spool: Spool
    custody: Custody
    catalog: Catalog
    store: Callable[[], ObjectStore]
    actor: Actor
    tools: Callable[[], Tools]

    def derive(self, clip: Clip) -> bool:
        """Make, store and record the derivatives of *clip*, and say whether it can be played; may be repeated."""
        berth = self.spool.find(clip.subject)
        if berth is None or berth.state != "complete":
            berth = self._fetched(clip)
        made = self._made(berth)
        outputs = [self._stored(clip, berth.derived / output["file"], output) for output in made.pop("outputs")]
        body: dict[str, Json] = {**made, "findings": _merged(clip.findings, made["findings"]), "outputs": list(outputs)}
        try:
            self.custody.record(Entry("DERIVED", clip.subject, self.actor, body))
        except LifeCycleError:
            if self.catalog.clip(clip.subject).state == DEPOSITED:
                raise
        return any(output["kind"] == OutputKind.REVIEW for output in outputs)

    def _made(self, berth: Berth) -> dict[str, Any]:
        """Return what was written down of the rendering in *berth*, after making it if that was not finished."""
        plan = berth.derived / "rendering.json"
        with on_disk(f"rendering {berth.clip}"):
            made = _planned(plan)
            if made is None:
                made = self._render(berth)
                # whole or not at all: what is named in it was synced before
                durable.replace(plan, json.dumps(made).encode())
        return made

    def _render(self, berth: Berth) -> dict[str, Any]:
        tools = self.tools()
        durable.make_directory(berth.derived)
        found = facts(berth.original, tools)
        rendering = render(berth.original, facts=found, tools=tools, out=berth.derived)
        return described(found, rendering, tools)

    def _stored(self, clip: Clip, path: Path, output: dict[str, Any]) -> dict[str, Json]:
        with on_disk(f"reading {path.name} of {clip.subject}"), path.open("rb") as opened:
            reading = read_through(opened, None, expected_size=path.stat().st_size)
        # a name of its own for each rendering: with another tool it gives other bytes, and nothing is written over
        name = ObjectName(Bucket.INDEX, f"clips/{clip.subject.id}/{path.stem}-{reading.content.sha256.hex[:16]}{path.suffix}")
        media_type = output["media_type"]
        stored = deposit(self.store(), name, lambda: path.open("rb"), reading.promise, retain_until=None, media_type=media_type)
        return {
            "blake3": str(stored.blake3),
            "kind": output["kind"],
            "media_type": media_type,
            "obj": placed(stored),
            "recipe": output["recipe"],
            "recipe_digest": output["recipe_digest"],
            "sha256": str(stored.sha256),
            "size": stored.size,
        }

    def _fetched(self, clip: Clip) -> Berth:
        """Bring the original back from the store into a berth of its own, checked against its digests while it is read."""
        assert clip.object_key is not None and clip.object_version is not None  # noqa: S101, PT018 - deposited clips have both
        berth = self.spool.claim(clip.subject, {"fetched": clip.object_version})
        name = ObjectName(Bucket.EVIDENCE, clip.object_key)
        reader: ObjectReader = self.store()
        with reader.open(name, version=clip.object_version) as opened:
            content = berth.secure(opened, expected_size=clip.size).content
        if (content.blake3, content.sha256) != (clip.blake3, clip.sha256):
            berth.remove()
            raise DigestMismatch(str(name), expected=clip.blake3, actual=content.blake3)
        return berth


def _planned(plan: Path) -> dict[str, Any] | None:
    """Return what *plan* says, unless the disk lost it or a file it names: then it is made again."""
    try:
        made: dict[str, Any] = json.loads(plan.read_bytes())
        return made if all((plan.parent / output["file"]).is_file() for output in made["outputs"]) else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def described(found: Facts, rendering: Rendering, tools: Tools) -> dict[str, Json]:
    """Say what was found and made, as leaves do: codes and numbers, nothing that names anybody."""
    streams: list[Json] = [
        {"kind": stream.kind.value, "codec": stream.codec, "width": stream.width, "height": stream.height}
        for stream in found.streams[:8]
    ]
    told: dict[str, Json] = {
        "container": found.container,
        "created": found.created,
        "duration_ms": None if found.duration is None else round(found.duration.total_seconds() * 1000),
        "kind": found.kind.value,
        "streams": streams,
    }
    outputs: list[Json] = [
        {
            "file": output.path.name,
            "kind": output.kind.value,
            "media_type": output.media_type,
            "recipe": output.recipe,
            "recipe_digest": str(output.recipe_digest),
        }
        for output in rendering.outputs
    ]
    return {
        "facts": told,
        "findings": [finding.value for finding in rendering.findings],
        "outputs": outputs,
        "tool": {"name": "ffmpeg", "sha256": tools.ffmpeg_digest.hex, "version": tools.version[:100]},
    }


def _merged(before: tuple[str, ...], now: list[str]) -> list[Json]:
    return [*before, *(finding for finding in now if finding not in before)]
