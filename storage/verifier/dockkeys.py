"""
What docks sign: the list of a card, at the moment it was made, by a key of the dock itself.

``DOCK_KEY_SET`` about a dock names its key in the body (``vkey``, whose name is the dock). From then on every ``MANIFESTED`` by
this dock carries ``sig``: the key id, the dock's own time, and the signature over ``yihu/manifested/v1``, a line feed, the
canonical JSON of what is committed to, and a line feed. So whoever holds the log's key alone cannot make up what was on a card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import VerificationError
from .keys import ED25519, VerifierKey, decode_base64
from .leaves import check_moment
from .strict import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .leaves import LeafRecord

KEY_SET, MANIFESTED = "DOCK_KEY_SET", "MANIFESTED"

_FIRST_LINE = "yihu/manifested/v1"
_COMMITTED = ("bytes", "files", "root")
_SIGNED = {"at", "key", "signature"}


def manifest_text(*, log: str, dock: str, device: str, at: str, body: Mapping[str, Any]) -> str:
    """Return what a dock signs: which log and dock, which camera, what it found (files, bytes, root) and when."""
    committed = {name: body.get(name) for name in _COMMITTED}
    said = canonical({**committed, "at": at, "device": device, "dock": dock, "log": log})
    return f"{_FIRST_LINE}\n{said.decode('utf-8')}\n"


class DockKeys:
    """The keys of the docks of one log; entries are told in the order of the log."""

    def __init__(self) -> None:
        self._keys: dict[str, VerifierKey] = {}

    def concerns(self, leaf: LeafRecord) -> bool:
        """Say whether there is anything to verify: an entry of a key, or a list that is signed or ought to be."""
        signed = leaf.type == MANIFESTED and ("sig" in leaf.body or leaf.actor in self._keys)
        return signed or (leaf.type == KEY_SET and leaf.subject.startswith("dock:"))

    def follow(self, leaf: LeafRecord) -> None:
        """Return only if the list in *leaf* is signed by the key its dock has now; learn the key from a ``DOCK_KEY_SET``."""
        if leaf.type == KEY_SET:
            self._keys[leaf.subject] = _key(leaf)
            return
        key = self._keys.get(leaf.actor)
        if key is None:
            message = "entry {index}: signed by {dock}, which has no key"
            raise VerificationError(message, index=leaf.seq, dock=leaf.actor)
        sig: Any = leaf.body.get("sig")
        if not _is_complete(leaf, sig):
            message = "entry {index}: not signed by its dock {dock}"
            raise VerificationError(message, index=leaf.seq, dock=leaf.actor)
        if sig["key"] != key.key_id.hex():
            message = "entry {index}: signed by the key {found}, the dock has {expected}"
            raise VerificationError(message, index=leaf.seq, found=sig["key"], expected=key.key_id.hex())
        text = manifest_text(log=leaf.log, dock=leaf.actor, device=leaf.subject, at=sig["at"], body=leaf.body)
        key.verify(text, decode_base64(sig["signature"], "signature"))


def _is_complete(leaf: LeafRecord, sig: object) -> bool:
    """Say whether everything that is signed is there, and the signature has its form."""
    if not isinstance(sig, dict) or sig.keys() != _SIGNED or not all(isinstance(value, str) for value in sig.values()):
        return False
    try:
        check_moment(sig["at"])
    except VerificationError:
        return False
    return all(name in leaf.body for name in _COMMITTED)


def _key(leaf: LeafRecord) -> VerifierKey:
    vkey = leaf.body.get("vkey")
    key = VerifierKey.parse(vkey) if isinstance(vkey, str) else None
    if key is None or key.name != leaf.subject or key.algorithm != ED25519:
        message = "entry {index}: no key of {dock}"
        raise VerificationError(message, index=leaf.seq, dock=leaf.subject)
    return key
