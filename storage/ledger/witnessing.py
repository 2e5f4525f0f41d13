"""
A witness at work: a directory with its key, the logs it watches, and the last head of each that it cosigned.

::

    DIR/vkey                   the public half of its key, to be handed to the logs
    DIR/key.pem                the key
    DIR/logs/HASH              verifier keys of a log, one a line; HASH is SHA-256 of its origin
    DIR/heads/HASH             the last checkpoint that was cosigned: the log's signature, and ours
    DIR/refused/HASH/…json     requests that the log signed and that were refused, with what we held: evidence against it

The new head is on the disk before the cosignature leaves the house, and only if the old one was still there: two requests at
the same moment cannot make this witness forget the larger tree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from storage import durable
from storage.errors import LedgerError, NotFound, StaleState, StorageUnavailable
from storage.folder_files import within_reach
from storage.ledger.cell import FileCell
from storage.ledger.cosigning import Cosigner
from storage.ledger.keys import FileSigner
from storage.ledger.witness import Answer, Head, Request, judge
from storage.verifier.errors import VerificationError
from storage.verifier.keys import ED25519, VerifierKey
from storage.verifier.note import SignedNote

__all__ = ["LARGEST_REQUEST", "Witness"]

LARGEST_REQUEST = 65_536
"""Bytes; 63 hashes and a checkpoint with many cosignatures are a fraction of it."""

_MOST_EVIDENCE = 1000
"""Refused requests kept of one log. Only the log itself can add to them, and the first ones say it all."""
_KEY, _VKEY = "key.pem", "vkey"

logger = structlog.get_logger()


class Witness:
    """Watches logs. Threads and processes may share its directory."""

    def __init__(self, directory: Path, cosigner: Cosigner, *, clock: Callable[[], datetime]) -> None:
        self._directory, self._cosigner, self._clock = directory, cosigner, clock

    @classmethod
    def found(cls, directory: Path, *, name: str, clock: Callable[[], datetime]) -> Witness:
        """Make a witness called *name*; a directory that has one already is refused (`LedgerError`)."""
        with within_reach(f"witness {directory}"):
            for part in ("", "logs", "heads", "refused"):
                durable.make_directory(directory / part)
        witness = cls(directory, Cosigner(FileSigner.generate(directory / _KEY, name=name)), clock=clock)
        with within_reach(f"witness {directory}"):
            durable.replace(directory / _VKEY, f"{witness.key.vkey}\n".encode(), 0o644)
        return witness

    @classmethod
    def open(cls, directory: Path, *, clock: Callable[[], datetime]) -> Witness:
        """Open the witness in *directory*; `NotFound` if there is none."""
        vkeys = _vkeys(directory / _VKEY)
        if not vkeys:
            message = f"{directory}: there is no witness here"
            raise NotFound(message)
        return cls(directory, Cosigner(FileSigner.load(directory / _KEY, name=vkeys[0].name)), clock=clock)

    @property
    def key(self) -> VerifierKey:
        """Its public key."""
        return self._cosigner.key

    def watch(self, key: VerifierKey) -> None:
        """Watch the log of *key* from now on; a second key of the same name is one it changed to. Twice is fine."""
        if key.algorithm != ED25519:
            message = f"{key.name}: expected the key of a log (type 1), found type {key.algorithm}"
            raise ValueError(message)
        path = self._of("logs", key.name)
        keys = list(dict.fromkeys([*_vkeys(path), key]))
        with within_reach(f"witness {path}"):
            durable.replace(path, "".join(f"{one.vkey}\n" for one in keys).encode())

    def logs(self) -> list[VerifierKey]:
        """Return the keys of all logs that are watched."""
        with within_reach(f"witness {self._directory}"):
            paths = sorted(path for path in (self._directory / "logs").iterdir() if path.suffix != durable.TEMPORARY)
        return [key for path in paths for key in _vkeys(path)]

    def head(self, origin_hash: str) -> str | None:
        """Return the last cosigned checkpoint of the log whose origin has this SHA-256 (hexadecimal), or None."""
        return FileCell(self._directory / "heads" / origin_hash).read()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Judge a request, and answer it; what is cosigned was kept before."""
        try:
            request = Request.parse(body)
        except ValueError as error:
            return Answer(400, f"{error}\n")
        while True:
            try:
                return self._answer(request)
            except StaleState:
                # another request of the same log was faster: what it left is what this one is judged by
                continue

    def _answer(self, request: Request) -> Answer:
        origin = request.head.origin
        keys = _vkeys(self._of("logs", origin))
        cell = FileCell(self._of("heads", origin))
        held = cell.read()
        verdict = judge(request, keys, None if held is None else _head(held))
        if verdict.refusal is not None:
            if verdict.is_signed:
                self._keep(request, verdict.refusal, held)
            return verdict.refusal
        line = self._cosigner.cosign(request.head.text, time=int(self._clock().timestamp()))
        note = _signed_by(request.note, keys) + line
        if held is None:
            cell.create(note)
        else:
            cell.replace(held, note)
        # from here on the larger tree is remembered, whether or not the answer arrives
        return Answer(200, line)

    def _keep(self, request: Request, refusal: Answer, held: str | None) -> None:
        origin, now = request.head.origin, self._clock().astimezone(UTC)
        folder, name = self._of("refused", origin), hashlib.sha256(request.body.encode()).hexdigest()[:16]
        evidence = {"at": now.isoformat(), "status": refusal.status, "held": held, "request": request.body}
        with within_reach(f"witness {folder}"):
            durable.make_directory(folder)
            known = [path.name for path in folder.glob("*.json")]
            if len(known) >= _MOST_EVIDENCE or any(one.endswith(f"-{refusal.status}-{name}.json") for one in known):
                return
            path = folder / f"{now:%Y%m%dT%H%M%SZ}-{refusal.status}-{name}.json"
            durable.replace(path, json.dumps(evidence, ensure_ascii=False, indent=1).encode())
        logger.warning("request of a log was refused", log=origin, status=refusal.status, evidence=path.name)

    def _of(self, part: str, origin: str) -> Path:
        return self._directory / part / hashlib.sha256(origin.encode()).hexdigest()


def _signed_by(note: str, keys: list[VerifierKey]) -> str:
    """Return *note* with nothing below it but the lines of *keys*."""
    parsed = SignedNote.parse(note)
    lines = note[len(parsed.text) + 1 :].splitlines(keepends=True)
    known = {(key.name, key.key_id) for key in keys}
    kept = [line for line, read in zip(lines, parsed.signatures, strict=True) if (read.name, read.key_id) in known]
    return f"{parsed.text}\n{''.join(kept)}"


def _head(held: str) -> Head:
    try:
        return Head.of(held)
    except VerificationError as error:
        message = f"the head that was cosigned last cannot be read: {error}"
        raise LedgerError(message) from error


def _vkeys(path: Path) -> list[VerifierKey]:
    try:
        text = path.read_text("ascii")
        return [VerifierKey.parse(line) for line in text.splitlines()]
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise StorageUnavailable(message) from error
    except (ValueError, VerificationError) as error:
        message = f"{path}: expected verifier keys, one a line: {error}"
        raise LedgerError(message) from error
