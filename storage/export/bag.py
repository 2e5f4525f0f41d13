"""Writing a bag (BagIt 1.0, RFC 8493) with SHA-256 manifests, durably; `storage.verifier.bagfiles` reads it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from storage import durable
from storage.evidence import Algorithm, Digest
from storage.promise import BLOCK, Readable
from storage.verifier.bagfiles import BAGIT, DATA, DECLARATION, INFO, PAYLOAD, TAGS

__all__ = ["BagWriter"]

_FILE, _DIRECTORY = 0o644, 0o755
"""What is handed over is to be read by others."""


class BagWriter:
    """A bag that is being written into the directory *root*, which must be there and empty. Like `os`, it raises `OSError`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._written: dict[str, tuple[int, str]] = {}
        """Size and SHA-256 of each file by its path."""
        self.put(DECLARATION, BAGIT)

    def put(self, path: str, data: bytes) -> None:
        """Write a small file."""
        self._make_directory(path)
        durable.write_unnamed(self._root / path, data, _FILE)
        self._written[path] = len(data), hashlib.sha256(data).hexdigest()

    def copy(self, path: str, source: Readable) -> Digest:
        """Write what *source* gives until it ends, and return its SHA-256; memory stays flat."""
        self._make_directory(path)
        size, sha256 = 0, hashlib.sha256()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self._root / path, flags, _FILE), "wb", buffering=0) as file:
            while chunk := source.read(BLOCK):
                durable.write_all(file.write, chunk)
                sha256.update(chunk)
                size += len(chunk)
            os.fsync(file.fileno())
        self._written[path] = size, sha256.hexdigest()
        return Digest(Algorithm.SHA256, sha256.digest())

    def finish(self, info: Sequence[tuple[str, str]]) -> Digest:
        """Write manifests and *info* and make every name durable; return the SHA-256 of the manifest of the payload."""
        payload = [path for path in self._written if path.startswith(DATA)]
        oxum = f"{sum(self._written[path][0] for path in payload)}.{len(payload)}"
        lines = [f"{label}: {value}\n" for label, value in (*info, ("Payload-Oxum", oxum))]
        self.put(INFO, "".join(lines).encode())
        self.put(PAYLOAD, self._manifest(payload))
        self.put(TAGS, self._manifest([path for path in self._written if not path.startswith(DATA)]))
        for directory in {self._root, *(path for path in self._root.rglob("*") if path.is_dir())}:
            durable.sync_directory(directory)
        return Digest.parse(f"sha256:{self._written[PAYLOAD][1]}")

    def _manifest(self, paths: list[str]) -> bytes:
        return "".join(f"{self._written[path][1]}  {path}\n" for path in sorted(paths)).encode("ascii")

    def _make_directory(self, path: str) -> None:
        # synced once, at the end: until the bag is finished it has no name that anybody looks at
        (self._root / path).parent.mkdir(mode=_DIRECTORY, parents=True, exist_ok=True)
