"""
Everything seen on a card, listed before anything is copied.

The list itself goes into the vault, since file names are personal; the ledger gets the number of files, their bytes and the
root of a tree over salted rows, so that one row can be proved later without showing the others.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from device_profiles.layout import place, sidecar_owners
from device_profiles.profile import Profile
from ingest.cards import Card, Sighting, What
from storage.evidence import DevicePath, Json, MediaKind, Recording, Subject
from storage.ledger.leaf import SALT_BYTES, canonical
from storage.ledger.tree import Frontier, leaf_hash

LARGEST_SIZE = 2**53 - 1
"""The largest integer a leaf may hold. No card holds eight pebibytes; a broken or hostile file system may say so."""

IGNORED = "ignored-by-profile"
UNEXPECTED = "unexpected-place"
"""A recording outside the folders its camera writes to: read like any other, and worth a question."""
HOSTILE_NAME = "hostile-name"
IMPOSSIBLE_SIZE = "impossible-size"


class Verdict(StrEnum):
    """What is done with a file on a card."""

    READ = "read"
    IGNORED = "ignored"
    """Left alone, as the profile says."""
    REFUSED = "refused"
    """Not a regular file, or not readable as one."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One file on a card, or one thing that is none, with what is done about it."""

    path: DevicePath
    size: int
    modified_ns: int
    kind: MediaKind
    verdict: Verdict
    reason: str = ""
    """A code: why it is not read, or what is odd about it; empty for an ordinary file."""
    belongs_to: DevicePath | None = None
    """The recording of a sidecar, where there is one."""

    def __post_init__(self) -> None:
        if not 0 <= self.size <= LARGEST_SIZE:
            message = f"manifest row {self.path}: size {self.size} is not between 0 and 2^53 - 1"
            raise ValueError(message)

    def as_json(self) -> list[Json]:
        """Write the row as the vault keeps it; times are text, being beyond the integers of a leaf."""
        owner = self.belongs_to.raw.hex() if self.belongs_to is not None else None
        return [self.path.raw.hex(), self.size, str(self.modified_ns), self.kind.value, self.verdict.value, self.reason, owner]

    @classmethod
    def from_json(cls, value: Json) -> ManifestRow:
        """Read what `as_json` wrote; anything else raises `ValueError`."""
        match value:
            case [str(path), int(size), str(modified_ns), str(kind), str(verdict), str(reason), None | str() as owner]:
                row = cls(
                    path=DevicePath(bytes.fromhex(path)),
                    size=size,
                    modified_ns=int(modified_ns),
                    kind=MediaKind(kind),
                    verdict=Verdict(verdict),
                    reason=reason,
                    belongs_to=None if owner is None else DevicePath(bytes.fromhex(owner)),
                )
                if row.as_json() == value and not isinstance(size, bool):  # one way to write a row: no capitals, no +1, no 007
                    return row
            case _:
                pass
        message = f"manifest row: expected [path, size, time, kind, verdict, reason, owner], found {value!r}"
        raise ValueError(message)

    def committed(self, salt: bytes) -> bytes:
        """Give the leaf data of this row: HMAC-SHA256 of its canonical JSON under a salt of its own."""
        if len(salt) != SALT_BYTES:
            message = f"manifest row {self.path}: expected a salt of {SALT_BYTES} bytes, found {len(salt)}"
            raise ValueError(message)
        return hmac.digest(salt, canonical(self.as_json()), "sha256")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything seen on a card, in the order of the bytes of the paths."""

    rows: tuple[ManifestRow, ...]

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many rows have each verdict."""
        found = Counter(row.verdict for row in self.rows)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def total_bytes(self) -> int:
        """Bytes of all files that are to be read."""
        return sum(row.size for row in self.rows if row.verdict is Verdict.READ)

    def recordings(self, device: Subject) -> tuple[Recording, ...]:
        """Give every file that is to be read, sidecars among them, as a recording of *device*."""
        return tuple(
            Recording(device=device, path=row.path, size=row.size, modified_ns=row.modified_ns, kind=row.kind)
            for row in self.rows
            if row.verdict is Verdict.READ
        )

    def only(self, paths: Collection[DevicePath]) -> Manifest:
        """Give the manifest of these paths alone: a watched folder has more to say than has settled."""
        wanted = frozenset(paths)
        return Manifest(tuple(row for row in self.rows if row.path in wanted))

    def root(self, salts: Sequence[bytes]) -> bytes:
        """Give the RFC 6962 root over all rows, each committed under its own salt of 32 bytes, in the order of the rows."""
        if len(salts) != len(self.rows):
            message = f"manifest of {len(self.rows)} rows: expected as many salts, found {len(salts)}"
            raise ValueError(message)
        leaves = (leaf_hash(row.committed(salt)) for row, salt in zip(self.rows, salts, strict=True))
        return Frontier().extend(leaves).root()

    def as_json(self) -> list[Json]:
        """Write the manifest as the vault keeps it."""
        return [row.as_json() for row in self.rows]

    @classmethod
    def from_json(cls, value: Json) -> Manifest:
        """Read what `as_json` wrote; anything else raises `ValueError`."""
        if not isinstance(value, list):
            message = f"manifest: expected a list of rows, found {type(value).__name__}"
            raise ValueError(message)  # noqa: TRY004 — a value that is wrong, like every other one here
        return cls(tuple(ManifestRow.from_json(row) for row in value))


def list_card(card: Card, profile: Profile) -> Manifest:
    """
    List everything on *card*, as *profile* understands it, without opening a single file.

    What could not be listed is a refused row. Raises `SourceChanged` where the card is gone: an empty list is only given for a
    card that is still there and empty.
    """
    met = tuple(card.walk())
    card.require()
    return listed(met, profile)


def listed(met: Sequence[Sighting], profile: Profile) -> Manifest:
    """Judge what a walk met."""
    owners = sidecar_owners(profile, (each.path for each in met if each.what is What.FILE))
    return Manifest(tuple(_row(each, profile, owners.get(each.path)) for each in met))


def _row(met: Sighting, profile: Profile, owner: bytes | None) -> ManifestRow:
    seen = place(profile, met.path)
    verdict, reason = _judged(met, ignored=seen.ignored, expected=seen.expected)
    path = _device_path(met.path)
    if path is None:
        path, verdict, reason, owner = DevicePath(b"%" + met.path.hex().encode()), Verdict.REFUSED, HOSTILE_NAME, None
    return ManifestRow(
        path=path,
        size=min(max(met.size, 0), LARGEST_SIZE),
        modified_ns=met.modified_ns,
        kind=MediaKind(seen.kind),
        verdict=verdict,
        reason=reason,
        belongs_to=_device_path(owner) if owner is not None else None,
    )


def _judged(met: Sighting, *, ignored: bool, expected: bool) -> tuple[Verdict, str]:
    if met.what is not What.FILE:
        return Verdict.REFUSED, met.what.value
    if not 0 <= met.size <= LARGEST_SIZE:
        return Verdict.REFUSED, IMPOSSIBLE_SIZE
    if ignored:
        return Verdict.IGNORED, IGNORED
    return Verdict.READ, "" if expected else UNEXPECTED


def _device_path(raw: bytes) -> DevicePath | None:
    try:
        return DevicePath(raw)
    except ValueError:  # no file system gives such a name; what stands behind it is not asked for
        return None
