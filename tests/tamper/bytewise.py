"""What can be done to files without knowing what is in them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from .tally import SEED

Files: TypeAlias = Mapping[str, bytes]
"""The bytes of every file, by its path."""


@dataclass(frozen=True, slots=True)
class FileMutation:
    """Files put in the place of others; ``None`` is no file at all."""

    name: str
    changes: Mapping[str, bytes | None]


def flipped(raw: bytes, bit: int) -> bytes:
    """The same bytes with one bit the other way."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _two_swapped(raw: bytes, draw: random.Random) -> bytes:
    first = draw.randrange(len(raw))
    second = next(at % len(raw) for at in range(first, first + len(raw)) if raw[at % len(raw)] != raw[first])
    changed = bytearray(raw)
    changed[first], changed[second] = changed[second], changed[first]
    return bytes(changed)


DAMAGES: Mapping[str, Callable[[bytes, random.Random], bytes]] = {
    "first bit flipped": lambda raw, _: flipped(raw, 0),
    "some bit flipped": lambda raw, draw: flipped(raw, draw.randrange(8 * len(raw))),
    "another bit flipped": lambda raw, draw: flipped(raw, draw.randrange(8 * len(raw))),
    "last bit flipped": lambda raw, _: flipped(raw, 8 * len(raw) - 1),
    "a byte cut off": lambda raw, _: raw[:-1],
    "half cut off": lambda raw, _: raw[: len(raw) // 2],
    "the beginning cut off": lambda raw, _: raw[1:],
    "emptied": lambda raw, _: raw[:0],
    "a zero appended": lambda raw, _: raw + b"\0",
    "a line feed appended": lambda raw, _: raw + b"\n",
    "32 bytes appended": lambda raw, _: raw + bytes(32),
    "doubled": lambda raw, _: raw + raw,
    "two bytes swapped": _two_swapped,
    "carriage returns": lambda raw, _: raw.replace(b"\n", b"\r\n") if b"\n" in raw else raw + b"\r\n",
    "byte order mark": lambda raw, _: b"\xef\xbb\xbf" + raw,
    "one byte more in the middle": lambda raw, _: raw[: len(raw) // 2] + b"A" + raw[len(raw) // 2 :],
}


def damaged(files: Files) -> Iterator[FileMutation]:
    """Every file × every damage."""
    for path, raw in files.items():
        draw = random.Random(f"{SEED} {path}")
        for what, damage in DAMAGES.items():
            yield FileMutation(f"{path}: {what}", {path: damage(raw, draw)})
        yield FileMutation(f"{path}: deleted", {path: None})


def moved(files: Files) -> Iterator[FileMutation]:
    """Files that changed places, were renamed, or stand twice."""
    for one, other in combinations(files, 2):
        yield FileMutation(f"{one} and {other}: swapped", {one: files[other], other: files[one]})
    for path, raw in files.items():
        for new in (f"{path}.old", f"{path[:-1]}{'1' if path[-1] != '1' else '2'}"):
            if new not in files:
                yield FileMutation(f"{path}: renamed to {new}", {path: None, new: raw})
                yield FileMutation(f"{path}: copied to {new}", {new: raw})
