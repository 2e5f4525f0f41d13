"""
The time-stamps in a bundle: by them everything in it existed at a time that an authority outside says.

Each is an authority's reply (RFC 3161) over the text of a head: three lines, the same in the signed note up to its blank line.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .errors import VerificationError
from .logfiles import LARGEST_NOTE
from .signatures import claimed
from .steps import Check
from .tokens import LARGEST_TOKEN, Token, read_token, refuse_unless_over, verify_token
from .words import Said

if TYPE_CHECKING:
    from .bagfiles import BagFiles
    from .checkpoint import Checkpoint

STAMPS = re.compile(r"data/timestamps/([0-9]{16})-([0-9a-f]{16})\.tsr")


@dataclass(frozen=True)
class Stamps:
    """The step "timestamps" of one bundle, whose newest head is *head* and whose newest entry is number *last*."""

    files: BagFiles
    head: Checkpoint
    last: int
    roots: bytes | None
    """Certificates (PEM) of the authorities whose time is believed."""

    @property
    def is_wanted(self) -> bool:
        """Whether there is a time-stamp, or somebody brought roots to see one by."""
        return self.roots is not None or any(map(STAMPS.fullmatch, self.files.sizes))

    def run(self) -> tuple[Check, Said]:
        """Verify every reply; that its head is one of this log is for the step "held", here its text is what was stamped."""
        check = Check("timestamps")
        named = filter(None, map(STAMPS.fullmatch, sorted(self.files.sizes)))
        found = [check.attempt(partial(self._verify, match)) for match in named]
        time = min((token.time for token in found if token is not None), default="-")
        if self.roots is None:
            message = "{count} time-stamps say that all this existed at {time}; no roots were given, so nobody is believed"
        else:
            message = "{count} time-stamps under the given roots: all this existed at {time}"
        return check, Said(message, count=check.done, time=time)

    def _verify(self, match: re.Match[str]) -> Token:
        path, size = match.group(0), int(match.group(1))
        raw = self.files.read(path, limit=LARGEST_TOKEN)
        if hashlib.sha256(raw).hexdigest()[:16] != match.group(2):
            message = "{path}: is not the time-stamp it names"
            raise VerificationError(message, path=path)
        if size <= self.last:
            message = "{path}: is older than entry {index}"
            raise VerificationError(message, path=path, index=self.last)
        text = self._head(size).text
        if self.roots is not None:
            return verify_token(raw, text, self.roots)
        token = read_token(raw)
        refuse_unless_over(token, text)
        return token

    def _head(self, size: int) -> Checkpoint:
        return self.head if size == self.head.size else claimed(self.files.text(f"data/log/heads/{size}", limit=LARGEST_NOTE))
