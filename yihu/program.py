"""What program this is: the digest of every file of ours that runs."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_ROOMS = ("api", "cases", "device_profiles", "ingest", "storage", "web", "yihu")


@cache
def program_digest() -> str:
    """Return the SHA-256, in hexadecimal, over names and contents of all our files, in the order of their names."""
    whole = hashlib.sha256()
    for room in _ROOMS:
        _add(files(room), room, whole)
    return whole.hexdigest()


def _add(place: Traversable, name: str, whole: hashlib._Hash) -> None:
    if place.is_file():
        whole.update(f"{name}\0{hashlib.sha256(place.read_bytes()).hexdigest()}\n".encode())
        return
    for inner in sorted(place.iterdir(), key=lambda each: each.name):
        if inner.name != "__pycache__" and not inner.name.endswith(".pyc"):
            _add(inner, f"{name}/{inner.name}", whole)
