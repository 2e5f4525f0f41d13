"""The authority's replies as files beside a log, ``SIZE-DIGEST.tsr``, and whether they are what its entries say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint
from .errors import VerificationError
from .logfiles import read_file
from .steps import Check
from .tokens import LARGEST_TOKEN, verify_token
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .times import Stamp


@dataclass(frozen=True)
class TokenFiles:
    """Where the replies lie, and whom the stranger believes the time."""

    directory: Path
    roots_pem: bytes


def check_tokens(stamps: Sequence[Stamp], origin: str, files: TokenFiles) -> tuple[Check, Said]:
    """Do the step "tokens": every time-stamp that the log *origin* speaks of was given by an authority under the roots."""
    check = Check("tokens")
    for stamp in stamps:
        check.attempt(partial(verify_stamp, stamp, origin, files))
    return check, Said("{count} time-stamps were given by an authority under the given roots", count=check.done)


def verify_stamp(stamp: Stamp, origin: str, files: TokenFiles) -> None:
    """Return only if the reply of *stamp* is there, is over that very tree and says what the entry says."""
    reply = read_file(files.directory / stamp.file_name, limit=LARGEST_TOKEN)
    if hashlib.sha256(reply).hexdigest() != stamp.token:
        message = "entry {index}: the file {path} is not the time-stamp it names"
        raise VerificationError(message, index=stamp.seq, path=stamp.file_name)
    try:
        token = verify_token(reply, Checkpoint(origin, stamp.size, stamp.root).text, files.roots_pem)
    except VerificationError as error:
        if type(error) is not VerificationError:
            raise
        message = "entry {index}: {reason}"
        raise VerificationError(message, index=stamp.seq, reason=error) from error
    if (token.time, token.accuracy_ms, token.authority) != (stamp.time, stamp.accuracy_ms, stamp.authority):
        message = "entry {index}: says something else than its time-stamp"
        raise VerificationError(message, index=stamp.seq)
