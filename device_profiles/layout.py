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

from device_profiles.fields import FileKind
from device_profiles.names import NameFacts, read_name
from device_profiles.profile import Ignore, Profile
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
    return Place(kind=kind, ignored=any(ignores(rule, text) for rule in profile.ignore), expected=expected)


def sidecar_owners(profile: Profile, paths: Iterable[bytes]) -> dict[bytes, bytes]:
    """
    Give the recording each sidecar among *paths* belongs to; sidecars whose recording is not there are left out.

    A sidecar belongs to a recording in its own folder: the one it is named after, or the only one of the same time or numbers.
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


def ignores(rule: Ignore, text: str) -> bool:
    """Say whether *rule* keeps the file at a readable path from being copied."""
    parts = text.lower().split("/")
    by_name = any(fnmatchcase(part, name.lower()) for name in rule.names for part in parts)
    return by_name or any(lies_under(text, folder) for folder in rule.under)


def _keys(profile: Profile, recordings: Iterable[bytes]) -> Mapping[tuple[str, str], bytes]:
    """By what a sidecar may call a recording: (folder, name), (folder, stem), its time and numbers. The first keeps a name."""
    keys: dict[tuple[str, str], bytes] = {}
    by_fact: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for path in recordings:
        folder, _, name = readable(path).rpartition("/")
        keys.setdefault((folder, name.lower()), path)
        keys.setdefault((folder, posixpath.splitext(name)[0].lower()), path)
        said = read_name(profile, path)
        for key in (_time_key(said.time), _number_key(said)):
            if key is not None:
                by_fact[folder, key].add(path)
    only = {key: next(iter(found)) for key, found in by_fact.items() if len(found) == 1}
    return keys | only


def _owner(profile: Profile, path: bytes, keys: Mapping[tuple[str, str], bytes]) -> bytes | None:
    folder, _, name = readable(path).rpartition("/")
    for rule in profile.sidecars:
        found = rule.pattern.fullmatch(name)
        if found is not None:
            key = _pointed_at(found.groupdict())
            return None if key is None else keys.get((folder, key))
    return None


def _pointed_at(groups: Mapping[str, str | None]) -> str | None:
    if groups.get("stem"):
        return str(groups["stem"]).lower()
    if groups.get("time"):
        return _time_key("".join(character for character in str(groups["time"]) if character.isdigit()))
    return _number_key(NameFacts(sequence=groups.get("sequence"), chapter=groups.get("chapter")))


def _time_key(time: str | None) -> str | None:
    return f"\0{time}" if time else None  # no name holds a NUL


def _number_key(said: NameFacts) -> str | None:
    return f"\0{said.chapter or ''}\0{said.sequence}" if said.sequence else None
