"""
Where things lie on a card: what a file looks like, whether it is ever copied, and which sidecar belongs to which recording.

Everything works on the raw bytes of a path and a `Profile`; nothing is opened. A file no rule knows is still evidence: kind
``other``, copied like everything else.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from device_profiles.names import read_name
from device_profiles.profile import FileKind, Ignore, Profile
from device_profiles.text import lies_under, readable


@dataclass(frozen=True, slots=True)
class Place:
    """What a path says of its file."""

    kind: FileKind
    ignored: bool = False
    """Listed, never copied."""
    expected: bool = True
    """False where a recording lies outside the folders its camera writes to."""


def place(profile: Profile, path: bytes) -> Place:
    """Say what the file at *path*, relative to the card, looks like to *profile*. Never raises because of a name."""
    text = readable(path)
    kind, expected = _kind(profile, text)
    return Place(kind=kind, ignored=any(_ignores(rule, text) for rule in profile.ignore), expected=expected)


def sidecar_owners(profile: Profile, paths: Iterable[bytes]) -> dict[bytes, bytes]:
    """
    Give the recording each sidecar among *paths* belongs to; sidecars whose recording is not there are left out.

    A sidecar belongs to a recording in its own folder: the one it is named after, or the one of the same time.
    """
    everything = sorted(paths)
    kinds = {path: _kind(profile, readable(path))[0] for path in everything}
    recordings = [path for path in everything if kinds[path] in {"video", "audio", "photo"}]
    keys = _keys(profile, sorted(recordings, key=lambda path: ("video", "audio", "photo").index(kinds[path])))
    owners = {path: _owner(profile, path, keys) for path in everything if kinds[path] == "sidecar"}
    return {path: owner for path, owner in owners.items() if owner is not None}


def _kind(profile: Profile, text: str) -> tuple[FileKind, bool]:
    name = text.rpartition("/")[2]
    if any(rule.pattern.fullmatch(name) for rule in profile.sidecars):
        return "sidecar", True
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    rules = [rule for rule in profile.recordings if extension in rule.extensions]
    if not rules:
        return "other", True
    for rule in rules:
        if not rule.under or any(lies_under(text, folder) for folder in rule.under):
            return rule.kind, True
    return rules[0].kind, False


def _ignores(rule: Ignore, text: str) -> bool:
    parts = text.lower().split("/")
    by_name = any(fnmatchcase(part, name.lower()) for name in rule.names for part in parts)
    return by_name or any(lies_under(text, folder) for folder in rule.under)


def _keys(profile: Profile, recordings: Iterable[bytes]) -> Mapping[tuple[str, str], bytes]:
    """By what a sidecar may call a recording: (folder, name), (folder, stem) and (folder, time). The first one keeps a key."""
    keys: dict[tuple[str, str], bytes] = {}
    by_time: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for path in recordings:
        folder, _, name = readable(path).rpartition("/")
        keys.setdefault((folder, name.lower()), path)
        keys.setdefault((folder, posixpath.splitext(name)[0].lower()), path)
        time = read_name(profile, path).time
        if time is not None:
            by_time[folder, f"\0{time}"].add(path)
    only = {key: next(iter(found)) for key, found in by_time.items() if len(found) == 1}
    return keys | only


def _owner(profile: Profile, path: bytes, keys: Mapping[tuple[str, str], bytes]) -> bytes | None:
    folder, _, name = readable(path).rpartition("/")
    for rule in profile.sidecars:
        found = rule.pattern.fullmatch(name)
        if found is None:
            continue
        groups = found.groupdict()
        if groups.get("stem"):
            return keys.get((folder, groups["stem"].lower()))
        digits = "".join(character for character in groups.get("time") or "" if character.isdigit())
        return keys.get((folder, f"\0{digits}"))
    return None
