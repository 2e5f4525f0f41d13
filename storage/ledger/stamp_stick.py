"""
An authority without a line: the same requests and replies as files on a stick.

::

    SIZE.txt     the text of the checkpoint: what is stamped
    SIZE.tsq     the request about it
    SIZE.tsr     the reply

The office writes the first two; any machine with a line has the third made, by this program or with `curl` or `openssl ts`; the
office reads it back in. What the texts are is known at the office: the stick's own copy is for whoever wants to look.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storage import durable
from storage.errors import EvidenceError, YihuError
from storage.folder_files import within_reach
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.stamping import Stamped, Stamping
from storage.ledger.timestamp import Authority, request_for
from storage.verifier.errors import VerificationError
from storage.verifier.logfiles import read_file
from storage.verifier.tokens import LARGEST_TOKEN, read_request, read_token

__all__ = ["Taken", "answer_requests", "take_replies", "write_request"]

_SIZE = re.compile(r"[1-9][0-9]{0,15}")
_TEXT, _QUERY, _REPLY = ".txt", ".tsq", ".tsr"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one request or reply."""

    path: Path
    stamped: Stamped | None = None
    error: YihuError | None = None


def write_request(stamping: Stamping, directory: Path) -> Path | None:
    """
    Write a request about the newest head, durably, and return it; None where nothing happened since the last time-stamp.

    Older requests that nobody answered are removed. One about this very head stays as it is: its reply may be under way.
    """
    stamping.settle()
    head = stamping.due()
    if head is None:
        return None
    path = directory / f"{head.size}{_QUERY}"
    with within_reach(f"writing to {directory}"):
        durable.make_directory(directory, 0o755)
        for old in _files(directory, _QUERY):
            if old != path and not old.with_suffix(_REPLY).exists():
                durable.remove(old)
                durable.remove(old.with_suffix(_TEXT))
        durable.replace(path.with_suffix(_TEXT), head.text.encode("ascii"), 0o644)
        if not _asks_about(path, head):
            durable.replace(path, request_for(head), 0o644)
    return path


def answer_requests(directory: Path, authority: Authority) -> Iterator[Taken]:
    """On a machine with a line: have every request answered that is not yet; what answers something else is not written."""
    for path in _files(directory, _QUERY):
        target = path.with_suffix(_REPLY)
        if target.exists():
            continue
        try:
            request = _read(path)
            reply = authority(request)
            _refuse_unless_answered(reply, request)
            with within_reach(f"writing to {directory}"):
                durable.replace(target, reply, 0o644)
        except YihuError as error:
            yield Taken(target, error=error)
        else:
            yield Taken(target)


def take_replies(stamping: Stamping, directory: Path) -> Iterator[Taken]:
    """Verify, keep and record the replies that came back, smallest head first; what is wrong with one is said of it."""
    for path in _files(directory, _REPLY):
        try:
            stamped = stamping.accept(_read(path), request=_read(path.with_suffix(_QUERY)), size=int(path.stem))
        except YihuError as error:
            yield Taken(path, error=error)
        else:
            yield Taken(path, stamped)


def _asks_about(path: Path, head: Checkpoint) -> bool:
    if not path.exists():
        return False
    try:
        imprint, _ = read_request(_read(path))
    except (EvidenceError, VerificationError):
        return False
    return imprint == hashlib.sha256(head.text.encode("ascii")).digest()


def _refuse_unless_answered(reply: bytes, request: bytes) -> None:
    try:
        asked, said = read_request(request), read_token(reply)
    except VerificationError as error:
        raise EvidenceError(str(error)) from error
    if (said.imprint, said.nonce) != asked:
        message = "the authority's reply is about something else than the request"
        raise EvidenceError(message)


def _files(directory: Path, suffix: str) -> list[Path]:
    """Return the files whose name is a number, in its order."""
    return sorted(
        (path for path in directory.glob(f"*{suffix}") if _SIZE.fullmatch(path.stem)), key=lambda path: int(path.stem)
    )


def _read(path: Path) -> bytes:
    """Read a file of a stick that was in other hands."""
    try:
        return read_file(path, limit=LARGEST_TOKEN)
    except VerificationError as error:
        raise EvidenceError(str(error)) from error
