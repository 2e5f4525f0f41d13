"""
A bag (BagIt 1.0, RFC 8493), read as strictly as it is written here: every file listed, none missing, none extra.

Stricter than the RFC where that costs nothing honest: SHA-256 alone, sorted lines that end with a line feed, plain ASCII names
that no file system can confuse, no links, no empty directories. Whoever packs a bag otherwise has something to explain.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from .errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .measure import Measured

DECLARATION = "bagit.txt"
PAYLOAD = "manifest-sha256.txt"
TAGS = "tagmanifest-sha256.txt"
INFO = "bag-info.txt"
DATA = "data/"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

MOST_FILES = 200_000
LARGEST_MANIFEST = 2**26
_LARGEST_INFO = 2**16
_DEEPEST = 5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]{0,299})")
_INFO_LINE = re.compile(r"[A-Z][A-Za-z-]{0,39}: \S(?:.{0,2000}\S)?")
_BLOCK = 2**20


class BagFiles:
    """The files of one bag as they lie there; making one looks at every name and at no content."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.sizes: dict[str, int] = {}
        """Bytes of every file, by its path below the bag."""
        seen: set[str] = set()
        for path, size in self._found(root, "", 0):
            if path.lower() in seen:
                message = "{path}: another file has this name but for capitals"
                raise VerificationError(message, path=path)
            seen.add(path.lower())
            self.sizes[path] = size
            if len(self.sizes) > MOST_FILES:
                message = "more than {most} files"
                raise VerificationError(message, most=MOST_FILES)

    def read(self, path: str, *, limit: int) -> bytes:
        """Return the bytes of a file of at most *limit* bytes; anything else raises `VerificationError`."""
        pieces: list[bytes] = []
        if self.sizes.get(path, 0) > limit:
            message = "{path}: longer than {limit} bytes"
            raise VerificationError(message, path=path, limit=limit)
        self.stream(path, pieces.append)
        return b"".join(pieces)

    def text(self, path: str, *, limit: int) -> str:
        """Return the text of a file, byte for byte: no line ending is translated."""
        try:
            return self.read(path, limit=limit).decode("utf-8")
        except UnicodeDecodeError as error:
            message = "{path}: not valid UTF-8"
            raise VerificationError(message, path=path) from error

    def stream(self, path: str, take: Callable[[bytes], object]) -> None:
        """Give the bytes of a file to *take*, which must be as many as when the bag was opened; links are not followed."""
        size = self.sizes.get(path)
        if size is None:
            message = "{path}: missing"
            raise VerificationError(message, path=path)
        found = 0
        try:
            descriptor = os.open(self._root / path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
            with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 — by its descriptor
                while block := file.read(min(_BLOCK, size - found + 1)):
                    found += len(block)
                    take(block)
        except OSError as error:
            message = "{path}: cannot be read ({reason})"
            raise VerificationError(message, path=path, reason=error.strerror or type(error).__name__) from error
        if found != size:
            message = "{path}: changed while it was read"
            raise VerificationError(message, path=path)

    def verify_form(self) -> dict[str, str]:
        """Return the SHA-256 promised for every file but the last manifest, if the bag lists exactly what it has."""
        if self.read(DECLARATION, limit=len(BAGIT)) != BAGIT:
            message = "{path}: not a declaration of BagIt 1.0 with UTF-8"
            raise VerificationError(message, path=DECLARATION)
        payload, tags = self._manifest(PAYLOAD), self._manifest(TAGS)
        self._verify_listed(PAYLOAD, payload, {path for path in self.sizes if path.startswith(DATA)})
        self._verify_listed(TAGS, tags, {path for path in self.sizes if not path.startswith(DATA) and path != TAGS})
        self._verify_info(payload)
        for path in tags:
            if self.sizes[path] > LARGEST_MANIFEST:  # nobody reads on for hours to find that
                message = "{path}: longer than {limit} bytes"
                raise VerificationError(message, path=path, limit=LARGEST_MANIFEST)
        return {**payload, **tags}

    def _manifest(self, name: str) -> dict[str, str]:
        lines = self.text(name, limit=LARGEST_MANIFEST).split("\n")
        matches = [_LINE.fullmatch(line) for line in lines[:-1]]
        if lines[-1] or not all(matches):
            message = "{path}: a line is not a SHA-256, two spaces and a plain name, ended by a line feed"
            raise VerificationError(message, path=name)
        listed = [(match.group(2), match.group(1)) for match in matches if match]
        if [path for path, _ in listed] != sorted({path for path, _ in listed}):
            message = "{path}: a name is listed twice or out of order"
            raise VerificationError(message, path=name)
        return dict(listed)

    def _verify_listed(self, name: str, listed: dict[str, str], found: set[str]) -> None:
        for path in sorted(found - listed.keys()):
            message = "{path}: not listed in {name}"
            raise VerificationError(message, path=path, name=name)
        for path in sorted(listed.keys() - found):
            message = "{path}: listed in {name} and not there"
            raise VerificationError(message, path=path, name=name)

    def _verify_info(self, payload: dict[str, str]) -> None:
        lines = self.text(INFO, limit=_LARGEST_INFO).split("\n")
        if lines.pop() or not all(_INFO_LINE.fullmatch(line) and line.isprintable() for line in lines):
            message = "{path}: a line is not a label, a colon, a space and a value"
            raise VerificationError(message, path=INFO)
        oxum = f"Payload-Oxum: {sum(self.sizes[path] for path in payload)}.{len(payload)}"
        if [line for line in lines if line.startswith("Payload-Oxum:")] != [oxum]:
            message = "{path}: expected {expected!r}"
            raise VerificationError(message, path=INFO, expected=oxum)

    def _found(self, folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, int]]:
        entries = _listed(folder)
        if not entries or depth > _DEEPEST:
            message = "{path}: an empty directory, or one too deep inside others"
            raise VerificationError(message, path=prefix or "./")
        for entry in entries:
            path = prefix + entry.name
            if not _NAME.fullmatch(entry.name):
                message = "{path!r}: not a plain name"
                raise VerificationError(message, path=path[:200])
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from self._found(folder / entry.name, path + "/", depth + 1)
            elif stat.S_ISREG(status.st_mode):
                yield path, status.st_size
            else:
                message = "{path}: not a plain file"
                raise VerificationError(message, path=path)


def verify_digest(path: str, promised: str, measured: Measured) -> None:
    """Return only if the file at *path* has the SHA-256 that its manifest promises."""
    if measured.sha256 != promised:
        message = "{path}: expected SHA-256 {expected}, found {found}"
        raise VerificationError(message, path=path, expected=promised, found=measured.sha256)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        message = "{path}: cannot be read ({reason})"
        raise VerificationError(message, path=str(folder), reason=error.strerror or type(error).__name__) from error
