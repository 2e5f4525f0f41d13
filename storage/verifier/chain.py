"""The order of entries: no number missing, every subject's history linked, and a clock that says so when it goes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from .errors import VerificationError
from .leaves import moment_of

if TYPE_CHECKING:
    from typing import Protocol

    from .leaves import LeafRecord

    class Last(Protocol):
        """What a chain needs of a dictionary."""

        def get(self, subject: str, /) -> tuple[int, bytes] | None:
            """Return number and hash of the last entry of *subject*."""

        def __setitem__(self, subject: str, last: tuple[int, bytes], /) -> None:
            """Remember them."""


_MILLISECOND = timedelta(milliseconds=1)


class Chain:
    """
    Follows a log from its first entry on; it remembers one number and one hash per subject, nothing else.

    Whoever goes on in the middle says what is known of the entries before: the *last* ones by subject, and the *time* of the
    last of all.
    """

    def __init__(self, origin: str, *, last: Last | None = None, time: str = "") -> None:
        self._origin = origin
        self._time, self._seq = time, -1
        self._last: Last = {} if last is None else last

    def follow(self, leaf: LeafRecord, *, index: int) -> None:
        """Return only if *leaf* can be entry *index* after those before it; go on from it in either case."""
        time, self._time, self._seq = self._time, leaf.at, index
        last = self._last.get(leaf.subject)
        self._last[leaf.subject] = index, leaf.hash
        if leaf.seq != index or leaf.log != self._origin:
            message = "entry {index}: says it is number {found} of {log}"
            raise VerificationError(message, index=index, found=leaf.seq, log=leaf.log)
        if leaf.previous != last:
            message = "entry {index}: does not link to the last entry of {subject}"
            raise VerificationError(message, index=index, subject=leaf.subject)
        back = _milliseconds_back(time, leaf.at)
        if leaf.stepped_back_ms != back:
            message = "entry {index}: the clock went back by {back} ms, and the entry says {said}"
            raise VerificationError(message, index=index, back=back, said=leaf.stepped_back_ms)

    def follow_some(self, leaf: LeafRecord) -> None:
        """Do as `follow` where entries of other subjects are left out: then there is no clock to compare with."""
        if leaf.seq != self._seq + 1:
            # the entry before this one is not here; what it must have said of the time is taken from this one
            self._time = shifted(leaf.at, leaf.stepped_back_ms)
        self.follow(leaf, index=leaf.seq)


def shifted(moment: str, milliseconds: int) -> str:
    """Return the moment so many milliseconds later, as leaves write it."""
    return (moment_of(moment) + milliseconds * _MILLISECOND).isoformat(timespec="milliseconds") + "Z"


def _milliseconds_back(before: str, now: str) -> int:
    if now >= before:  # in this form text sorts as time does
        return 0
    return (moment_of(before) - moment_of(now)) // _MILLISECOND
