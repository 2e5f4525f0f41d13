"""
The originals of a bundle: whether each is, byte for byte, what the ledger says was secured.

The entry ``SECURED`` of a clip names size, SHA-256, BLAKE3 and the root of the segment manifest; ``DEPOSITED`` names the
segment manifest itself. Without the package `blake3` the BLAKE3 of the bytes is not computed; what the files say of it is still
compared with the entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .bagfiles import LARGEST_MANIFEST
from .errors import VerificationError
from .measure import blake3_or_none
from .segmentfile import SegmentFile, largest_file
from .steps import Check
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .bagfiles import BagFiles
    from .leaves import LeafRecord
    from .measure import Measures

MEDIA = re.compile(r"data/media/([0-9A-Z]{26}|[0-9a-f]{32})\.[a-z0-9]{1,8}")
LIST = "data/media.b3"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Secured:
    """What the ledger says of an original."""

    size: int
    sha256: str
    blake3: str
    segment_root: str
    manifest_sha256: str

    @classmethod
    def of(cls, clip: str, history: Sequence[LeafRecord]) -> Secured:
        """Read it from the entries of the clip; `VerificationError` where they do not say it, or say it twice."""
        bodies: dict[str, list[Any]] = {"SECURED": [], "DEPOSITED": []}
        for leaf in history:
            bodies.get(leaf.type, []).append(leaf.body)
        try:
            ((secured,), (deposited,)) = bodies.values()
            content, manifest = secured["content"], deposited["manifest"]
            found = cls(
                size=_size(content["size"], deposited["original"]["size"]),
                sha256=_hex(content["sha256"], "sha256:"),
                blake3=_hex(content["blake3"], "blake3:"),
                segment_root=_hex(content["seg"]["root"], ""),
                manifest_sha256=_hex(manifest["sha256"], "sha256:"),
            )
        except (KeyError, TypeError, ValueError) as error:
            message = "{clip}: its entries do not say once what was secured and deposited"
            raise VerificationError(message, clip=clip) from error
        return found


class Originals:
    """The step "media"."""

    def __init__(self, files: BagFiles, measures: Measures, histories: Mapping[str, Sequence[LeafRecord]]) -> None:
        self._files, self._measures = files, measures
        self._histories = {subject: history for subject, history in histories.items() if subject.startswith("clip:")}
        self.check = Check("media")

    def run(self) -> tuple[Check, Said]:
        """Verify every original, that every clip has one, and the list of BLAKE3 digests."""
        paths: dict[str, list[str]] = {}
        for path in self._files.sizes:
            match = MEDIA.fullmatch(path)
            if match:
                paths.setdefault("clip:" + match.group(1), []).append(path)
        lines = []
        for clip in sorted(self._histories.keys() | paths.keys()):
            line = self.check.attempt(partial(self._verify, clip, paths.get(clip, [])))
            lines.append(line or "")
        if lines and all(lines):
            self.check.attempt(partial(self._verify_list, lines))
            self.check.done -= 1  # it is originals that are counted
        return self.check, self._said(len(lines))

    def _said(self, count: int) -> Said:
        total = sum(size for path, size in self._files.sizes.items() if MEDIA.fullmatch(path))
        if blake3_or_none() is None:
            return Said("{count} originals, {total} bytes; BLAKE3 not checked: no package 'blake3'", count=count, total=total)
        return Said("{count} originals, {total} bytes, by SHA-256, BLAKE3 and segments", count=count, total=total)

    def _verify(self, clip: str, paths: list[str]) -> str:
        if len(paths) != 1 or clip not in self._histories:
            message = "{clip}: expected its entries and one original, found {found} originals"
            raise VerificationError(message, clip=clip, found=len(paths))
        path, secured = paths[0], Secured.of(clip, self._histories[clip])
        self._verify_segments(clip, secured, self._verify_bytes(path, secured))
        return f"{secured.blake3}  {path[len('data/') :]}"

    def _verify_bytes(self, path: str, secured: Secured) -> bytes | None:
        """Return the digests of the segments, if the bytes are those that were secured."""
        message = "{path}: these are not the bytes that were secured"
        if self._files.sizes[path] != secured.size:  # known without reading what may be endless
            raise VerificationError(message, path=path)
        found = self._measures.of(path, whole=True)
        if (found.sha256, found.blake3 or secured.blake3) != (secured.sha256, secured.blake3):
            raise VerificationError(message, path=path)
        return found.segments

    def _verify_segments(self, clip: str, secured: Secured, segments: bytes | None) -> None:
        path = f"data/segments/{clip[len('clip:') :]}.seg"
        raw = self._files.read(path, limit=largest_file(secured.size))
        manifest = SegmentFile.parse(raw, path=path)
        named = (manifest.size, manifest.root.hex(), self._measures.of(path).sha256)
        if named != (secured.size, secured.segment_root, secured.manifest_sha256):
            message = "{path}: not the segment manifest that the entries name"
            raise VerificationError(message, path=path)
        if segments is not None and segments != manifest.digests:
            message = "{path}: its digests are not those of the original"
            raise VerificationError(message, path=path)

    def _verify_list(self, lines: list[str]) -> None:
        # sorted by name, as everything here; the digest stands before it
        expected = "".join(f"{line}\n" for line in sorted(lines, key=lambda line: line[66:]))
        if self._files.text(LIST, limit=LARGEST_MANIFEST) != expected:
            message = "{path}: not the BLAKE3 of the originals, one a line"
            raise VerificationError(message, path=LIST)


def _size(secured: object, deposited: object) -> int:
    if isinstance(secured, bool) or not isinstance(secured, int) or secured < 0 or secured != deposited:
        raise ValueError
    return secured


def _hex(value: object, prefix: str) -> str:
    if not (isinstance(value, str) and value.startswith(prefix) and _DIGEST.fullmatch(value[len(prefix) :])):
        raise ValueError
    return value[len(prefix) :]
