"""The time-stamps in a bundle: each is over a head that the bundle shows to be one of this log."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING

from .errors import VerificationError
from .logfiles import LARGEST_NOTE
from .signatures import claimed
from .steps import Check
from .tokens import LARGEST_TOKEN, Token, read_token, verify_token
from .words import Said

if TYPE_CHECKING:
    from .bagfiles import BagFiles
    from .checkpoint import Checkpoint

STAMPS = re.compile(r"data/timestamps/([0-9]{16})-([0-9a-f]{16})\.tsr")


def is_stamped(files: BagFiles) -> bool:
    """Say whether there is any time-stamp in the bundle."""
    return any(STAMPS.fullmatch(path) for path in files.sizes)


def check_stamps(files: BagFiles, head: Checkpoint, roots: bytes | None) -> tuple[Check, Said]:
    """
    Do the step "timestamps": every reply is over a head of this log, by an authority under *roots* where those were given.

    That the head is one of this log is the step "held"; here its text is what was stamped.
    """
    check, times = Check("timestamps"), []
    for match in filter(None, map(STAMPS.fullmatch, sorted(files.sizes))):
        token = check.attempt(partial(_verified, files, match, head if int(match.group(1)) == head.size else None, roots))
        if token is not None:
            times.append(token.time)
    last = max(times, default="-")
    if roots is None:
        return check, Said(
            "{count} time-stamps up to {time}; no roots were given, so nobody is believed", count=check.done, time=last
        )
    return check, Said("{count} time-stamps up to {time}, by an authority under the given roots", count=check.done, time=last)


def _verified(files: BagFiles, match: re.Match[str], newest: Checkpoint | None, roots: bytes | None) -> Token:
    path, size = match.group(0), int(match.group(1))
    raw = files.read(path, limit=LARGEST_TOKEN)
    if hashlib.sha256(raw).hexdigest()[:16] != match.group(2):
        message = "{path}: is not the time-stamp it names"
        raise VerificationError(message, path=path)
    stamped = newest or claimed(files.text(f"data/log/heads/{size}", limit=LARGEST_NOTE))
    if roots is not None:
        return verify_token(raw, stamped.text, roots)
    token = read_token(raw)
    if token.imprint != hashlib.sha256(stamped.text.encode("ascii")).digest():
        message = "time-stamp: its imprint is not the SHA-256 of the checkpoint"
        raise VerificationError(message)
    return token
