"""
Making what people look at: the review copy and the poster of a clip.

Derivatives can be made again at any time, so nothing here is precious. A clip that cannot be rendered is a finding and never an
error; errors are for what has nothing to do with the clip: ffmpeg is gone, or the disk is full.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ingest.probe import Facts, Finding, facts
from ingest.recipes import SALVAGE, OutputKind, Recipe, plays_already, poster_recipes, review_recipes
from ingest.tools import Ended, Report, Tools, run
from storage.errors import NotFound, StorageUnavailable
from storage.evidence import Digest, MediaKind

_FULL_DISK = "No space left on device"
_LONGEST_RUN = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Output:
    """A derivative in the directory it was made in, with the recipe it was made by."""

    kind: OutputKind
    path: Path
    media_type: str
    recipe: str
    recipe_digest: Digest


@dataclass(frozen=True, slots=True)
class Rendering:
    """What could be made of a clip, and everything that a person should know about it: the findings of its facts too."""

    outputs: tuple[Output, ...]
    findings: tuple[Finding, ...]


def render(original: Path, *, facts: Facts, tools: Tools, out: Path, progress: Report = lambda _: None) -> Rendering:
    """
    Make the review copy and the poster of *original* in the directory *out*, durably.

    May be repeated at any time: the same recipes give the same files under the same names. *progress* hears how much of the
    review copy is done; what it raises stops the work. Raises `NotFound` if a tool or the original is gone and
    `StorageUnavailable` if *out* is full or away; whatever is wrong with the clip itself ends in findings.
    """
    _prepare(out)
    workshop = _Workshop(original, facts, tools, out)
    review = workshop.first_that_works(review_recipes(facts), progress)
    poster = workshop.first_that_works(poster_recipes(facts), lambda _: None)
    outputs = tuple(output for output in (review, poster) if output)
    return Rendering(outputs, (*facts.findings, *judge(facts, outputs)))


def judge(facts: Facts, outputs: Iterable[Output]) -> tuple[Finding, ...]:
    """What is to be said besides of a clip of which *outputs* could be made. A sidecar is not expected to play."""
    if Finding.NOT_MEDIA in facts.findings:
        return ()
    recipes = {output.kind: output.recipe for output in outputs}
    shown = recipes.get(OutputKind.POSTER if facts.kind is MediaKind.PHOTO else OutputKind.REVIEW)
    if shown is None:
        return (Finding.UNPLAYABLE,)
    return (Finding.SALVAGED,) if Finding.TRUNCATED in facts.findings or shown == SALVAGE else ()


def patience(facts: Facts) -> timedelta:
    """How long one command may take: a clip may claim to last a year, but nobody waits longer than six hours."""
    length = facts.duration or timedelta(seconds=facts.size >> 16)
    return min(timedelta(minutes=2) + 20 * length, _LONGEST_RUN)


@dataclass(frozen=True, slots=True)
class _Workshop:
    original: Path
    facts: Facts
    tools: Tools
    out: Path

    def first_that_works(self, recipes: Iterable[Recipe], progress: Report) -> Output | None:
        return next((output for output in (self._made(recipe, progress) for recipe in recipes) if output), None)

    def _made(self, recipe: Recipe, progress: Report) -> Output | None:
        target = self.out / recipe.file_name
        part = target.with_name(f"{target.name}.part")
        try:
            ended = run(
                recipe.argv(self.tools, original=self.original, target=part),
                timeout=patience(self.facts),
                progress=progress,
                largest=max(1 << 28, 4 * self.facts.size),
            )
            self._acquit(ended)
            if not (ended.well and self._sound(part, recipe)):
                return None
            _publish(part, target)
        finally:
            part.unlink(missing_ok=True)
        return Output(recipe.kind, target, recipe.media_type, recipe.name, recipe.digest)

    def _acquit(self, ended: Ended) -> None:
        """Raise what went wrong without the clip being to blame, lest it be called unplayable for good."""
        if ended.well:
            return
        if not self.original.is_file():
            message = "clip to render: it is not there any more"
            raise NotFound(message)
        if _FULL_DISK in ended.tail or not os.access(self.out, os.W_OK):
            message = "directory for derivatives: full or not writable"
            raise StorageUnavailable(message)

    def _sound(self, part: Path, recipe: Recipe) -> bool:
        """Whether what came out is what it should be; ffmpeg is content with a file in which there is nothing."""
        if not part.is_file():
            return False
        result = facts(part, self.tools)
        wanted = self.facts.kind if recipe.kind is OutputKind.REVIEW else MediaKind.PHOTO
        return result.kind is wanted and not result.findings and (wanted is not MediaKind.VIDEO or plays_already(result))


def _prepare(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"directory for derivatives: cannot be made ({error.strerror})"
        raise StorageUnavailable(message) from error


def _publish(part: Path, target: Path) -> None:
    """Give a finished file its name; before that a crash leaves nothing but a .part, which the next run overwrites."""
    try:
        _flush(part)
        part.replace(target)
        _flush(target.parent)
    except OSError as error:
        message = f"derivative: cannot be kept ({error.strerror})"
        raise StorageUnavailable(message) from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
