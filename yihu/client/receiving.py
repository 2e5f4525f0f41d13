"""Footage that comes from a server: a file of that name is there only once its bytes are what the ledger says they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from storage.durable import sync_directory
from storage.errors import DigestMismatch
from yihu.client.office import RemoteOffice
from yihu.client.problems import ServerAway

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """A file that is here now."""

    path: Path
    size: int
    sha256: str
    seq: int
    """Number of the entry that says who took it and why."""


def download(
    office: RemoteOffice, clip: str, target: Path, *, reason: str, what: str, progress: Callable[[int, int], None]
) -> Received:
    """
    Take what shows *clip* to *target*, which must not exist.

    On return its bytes are durable and have the digest that the server's catalog gives for them. Raises `DigestMismatch`, and
    `ValueError` where something is at *target* already; then nothing of it stays.
    """
    promised = _promised(office, clip, what)
    granted = office.ask_to_view(clip, reason, what)
    directory = os.open(target.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # it has no name until it is known to be right: whatever ends this before leaves nothing
        descriptor = os.open(target.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - there is no path
            found = _copied(office, granted.media, file.write, lambda done: progress(done, granted.size))
            if found != promised:
                raise DigestMismatch(clip, expected=promised, actual=found)
            file.flush()
            os.fsync(descriptor)
            # never over a file that came meanwhile; only with a directory given does Python let the link be followed
            os.link(f"/proc/self/fd/{descriptor}", target.name, dst_dir_fd=directory)
    except FileExistsError as error:
        message = f"{target}: is there already"
        raise ValueError(message) from error
    finally:
        os.close(directory)
    sync_directory(target.parent)
    return Received(target, granted.size, promised, granted.seq)


def _promised(office: RemoteOffice, clip: str, what: str) -> str:
    whole = office.clip(clip)
    if what == "original":
        return whole.sha256
    # of several that were made the newest is shown
    return next((made.sha256 for made in reversed(whole.derivatives) if made.kind == what), "")


def _copied(office: RemoteOffice, media: str, write: Callable[[bytes], object], progress: Callable[[int], None]) -> str:
    digest, done = hashlib.sha256(), 0
    with office.server.opened("GET", media) as response:
        for piece in response.stream(_PIECE, decode_content=False):
            digest.update(piece)
            write(piece)
            done += len(piece)
            progress(done)
        promised = response.headers.get("Content-Length", str(done))
    if str(done) != promised:
        message = f"{media}: broke off after {done} of {promised} bytes"
        raise ServerAway(message)
    return f"sha256:{digest.hexdigest()}"
