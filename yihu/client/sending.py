"""
Files that are sent: in pieces, over a link that may break, until the receipt is here.

Where an upload stands is asked of the server, never believed of ourselves. What must be known to go on in another run lies in a
small file beside the source, ``.NAME.yihu-upload``, until the receipt is here; it holds no secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api.receipts import Receipt
from storage.durable import replace
from storage.errors import DigestMismatch, SourceChanged
from yihu.client.office import RemoteOffice, parsed
from yihu.client.problems import ServerAway, ServerHasNone, ServerRefused, ServerSaysNo

_PIECE = 8 << 20
_TRIES = 5
"""Pieces of which nothing arrives, after which somebody has to look."""
_TUS = {"Tus-Resumable": "1.0.0"}
_OCTETS = {**_TUS, "Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True, slots=True)
class Sending:
    """A file that somebody hands in."""

    source: Path
    what: str
    given_by: str
    reason: str


def send(office: RemoteOffice, sending: Sending, progress: Callable[[int, int], None]) -> Receipt:
    """Send a file, from where an earlier run broke off, and return the receipt once its digest is that of the file."""
    sha256, size = _measured(sending.source)
    place = _begun(office, sending, sha256, size)
    offset, in_vain = _offset(office, place), 0
    while offset < size:
        progress(offset, size)
        _send_piece(office, sending.source, place, offset, size)
        before, offset = offset, _offset(office, place)
        in_vain = in_vain + 1 if offset <= before else 0
        if in_vain == _TRIES:
            message = f"{place}: nothing more arrives after {offset} of {size} bytes"
            raise ServerAway(message)
    progress(size, size)
    receipt = parsed(Receipt, office.server.get(f"{place}/receipt").json())
    if receipt.sha256 != f"sha256:{sha256}" or receipt.size != size:
        raise DigestMismatch(str(sending.source), expected=sha256, actual=receipt.sha256)
    _note(sending.source).unlink(missing_ok=True)
    return receipt


def _measured(source: Path) -> tuple[str, int]:
    with source.open("rb") as file:
        sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
    if not size:
        message = f"{source}: an empty file proves nothing"
        raise ValueError(message)
    return sha256, size


def _begun(office: RemoteOffice, sending: Sending, sha256: str, size: int) -> str:
    """Return where the upload is, one that an earlier run began if the server still has it."""
    note, mine = _note(sending.source), {"server": office.server.address, "sha256": sha256, "size": size}
    try:
        known = json.loads(note.read_bytes())
        if {name: known[name] for name in mine} == mine and str(known["at"]).startswith("/api/uploads/"):
            _offset(office, str(known["at"]))
            return str(known["at"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, ServerHasNone, ServerRefused):
        pass  # none was begun, it is over, or it is somebody else's: a new one
    place = _begin(office, sending, sha256, size)
    # a crash before this line costs an empty upload, which the server forgets
    replace(note, json.dumps({**mine, "at": place}).encode())
    return place


def _begin(office: RemoteOffice, sending: Sending, sha256: str, size: int) -> str:
    said = {
        "filename": sending.source.name,
        "what": sending.what,
        "from": sending.given_by,
        "reason": sending.reason,
        "sha256": sha256,
    }
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items() if value)
    headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    place = office.server.ask("POST", "/api/uploads", headers=headers).headers.get("Location", "")
    if not place.startswith("/api/uploads/"):
        message = "the server began an upload and does not say where"
        raise ServerSaysNo(message)
    return place


def _offset(office: RemoteOffice, place: str) -> int:
    text = office.server.ask("HEAD", place, headers=_TUS).headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdigit()):
        message = f"{place}: the server does not say how much is there"
        raise ServerSaysNo(message)
    return int(text)


def _send_piece(office: RemoteOffice, source: Path, place: str, offset: int, size: int) -> None:
    with source.open("rb") as file:
        file.seek(offset)
        piece = file.read(min(_PIECE, size - offset))
    if not piece:
        message = f"{source}: expected {size} bytes, it ends at {offset}"
        raise SourceChanged(message)
    try:
        office.server.once("PATCH", place, headers={**_OCTETS, "Upload-Offset": str(offset)}, body=piece)
    except ServerAway:
        # how much of it came is asked next; where nobody answers that either, the caller hears of it
        office.server.wait(1.0)


def _note(source: Path) -> Path:
    return source.with_name(f".{source.name}.yihu-upload")
