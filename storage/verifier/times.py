"""
The claimed times of entries, bounded from both sides by an authority outside (the two-way peg).

An entry ``TIMESTAMPED`` says: the tree of the first *size* entries was stamped at *time*; and it stands in the log itself, at
*seq*. So whatever is below *size* existed before *time*, and whatever stands after *seq* came after it::

    … entries below size …     the authority's time     … TIMESTAMPED at seq …     … entries after it …
    claim nothing later  ───────────────┘└─────────────────────────────  claim nothing earlier

That holds for an honest log with a tolerably set clock, and whoever puts an entry into the past, or the future, breaks it. A
clock that was set back is named, and breaks it all the same: what was recorded then has no time anybody can rely on.

Here the entries are believed; `tokens` shows whether an authority really said so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from .errors import VerificationError
from .leaves import LeafRecord, check_moment, moment_of, read_leaf
from .strict import LARGEST_INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .strict import Json

TIMESTAMPED = "TIMESTAMPED"
STAMPED = b'"type":"TIMESTAMPED"'
"""What stands in every such entry, and hardly in another: cheap to look for."""
TOLERANCE_MS = 60_000
"""How far the log's clock may be from the authority's, which a machine without a time server easily is."""
LARGEST_ACCURACY_MS = 60_000
"""An authority that is surer of its time than this is believed; a bound of hours bounds nothing."""

_KEYS = {"accuracy_ms", "authority", "root", "size", "time", "token"}
_HASH = re.compile(r"[0-9a-f]{64}")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Stamp:
    """What an entry ``TIMESTAMPED`` says."""

    seq: int
    """Where it stands."""
    size: int
    root: bytes
    """Size and root of the tree that was stamped."""
    token: str
    """SHA-256 of the authority's reply, in hexadecimal."""
    time: str
    accuracy_ms: int
    authority: str
    """SHA-256 of the certificate that signed, in hexadecimal."""

    @property
    def file_name(self) -> str:
        """Under which name the reply is published."""
        return f"{self.size:016d}-{self.token[:16]}.tsr"


def stamp_of(leaf: LeafRecord) -> Stamp:
    """Read an entry ``TIMESTAMPED``; one of another form, or over entries that came after it, raises `VerificationError`."""
    body = leaf.body
    if body.keys() != _KEYS:
        _refuse(leaf)
    stamp = Stamp(
        seq=leaf.seq,
        size=_number(leaf, "size", LARGEST_INTEGER),
        root=bytes.fromhex(_hash(leaf, "root")),
        token=_hash(leaf, "token"),
        time=check_moment(body["time"]),
        accuracy_ms=_number(leaf, "accuracy_ms", LARGEST_ACCURACY_MS),
        authority=_hash(leaf, "authority"),
    )
    if not 0 < stamp.size <= leaf.seq:
        message = "entry {index}: says that {size} entries were stamped, which did not exist yet"
        raise VerificationError(message, index=leaf.seq, size=stamp.size)
    return stamp


def stamps_in(raws: Iterable[bytes]) -> list[Stamp]:
    """Return what the well-formed entries ``TIMESTAMPED`` among *raws* say: what `Bounds` must know beforehand."""
    found = []
    for raw in raws:
        if STAMPED not in raw:
            continue
        try:
            leaf = read_leaf(raw)
            if leaf.type == TIMESTAMPED:
                found.append(stamp_of(leaf))
        except VerificationError:
            continue  # whoever follows the log entry by entry says so
    return found


class Bounds:
    """Follows the claimed times of a log from its first entry on; *stamps* are those that will be met."""

    def __init__(self, stamps: Iterable[Stamp], *, tolerance_ms: int = TOLERANCE_MS) -> None:
        self._tolerance = tolerance_ms
        self._wanted = sorted({stamp.size for stamp in stamps}, reverse=True)
        self._latest: tuple[str, int] = ("", 0)
        self._latest_below: dict[int, tuple[str, int]] = {}
        """For each size: the latest time that an entry below it claims, and which entry that is."""
        self._last: Stamp | None = None
        self.stamps = 0
        """How many stamps were met and bound something."""

    def follow(self, leaf: LeafRecord) -> None:
        """Return only if the next entry keeps within the bounds and sets none that earlier ones break; go on in either case."""
        while self._wanted and self._wanted[-1] <= leaf.seq:
            self._latest_below[self._wanted.pop()] = self._latest
        if leaf.at > self._latest[0]:  # in this form text sorts as time does
            self._latest = leaf.at, leaf.seq
        self._verify_not_too_early(leaf)
        if leaf.type == TIMESTAMPED:
            self._bound(stamp_of(leaf))

    def _verify_not_too_early(self, leaf: LeafRecord) -> None:
        last = self._last
        if last is None or _ms(leaf.at, last.time) >= -(last.accuracy_ms + self._tolerance):
            return
        if leaf.stepped_back_ms:
            message = "entry {index}: the clock was set back by {back} ms to {at}; {time} was stamped before, in entry {stamp}"
            back = leaf.stepped_back_ms
            raise VerificationError(message, index=leaf.seq, back=back, at=leaf.at, time=last.time, stamp=last.seq)
        message = "entry {index}: claims {at}, but comes after entry {stamp}, in which {time} was stamped"
        raise VerificationError(message, index=leaf.seq, at=leaf.at, time=last.time, stamp=last.seq)

    def _bound(self, stamp: Stamp) -> None:
        last = self._last
        if last is not None and (stamp.time < last.time or stamp.size < last.size):
            message = "entry {index}: stamps {size} entries at {time}, which goes back behind entry {stamp}"
            raise VerificationError(message, index=stamp.seq, size=stamp.size, time=stamp.time, stamp=last.seq)
        self._last = stamp
        self.stamps += 1
        at, index = self._latest_below.get(stamp.size, self._latest)
        if _ms(at, stamp.time) > stamp.accuracy_ms + self._tolerance:
            message = "entry {index}: claims {at}, but was stamped at {time} already, says entry {stamp}"
            raise VerificationError(message, index=index, at=at, time=stamp.time, stamp=stamp.seq)


def _ms(at: str, time: str) -> int:
    """Return how much later *at* is than *time*."""
    return (moment_of(at) - moment_of(time)) // _MILLISECOND


def _number(leaf: LeafRecord, key: str, most: int) -> int:
    value: Json = leaf.body[key]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        _refuse(leaf)
    return value


def _hash(leaf: LeafRecord, key: str) -> str:
    value: Json = leaf.body[key]
    if not (isinstance(value, str) and _HASH.fullmatch(value)):
        _refuse(leaf)
    return value


def _refuse(leaf: LeafRecord) -> NoReturn:
    message = "entry {index}: not what an entry TIMESTAMPED holds"
    raise VerificationError(message, index=leaf.seq)
