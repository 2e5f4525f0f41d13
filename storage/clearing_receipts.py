"""
Receipts of cleared cameras: what was removed, under which proof, signed by the key of the dock that removed it.

A receipt is a signed note (C2SP signed-note): a first line, the canonical JSON of what the ledger says of the clearing, and the
dock's signature. So whoever has the dock's verifier key (``DOCK_KEY_SET`` names it) checks a receipt with nothing else at hand;
whoever has the ledger finds there the same. It holds no name, no path and no serial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.clearings import Clearing
from storage.errors import LedgerError
from storage.evidence import Json, Kind, Subject
from storage.ledger.checkpoint import signature_line
from storage.ledger.keys import Signer, VerifierKey
from storage.verifier.errors import VerificationError
from storage.verifier.note import open_note
from storage.verifier.strict import canonical, parse_strict

__all__ = ["Receipt", "opened_receipt", "receipt_of", "signed_receipt"]

_FIRST_LINE = "yihu/clearing-receipt/v1"
_FIELDS: Mapping[str, type] = {
    "at": str,
    "authorised": int,
    "bytes": int,
    "cleared": int,
    "device": str,
    "dock": str,
    "head": dict,
    "left": dict,
    "log": str,
    "removed": int,
    "root": str,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says."""

    log: str
    device: Subject
    dock: Subject
    at: str
    """When the clearing was closed, by the log's clock."""
    authorised: int
    cleared: int
    """The numbers of both entries."""
    removed: int
    bytes: int
    left: Mapping[str, int]
    """How many files were left, by reason."""
    root: str
    """Over all authorised clips and their BLAKE3."""
    head: tuple[int, str]
    """The head that somebody outside held before anything was removed."""

    def text(self) -> str:
        """Return what is signed."""
        said: dict[str, Json] = {
            "at": self.at,
            "authorised": self.authorised,
            "bytes": self.bytes,
            "cleared": self.cleared,
            "device": str(self.device),
            "dock": str(self.dock),
            "head": {"root": self.head[1], "size": self.head[0]},
            "left": dict[str, Json](self.left),
            "log": self.log,
            "removed": self.removed,
            "root": self.root,
        }
        return f"{_FIRST_LINE}\n{canonical(said).decode('utf-8')}\n"


def receipt_of(clearing: Clearing, *, log: str, dock: Subject, at: str) -> Receipt:
    """Return the receipt of a clearing that was closed *at*; `LedgerError` for one that is open."""
    if clearing.closed is None or clearing.removed is None or clearing.removed_bytes is None:
        message = f"{clearing.device}: the clearing that entry {clearing.authorised} authorised is not closed"
        raise LedgerError(message)
    left = Counter(reason for reason in clearing.became.values() if reason not in {"removed", None})
    return Receipt(
        log=log,
        device=clearing.device,
        dock=dock,
        at=at,
        authorised=clearing.authorised,
        cleared=clearing.closed,
        removed=clearing.removed,
        bytes=clearing.removed_bytes,
        left={str(reason): count for reason, count in left.items()},
        root=clearing.root,
        head=clearing.head,
    )


def signed_receipt(receipt: Receipt, signer: Signer) -> str:
    """Return the receipt as a note that *signer*, the key of its dock, has signed."""
    text = receipt.text()
    return f"{text}\n{signature_line(text, signer, what='receipt')}"


def opened_receipt(note: str, key: VerifierKey) -> Receipt:
    """Return what a receipt says if *key*, that of its dock, has signed it, and raise `LedgerError` otherwise."""
    try:
        text = open_note(note, [key]).text
        first, _, rest = text.partition("\n")
        said: Any = parse_strict(rest.removesuffix("\n").encode()) if first == _FIRST_LINE else None
        receipt = _read(said)
    except (VerificationError, ValueError) as error:
        message = f"not a receipt of a cleared camera: {error}"
        raise LedgerError(message) from error
    if receipt.text() != text or str(receipt.dock) != key.name:
        message = f"not a receipt by {key.name}"
        raise LedgerError(message)
    return receipt


def _read(said: Any) -> Receipt:  # noqa: ANN401 - JSON of a stranger
    is_whole = isinstance(said, dict) and said.keys() == _FIELDS.keys()
    if not is_whole or not all(isinstance(said[name], kind) for name, kind in _FIELDS.items()):
        message = "its fields are not those of one"
        raise ValueError(message)
    if said["head"].keys() != {"root", "size"}:
        message = "it names no head"
        raise ValueError(message)
    rest = {name: said[name] for name in _FIELDS if name not in {"device", "dock", "head"}}
    device, dock = Subject.parse(said["device"], Kind.DEVICE), Subject.parse(said["dock"], Kind.DOCK)
    return Receipt(**rest, device=device, dock=dock, head=(said["head"]["size"], said["head"]["root"]))
