"""A clip's history, verified here: every entry is in the signed ledger, each names the one before it, and none is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from api.models import HistoryLine
from storage.errors import LedgerError
from storage.verifier.errors import VerificationError
from storage.verifier.keys import VerifierKey
from storage.verifier.merkle import leaf_hash
from storage.verifier.tlogproof import parse_proof, verify_proof
from yihu.client.office import RemoteOffice


@dataclass(frozen=True, slots=True)
class ProvedLine:
    """An entry that was verified."""

    line: HistoryLine
    size: int
    """Of the log that its checkpoint vouches for."""


def proved_history(office: RemoteOffice, clip: str, key: VerifierKey) -> Iterator[ProvedLine]:
    """
    Yield the entries about *clip* one by one, each verified against *key*, which the office publishes elsewhere.

    Raises `LedgerError` at the first that is not as it should be, and where there is none. That nothing came after the last is
    not shown: for that there are snapshots (``yihu proof --complete``).
    """
    before: dict[str, object] | None = None
    for line in office.history(clip):
        leaf, text = (office.server.get(path).body for path in (f"/api/entries/{line.seq}", f"/api/entries/{line.seq}/proof"))
        try:
            proof = parse_proof(text.decode())
            size = verify_proof(proof, leaf, [key], origin=key.name).checkpoint.size
            _check(json.loads(leaf), line, clip, proof.index, before)
        except (VerificationError, UnicodeDecodeError, ValueError, KeyError) as error:
            message = f"entry {line.seq}: {error}"
            raise LedgerError(message) from error
        before = {"leaf": leaf_hash(leaf).hex(), "seq": line.seq}
        yield ProvedLine(line, size)
    if before is None:
        message = f"{clip}: the server shows no entry, so nothing was verified"
        raise LedgerError(message)


def _check(leaf: dict[str, object], line: HistoryLine, clip: str, index: int, before: dict[str, object] | None) -> None:
    told = (leaf["seq"], leaf["type"], leaf["sub"], leaf["t"], leaf.get("prev"))
    if told != (line.seq, line.type, clip, line.at, before) or index != line.seq:
        message = f"expected {(line.seq, line.type, clip, line.at, before)}, the ledger says {told} at {index}"
        raise ValueError(message)
